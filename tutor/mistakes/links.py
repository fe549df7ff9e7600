"""What ip, ifconfig, route and brctl print when they fail, as it is in the C locale. The particular stands first."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.mistakes.message import message

IP = (
    message(
        r'^Cannot create namespace file "/run/netns/(?P<name>[^"]*)": File exists',
        tell("There is a namespace `{name}` already. `ip netns` lists them."),
    ),
    message(
        r'^Cannot (?:open network namespace "|remove namespace file "/run/netns/)(?P<name>[^"]*)": No such file',
        tell("No namespace is called `{name}`. `ip netns` lists those that there are."),
    ),
    message(
        r'^Object "(?P<word>[^"]*)" is unknown, try "ip help"',
        tell(
            "After `ip` and its options comes an object: `link`, `addr`, `route`, `neigh`, `netns` … `{word}` is none."
        ),
    ),
    message(
        r'^Command "(?P<word>\d[^"]*)" is unknown, try "ip (?P<object>[a-z]+) help"',
        tell("After `{object}` comes what to do: to give `{word}`, write `add` before it."),
    ),
    message(
        r'^Command "(?P<word>[^"]*)" is unknown, try "ip (?P<object>[a-z]+) help"',
        tell(
            "After `{object}` comes what to do, such as `add`, `del`, `set` or `show`, and `{word}` is none of these."
        ),
    ),
    message(
        r"^Error: Unknown device type",
        tell("The word after `type` is no kind of link that the kernel has: `veth` is a cable, `bridge` is a switch."),
    ),
    message(
        r'^Garbage instead of arguments "(?P<word>[^".]*?)\s*\.\.\."',
        tell(
            "`ip` understood nothing from `{word}` on. The word before it is probably misspelt: the kind after `type`."
        ),
    ),
    message(
        r"^Device and destination are required arguments",
        tell("Each link has neighbours of its own: add `dev` and the name of the link."),
    ),
    message(
        r'^Not enough information: "dev" argument is required|^Flush requires arguments',
        tell("Which link? An address or a setting belongs to one: add `dev` and its name."),
    ),
    message(
        r'^(?:Cannot find device|Device) "(?P<name>[^"]*)"(?: does not exist)?',
        tell(
            "There is no link `{name}` here. `ip link` lists those of this place; it may be spelt in another "
            "way, or be in another namespace."
        ),
    ),
    message(
        r'^Error: argument "(?P<name>[^"]*)" is wrong: Device does not exist',
        tell("There is no link `{name}` here. `ip link` lists those of this place."),
    ),
    message(
        r'^Error: either "dev" is duplicate, or "(?P<word>[^"]*)" is a garbage',
        tell(
            "`ip` did not expect `{word}` there. A word before it is missing (`netns`, `master`, `type`), or it is "
            "one too many."
        ),
    ),
    message(
        r'^Error: either "(?:local|to)" is duplicate, or "(?P<word>[^"]*)" is a garbage',
        tell("`ip` did not expect `{word}` there. A word before it is missing (`dev`, `via`), or it is one too many."),
    ),
    message(
        r"^Error: ipv4: Address already assigned",
        tell("This link has that address already: nothing was changed. `ip addr` shows it."),
    ),
    message(
        r"^Error: ipv4: Address not found|^RTNETLINK answers: Cannot assign requested address",
        tell(
            "No such address is on this link. To take one away, name it with its prefix length, as `ip addr` shows it."
        ),
    ),
    message(
        r'^Error: (?:any valid|inet|inet6) (?:prefix|address) is expected rather than "(?P<word>[^"]*)"',
        tell("`{word}` is no address: four numbers from 0 to 255 with dots between, and after the slash at most 32."),
    ),
    message(
        r"^Error: Invalid prefix for given prefix length",
        tell(
            "That is the address of a machine, not of a network: with /24 the last number of the network is 0, as in "
            "192.168.15.0/24."
        ),
    ),
    message(
        r"^Error: Nexthop has invalid gateway",
        tell(
            "The gateway must be a neighbour: an address in a network to which this place is connected directly. "
            "`ip route` shows those networks."
        ),
    ),
    message(
        r"^Error: Device for nexthop is not up|^RTNETLINK answers: Network is down",
        tell("The link for this route is switched off. Switch it on first: `ip link set NAME up`."),
    ),
    message(
        r"^Error: Attribute failed policy validation|not a valid ifname",
        tell("The kernel does not take that name: a link's name has at most 15 characters, no space and no slash."),
    ),
    message(
        r"^RTNETLINK answers: File exists",
        tell(
            "It is there already: a link of this name, or a route to this destination. Look with `ip link` and "
            "`ip route`; to put another in its place, delete it first, or use `replace`."
        ),
    ),
    message(
        r"^RTNETLINK answers: Network is unreachable",
        tell("The kernel knows no way there from here. Is the link up, and does it have an address? `ip route` shows."),
    ),
    message(
        r"^RTNETLINK answers: No such process",
        tell("There is no such route to delete. `ip route` shows those that there are."),
    ),
    message(
        r"^RTNETLINK answers: No such device",
        tell("A route needs a way out: add `via` and a gateway, or `dev` and a link."),
    ),
    message(
        r"^RTNETLINK answers: No such file or directory",
        tell("There is no such entry to delete or to change. List them first, with `show`."),
    ),
    message(
        r"^RTNETLINK answers: Operation not permitted",
        tell("The kernel does not let you do that: only root may, and only with what belongs to this lab."),
    ),
    message(
        r"^RTNETLINK answers: Operation not supported",
        tell("This kernel, or this kind of link, cannot do that."),
    ),
    message(
        r"^RTNETLINK answers: Invalid argument",
        tell("The kernel understood the words, and they do not fit together: check the kind of link, and each number."),
    ),
)

CLASSIC = (
    message(
        r"^SIOCADDRT: No such device",
        tell("`route` took the last word for a link: before a gateway stands `gw`, before a link `dev`."),
    ),
    message(
        r"^(?P<name>\S+): error fetching interface information: Device not found|^SIOC\w+: No such device",
        tell("There is no such link here. `ifconfig -a` lists them all, also those that are switched off."),
    ),
    message(
        r"^(?:SIOCADDRT|SIOCS?[AD]RP\S*): Network is unreachable",
        tell(
            "The address is no neighbour: it is in none of the networks to which this place is connected directly. "
            "`route -n` shows those: they have the gateway 0.0.0.0."
        ),
    ),
    message(r"^SIOCADDRT: File exists", tell("This route is there already. `route -n` shows it.")),
    message(
        r"^SIOCDELRT: No such process", tell("There is no such route to delete. `route -n` shows those there are.")
    ),
    message(
        r"^SIOCADDRT: Invalid argument|^route: netmask doesn't match route address",
        tell(
            "`route` wants the address of the network with its length: `-net 192.168.15.0/24`, where what is beyond "
            "the length is 0."
        ),
    ),
    message(
        r"^route: netmask [0-9a-f]+ doesn't make sense with host route",
        tell("This is a route to a network: `-net` must stand before its address."),
    ),
    message(
        r"^SIOCSIFNETMASK: Invalid argument",
        tell("A netmask is a row of ones and then of noughts, such as 255.255.255.0."),
    ),
    message(
        r"^(?P<word>\S+): (?:Unknown host|Host name lookup failure)",
        tell("`{word}` is neither a word that the command knows, nor an address, nor a name that can be resolved."),
    ),
    message(
        r"^never heard of command \[(?P<word>[^\]]*)\]",
        tell("`brctl` has no command `{word}`; `addbr`, `addif` and `show` are some that it has."),
    ),
    message(
        r"^device (?P<name>\S+) already exists; can't create bridge",
        tell(
            "A link of the name `{name}` is there already. If `brctl show` lists it, the bridge is made; if not, "
            "another link has the name."
        ),
    ),
    message(
        r"^interface (?P<name>\S+) does not exist!",
        tell("There is no link `{name}` here. `ip link` lists those of this place."),
    ),
    message(
        r"^device (?P<name>\S+) is already a member of a bridge",
        tell("`{name}` is plugged into a bridge already: `brctl show` says into which, and `brctl delif` unplugs it."),
    ),
    message(
        r"^bridge (?P<name>\S+) (?:does not|doesn't) exist",
        tell("There is no bridge `{name}` here. `brctl show` lists those that there are."),
    ),
    message(
        r"^bridge (?P<name>\S+) is still up; can't delete it",
        tell("Switch the bridge off first: `ip link set {name} down`."),
    ),
    message(
        r"^can't add (?P<port>\S+) to bridge (?P<name>[^:\s]+): Operation not supported",
        tell("`{name}` is no bridge. The bridge comes first, the link that is plugged into it second."),
    ),
)
