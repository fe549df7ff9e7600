"""Random networks, randomly broken, and the flows to try in them.

All have the same machines and namespaces, so that every break is a line of shell that anybody can type: `host` with the
namespaces red and blue on the bridge br0 and green behind a cable or a bridge of its own, `lan` at a switch with it,
and `far` behind lan. What differs is how far they are set up, by what means, and what is wrong.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_address, ip_interface
from itertools import count, permutations
from random import Random

from pointed_breaks import detour, pointed

from tutor.diagnosis import Flow
from tutor.model.place import Place
from tutor.model.topology import Cable, InterfaceSpec, MachineSpec, ServiceSpec, SwitchPort, Topology

HOST, RED, BLUE, GREEN = Place("host"), Place("host", "red"), Place("host", "blue"), Place("host", "green")
LAN, FAR = Place("lan"), Place("far")
ADDRESS = {
    RED: "10.1.0.11",
    BLUE: "10.1.0.12",
    GREEN: "10.2.0.13",
    HOST: "192.168.1.2",
    LAN: "192.168.1.3",
    FAR: "203.0.113.2",
}
PLACES = tuple(ADDRESS)


@dataclass(frozen=True)
class Line:
    """One line of shell in a place."""

    place: Place
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True)
class Case:
    """A network as it is built, and a flow in it."""

    lines: tuple[Line, ...]
    flow: Flow

    def __str__(self) -> str:
        return "\n".join(map(str, (*self.lines, self.flow)))


def topology(*, pages: bool) -> Topology:
    """The machines; with ``pages`` there are web servers on lan and in red."""
    at_switch = SwitchPort("lan")
    host = MachineSpec(
        "host",
        (InterfaceSpec("eth0", at_switch),),
        setup=("for name in red blue green; do ip netns add $name; done",),
        services=(ServiceSpec("http", "red"),) if pages else (),
    )
    lan = MachineSpec(
        "lan",
        (InterfaceSpec("eth0", at_switch), InterfaceSpec("eth1", Cable("far", "eth0"))),
        services=(ServiceSpec("http"),) if pages else (),
    )
    far = MachineSpec("far", (InterfaceSpec("eth0", Cable("lan", "eth1"), (ip_interface("203.0.113.2/24"),)),))
    return Topology((host, lan, far))


def case(seed: int) -> Case:
    """The same number gives the same network."""
    random = Random(seed)
    lines, flow = _ideal(random), _flow(random)
    if random.random() < 0.5:
        aimed, flow = _aimed(random, flow)
        return Case((*lines, *aimed), flow)
    for _ in range(random.choice((5, 6, 7, 8))):
        lines = random.choice(_DAMAGES)(random, lines)
    return Case(tuple(lines), flow)


_V4 = re.compile(r"\b(\d+)\.(\d+)\.(\d+)\.(\d+)(/\d+)?(:\d+)?(?![\d.])")
_LENGTHS = {"/32": "/128", "/24": "/64", "/17": "/57", "/8": "/32"}
_IN_SIX = (
    (r"iptables", "ip6tables"),
    (r"-p icmp\b", "-p ipv6-icmp"),
    (r"--icmp-type", "--icmpv6-type"),
    (r"net\.ipv4\.ip_forward", "net.ipv6.conf.all.forwarding"),
    (r"net\.ipv4\.icmp_echo_ignore_all", "net.ipv6.icmp.echo_ignore_all"),
    (r"\bip ([sd])addr", r"ip6 \1addr"),
    (r"\b(table|chain|rule) ip ", r"\1 ip6 "),
    (r"ipv4_addr", "ipv6_addr"),
    (r"l4proto icmp", "l4proto ipv6-icmp"),
    (r"\bicmp type", "icmpv6 type"),
    (r"(ip addr add \S+ dev \S+)", r"\1 nodad"),
    (r"\bip (route|rule) (?!.*fd00)", r"ip -6 \1 "),
)


def six(given: Case) -> Case:
    """The same network in IPv6. Duplicate addresses are not looked for: that takes a second."""
    quiet = "for file in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 >$file; done"
    again = [
        Line(place, f"ip link set {link} down; ip link set {link} up")
        for place in (HOST, LAN, FAR)
        for link in ("eth0", "eth1")
    ]
    lines = [
        *(Line(place, quiet) for place in PLACES),
        *again,
        Line(FAR, "ip addr add 203.0.113.2/24 dev eth0"),
        *given.lines,
    ]
    target = ip_address(in_six(str(given.flow.target)))
    return Case(tuple(Line(line.place, in_six(line.text)) for line in lines), replace(given.flow, target=target))


def in_six(text: str) -> str:
    """Addresses, tools and settings of IPv4 as those of IPv6."""
    text = _V4.sub(_address_in_six, text)
    for pattern, instead in _IN_SIX:
        text = re.sub(pattern, instead, text)
    return text


def _address_in_six(match: re.Match[str]) -> str:
    a, b, c, d, length, port = match.groups()
    address = f"fd00:{a}:{b}:{c}::{d}" if length != "/8" else f"fd00:{a}::"
    if port:
        return f"[{address}]{port}"
    return address + (_LENGTHS.get(length, "/64") if length else "")


def _aimed(random: Random, flow: Flow) -> tuple[list[Line], Flow]:
    """One or two breaks on the way of the flow, and the flow, which may change for them."""
    if roundabout := random.random() < 0.2:
        flow = replace(flow, source=RED, target=IPv4Address(ADDRESS[random.choice((GREEN, LAN, FAR))]))
    end = next((place for place in PLACES if ADDRESS[place] == str(flow.target)), LAN)
    where = {"source": flow.source, "host": HOST, "lan": LAN, "end": end}
    broken = [pointed(random, ADDRESS[flow.source], ADDRESS[end]) for _ in range(random.choice((2, 3, 3)))]
    if roundabout:
        broken = detour(random)
    if any("7.7.7.7" in text for _, text in broken) and random.random() < 0.7:
        flow = replace(flow, target=IPv4Address("7.7.7.7"))
    return [Line(where[place], text) for place, text in broken], flow


def sound() -> tuple[Line, ...]:
    """A network without any fault, translation or filter: lan has a route back."""
    extras = ("tables", "nft", "rule")
    for seed in count():
        lines = _ideal(Random(seed))
        if not any(word in line.text for line in lines for word in extras):
            return tuple(lines)
    raise AssertionError


def _flow(random: Random) -> Flow:
    source, end = random.choice([pair for pair in permutations(PLACES, 2) if random.random() < _WEIGHT[pair[1]]])
    if random.random() < 0.06:
        end = source
    target: IPv4Address = IPv4Address(ADDRESS[end])
    if random.random() < 0.08:
        target = IPv4Address(random.choice(("10.1.0.5", "10.2.0.5", "10.1.0.77", "8.8.8.8", "203.0.113.1", "10.3.0.1")))
    if random.random() < (0.5 if end in (RED, LAN, HOST) else 0.04):
        return Flow(source, target, "tcp", 8080 if end == HOST else random.choice((80, 80, 80, 80, 8080)))
    return Flow(source, target, size=random.choice((0, 0, 0, 0, 600, 1000, 1400, 1472)))


_WEIGHT = {RED: 0.9, BLUE: 0.6, GREEN: 0.9, HOST: 0.2, LAN: 0.8, FAR: 0.9}


def _ideal(random: Random) -> list[Line]:
    """A network in which everybody reaches everybody."""
    lines = [Line(HOST, "ip addr add 192.168.1.2/24 dev eth0"), Line(LAN, "ip addr add 192.168.1.3/24 dev eth0")]
    lines += _bridge("br0", "10.1.0.5", [(RED, "v-red"), (BLUE, "v-blue")], random)
    if random.random() < 0.5:
        lines += _bridge("br1", "10.2.0.5", [(GREEN, "v-green")], random)
    else:
        lines += [
            Line(HOST, "ip link add v-green type veth peer name v-green-h"),
            Line(HOST, "ip link set v-green netns green"),
            Line(HOST, "ip addr add 10.2.0.5/24 dev v-green-h"),
            Line(HOST, "ip link set v-green-h up"),
            *_end(GREEN, "v-green", random),
        ]
    for place, gateway in ((RED, "10.1.0.5"), (BLUE, "10.1.0.5"), (GREEN, "10.2.0.5")):
        lines.append(Line(place, f"ip route add default via {gateway}"))
    lines += [
        Line(HOST, "sysctl -qw net.ipv4.ip_forward=1"),
        Line(HOST, "ip route add default via 192.168.1.3"),
        Line(LAN, "sysctl -qw net.ipv4.ip_forward=1"),
        Line(LAN, "ip addr add 203.0.113.1/24 dev eth1"),
        Line(FAR, "ip route add default via 203.0.113.1"),
    ]
    order = (HOST, RED, BLUE, GREEN, LAN, FAR)
    return sorted([*lines, *_way_back(random), *_extras(random)], key=lambda line: order.index(line.place))


def _bridge(bridge: str, address: str, ends: list[tuple[Place, str]], random: Random) -> list[Line]:
    lines = [Line(HOST, f"ip link add {bridge} type bridge"), Line(HOST, f"ip link set {bridge} up")]
    lines.append(Line(HOST, f"ip addr add {address}/24 dev {bridge}"))
    for place, link in ends:
        lines += [
            Line(HOST, f"ip link add {link} type veth peer name {link}-b"),
            Line(HOST, f"ip link set {link} netns {place.netns}"),
            Line(HOST, f"ip link set {link}-b master {bridge}"),
            Line(HOST, f"ip link set {link}-b up"),
            *_end(place, link, random),
        ]
    return lines


def _end(place: Place, link: str, random: Random) -> list[Line]:
    up, address = Line(place, f"ip link set {link} up"), Line(place, f"ip addr add {ADDRESS[place]}/24 dev {link}")
    both = [up, address] if random.random() < 0.5 else [address, up]
    return [*both, Line(place, "ip link set lo up")]


def _way_back(random: Random) -> list[Line]:
    """How answers get back to the namespaces: a route of lan, or translation by host."""
    match random.randrange(5):
        case 0 | 1:
            return [Line(LAN, "ip route add 10.0.0.0/8 via 192.168.1.2")]
        case 2:
            return [Line(HOST, "iptables -t nat -A POSTROUTING -s 10.0.0.0/8 -o eth0 -j MASQUERADE")]
        case 3:
            return [Line(HOST, "iptables -t nat -A POSTROUTING -o eth0 -j SNAT --to-source 192.168.1.2")]
        case _:
            chain = "add chain ip n post { type nat hook postrouting priority srcnat; }"
            return [
                Line(HOST, f"nft 'add table ip n; {chain}'"),
                Line(HOST, "nft add rule ip n post ip saddr 10.0.0.0/8 oifname eth0 masquerade"),
            ]


def _extras(random: Random) -> list[Line]:
    """Harmless things, now and then."""
    found = []
    if random.random() < 0.2:
        found.append(Line(HOST, "iptables -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT"))
    if random.random() < 0.2:
        found.append(
            Line(HOST, "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 10.1.0.11:80")
        )
    if random.random() < 0.1:
        found.append(
            Line(HOST, "ip rule add from 10.1.0.0/24 lookup 100; ip route add default via 192.168.1.3 table 100")
        )
    return found


def _leave_out(random: Random, lines: list[Line]) -> list[Line]:
    gone = random.choice([line for line in lines if " lo " not in line.text] or lines)
    return [line for line in lines if line is not gone]


def _misspell(random: Random, lines: list[Line]) -> list[Line]:
    """One line with a wrong mask, a wrong place, a wrong address or a wrong link."""
    at = random.randrange(len(lines))
    line = lines[at]
    wrong = [
        Line(line.place, line.text.replace("/24", random.choice(("/32", "/16", "/8", "/25", "/30")))),
        Line(random.choice(PLACES), line.text),
        Line(
            line.place,
            line.text.replace("via 10.1.0.5", "via 10.1.0.99").replace("via 192.168.1.3", "via 192.168.1.9"),
        ),
        Line(line.place, line.text.replace(" up", " down")),
        Line(line.place, line.text.replace("dev v-red", "dev lo").replace("dev v-blue", "dev lo")),
        Line(HOST, line.text.replace("dev v-red", "dev v-red-b").replace("dev v-blue", "dev v-blue-b"))
        if "dev v-" in line.text
        else Line(line.place, line.text.replace("10.1.0.1", "10.1.1.1")),
        Line(line.place, line.text.replace("ip_forward=1", "ip_forward=0").replace("br0", "br1")),
        Line(line.place, line.text.replace("10.1.0.11", "10.1.0.12").replace("192.168.1.3", "192.168.1.2")),
        Line(line.place, line.text.replace("MASQUERADE", "SNAT --to-source 192.168.1.77").replace("-s 10", "-s 11")),
    ]
    changed = [one for one in wrong if one != line]
    return [*lines[:at], random.choice(changed), *lines[at + 1 :]] if changed else lines


def _swap(random: Random, lines: list[Line]) -> list[Line]:
    """Two lines in the other order."""
    at = random.randrange(len(lines) - 1)
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


_LINKS = {RED: ("v-red", "lo"), BLUE: ("v-blue",), GREEN: ("v-green",), LAN: ("eth0", "eth1"), FAR: ("eth0",),
          HOST: ("eth0", "br0", "br1", "v-red-b", "v-blue-b", "v-green-h", "v-green-b")}  # fmt: skip
_NETWORKS = ("10.1.0.0/24", "10.2.0.0/24", "192.168.1.0/24", "203.0.113.0/24", "10.0.0.0/8", "10.1.0.11", "192.168.1.3")


def _harm(random: Random, lines: list[Line]) -> list[Line]:
    """A line at the end that breaks something, or nothing."""
    place = random.choice(PLACES)
    link = random.choice(_LINKS[place])
    network = random.choice(_NETWORKS)
    other = random.choice(PLACES)
    near = "br0" if place == HOST else link
    text = random.choice(
        (
            f"ip link set {link} down",
            f"ip link set {link} down; ip link set {link} up",
            f"ip addr flush dev {link}",
            f"ip addr add {ADDRESS[other]}/24 dev {link}",
            f"ip addr add {ADDRESS[other]}/32 dev lo",
            "ip route flush table main",
            "ip route del default",
            f"ip route add {random.choice(('blackhole', 'unreachable', 'prohibit', 'throw'))} {network}",
            f"ip route replace {network} dev {link}",
            f"ip route replace {network} via 10.1.0.12",
            f"ip route add default via 192.168.1.2 metric {random.choice((0, 5))}",
            f"ip rule add from {network} {random.choice(('prohibit', 'blackhole', 'lookup 77'))}",
            f"ip rule add to {network} lookup 78; ip route add default dev {link} table 78",
            f"ip rule add iif {link} unreachable",
            "ip rule add fwmark 7 unreachable",
            "sysctl -qw net.ipv4.ip_forward=0",
            "sysctl -qw net.ipv4.ip_forward=1",
            f"sysctl -qw net.ipv4.conf.{link}.forwarding=0",
            "sysctl -qw net.ipv4.conf.all.rp_filter=1",
            f"sysctl -qw net.ipv4.conf.{link}.rp_filter={random.choice((1, 2))}",
            f"sysctl -qw net.ipv4.conf.{link}.proxy_arp=1",
            "sysctl -qw net.ipv4.conf.all.proxy_arp=1 net.ipv4.ip_forward=1",
            "sysctl -qw net.ipv4.conf.all.arp_ignore=1",
            "sysctl -qw net.ipv4.conf.all.accept_local=1",
            "sysctl -qw net.ipv4.icmp_echo_ignore_all=1",
            f"ip neigh replace {ADDRESS[other]} lladdr 02:00:00:00:00:99 dev {link}",
            f"ip link set {near} type bridge stp_state 1; ip link set {near} down; ip link set {near} up",
            f"ip link set {link} nomaster",
            f"ip link set {link} master br1",
            f"ip link set {link} mtu {random.choice((68, 576, 1000, 1280, 1400))}",
            f"ip link set {link} mtu {random.choice((600, 996, 1000, 1027, 1028))}",
            f"ip neigh add proxy {ADDRESS[other]} dev {link}; sysctl -qw net.ipv4.ip_forward=1",
            f"ip route replace {network} nexthop via 192.168.1.3 nexthop via 10.1.0.12",
            f"ip link set {link} address 02:00:00:00:00:0{random.choice((1, 2))}",
            f"ip addr add {ADDRESS[other]}/24 dev {link} noprefixroute",
            f"ip link del {link}",
        )
    )
    return [*lines, Line(place, text)]


def _joined(random: Random, lines: list[Line]) -> list[Line]:
    """The two bridges joined by a cable, sometimes only half."""
    plugs = ["ip link set j0 master br0", "ip link set j1 master br1", "ip link set j0 up", "ip link set j1 up"]
    if random.random() < 0.4:
        plugs.remove(random.choice(plugs))
    return [*lines, Line(HOST, "ip link add j0 type veth peer name j1"), *(Line(HOST, plug) for plug in plugs)]


def _filter(random: Random, lines: list[Line]) -> list[Line]:
    place = random.choice((HOST, HOST, HOST, HOST, LAN, LAN, *PLACES))
    network, link = random.choice(("10.0.0.0/8", "10.0.0.0/8", *_NETWORKS)), random.choice(_LINKS[place])
    chain = random.choice(("FORWARD", "FORWARD", "INPUT") if place in (HOST, LAN) else ("INPUT", "OUTPUT"))
    hook, early = chain.lower(), "OUTPUT" if chain == "OUTPUT" else "PREROUTING"
    known = "ct state established,related accept; add rule inet f c"
    base = f"add table inet f; add chain inet f c {{ type filter hook {hook} priority {random.choice((-10, 0, 10))}; "
    accept, drop = base + "policy accept; }", base + "policy drop; }"
    end = random.choice(("DROP", "DROP", "REJECT", "ACCEPT"))
    text = random.choice(
        (
            f"iptables -P {chain} DROP",
            f"iptables -P {chain} DROP; iptables -A {chain} -m state --state ESTABLISHED -j ACCEPT",
            f"iptables -A {chain} -s {network} -j {end}",
            f"iptables -I {chain} -d {network} -p icmp -j {end}",
            f"iptables -A {chain} ! -s {network} -p tcp --dport 80 -j {end}",
            f"iptables -A {chain} -p icmp --icmp-type {random.choice(('echo-request', 'echo-reply'))} -j {end}",
            f"iptables -A {chain} -m conntrack --ctstate {random.choice(('NEW', 'INVALID', 'ESTABLISHED'))} -j DROP",
            f"iptables -A {'INPUT -i' if chain != 'OUTPUT' else 'OUTPUT -o'} {link} -j {end}",
            f"iptables -N X; iptables -A {chain} -j X; iptables -A X -s {network} -j RETURN; iptables -A X -j {end}",
            f"iptables -t mangle -A PREROUTING -s {network} -j {end.replace('REJECT', 'DROP')}",
            f"iptables -t raw -A PREROUTING -d {network} -j {end.replace('REJECT', 'DROP')}",
            f"iptables -A {chain} -m mark --mark 3 -j {end}",
            f"iptables -t mangle -A {early} -d {network} -j MARK --set-mark 3; "
            f"iptables -A {chain} -m mark {random.choice(('--mark 3', '! --mark 3', '--mark 2/2'))} -j {end}",
            f"iptables -A {chain} -m addrtype --dst-type {random.choice(('LOCAL', 'UNICAST'))} -j {end}",
            f"iptables -A {chain} -m addrtype ! --src-type LOCAL -m comment --comment 'not ours' -j {end}",
            f"iptables -A {chain} -p tcp --sport 80 -j {end}",
            f"nft '{drop}; add rule inet f c {known} ip saddr {network} accept'",
            f"nft '{drop}; add rule inet f c ct state vmap {{ established : accept, invalid : drop, new : drop }}'",
            f"nft '{accept}; add rule inet f c ip daddr {{ {network}, 9.9.9.9 }} counter drop'",
            f"nft '{accept}; add rule inet f c meta l4proto icmp reject'",
            f"nft '{accept}; add rule inet f c ip saddr != {network} tcp dport {{ 80, 8080-8090 }} drop'",
            f"nft '{accept}; add rule inet f c icmp type echo-request limit rate 1/second accept'",
            f"nft '{accept}; add set inet f s {{ type ipv4_addr; flags interval; elements = {{ {network} }}; }}; "
            "add rule inet f c ip saddr @s drop'",
            f"nft '{drop}; add rule inet f c iifname \"{link[:3]}*\" accept'",
        )
    )
    return [*lines, Line(place, text)]


def _as_docker(link: str, target: str) -> str:
    """A published port, in chains as Docker makes them."""
    local = "-m addrtype --dst-type LOCAL -j DOCKER"
    lines = (
        "-N DOCKER",
        f"-A PREROUTING {local}",
        f"-A OUTPUT ! -d 127.0.0.0/8 {local}",
        f"-A DOCKER ! -i {link} -p tcp -m tcp --dport 8080 -j DNAT --to-destination {target}:80",
    )
    return "; ".join(f"iptables -t nat {line}" for line in lines)


def _as_portmap(network: str, target: str) -> str:
    """A port mapping, in chains as the CNI plugin makes them."""
    lines = (
        "-N DN",
        "-N SETMARK",
        "-N MASQ",
        "-A PREROUTING -m addrtype --dst-type LOCAL -j DN",
        "-A SETMARK -m comment --comment 'to be masqueraded' -j MARK --set-xmark 0x2000/0x2000",
        f"-A DN -s {network} -p tcp --dport 8080 -j SETMARK",
        f"-A DN -p tcp --dport 8080 -j DNAT --to-destination {target}:80",
        "-A MASQ -m mark --mark 0x2000/0x2000 -j MASQUERADE",
        "-I POSTROUTING -j MASQ",
    )
    return "; ".join(f"iptables -t nat {line}" for line in lines)


def _translate(random: Random, lines: list[Line]) -> list[Line]:
    place = random.choice((HOST, HOST, LAN, *PLACES))
    network, target = random.choice(_NETWORKS), ADDRESS[random.choice(PLACES)]
    text = random.choice(
        (
            "iptables -t nat -A POSTROUTING -j MASQUERADE",
            f"iptables -t nat -I POSTROUTING -s {network} -j SNAT --to-source {target}",
            f"iptables -t nat -I POSTROUTING -d {network} -j SNAT --to-source 192.168.1.99",
            f"iptables -t nat -A PREROUTING -d {network} -j DNAT --to-destination {target}",
            f"iptables -t nat -A OUTPUT -d {network} -j DNAT --to-destination {target}",
            f"iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination {target}:80",
            "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j REDIRECT --to-ports 80",
            _as_docker(random.choice(_LINKS[place]), target),
            _as_portmap(network, target),
            f"iptables -t nat -A POSTROUTING -s {network} -j ACCEPT",
            f"nft 'add table ip m; add chain ip m pre {{ type nat hook prerouting priority dstnat; }}; "
            f"add rule ip m pre ip daddr {network} dnat to {target}'",
            "nft 'add table inet m; add chain inet m o { type nat hook output priority -100; }; "
            "add rule inet m o tcp dport 8080 redirect to :80'",
        )
    )
    return [*lines, Line(place, text)]


_DAMAGES = (
    _leave_out,
    _leave_out,
    _misspell,
    _misspell,
    _swap,
    _harm,
    _harm,
    _harm,
    _joined,
    _filter,
    _filter,
    _translate,
)
