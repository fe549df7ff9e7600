"""Validators of routes in any table, of policy rules and of neighbours, against a real kernel."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from judging import answered, met, soon_met, unknown, unmet
from lab_modes import MODES, use_mode
from probe_lab import BLUE, BRIDGED, HOST, LAN, RED, bench, machine

from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.validators.answers_state import NeighbourStateOf
from tutor.validators.neighbours import NeighbourEntry, NeighbourState, NoNeighbour, ProxyNeighbour
from tutor.validators.policy import NoRule, RouteInTable, Rule
from tutor.validators.registry import GoalId
from tutor.validators.routes import RouteTo

Q = GoalId("q")
NOWHERE, GONE = Place("nobody"), Place("host", "gone")
FAR, WAY = ip_address("10.9.9.9"), ip_address("192.168.15.1")


@pytest.fixture(params=MODES, autouse=True)
def _mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def test_state_the_kernels_own_choice_for_a_packet() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "sysctl -qw net.ipv4.ip_forward=1;"
            "ip route add default via 192.168.1.1; ip route add 10.0.0.0/8 table 100 via 192.168.15.1;"
            "ip route add 10.0.0.0/8 table 200 via 192.168.15.2; ip rule add from 192.168.15.5 table 100;"
            "ip rule add fwmark 7 table 200; ip rule add iif eth0 table 100"
        )
        source = ip_address("192.168.15.5")
        await met(here, RouteTo(FAR, HOST, via=ip_address("192.168.1.1"), table=254))
        await met(here, RouteTo(FAR, HOST, via=WAY, source=source, table=100))
        await met(here, RouteTo(FAR, HOST, via=ip_address("192.168.15.2"), mark=7))
        await met(here, RouteTo(FAR, HOST, via=WAY, source=ip_address("192.168.1.77"), in_link="eth0"))
        seen = await unmet(here, RouteTo(FAR, HOST, via=WAY), Layer.ROUTE)
        assert seen == "packets to 10.9.9.9 go via 192.168.1.1 by eth0"
        assert "as table 254 says" in await unmet(here, RouteTo(FAR, HOST, table=100), Layer.ROUTE)
        await unmet(here, RouteTo(FAR, HOST, in_link="nolink", source=FAR), Layer.ROUTE)
        await unmet(here, RouteTo(FAR, GONE), Layer.NAMESPACE)
        await unknown(here, RouteTo(FAR, NOWHERE))
        said = await here.sh("ip route get 10.9.9.9 mark 7; ip route get 10.9.9.9 from 192.168.15.5")
        assert "via 192.168.15.2" in said
        assert "via 192.168.15.1" in said


async def test_state_the_choice_in_ipv6() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "ip addr add fd00::5/64 dev v-net-0 nodad; ip -6 route add default via fd00::1;"
            "ip -6 route add fd09::/16 table 100 via fd00::2; ip -6 rule add fwmark 7 table 100"
        )
        far = ip_address("fd09::9")
        await met(here, RouteTo(far, HOST, via=ip_address("fd00::1")))
        await met(here, RouteTo(far, HOST, via=ip_address("fd00::2"), mark=7, table=100))
        await unmet(here, RouteTo(far, HOST, via=ip_address("fd00::2")), Layer.ROUTE)
        await met(here, Rule(HOST, table="100", mark=7, ipv6=True))
        await met(here, RouteInTable("100", far, HOST, via=ip_address("fd00::2")))


async def test_state_routes_of_a_table() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await unmet(here, RouteInTable("100", FAR, HOST), Layer.ROUTE)
        await here.sh(
            "ip route add 10.0.0.0/8 table 100 via 192.168.15.2; ip route add 10.9.0.0/16 table 100 via 192.168.15.1;"
            "ip route add 10.9.0.0/16 table 100 via 192.168.15.7 metric 9; ip route add blackhole 10.8.0.0/16 table 100"
        )
        await met(here, RouteInTable("100", FAR, HOST, via=WAY, link="v-net-0"))
        wrong = await unmet(here, RouteInTable("100", FAR, HOST, via=ip_address("192.168.15.2")), Layer.ROUTE)
        assert wrong == "table 100 sends packets to 10.9.9.9 via 192.168.15.1 by v-net-0"
        hole = await unmet(here, RouteInTable("100", ip_address("10.8.1.1"), HOST), Layer.ROUTE)
        assert hole == "table 100 sends packets to 10.8.1.1 to blackhole"
        await met(here, RouteInTable("main", ip_address("192.168.15.77"), HOST))
        await met(here, RouteInTable("local", ip_address("192.168.15.5"), HOST))
        await unmet(here, RouteInTable("main", FAR, HOST), Layer.ROUTE)
        await unmet(here, RouteInTable("100", FAR, GONE), Layer.NAMESPACE)
        await unknown(here, RouteInTable("mine", FAR, HOST))
        await unknown(here, RouteInTable("100", FAR, NOWHERE))


async def test_state_rules() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        mine = Rule(HOST, table="100", source=ip_network("10.1.0.0/16"))
        assert await unmet(here, mine, Layer.ROUTE) == "only the usual rules are there"
        await met(here, NoRule(HOST, table="100"))
        await here.sh("ip rule add from 10.1.0.0/16 table 200 priority 50; ip rule add iif eth0 fwmark 9 table 300")
        assert "50: from 10.1.0.0/16 lookup 200" in await unmet(here, mine, Layer.ROUTE)
        await here.sh("ip rule add from 10.1.0.0/16 table 100 priority 40")
        await met(here, mine)
        await met(here, Rule(HOST, source=ip_network("10.1.0.0/16"), priority=40))
        await met(here, Rule(HOST, in_link="eth0", mark=9, table="300"))
        await met(here, Rule(HOST, table="main"))
        await unmet(here, NoRule(HOST, table="100"), Layer.ROUTE)
        await unmet(here, Rule(HOST, table="100", ipv6=True), Layer.ROUTE)
        await unmet(here, Rule(GONE, table="100"), Layer.NAMESPACE)
        await unknown(here, Rule(NOWHERE, table="100"))


async def test_state_neighbours() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        blue = ip_address("192.168.15.2")
        known = NeighbourEntry(blue, HOST, owner=BLUE)
        await here.sh("ip neigh flush all")
        assert await unmet(here, known, Layer.NEIGHBOUR) == "no entry for 192.168.15.2"
        await met(here, NoNeighbour(blue, HOST))
        await here.sh("ping -c1 -W1 192.168.15.2")
        await met(here, known)
        await met(here, NeighbourEntry(blue, HOST, (NeighbourState.REACHABLE, NeighbourState.DELAY)))
        assert "not the MAC address of red" in await unmet(here, NeighbourEntry(blue, HOST, owner=RED), Layer.NEIGHBOUR)
        await unmet(here, NoNeighbour(blue, HOST), Layer.NEIGHBOUR)
        await here.sh("ip neigh change 192.168.15.2 dev v-net-0 nud stale")
        await met(here, NeighbourEntry(blue, HOST, (NeighbourState.STALE,)))
        await answered(here, NeighbourStateOf(Q, blue, HOST), "STALE", "reachable")
        seen = await unmet(here, NeighbourEntry(blue, HOST, (NeighbourState.PERMANENT,)), Layer.NEIGHBOUR)
        assert seen.endswith(", stale")
        await here.sh("ip neigh replace 192.168.15.2 lladdr 02:00:00:00:00:66 dev v-net-0")
        await met(here, NeighbourEntry(blue, HOST, (NeighbourState.PERMANENT,), mac="02:00:00:00:00:66"))
        await unmet(here, known, Layer.NEIGHBOUR)
        await unmet(here, NeighbourEntry(blue, GONE), Layer.NAMESPACE)
        await unknown(here, NeighbourEntry(blue, NOWHERE))


async def test_state_nobody_answers() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        nobody = ip_address("192.168.15.99")
        await here.sh("ping -c1 -W1 192.168.15.99 & sleep 0.2")
        await unmet(here, NeighbourStateOf(Q, nobody, HOST), Layer.NEIGHBOUR)
        await here.sh("ping -c1 -W1 192.168.15.99 || true")
        await soon_met(here, NeighbourEntry(nobody, HOST, (NeighbourState.FAILED,)))
        await unmet(here, NeighbourEntry(nobody, HOST, (NeighbourState.REACHABLE,)), Layer.NEIGHBOUR)
        assert "nobody answered" in await unmet(here, NoNeighbour(nobody, HOST), Layer.NEIGHBOUR)


async def test_state_neighbours_of_ipv6_and_proxies() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED), machine("lan", "192.168.1.3/24")) as here:
        await here.sh("ip addr add fd00::2/64 dev eth0 nodad")
        await here.sh("ip addr add fd00::3/64 dev eth0 nodad", LAN)
        await here.sh("ping -c1 -W3 fd00::3")
        await met(here, NeighbourEntry(ip_address("fd00::3"), HOST, owner=LAN))
        other = ip_address("192.168.1.50")
        assert await unmet(here, ProxyNeighbour(other, HOST), Layer.NEIGHBOUR) == "there is no proxy entry"
        await here.sh("ip neigh add proxy 192.168.1.50 dev eth0; ip -6 neigh add proxy fd00::50 dev eth0")
        await met(here, ProxyNeighbour(other, HOST, "eth0"))
        await met(here, ProxyNeighbour(ip_address("fd00::50"), HOST))
        await unmet(here, ProxyNeighbour(other, HOST, "v-net-0"), Layer.NEIGHBOUR)
        await unmet(here, ProxyNeighbour(other, GONE), Layer.NAMESPACE)
        await unknown(here, ProxyNeighbour(other, NOWHERE))
