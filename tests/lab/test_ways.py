"""Ways that no solution shows: right ones that must pass, and wrong ones that must fail for the right reason.

Each case replaces the commands of one step; the steps before it are typed as their first solutions are.
"""

from __future__ import annotations

import pytest
from lesson_ways import Way, Wrong, fails, passes

from tutor.model.verdict import Layer

RIGHT = [
    Way("namespaces", "create", "blue first, and one more", "ip netns add blue; ip netns add green; ip netns add red"),
    Way("namespaces", "cable", "made inside red", "ip -n red link add veth-red type veth peer name veth-blue"),
    Way("namespaces", "cable", "made in blue's name", "ip link add veth-blue type veth peer name veth-red"),
    Way("namespaces", "cable", "with an mtu and a mac", "ip link add veth-red mtu 1400 type veth peer name veth-blue"),
    Way(
        "namespaces",
        "plug",
        "by a process inside",
        """
        ip netns exec red sleep 60 &
        ip link set veth-red netns $!
        ip link set veth-blue netns blue
        = no
        """,
    ),
    Way(
        "namespaces",
        "addresses",
        "other order, an extra address, an extra link",
        """
        ip -n blue addr add 192.168.15.2/24 brd + dev veth-blue
        ip -n red addr add 10.9.8.7/8 dev veth-red
        ip -n red link add more type bridge
        ip -n red addr add 192.168.15.1/24 dev veth-red
        = no
        """,
    ),
    Way(
        "namespaces",
        "up",
        "from a shell inside",
        """
        ip netns exec red bash
        ip link set dev veth-red up
        exit
        nsenter --net=/run/netns/blue ip link set veth-blue up
        """,
    ),
    Way(
        "bridges",
        "unplug",
        "the namespace is thrown away",
        """
        ip netns del red && sleep 0.3 && ip netns add red
        = no
        """,
    ),
    Way(
        "bridges",
        "bridge",
        "with spanning tree settings",
        "ip link add name v-net-0 up type bridge stp_state 0 forward_delay 0",
    ),
    Way(
        "bridges",
        "cables",
        "by brctl's friends, with the names swapped in",
        """
        ip link add veth-red-br type veth peer name veth-red
        ip link add veth-blue-br type veth peer name veth-blue
        ip link set veth-blue netns blue
        ip link set veth-red netns red
        """,
    ),
    Way(
        "bridges",
        "host",
        "an address of its own on top",
        """
        ip addr add 192.168.15.5/24 dev v-net-0
        ip addr add 192.168.15.6/24 dev v-net-0
        """,
    ),
    Way(
        "nat",
        "route",
        "a host route, policy routing, another table",
        """
        ip -n blue route add 192.168.1.3 via 192.168.15.5 table 100
        ip -n blue rule add to 192.168.1.0/24 lookup 100
        = host
        """,
    ),
    Way("nat", "route", "two halves", "ip -n blue route add 192.168.0.0/17 via 192.168.15.5\n= host"),
    Way("nat", "forward", "all of them", "sysctl -qw net.ipv4.conf.all.forwarding=1\n= 192.168.15.2"),
    Way(
        "nat",
        "masquerade",
        "everything that leaves by eth0",
        "iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE",
    ),
    Way(
        "nat",
        "masquerade",
        "nft in the inet family",
        """
        nft add table inet t; nft 'add chain inet t p { type nat hook postrouting priority srcnat; }'
        nft add rule inet t p oifname eth0 ip saddr 192.168.15.0/24 snat ip to 192.168.1.2
        """,
    ),
    Way(
        "nat",
        "masquerade",
        "only blue, and rules that do not matter",
        """
        iptables -N EXTRA; iptables -A FORWARD -j EXTRA; iptables -A EXTRA -j RETURN
        iptables -t nat -A POSTROUTING -s 192.168.15.2/32 ! -d 192.168.15.0/24 -j MASQUERADE
        """,
    ),
    Way(
        "nat",
        "internet",
        "two halves of the world",
        """
        ip -n blue route add 0.0.0.0/1 via 192.168.15.5
        ip -n blue route add 128.0.0.0/1 via 192.168.15.5
        = 203.0.113.2
        """,
    ),
    Way(
        "nat",
        "forwarding",
        "narrow, with the filter opened for it",
        """
        iptables -t nat -A PREROUTING -i eth0 -d 192.168.1.2 -p tcp -m tcp --dport 8080 -j DNAT --to 192.168.15.2:80
        iptables -A FORWARD -p tcp -d 192.168.15.2 --dport 80 -j ACCEPT
        = 192.168.1.3
        """,
    ),
]

