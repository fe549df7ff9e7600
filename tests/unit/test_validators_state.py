"""State: the same effect by other names and tools passes; what is missing is named."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import ip_address, ip_interface

import pytest

from tutor.model import words
from tutor.model.facts import (
    Fact,
    Facts,
    Gone,
    Link,
    LinkAddress,
    Namespaces,
    Neighbour,
    Peer,
    RouteChoice,
    Stack,
    Text,
    Unreadable,
)
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet
from tutor.model.wants import NamespacesOf, RouteLookup, StackOf, SysctlOf, Want
from tutor.validators.addresses import HasAddress, NoAddress
from tutor.validators.bridges import Bridge, BridgePort, PluggedIn
from tutor.validators.combined import AllOf, AnyOf, Not
from tutor.validators.links import Cable, LinkExists, LinkGone, LinkUp, NoCable
from tutor.validators.namespaces import NamespaceExists, NamespaceGone
from tutor.validators.neighbours import NeighbourKnown
from tutor.validators.routes import NoRoute, RouteTo
from tutor.validators.sysctls import Sysctl

HOST, RED, BLUE = Place("host"), Place("host", "red"), Place("host", "blue")
LO = Link(1, "lo", "loopback", False, False, "00:00:00:00:00:00", 65536)
ADDRESS = ip_address("192.168.15.2")


def veth(index: int, name: str, peer: Peer | None, *, up: bool = True, master: int | None = None) -> Link:
    return Link(index, name, "veth", up, up, f"02:00:00:00:00:{index:02x}", 1500, master, peer)


def facts(read: Mapping[Want, Fact | Unreadable]) -> Facts:
    return Facts(read)


def stacks(**places: Stack) -> Facts:
    where = {"host": HOST, "red": RED, "blue": BLUE}
    return Facts({StackOf(where[name]): stack for name, stack in places.items()})


def unmet(check: Check, given: Facts) -> Unmet:
    verdict = check.judge(given)
    assert isinstance(verdict, Unmet), verdict
    return verdict


def met(check: Check, given: Facts) -> None:
    verdict = check.judge(given)
    assert isinstance(verdict, Met), verdict


def test_many_names_are_told_in_short() -> None:
    assert words.joined(["a", "b", "c"]) == "a, b and c"
    assert words.joined(map(str, range(200))) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 190 more"


def test_namespaces() -> None:
    both = facts({NamespacesOf("host"): Namespaces(("blue", "red"))})
    none = facts({NamespacesOf("host"): Namespaces(())})
    other = facts({NamespacesOf("host"): Namespaces(("Red",))})
    met(NamespaceExists(RED), both)
    assert unmet(NamespaceExists(RED), none).observed == "host has no namespaces yet"
    assert unmet(NamespaceExists(RED), other).observed == "host has the namespace Red"
    assert unmet(NamespaceExists(RED), other).look_next == "ip netns"
    met(NamespaceGone(RED), none)
    assert unmet(NamespaceGone(RED), both).observed == "red still exists"


def test_links() -> None:
    exists = LinkExists("veth-red", (HOST, RED))
    assert exists.wants() == {StackOf(HOST), StackOf(RED)}
    there = Stack((LO, veth(2, "veth-red", None, up=False)))
    met(exists, stacks(host=Stack((LO,)), red=there))
    met(exists, Facts({StackOf(HOST): there, StackOf(RED): Unreadable(Gone.NO_NAMESPACE, "none")}))
    nowhere = unmet(exists, stacks(host=Stack((LO, veth(2, "veth-rde", None))), red=Stack((LO,))))
    assert nowhere.observed == "host has veth-rde and lo; red has only lo"
    kind = LinkExists("veth-red", (RED,), "bridge")
    assert unmet(kind, stacks(red=there)).observed == "veth-red in red is a veth, not a bridge"
    down = unmet(LinkUp("veth-red", RED), stacks(red=there))
    assert (down.observed, down.layer, down.look_next) == ("veth-red is down", Layer.LINK, "ip -n red link")
    met(LinkGone("veth-blue", (HOST, RED)), stacks(host=Stack((LO,)), red=there))
    assert unmet(LinkGone("veth-red", (RED,)), stacks(red=there)).observed == "veth-red is still in red"
    gone = Facts({StackOf(RED): Unreadable(Gone.NO_NAMESPACE, "none")})
    assert unmet(LinkUp("veth-red", RED), gone).layer is Layer.NAMESPACE


@pytest.mark.parametrize("known", [True, False])
def test_a_cable_may_have_any_names(known: bool) -> None:
    def joined(*, up: bool = True) -> Facts:
        left = veth(5, "a", Peer(BLUE if known else None, 7))
        right = veth(7, "b", Peer(RED if known else None, 5), up=up)
        return stacks(red=Stack((LO, left)), blue=Stack((LO, right)))

    met(Cable((RED, BLUE)), joined())
    met(Cable((BLUE, RED), up=True), joined())
    assert unmet(Cable((RED, BLUE), up=True), joined(up=False)).observed == "b in blue is down"
    assert "a in red is still joined to b in blue" in unmet(NoCable((RED, BLUE)), joined()).observed


def test_two_ends_of_different_cables_are_no_cable() -> None:
    elsewhere = stacks(
        red=Stack((LO, veth(5, "veth-red", Peer(HOST, 3)))), blue=Stack((LO, veth(3, "veth-blue", Peer(HOST, 5))))
    )
    crossed = stacks(
        red=Stack((LO, veth(5, "veth-red", Peer(None, 7)))), blue=Stack((LO, veth(7, "veth-blue", Peer(None, 6))))
    )
    for given in (elsewhere, crossed):
        reason = unmet(Cable((RED, BLUE)), given)
        assert reason.observed == "red has veth-red and lo; blue has veth-blue and lo"
        met(NoCable((RED, BLUE)), given)
    half = stacks(red=Stack((LO, veth(5, "veth-red", Peer(HOST, 3)))), blue=Stack((LO,)))
    assert unmet(Cable((RED, BLUE)), half).look_next == "ip -n blue link"


def bridged(*, up: bool = True, master: int | None = 9, port_up: bool = True) -> Facts:
    bridge = Link(9, "v-net-0", "bridge", up, up, "02:00:00:00:00:09", 1500)
    port = veth(3, "veth-red-br", Peer(RED, 2), up=port_up, master=master)
    return stacks(host=Stack((LO, port, bridge)), red=Stack((LO, veth(2, "veth-red", Peer(HOST, 3)))))


def test_bridges() -> None:
    met(Bridge("v-net-0", HOST), bridged())
    met(Bridge("v-net-0", HOST, up=False), bridged(up=False))
    assert unmet(Bridge("v-net-0", HOST), bridged(up=False)).observed == "v-net-0 is there, but down"
    assert unmet(Bridge("br0", HOST), bridged()).observed == "there is no br0, but a bridge v-net-0"
    assert unmet(Bridge("veth-red-br", HOST), bridged()).observed == "veth-red-br is a veth, not a bridge"
    met(BridgePort("veth-red-br", "v-net-0", HOST), bridged())
    loose = bridged(master=None)
    assert unmet(BridgePort("veth-red-br", "v-net-0", HOST), loose).observed == "veth-red-br is not a port of v-net-0"
    assert unmet(BridgePort("x", "v-net-0", HOST), loose).observed == "host has no link x"
    met(PluggedIn(RED, "v-net-0", HOST, up=True), bridged())
    assert "veth-red-br is not a port" in unmet(PluggedIn(RED, "v-net-0", HOST), loose).observed
    half = bridged(port_up=False)
    assert unmet(PluggedIn(RED, "v-net-0", HOST, up=True), half).observed == "veth-red-br on host is down"
    none = stacks(host=Stack((LO, Link(9, "v-net-0", "bridge", True, True, "", 1500))), red=Stack((LO,)))
    assert unmet(PluggedIn(RED, "v-net-0", HOST), none).observed == "no cable runs from host into red"


def addressed(*interfaces: str, link: str = "veth-red") -> Facts:
    owned = tuple(LinkAddress(2, ip_interface(text)) for text in interfaces)
    return stacks(red=Stack((LO, veth(2, link, None)), (LinkAddress(1, ip_interface("127.0.0.1/8")), *owned)))


def test_addresses() -> None:
    check = HasAddress(ip_interface("192.168.15.1/24"), RED)
    met(check, addressed("192.168.15.1/24"))
    met(check, addressed("10.0.0.1/8", "192.168.15.1/24", link="anything"))
    mask = unmet(check, addressed("192.168.15.1/32"))
    assert mask.observed == "veth-red has 192.168.15.1/32: the prefix length is /32"
    assert (mask.layer, mask.look_next) == (Layer.ADDRESS, "ip -n red addr")
    assert unmet(check, addressed("192.168.15.11/24")).observed == "red has 192.168.15.11/24"
    assert unmet(check, addressed("fe80::1/64")).observed == "red has no address yet"
    down = stacks(red=Stack((veth(2, "veth-red", None, up=False),), (LinkAddress(2, ip_interface("192.168.15.1/24")),)))
    met(check, down)
    off = unmet(HasAddress(ip_interface("192.168.15.1/24"), RED, up=True), down)
    assert (off.observed, off.layer) == ("192.168.15.1/24 is on veth-red, which is down", Layer.LINK)
    named = HasAddress(ip_interface("192.168.15.1/24"), RED, "veth-red")
    assert unmet(named, addressed("192.168.15.1/24", link="x")).observed == "192.168.15.1/24 is on x"
    assert unmet(named, addressed(link="x")).observed == "red has no link veth-red"
    met(NoAddress("veth-red", RED), addressed("fe80::1/64"))
    assert unmet(NoAddress("veth-red", RED), addressed("10.0.0.1/8")).observed == "veth-red has 10.0.0.1/8"


def test_routes() -> None:
    def way(choice: RouteChoice) -> Facts:
        return facts({RouteLookup(BLUE, ADDRESS): choice})

    via = ip_address("192.168.15.5")
    check = RouteTo(ADDRESS, BLUE, via)
    met(check, way(RouteChoice("veth-blue", via)))
    met(RouteTo(ADDRESS, BLUE, link="x"), way(RouteChoice("x")))
    wrong = unmet(check, way(RouteChoice("veth-blue", ip_address("192.168.15.1"))))
    assert wrong.observed == "packets to 192.168.15.2 go via 192.168.15.1 by veth-blue"
    assert wrong.look_next == "ip -n blue route get 192.168.15.2"
    none = way(RouteChoice(error="Network is unreachable"))
    assert unmet(check, none).observed == "no route: Network is unreachable"
    met(NoRoute(ADDRESS, BLUE), none)
    assert unmet(NoRoute(ADDRESS, BLUE), way(RouteChoice("x"))).observed == "packets to 192.168.15.2 go straight by x"


@pytest.mark.parametrize(("state", "good"), [("reachable", True), ("stale", True), ("permanent", True)])
def test_neighbours(state: str, good: bool) -> None:
    check = NeighbourKnown(ADDRESS, RED)
    met(check, stacks(red=Stack(neighbours=(Neighbour(2, ADDRESS, "02:00:00:00:00:02", state),))))
    for bad in ("failed", "incomplete"):
        given = stacks(red=Stack(neighbours=(Neighbour(2, ADDRESS, None, bad),)))
        assert unmet(check, given).observed == "nobody answered for 192.168.15.2"
    assert unmet(check, stacks(red=Stack())).observed == "no entry for 192.168.15.2"
    assert good


def test_sysctl() -> None:
    check = Sysctl("net.ipv4.ip_forward", "1", HOST)
    met(check, facts({SysctlOf(HOST, "net.ipv4.ip_forward"): Text("1\n")}))
    off = unmet(check, facts({SysctlOf(HOST, "net.ipv4.ip_forward"): Text("0\n")}))
    assert (off.layer, off.look_next) == (Layer.FORWARDING, "sysctl net.ipv4.ip_forward")


def test_combinations() -> None:
    yes, no = NamespaceExists(RED), NamespaceExists(BLUE)
    given = facts({NamespacesOf("host"): Namespaces(("red",)), NamespacesOf("lan"): Unreadable(Gone.TIMED_OUT, "late")})
    unknown = NamespaceExists(Place("lan", "red"))
    met(AllOf((yes, yes)), given)
    assert unmet(AllOf((yes, unknown, no)), given).expected == "a namespace named blue"
    assert isinstance(AllOf((yes, unknown)).judge(given), Unknown)
    met(AnyOf((no, unknown, yes)), given)
    assert isinstance(AnyOf((no, unknown)).judge(given), Unknown)
    assert unmet(AnyOf((no, no)), given).expected == "a namespace named blue"
    met(Not(no, "no blue", "ip netns"), given)
    assert unmet(Not(yes, "no red", "ip netns"), given).expected == "no red"
    assert isinstance(Not(unknown, "no red", "ip netns").judge(given), Unknown)
