"""What the tools for rules, packets, names and containers print when they fail. The particular stands first."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.mistakes.message import message

RULES = (
    message(
        r"^iptables: No chain/target/match by that name",
        tell(
            "In this table there is no such chain or target. POSTROUTING and PREROUTING are in the table `nat`: was "
            "`-t nat` left out?"
        ),
    ),
    message(
        r"Chain '(?P<word>[^']*)' does not exist",
        tell("`{word}` is neither a target, such as ACCEPT, DROP or MASQUERADE, nor a chain of this table."),
    ),
    message(
        r"table '(?P<word>[^']*)' does not exist",
        tell("iptables has no table `{word}`: there are `filter`, `nat`, `mangle` and `raw`."),
    ),
    message(
        r"host/network [`'](?P<word>[^']*)' not found",
        tell("`{word}` is no address: four numbers from 0 to 255 with dots between."),
    ),
    message(
        r"^Bad argument [`'](?P<word>[^']*)'",
        tell("iptables did not expect `{word}` there. Has the option before it lost its hyphen, as in `-j` or `-s`?"),
    ),
    message(
        r'unknown option "(?P<word>--[ds]port)"',
        tell("Only TCP and UDP have ports: `-p tcp` must stand before `{word}`."),
    ),
    message(
        r"^iptables: Bad rule \(does a matching rule exist",
        tell("There is no such rule to delete: it must be written exactly as it was added. `iptables -S` lists them."),
    ),
    message(
        r"RULE_APPEND failed \(Invalid argument\)",
        tell(
            "This target cannot be used in this chain: DNAT belongs in PREROUTING or OUTPUT, MASQUERADE and SNAT in "
            "POSTROUTING."
        ),
    ),
    message(
        r"^Error: Could not process rule: No such file or directory",
        tell("The table or the chain of that rule is not there yet. `nft list ruleset` shows what there is."),
    ),
    message(
        r"^Error: syntax error, unexpected '\}'",
        tell("nft wants a semicolon before the brace, and the whole in quotes, or the shell takes the semicolon."),
    ),
    message(
        r"^Error: unknown chain hook",
        tell("nft has the hooks `prerouting`, `input`, `forward`, `output` and `postrouting`."),
    ),
    message(
        r"^sysctl: cannot stat /proc/sys/(?P<path>\S+): No such file",
        tell("The kernel has no setting of this name. `sysctl -a` lists them all."),
    ),
    message(
        r"^sysctl: command line\(0\): invalid syntax",
        tell("`sysctl -w` wants SETTING=VALUE in one word, without spaces."),
    ),
)

TRAFFIC = (
    message(
        r"^(?:ping|connect|traceroute)\S*:? ?(?:connect: |sendmsg: )?Network is unreachable",
        tell("No packet was sent: this place has no route for that address. `ip route` shows which routes it has."),
    ),
    message(
        r"Destination Host Unreachable",
        tell(
            "Nobody on the local network answered the question whose address this is (ARP). Is the machine there, and "
            "on the same network? `ip neigh` shows FAILED or INCOMPLETE."
        ),
        always=True,
    ),
    message(
        r"Destination Net Unreachable",
        tell("A router on the way has no route for that address, and says so."),
        always=True,
    ),
    message(
        r"^\d+ packets transmitted, 0 received, 100% packet loss",
        tell(
            "Nothing came back. Either the packets do not arrive, or the answers do not find their way back: `tcpdump` "
            "at the other end tells which."
        ),
    ),
    message(
        r"Temporary failure in name resolution|Name or service not known|Could not resolve host|bad address",
        tell(
            "The name could not be turned into an address: it is not in /etc/hosts, and no name server knew it or "
            "could be reached. Is it spelt right? See /etc/resolv.conf."
        ),
    ),
    message(
        r"^ping: usage error: Destination address required",
        tell("`ping` wants to know whom: give an address after it."),
    ),
    message(
        r"communications error to \S+: connection refused",
        tell("The machine answered, but no name server listens there."),
        always=True,
    ),
    message(
        r"communications error to \S+: timed out|no servers could be reached",
        tell(
            "The name server does not answer. Can it be reached? Does it listen there? Does a filter drop the question?"
        ),
        always=True,
    ),
    message(
        r"Connection refused",
        tell(
            "Refused at once: a machine was reached, but nothing listens on that port there. `ss -ltn` at the other "
            "end shows who listens."
        ),
    ),
    message(
        r"Failed to connect to (?P<host>\S+) port (?P<port>\d+) after \d{1,2} ms: Couldn't connect to server",
        tell(
            "The answer was no, and at once: either nothing listens on port {port} there, or this place has no route "
            "to {host}. `ip route get` tells which."
        ),
    ),
    message(
        r"No route to host|after [1-9]\d{2,} ms: Couldn't connect to server",
        tell("The last router, or this machine itself, gets no answer to its ARP question for that address."),
    ),
    message(
        r"Connection timed out|Operation timed out|Resolving timed out",
        tell("No answer at all, not even a refusal: the packets get lost, or the answers do, or a filter drops them."),
    ),
    message(
        r"Address already in use|port is already allocated",
        tell("Another process has that address and port. `ss -lntp` shows which."),
    ),
    message(
        r"Cannot assign requested address",
        tell("A process can only use an address that its own machine has. `ip addr` shows those."),
    ),
    message(
        r"^(?:tcpdump: )?(?P<name>\S+): No such device exists",
        tell("There is no link `{name}` here. `ip link` lists those of this place."),
    ),
    message(
        r"^(?:SIOCDARP\S*|SIOCSARP): |^No ARP entry for (?P<name>\S+)",
        tell("The ARP table has no such entry. `arp -n` lists it."),
    ),
)

ENGINES = (
    message(
        r"Cannot connect to the Docker daemon",
        tell("Docker's engine does not run here, or on another machine of the lab: `docker` only talks to it."),
    ),
    message(
        r"Unable to find image '(?P<name>[^']*)' locally",
        tell(
            "There is no image `{name}` here, and this lab has no registry. `docker images` lists those that there are."
        ),
    ),
    message(
        r"The container name \"/?(?P<name>[^\"]*)\" is already in use",
        tell("A container is called `{name}` already, running or not: `docker ps -a`, then `docker rm -f {name}`."),
    ),
    message(
        r"No such container: (?P<name>\S+)",
        tell("No container is called `{name}`. `docker ps -a` lists them all."),
    ),
    message(
        r"network (?P<name>\S+) not found",
        tell("Docker has no network `{name}`. `docker network ls` lists those that there are."),
    ),
    message(
        r"docker: '(?P<word>[^']*)' is not a docker command",
        tell("`docker` has no command `{word}`; `docker help` lists them."),
    ),
)