WRONG = [
    Wrong(
        Way("namespaces", "create", "upper case", "ip netns add Red; ip netns add blue"),
        "red-exists",
        Layer.NAMESPACE,
        "Red",
    ),
    Wrong(
        Way("namespaces", "plug", "only one end", "ip link set veth-red netns red"),
        "plugged",
        Layer.LINK,
        "",
    ),
    Wrong(
        Way("namespaces", "plug", "both in red", "ip link set veth-red netns red; ip link set veth-blue netns red"),
        "plugged",
        Layer.LINK,
        "",
    ),
    Wrong(
        Way("namespaces", "addresses", "wrong mask", "ip -n red addr add 192.168.15.1 dev veth-red"),
        "address-red",
        Layer.ADDRESS,
        "192.168.15.1/32",
    ),
    Wrong(
        Way("namespaces", "addresses", "on the host", "ip addr add 192.168.15.1/24 dev eth0"),
        "address-red",
        Layer.ADDRESS,
        "",
    ),
    Wrong(Way("namespaces", "up", "one end down", "ip -n red link set veth-red up"), "red-to-blue", Layer.LINK, ""),
    Wrong(
        Way("bridges", "bridge", "not up", "ip link add v-net-0 type bridge"),
        "bridge-up",
        Layer.LINK,
        "down",
    ),
    Wrong(
        Way("bridges", "ports", "one cable short", "ip link set veth-red-br master v-net-0"),
        "port-blue",
        Layer.LINK,
        "",
    ),
    Wrong(
        Way("bridges", "up", "a port is down", "ip link set veth-red-br up"),
        "red-to-blue",
        Layer.LINK,
        "veth-blue-br",
    ),
    Wrong(
        Way(
            "bridges",
            "host",
            "wrong network",
            "ip addr add 192.168.16.5/24 dev v-net-0",
        ),
        "address-host",
        Layer.ADDRESS,
        "192.168.16.5",
    ),
    Wrong(
        Way("nat", "route", "a gateway that is not there", "ip -n blue route add 192.168.1.0/24 via 192.168.15.9"),
        "route-blue",
        Layer.ROUTE,
        "192.168.15.9",
    ),
    Wrong(
        Way("nat", "forward", "forwarding in blue instead", "ip netns exec blue sysctl -qw net.ipv4.ip_forward=1"),
        "arrives",
        Layer.FORWARDING,
        "ip_forward",
    ),
    Wrong(
        Way(
            "nat",
            "masquerade",
            "another source range",
            "iptables -t nat -A POSTROUTING -s 192.168.16.0/24 -j MASQUERADE",
        ),
        "translated",
        Layer.NAT,
        "192.168.15.2",
    ),
    Wrong(
        Way(
            "nat",
            "masquerade",
            "in blue",
            "ip netns exec blue iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE",
        ),
        "translated",
        Layer.NAT,
        "192.168.15.2",
    ),
    Wrong(
        Way(
            "nat",
            "masquerade",
            "the filter drops it",
            """
            iptables -P FORWARD DROP
            iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE
            """,
        ),
        "blue-to-lan",
        Layer.FILTER,
        "",
    ),
    Wrong(
        Way("nat", "internet", "the default route of the host", "ip route replace default via 192.168.1.1"),
        "default-route",
        Layer.ROUTE,
        "",
    ),
    Wrong(
        Way(
            "nat",
            "forwarding",
            "the wrong port",
            "iptables -t nat -A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.168.15.2:80",
        ),
        "page",
        Layer.NAT,
        "",
    ),
    Wrong(
        Way(
            "nat",
            "forwarding",
            "the wrong chain",
            "iptables -t nat -A OUTPUT -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80",
        ),
        "page",
        Layer.NAT,
        "",
    ),
    Wrong(
        Way(
            "nat",
            "forwarding",
            "to a port where nobody listens",
            "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:8080",
        ),
        "page",
        Layer.SERVICE,
        "nothing listens on port 8080",
    ),
]


@pytest.mark.parametrize("way", RIGHT, ids=str)
async def test_a_right_way_passes(way: Way) -> None:
    await passes(way)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_a_wrong_way_fails_for_the_right_reason(wrong: Wrong) -> None:
    await fails(wrong)
