"""Breaks that are aimed at the way of one flow, where a random line seldom hits: source validation, ARP settings, the
order of filters and translation, the choice of the source address."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

_QUIET = "sysctl -qw net.ipv4.conf"

Place = str
"""Here: ``source``, ``host``, ``lan`` or ``end``."""


def _believed(random: Random, source: str, end: str) -> tuple[Place, str]:
    """Whether the source of the packet is believed."""
    place = random.choice(("host", "lan", "end"))
    other = {"host": ("lo", "eth0", "br0", "br1"), "lan": ("lo", "eth0", "eth1"), "end": ("lo",)}[place]
    level = random.choice((0, 1, 1, 2))
    text = random.choice(
        (
            f"{_QUIET}.all.rp_filter={level}; ip route replace {source}/32 dev {random.choice(other)}",
            f"{_QUIET}.all.rp_filter={level}; ip route del default; ip route del 10.0.0.0/8",
            f"{_QUIET}.all.rp_filter={level}; ip route replace unreachable {source}/32",
            f"ip rule add from {end}/32 to {source}/32 prohibit; {_QUIET}.all.rp_filter={level}",
            f"ip addr add {source}/32 dev lo; {_QUIET}.all.accept_local={random.choice((0, 1))}",
            f"ip rule add iif eth0 lookup 9; ip addr add {source}/32 dev lo",
        )
    )
    return place, text


def _asked(random: Random, source: str, end: str) -> tuple[Place, str]:
    """Who answers ARP, and with what."""
    host_gateway = random.choice(("10.1.0.5", "192.168.1.2"))
    mac = "02:00:00:00:00:99"
    return random.choice(
        (
            ("end", f"{_QUIET}.all.arp_ignore={random.choice((1, 8))}"),
            ("host", f"{_QUIET}.all.arp_ignore={random.choice((1, 8))}"),
            ("host", f"ip neigh replace {end} lladdr {mac} dev {random.choice(('eth0', 'br0'))}"),
            ("host", f"ip neigh replace {source} lladdr {mac} dev br0"),
            ("lan", f"ip neigh replace {host_gateway} lladdr {mac} dev eth0"),
            (
                "source",
                "ip route flush table main; for l in $(ls /sys/class/net); do ip route add default dev $l; done",
            ),
            ("host", f"{_QUIET}.all.proxy_arp=1"),
            ("lan", f"{_QUIET}.eth0.proxy_arp=1; ip route replace {source}/32 dev eth0"),
        )
    )


def _filtered(random: Random, source: str, end: str) -> tuple[Place, str]:
    """Filters that name the flow."""
    place, chain = random.choice((("source", "OUTPUT"), ("host", "FORWARD"), ("host", "FORWARD"), ("end", "INPUT"),
                                  ("end", "OUTPUT"), ("source", "INPUT")))  # fmt: skip
    one, other = random.choice(((source, end), (end, source)))
    verdict, early = random.choice(("DROP", "REJECT")), random.choice((-250, -99))
    text = random.choice(
        (
            f"iptables -A {chain} -s {one} -j {verdict}",
            f"iptables -A {chain} -s {one} -d {other} -j ACCEPT; iptables -P {chain} DROP",
            f"iptables -A {chain} -m conntrack --ctstate NEW -j {verdict}",
            f"iptables -A {chain} -m conntrack --ctstate ESTABLISHED -j {verdict}",
            f"iptables -A {chain} -m conntrack --ctstate NEW,ESTABLISHED -j ACCEPT; iptables -P {chain} DROP",
            f"iptables -A {chain} -m conntrack ! --ctstate INVALID -j ACCEPT; iptables -A {chain} -j {verdict}",
            f"iptables -A {chain} -p icmp --icmp-type echo-reply -j {verdict}",
            f"iptables -A {chain} -p tcp --sport 80 -j {verdict}",
            f"nft 'add table ip p; add chain ip p c {{ type filter hook prerouting priority {early}; }}; "
            f"add rule ip p c ct state established drop'",
        )
    )
    return place, text


def _translated(random: Random, source: str, end: str) -> tuple[Place, str]:
    """Translation, and filters that see one or the other address."""
    place = random.choice(("host", "host", "source"))
    late, early = random.choice((50, 110)), random.choice((-120, -50))
    hook, chain = ("PREROUTING", "FORWARD") if place == "host" else ("OUTPUT", "OUTPUT")
    dnat = f"iptables -t nat -A {hook} -d 7.7.7.7 -j DNAT --to-destination {end}"
    snat = "iptables -t nat -I POSTROUTING -j MASQUERADE"
    text = random.choice(
        (
            f"{dnat}; iptables -A {chain} -d {random.choice(('7.7.7.7', end))} -j DROP",
            f"{snat}; iptables -A {chain} -s {source} -j {random.choice(('DROP', 'ACCEPT'))}",
            f"{snat}; iptables -t mangle -A POSTROUTING -s {source} -j DROP",
            f"{snat}; nft 'add table ip q; add chain ip q c {{ type filter hook postrouting priority {late}; }}; "
            f"add rule ip q c ip saddr {source} drop'",
            f"{snat}; iptables -A {chain} -d {source} -j DROP",
            f"{dnat}; nft 'add table ip q; add chain ip q c {{ type filter hook prerouting priority {early}; }}; "
            f" add rule ip q c ip daddr {random.choice(('7.7.7.7', end))} drop'",
            f"{snat}; iptables -t mangle -A PREROUTING -d {source} -j DROP",
            f"iptables -t nat -I POSTROUTING -j SNAT --to-source {random.choice((source, '10.1.0.5', '6.6.6.6'))}",
            f"iptables -t nat -A {hook} -d {end} -j DNAT --to-destination {random.choice((source, '10.1.0.5'))}",
            f"iptables -A {chain} -m conntrack --ctstate DNAT -j DROP; {dnat}; {dnat.replace('7.7.7.7', end)}",
        )
    )
    return place, text


def _addressed(random: Random, source: str, end: str) -> tuple[Place, str]:
    """The source address that the kernel chooses."""
    link = "$(ip -o route get 10.1.0.5 | sed 's/.*dev \\([^ ]*\\).*/\\1/')"
    more = random.choice(("172.16.0.9/24", "10.1.0.77/24", "192.168.1.88/24", "10.9.9.9/8"))
    text = random.choice(
        (
            f"l={link}; ip addr add {more} dev $l",
            f"l={link}; g=$(ip route show default); ip addr flush dev $l; ip addr add {more} dev $l; "
            f"ip addr add {source}/24 dev $l; ip route add $g",
            f"l={link}; ip route replace {end}/32 dev $l",
            f"ip addr add {more} dev lo; ip route change $(ip route show default) src {more.partition('/')[0]}",
        )
    )
    return random.choice(("source", "end", "host")), text


_KINDS: tuple[Callable[[Random, str, str], tuple[Place, str]], ...] = (
    _believed, _believed, _asked, _filtered, _filtered, _translated, _translated, _addressed,
)  # fmt: skip


def pointed(random: Random, source: str, end: str) -> tuple[Place, str]:
    """Where, and a line of shell. ``source`` and ``end`` are the addresses of the flow's two sides."""
    return random.choice(_KINDS)(random, source, end)


def detour(random: Random) -> list[tuple[Place, str]]:
    """Red sends by a second cable to host, and the answers come by the first: source validation may mind."""
    lines = [
        ("host", "ip link add w type veth peer name w-b; ip link set w netns red; ip link set w-b up"),
        ("host", "ip addr add 10.7.0.5/24 dev w-b"),
        ("source", "ip link set w up; ip addr add 10.7.0.11/24 dev w"),
        ("source", "ip route replace default via 10.7.0.5 src 10.1.0.11"),
    ]
    level = random.choice((0, 1, 1, 2))
    scope = random.choice(("all", "w-b"))
    mind = [
        ("host", f"{_QUIET}.{scope}.rp_filter={level}"),
        ("source", f"{_QUIET}.{random.choice(('all', 'v-red'))}.rp_filter={level}"),
        ("host", "ip addr flush dev w-b; ip addr add 10.7.0.5/32 dev lo"),
        ("host", f"ip route del 10.7.0.0/24; {_QUIET}.{scope}.rp_filter={level}"),
    ]
    return [*lines, random.choice(mind)]
