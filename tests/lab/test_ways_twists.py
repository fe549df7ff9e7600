"""Unusual networks that are right all the same, and broken ones that look right, in both modes."""

from __future__ import annotations

import pytest
from lab_modes import MODES, use_mode
from lesson_ways import Way, Wrong, fails, passes

from tutor.model.verdict import Layer

MASQUERADE = "iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE"
PORTS_UP = "ip link set veth-red-br up; ip link set veth-blue-br up"
TWO_BRIDGES = """
ip link add v-net-1 up type bridge
ip link set veth-blue-br master v-net-1
ip link add join-0 master v-net-0 type veth peer name join-1
ip link set join-1 master v-net-1
"""
PROXY_ARP = """
ip link set veth-red-br nomaster up
ip link set veth-blue-br nomaster up
ip route add 192.168.15.1 dev veth-red-br
ip route add 192.168.15.2 dev veth-blue-br
sysctl -qw net.ipv4.ip_forward=1
"""

RIGHT = [
    Way(
        "nat",
        "internet",
        "policy routing by the source",
        """
        ip -n blue route add default via 192.168.15.5 table 15
        ip -n blue rule add priority 99 lookup 15
        = 203.0.113.2
        """,
    ),
    Way(
        "bridges",
        "up",
        "two bridges joined",
        f"{TWO_BRIDGES}\nip link set join-0 up; ip link set join-1 up\n{PORTS_UP}",
    ),
    Way(
        "bridges",
        "up",
        "a router with proxy ARP in place of the bridge",
        f"""
        {PROXY_ARP}
        sysctl -qw net.ipv4.conf.veth-red-br.proxy_arp=1 net.ipv4.conf.veth-blue-br.proxy_arp=1
        """,
    ),
    Way("nat", "masquerade", "strict source validation", f"sysctl -qw net.ipv4.conf.all.rp_filter=1\n{MASQUERADE}"),
    Way(
        "nat",
        "masquerade",
        "closed by default, and opened for blue",
        f"""
        iptables -P FORWARD DROP
        iptables -A FORWARD -i v-net-0 -j ACCEPT
        iptables -A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
        {MASQUERADE}
        """,
    ),
    Way(
        "nat",
        "forwarding",
        "with a small MTU",
        """
        ip -n blue link set veth-blue mtu 600
        iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80
        = 192.168.1.3
        """,
    ),
]

WRONG = [
    Wrong(
        Way(
            "bridges",
            "addresses",
            "on the wrong end of the cable",
            """
            ip addr add 192.168.15.1/24 dev veth-red-br
            ip link set veth-red-br up
            ip -n red link set veth-red up
            """,
        ),
        "address-red",
        Layer.ADDRESS,
        "",
    ),
    Wrong(
        Way("bridges", "up", "two bridges joined by a dead cable", f"{TWO_BRIDGES}\nip link set join-0 up\n{PORTS_UP}"),
        "red-to-blue",
        Layer.LINK,
        "join-1",
    ),
    Wrong(
        Way("bridges", "up", "two bridges that are not joined", f"ip link add v-net-1 up type bridge\n{PORTS_UP}\n"
            "ip link set veth-blue-br master v-net-1"),
        "red-to-blue",
        Layer.ROUTE,
        "elsewhere",
    ),
    Wrong(
        Way("bridges", "up", "a router in place of the bridge, without proxy ARP", PROXY_ARP),
        "red-to-blue",
        Layer.LINK,
        "in no bridge",
    ),
    Wrong(
        Way("bridges", "up", "blue's address in red", f"{PORTS_UP}\nip -n red addr add 192.168.15.2/24 dev veth-red"),
        "red-to-blue",
        Layer.ADDRESS,
        "",
    ),
    Wrong(
        Way("bridges", "host", "red's address on the host, too", "ip addr add 192.168.15.1/24 dev v-net-0"),
        "host-to-red",
        Layer.ADDRESS,
        "",
    ),
    Wrong(
        Way(
            "nat",
            "forward",
            "strict source validation, and another way back",
            """
            sysctl -qw net.ipv4.ip_forward=1 net.ipv4.conf.all.rp_filter=1
            ip route add 192.168.15.2 via 192.168.1.1
            """,
        ),
        "arrives",
        Layer.ROUTE,
        "rp_filter",
    ),
    *(
        Wrong(
            Way("nat", "masquerade", f"closed by {tool}", f"{tool} -P FORWARD DROP\n{MASQUERADE}"),
            "blue-to-lan",
            Layer.FILTER,
            "",
        )
        for tool in ("iptables", "iptables-legacy")
    ),
    Wrong(
        Way("nat", "internet", "a rule without its table", "ip -n blue rule add to 8.8.8.8 lookup 15"),
        "default-route",
        Layer.ROUTE,
        "",
    ),
]  # fmt: skip


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


@pytest.mark.parametrize("way", RIGHT, ids=str)
async def test_an_unusual_network_passes(way: Way) -> None:
    await passes(way)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_what_only_looks_right_fails_for_the_right_reason(wrong: Wrong) -> None:
    await fails(wrong)
