"""The way of packets, their size, and IPv6, as the validators of traffic see them; in both modes."""

from __future__ import annotations

import pytest
from lab_modes import MODES, use_mode
from probe_lab import BLUE, HOST, LAN, RED, bench
from traffic_lab import met, routed, settled, unknown, unmet

from tutor.model.place import Place
from tutor.model.topology import MachineSpec
from tutor.model.verdict import Layer

LEFT, RIGHT, END = Place("host", "left"), Place("host", "right"), Place("host", "end")
DIAMOND = (
    *(f"ip netns add {name}" for name in ("left", "right", "end")),
    *(
        line.format(name=name, net=net)
        for name, net in (("left", "10.1"), ("right", "10.2"))
        for line in (
            "ip link add to-{name} type veth peer name top netns {name}",
            "ip addr add {net}.1.1/24 dev to-{name}",
            "ip link set to-{name} up",
            "ip -n {name} addr add {net}.1.2/24 dev top",
            "ip -n {name} link set top up",
            "ip -n {name} link add low type veth peer name from-{name} netns end",
            "ip -n {name} addr add {net}.2.1/24 dev low",
            "ip -n {name} link set low up",
            "ip -n end addr add {net}.2.2/24 dev from-{name}",
            "ip -n end link set from-{name} up",
            "ip netns exec {name} sysctl -qw net.ipv4.ip_forward=1",
        )
    ),
    "ip -n end link set lo up",
    "ip -n end addr add 10.9.9.9/32 dev lo",
    "ip -n end route add default via 10.1.2.1",
    "ip -n right route add default via 10.2.1.1",
    "ip netns exec end sysctl -qw net.ipv4.conf.all.rp_filter=0",
    *(f"ip -n {name} route add 10.9.9.9 via {net}.2.2" for name, net in (("left", "10.1"), ("right", "10.2"))),
)


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def test_the_way_is_seen_hop_by_hop() -> None:
    async with bench(MachineSpec("host", setup=DIAMOND)) as here:
        await here.sh("ip route add 10.9.9.9 via 10.1.1.2", HOST)
        way = {"from_": HOST, "to": "10.9.9.9"}
        assert await met(here, "path", **way, along=(LEFT, END), avoiding=(RIGHT,), ttl=63) == "end saw it with TTL 63"
        await unmet(here, Layer.ROUTE, "path", **way, along=(LEFT, END), ttl=64)
        observed = await unmet(here, Layer.ROUTE, "path", **way, along=(RIGHT, END))
        assert "did not pass right" in observed
        assert "it passed left" in await unmet(here, Layer.ROUTE, "path", **way, along=(END,), avoiding=(LEFT,))
        assert "before" in await unmet(here, Layer.ROUTE, "path", **way, along=(END, LEFT))
        await here.sh("ip rule add to 10.9.9.9 lookup 77; ip route add default via 10.2.1.2 table 77", HOST)
        await met(here, "path", **way, along=(RIGHT, END), avoiding=(LEFT,), ttl=63)
        await here.sh("sysctl -qw net.ipv4.ip_forward=0", RIGHT)
        await unmet(here, Layer.FORWARDING, "path", **way, along=(RIGHT, END))
        await unknown(here, "path", from_=Place("nowhere"), to="10.9.9.9", along=(END,))
        await unmet(here, Layer.NAMESPACE, "path", from_=Place("host", "none"), to="10.9.9.9", along=(END,))


async def test_a_frame_for_another_mac_address_is_no_arrival() -> None:
    async with routed() as here:
        await met(here, "arrives", from_=HOST, to="192.168.1.3", at=LAN)
        await here.sh("ip neigh replace 192.168.1.3 lladdr 02:00:00:00:00:66 dev eth0")
        received = 'ip -s -j link show eth0 | grep -o \'"rx":{"bytes":[0-9]*,"packets":[0-9]*\''
        before = await here.sh(received, LAN)
        await unmet(here, Layer.NEIGHBOUR, "arrives", from_=HOST, to="192.168.1.3", at=LAN)
        assert await here.sh(received, LAN) != before, "the frame came all the same"
        await here.sh("ip neigh del 192.168.1.3 dev eth0")
        await met(here, "arrives", from_=HOST, to="192.168.1.3", at=LAN)
        await met(here, "arrives", from_=RED, to="192.168.15.2", at=HOST)  # its bridge passes it on


async def test_a_packet_that_is_too_large_for_a_link() -> None:
    async with routed() as here:
        await here.sh("iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE")
        large = {"from_": BLUE, "to": "192.168.1.3", "at": LAN, "via": (HOST,)}
        await met(here, "ping", **large, size=1472)
        assert "veth-blue" in await unmet(here, Layer.LINK, "ping", **large, size=1473)
        await here.sh("ip link set eth0 mtu 1400")
        await met(here, "ping", **large)
        assert "eth0 on host" in await unmet(here, Layer.LINK, "ping", **large, size=1472)
        await met(here, "ping", **large, size=1372)
        await here.sh("ip link set eth0 mtu 1500")
        await met(here, "ping", **large, size=1472)
        await here.sh("ip link set veth-blue mtu 1300", BLUE)
        assert "1300" in await unmet(here, Layer.LINK, "ping", **large, size=1472)
        await here.sh("ip link set veth-blue mtu 1500; ip link set veth-blue down", BLUE)
        await unmet(here, Layer.LINK, "ping", **large, size=1472)


async def test_a_bridge_swallows_what_is_too_large_for_a_port() -> None:
    async with routed() as here:
        near = {"from_": RED, "to": "192.168.15.2", "at": BLUE, "through": (HOST,)}
        await met(here, "ping", **near, size=1400)
        await here.sh("ip link set veth-blue-br mtu 1200")
        await met(here, "ping", **near)
        assert "veth-blue-br" in await unmet(here, Layer.LINK, "ping", **near, size=1400)


async def test_pings_over_ipv6() -> None:
    async with routed() as here:
        await settled(here)
        far = {"from_": BLUE, "to": "fd01::3", "at": LAN, "via": (HOST,)}
        await met(here, "ping", **far)
        await met(here, "ping", **far, size=1452)
        await unmet(here, Layer.LINK, "ping", **far, size=1453)
        await here.sh("ip link set eth0 mtu 1400")
        assert "eth0 on host" in await unmet(here, Layer.LINK, "ping", **far, size=1452)
        await here.sh("ip link set eth0 mtu 1500")
        await met(here, "arrives", from_=BLUE, to="fd01::3", at=LAN, via=(HOST,), as_="fd15::2")
        await met(here, "path", from_=BLUE, to="fd01::3", along=(HOST, LAN), avoiding=(RED,), ttl=63)
        await unmet(here, Layer.NAT, "translated", **far, as_="fd01::2")
        await here.sh("ip6tables -t nat -A POSTROUTING -s fd15::/64 -j MASQUERADE")
        await met(here, "translated", **far, as_="fd01::2")
        await met(here, "no-ping", from_=BLUE, to="fd01::99", proof="fd01::3")
        await met(here, "no-arrival", from_=BLUE, to="fd15::1", at=LAN)
        await here.sh("ip -6 route del default", BLUE)
        await unmet(here, Layer.ROUTE, "ping", **far)
        await here.sh("ip addr flush dev veth-blue", BLUE)
        await unmet(here, Layer.ADDRESS, "ping", **far)
        await here.sh("ip link set veth-blue down", BLUE)
        await unmet(here, Layer.LINK, "ping", **far)
