"""Validators of what links are set to, against a real kernel."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest
from judging import answered, met, soon_met, unknown, unmet
from lab_modes import MODES, use_mode
from probe_lab import BLUE, BRIDGED, HOST, LAN, RED, bench, machine

from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.validators.addresses import HasAddress, NoAddress
from tutor.validators.answers import AddressOf, RouteCount
from tutor.validators.answers_state import MtuOf, PeerOf
from tutor.validators.link_settings import LinkCarrier, LinkDown, LinkMac, LinkMtu, LinkPeer
from tutor.validators.links import LinkExists
from tutor.validators.registry import GoalId
from tutor.validators.sysctls import Sysctl

Q = GoalId("q")
NOWHERE = Place("nobody")
GONE = Place("host", "gone")


@pytest.fixture(params=MODES, autouse=True)
def _mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def test_state_mtu_and_mac() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh("ip link set veth-red-br mtu 1400; ip link set veth-blue-br down address 02:00:00:00:00:77")
        await met(here, LinkMtu("veth-red-br", HOST, 1400))
        assert await unmet(here, LinkMtu("veth-red", RED, 1400), Layer.LINK) == "veth-red has an MTU of 1500"
        await answered(here, MtuOf(Q, "veth-red-br", HOST), "1400 bytes", "1500")
        await met(here, LinkMac("veth-blue-br", HOST, "02:00:00:00:00:77"))
        await met(here, LinkMac("veth-blue-br", HOST, "02:00:00:00:00:77".upper()))
        await unmet(here, LinkMac("veth-red-br", HOST, "02:00:00:00:00:77"), Layer.LINK)
        await met(here, LinkDown("veth-blue-br", HOST))
        assert await unmet(here, LinkDown("veth-red-br", HOST), Layer.LINK) == "veth-red-br is up"
        assert "no carrier" in await unmet(here, LinkCarrier("veth-blue", BLUE), Layer.LINK)
        await unmet(here, LinkCarrier("veth-blue-br", HOST), Layer.LINK)
        await here.sh("ip link set veth-blue-br up")
        await soon_met(here, LinkCarrier("veth-blue", BLUE))
        await met(here, LinkExists("v-net-0", (HOST,), "bridge"))
        for check in (LinkMtu("x", HOST, 1), LinkMac("x", HOST, "x"), LinkDown("x", HOST), LinkCarrier("x", HOST)):
            assert await unmet(here, check, Layer.LINK) == "host has no link x"
        assert "no namespace" in await unmet(here, LinkMtu("x", GONE, 1), Layer.NAMESPACE)
        await unknown(here, LinkMtu("x", NOWHERE, 1))


async def test_state_the_other_end() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED), machine("lan", "192.168.1.3/24")) as here:
        await met(here, LinkPeer("veth-red-br", HOST, "veth-red", RED))
        await met(here, LinkPeer("veth-red", RED, "veth-red-br"))
        seen = await unmet(here, LinkPeer("veth-red-br", HOST, "veth-red", BLUE), Layer.LINK)
        assert seen == "the other end of veth-red-br is veth-red in red"
        assert "not a veth" in await unmet(here, LinkPeer("v-net-0", HOST, "x"), Layer.LINK)
        await unknown(here, LinkPeer("eth0", LAN, "x", HOST))  # it ends in the switch, which is no place
        await answered(here, PeerOf(Q, "veth-red-br", HOST), "veth-red@if2", "veth-blue")


async def test_state_addresses_of_ipv6() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        assert await unmet(here, HasAddress(ip_interface("fd00::5/64"), HOST, "v-net-0"), Layer.ADDRESS)
        await met(here, NoAddress("veth-red-br", HOST))
        await here.sh("ip addr add fd00::5/64 dev v-net-0 nodad; ip -6 route add fd01::/16 via fd00::9")
        await met(here, HasAddress(ip_interface("fd00:0::5/64"), HOST, "v-net-0"))
        wrong = await unmet(here, HasAddress(ip_interface("fd00::5/48"), HOST), Layer.ADDRESS)
        assert wrong == "v-net-0 has fd00::5/64: the prefix length is /64"
        await answered(here, AddressOf(Q, "v-net-0", HOST, ipv6=True), "fd00:0:0::5", "192.168.15.5")
        await answered(here, AddressOf(Q, "v-net-0", HOST), "192.168.15.5", "fd00::5")
        listed = len((await here.sh("ip -6 route")).splitlines())
        await answered(here, RouteCount(Q, HOST, ipv6=True), str(listed), str(listed + 1))
        assert str(ip_address("fd00::5")) in await here.sh("ip -6 addr show dev v-net-0")


async def test_state_settings() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        on = Sysctl("net.ipv6.conf.all.forwarding", "1", HOST)
        assert await unmet(here, on, Layer.FORWARDING) == "net.ipv6.conf.all.forwarding is 0"
        await here.sh("sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv4.conf.eth0.proxy_arp=1")
        await met(here, on)
        await met(here, Sysctl("net.ipv4.conf.eth0.proxy_arp", "1", HOST))
        await unmet(here, Sysctl("net.ipv6.conf.all.forwarding", "1", RED), Layer.FORWARDING)
        await unknown(here, Sysctl("net.ipv4.no_such_key", "1", HOST))
