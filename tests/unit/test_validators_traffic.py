"""Packets decide, state explains: the first cause on the way is named, and only that."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address, ip_interface

import pytest

from tutor.model.facts import (
    Arrival,
    BaseChain,
    DnsResult,
    Fact,
    Facts,
    HttpResult,
    IcmpError,
    Link,
    LinkAddress,
    NatRule,
    Peer,
    PingResult,
    Route,
    RouteChoice,
    Ruleset,
    Stack,
    Text,
    Unreadable,
)
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet
from tutor.model.wants import DnsLookup, HttpGet, Ping, RouteLookup, RulesetOf, StackOf, SysctlOf, Want
from tutor.validators.dns import Resolves
from tutor.validators.flow import route_of
from tutor.validators.http import Fetches
from tutor.validators.nat import Translated
from tutor.validators.traffic import Arrives, NoPing, Pings

HOST, BLUE, LAN = Place("host"), Place("host", "blue"), Place("lan")
BLUE_IP, BRIDGE_IP, HOST_IP, LAN_IP, GATEWAY_IP = (
    ip_address(text) for text in ("192.168.15.2", "192.168.15.5", "192.168.1.2", "192.168.1.3", "192.168.1.1")
)
LO = Link(1, "lo", "loopback", True, True, "", 65536)
CHECK = Pings(BLUE, LAN_IP, LAN, (HOST,))
PING = Ping(BLUE, LAN_IP, (HOST, LAN))


def link(index: int, name: str, *, up: bool = True, running: bool = True, peer: Peer | None = None) -> Link:
    return Link(index, name, "veth", up, running, "", 1500, peer=peer)


def stack(*owned: tuple[Link, str], routes: tuple[Route, ...] = ()) -> Stack:
    links = (LO, *(link for link, _ in owned))
    addresses = tuple(LinkAddress(link.index, ip_interface(text)) for link, text in owned if text)
    return Stack(links, addresses, routes)


def world() -> dict[Want, Fact | Unreadable]:
    """Blue behind the host, lan on the other side, all in order but for NAT; nothing was sent yet."""
    return {
        StackOf(BLUE): stack((link(2, "veth-blue"), "192.168.15.2/24")),
        StackOf(HOST): stack((link(2, "eth0"), "192.168.1.2/24"), (link(3, "v-net-0"), "192.168.15.5/24")),
        StackOf(LAN): stack(
            (link(2, "eth0"), "192.168.1.3/24"),
            routes=(Route("192.168.1.0/24", None, 2), Route("0.0.0.0/0", GATEWAY_IP, 2)),
        ),
        RouteLookup(BLUE, LAN_IP): RouteChoice("veth-blue", BRIDGE_IP),
        RouteLookup(HOST, LAN_IP): RouteChoice("eth0"),
        SysctlOf(HOST, "net.ipv4.ip_forward"): Text("1"),
        RulesetOf(HOST): Ruleset(),
        PING: PingResult(1, 0),
    }


def seen(place: Place, source: str = "192.168.15.2", *, reply: bool = False) -> Arrival:
    return Arrival(place, "eth0", ip_address(source), LAN_IP, 63, reply=reply)


def explained(read: dict[Want, Fact | Unreadable], check: Pings = CHECK) -> tuple[str, Layer, str]:
    verdict = check.judge(Facts(read))
    assert isinstance(verdict, Unmet), verdict
    return verdict.observed, verdict.layer, verdict.look_next


def test_one_answer_is_enough() -> None:
    arrivals = (seen(LAN),)
    assert CHECK.judge(Facts({PING: PingResult(2, 1, arrivals=arrivals)})) == Met("192.168.1.3 answered blue")


def test_an_answer_must_come_from_the_right_place() -> None:
    """All of 192.168.1.0/24 on a loopback makes the sender answer itself."""
    verdict = CHECK.judge(Facts({PING: PingResult(2, 2)}))
    assert isinstance(verdict, Unmet)
    assert verdict.layer is Layer.ADDRESS
    assert "never came to lan" in verdict.observed


def test_what_one_sends_to_oneself_goes_through_lo() -> None:
    down = Link(1, "lo", "loopback", False, False, "", 65536)
    read = world()
    own = Pings(BLUE, BLUE_IP)
    read[Ping(BLUE, BLUE_IP)] = PingResult(1, 0)
    read[RouteLookup(BLUE, BLUE_IP)] = RouteChoice("lo")
    here = read[StackOf(BLUE)]
    assert isinstance(here, Stack)
    read[StackOf(BLUE)] = replace(here, links=(down, *here.links[1:]))
    observed, layer, look = explained(read, own)
    assert observed.startswith("lo in blue is down")
    assert (layer, look) == (Layer.LINK, "ip -n blue link show lo")


def test_no_link_no_address_no_route() -> None:
    read = world()
    read[PING] = PingResult(0, 0, "Network is unreachable")
    read[RouteLookup(BLUE, LAN_IP)] = RouteChoice(error="Network is unreachable")
    assert explained(read)[:2] == (
        "blue (192.168.15.2/24) has no route to 192.168.1.3: Network is unreachable",
        Layer.ROUTE,
    )
    read[StackOf(BLUE)] = stack((link(2, "veth-blue"), ""))
    assert explained(read) == ("blue has no address", Layer.ADDRESS, "ip -n blue addr")
    read[StackOf(BLUE)] = stack((link(2, "veth-blue", up=False), "192.168.15.2/24"))
    assert explained(read) == ("veth-blue in blue is down", Layer.LINK, "ip -n blue link")
    read[StackOf(BLUE)] = stack()
    assert explained(read)[0] == "blue has no link but lo"


def test_the_gateway_is_somebody_else() -> None:
    read = world()
    read[RouteLookup(BLUE, LAN_IP)] = RouteChoice("veth-blue", ip_address("192.168.15.1"))
    assert explained(read) == (
        "blue hands the packet to 192.168.15.1, which is not host",
        Layer.ROUTE,
        "ip -n blue route get 192.168.1.3",
    )


def test_the_other_end_of_the_cable() -> None:
    read = world()
    read[StackOf(BLUE)] = stack((link(2, "veth-blue", running=False, peer=Peer(HOST, 9)), "192.168.15.2/24"))
    assert explained(read)[0] == "veth-blue in blue is up, but the other end of its cable is down"
    host = stack((link(9, "veth-blue-br", up=False), ""))
    read[StackOf(HOST)] = replace(host, addresses=(LinkAddress(9, ip_interface("192.168.15.5/24")),))
    assert explained(read)[0] == "veth-blue-br on host, the other end of veth-blue, is down"


def test_a_neighbour_that_is_not_there() -> None:
    check = Pings(BLUE, ip_address("192.168.15.1"), Place("host", "red"))
    read: dict[Want, Fact | Unreadable] = {
        Ping(BLUE, ip_address("192.168.15.1"), (Place("host", "red"),)): PingResult(1, 0),
        RouteLookup(BLUE, ip_address("192.168.15.1")): RouteChoice("veth-blue"),
        StackOf(BLUE): stack((link(2, "veth-blue"), "192.168.15.2/24")),
        StackOf(Place("host", "red")): stack((link(2, "veth-red"), "192.168.16.1/24")),
    }
    assert explained(read, check) == ("red does not have the address 192.168.15.1", Layer.ADDRESS, "ip -n red addr")
    read[StackOf(Place("host", "red"))] = stack((link(2, "veth-red", up=False), "192.168.15.1/24"))
    assert explained(read, check)[0] == "veth-red in red is down"
    read[StackOf(Place("host", "red"))] = stack((link(2, "veth-red"), "192.168.15.1/24"))
    assert explained(read, check)[1] is Layer.NEIGHBOUR


def test_the_router() -> None:
    read = world()
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST),))
    read[RulesetOf(HOST)] = Ruleset(chains=(BaseChain("ip", "filter", "FORWARD", "forward", "drop"),))
    assert explained(read)[:2] == ("on host the chain FORWARD of table filter drops by default", Layer.FILTER)
    read[RulesetOf(HOST)] = Ruleset(drops=("iptables -A FORWARD -j DROP",))
    assert explained(read)[0] == "host has a rule that drops: iptables -A FORWARD -j DROP"
    read[RouteLookup(HOST, LAN_IP)] = RouteChoice(error="Network is unreachable")
    assert explained(read)[:2] == ("host has no route to 192.168.1.3", Layer.ROUTE)
    read[SysctlOf(HOST, "net.ipv4.ip_forward")] = Text("0\n")
    assert explained(read) == (
        "host does not forward: net.ipv4.ip_forward is 0",
        Layer.FORWARDING,
        "sysctl net.ipv4.ip_forward",
    )


def test_the_way_back() -> None:
    read = world()
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN), seen(LAN, reply=True)))
    assert explained(read) == (
        "lan saw the private source address 192.168.15.2, to which it knows no way back",
        Layer.NAT,
        "tcpdump -ni eth0 host 192.168.15.2 (on lan)",
    )
    lan = read[StackOf(LAN)]
    assert isinstance(lan, Stack)
    read[StackOf(LAN)] = replace(lan, routes=lan.routes[:1])
    assert explained(read)[1] is Layer.NAT
    read[PING] = PingResult(1, 0, arrivals=(seen(LAN, "192.168.1.2"), seen(LAN, "192.168.1.2", reply=True)))
    read[StackOf(LAN)] = replace(lan, routes=())
    assert explained(read)[0] == "the packet reached lan from 192.168.1.2, but lan (192.168.1.3/24) has no route back"
    read[PING] = PingResult(1, 0, arrivals=(seen(LAN), seen(LAN, reply=True)))
    read[StackOf(LAN)] = replace(lan, routes=(*lan.routes, Route("192.168.15.0/24", HOST_IP, 2)))
    assert explained(read)[0] == "lan answered 192.168.15.2, but the answer never came to host"
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN)))
    assert explained(read)[:2] == ("the packet reached lan, but lan did not answer it", Layer.FILTER)
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN, "192.168.1.77")))
    assert explained(read)[:2] == ("lan saw it come from 192.168.1.77, which is not an address of host", Layer.NAT)


def test_an_icmp_error_is_told_when_nothing_else_explains() -> None:
    read = world()
    error = IcmpError(HOST_IP, "host unreachable")
    read[PING] = PingResult(1, 0, icmp_errors=(error,), arrivals=(seen(HOST),))
    assert explained(read)[0] == "192.168.1.2 sent back an ICMP error: host unreachable"


def test_state_that_could_not_be_read_is_passed_over() -> None:
    assert explained({PING: PingResult(1, 0)})[0] == "no answer from 192.168.1.3"
    assert explained({PING: PingResult(1, 0, arrivals=(seen(HOST),))})[0].startswith("the packet came through host")


def test_silence_must_be_proven() -> None:
    check = NoPing(BLUE, LAN_IP, BRIDGE_IP)
    silent, loud = PingResult(1, 0), PingResult(1, 1)
    quiet, proof = Ping(BLUE, LAN_IP), Ping(BLUE, BRIDGE_IP)
    assert isinstance(check.judge(Facts({quiet: silent, proof: loud})), Met)
    assert isinstance(check.judge(Facts({quiet: silent, proof: silent})), Unknown)
    assert isinstance(check.judge(Facts({quiet: loud, proof: loud})), Unmet)
    assert isinstance(NoPing(BLUE, LAN_IP).judge(Facts({quiet: silent})), Met)


def test_arrivals() -> None:
    check = Arrives(BLUE, LAN_IP, LAN, (HOST,))
    read = world()
    read[PING] = PingResult(1, 0, arrivals=(seen(LAN),))
    assert check.judge(Facts(read)) == Met("lan saw it come from 192.168.15.2")
    other = replace(check, seen_as=HOST_IP).judge(Facts(read))
    assert isinstance(other, Unmet)
    assert other.layer is Layer.NAT
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN, reply=True)))
    assert isinstance(check.judge(Facts(read)), Unmet), "an answer is no request"


@pytest.mark.parametrize(
    ("rules", "observed", "look"),
    [
        ((), "lan saw the private source address 192.168.15.2: host has no rule that translates it", "iptables"),
        (
            (NatRule("masquerade", "postrouting", "192.168.16.0/24", text="iptables -A"),),
            "lan saw the private source address 192.168.15.2: the masquerade rule matches the source 192.168.16.0/24",
            "iptables",
        ),
        (
            (NatRule("snat", "postrouting", out_link="v-net-0", text="oifname v-net-0 snat to"),),
            "lan saw the private source address 192.168.15.2: the snat rule matches packets that leave by v-net-0",
            "nft list ruleset",
        ),
        (
            (NatRule("masquerade", "postrouting", "!192.168.15.0/24"),),
            "lan saw the private source address 192.168.15.2: the masquerade rule matches the source !192.168.15.0/24",
            "nft",
        ),
        (
            (NatRule("snat", "postrouting", destination="192.168.15.0/24", out_link="eth0"),),
            "lan saw the private source address 192.168.15.2: the snat rule matches the destination 192.168.15.0/24",
            "nft",
        ),
        (
            (NatRule("snat", "postrouting", "!192.168.1.0/24", "!192.168.15.0/24", out_link="eth0"),),
            "lan saw the private source address 192.168.15.2: the snat rule did not match",
            "nft",
        ),
    ],
)
def test_translation(rules: tuple[NatRule, ...], observed: str, look: str) -> None:
    check = Translated(BLUE, LAN_IP, LAN, HOST_IP, (HOST,))
    read = world()
    read[RulesetOf(HOST)] = Ruleset(rules)
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN)))
    verdict = check.judge(Facts(read))
    assert isinstance(verdict, Unmet)
    assert (verdict.observed, verdict.layer) == (observed, Layer.NAT)
    assert verdict.look_next.startswith(look)
    read[PING] = PingResult(1, 1, arrivals=(seen(HOST), seen(LAN, "192.168.1.2")))
    assert isinstance(check.judge(Facts(read)), Met)
    read[PING] = PingResult(2, 1, arrivals=(seen(LAN), seen(LAN, "192.168.1.2")))
    assert isinstance(check.judge(Facts(read)), Unmet), "never the private one"


FETCH = Fetches(LAN, HOST_IP, 8080, contains="Hello", end=BLUE, via=(HOST,))
GET = HttpGet(LAN, HOST_IP, 8080, "/", (HOST, BLUE))


def fetched(result: HttpResult, *rules: NatRule) -> Met | Unmet | Unknown:
    read = world()
    read[RouteLookup(LAN, HOST_IP)] = RouteChoice("eth0")
    read[RulesetOf(HOST)] = Ruleset(rules)
    read[GET] = result
    return FETCH.judge(Facts(read))


def test_a_page() -> None:
    arrival = Arrival(BLUE, "veth-blue", LAN_IP, BLUE_IP, 63, 40000, 80)
    assert isinstance(fetched(HttpResult(200, "Hello from blue", arrivals=(arrival,))), Met)
    for other in (HttpResult(200, "Hi"), HttpResult(404, "Hello")):
        verdict = fetched(other)
        assert isinstance(verdict, Unmet)
        assert verdict.layer is Layer.SERVICE
    behind = replace(FETCH, seen_as=HOST_IP)
    verdict = behind.judge(Facts({GET: HttpResult(200, "Hello", arrivals=(arrival,))}))
    assert isinstance(verdict, Unmet)
    assert verdict.observed == "blue saw it come from 192.168.1.3"


@pytest.mark.parametrize(
    ("error", "rule", "arrival", "observed"),
    [
        (
            "connection refused",
            None,
            None,
            "host refused: nothing listens on its port 8080, and no rule sends the connection on",
        ),
        (
            "connection refused",
            NatRule("dnat", "prerouting", port="80", to="192.168.15.2:80"),
            None,
            "host refused: nothing listens on its port 8080, and its DNAT rule is for port 80",
        ),
        (
            "timed out",
            NatRule("dnat", "prerouting", port="8080", to="192.168.15.9:80"),
            None,
            "a rule of host sends the connection to 192.168.15.9:80",
        ),
        (
            "connection refused",
            NatRule("dnat", "prerouting", port="8080", to="192.168.15.2:8080"),
            8080,
            "the connection reached blue, where nothing listens on port 8080",
        ),
    ],
)
def test_no_page(error: str, rule: NatRule | None, arrival: int | None, observed: str) -> None:
    at_blue = (Arrival(BLUE, "veth-blue", LAN_IP, BLUE_IP, 63, 40000, arrival),) if arrival else ()
    verdict = fetched(HttpResult(error=error, arrivals=at_blue), *((rule,) if rule else ()))
    assert isinstance(verdict, Unmet)
    assert verdict.observed == observed


def test_the_forwarding_machine_is_down() -> None:
    read = world()
    read[RouteLookup(LAN, HOST_IP)] = RouteChoice("eth0")
    read[StackOf(HOST)] = stack((link(2, "eth0", up=False), "192.168.1.2/24"), (link(3, "v-net-0"), "192.168.15.5/24"))
    read[GET] = HttpResult(error="timed out")
    verdict = FETCH.judge(Facts(read))
    assert isinstance(verdict, Unmet)
    assert verdict.observed == "eth0 on host is down"


def test_names() -> None:
    check = Resolves(LAN, HOST_IP, "web.example", answers=("192.168.1.3",))
    lookup = DnsLookup(LAN, HOST_IP, "web.example", "A")

    def judged(result: DnsResult) -> Met | Unmet | Unknown:
        return check.judge(Facts({lookup: result}))

    assert isinstance(judged(DnsResult("NOERROR", ("192.168.1.3",))), Met)
    for result, layer in (
        (DnsResult("NXDOMAIN"), Layer.NAME),
        (DnsResult("NOERROR", ("192.168.1.4",)), Layer.NAME),
        (DnsResult(error="timed out"), Layer.SERVICE),
    ):
        verdict = judged(result)
        assert isinstance(verdict, Unmet)
        assert verdict.layer is layer


def test_the_most_specific_route_counts() -> None:
    routes = (
        Route("0.0.0.0/0", GATEWAY_IP, 2),
        Route("192.168.0.0/16", None, None, type="blackhole"),
        Route("192.168.15.0/24", HOST_IP, 2),
        Route("192.168.15.0/24", LAN_IP, 2, metric=10),
        Route("192.168.15.2/32", LAN_IP, 2, table=77),
        Route("::/0", None, 2),
    )
    given = Stack(routes=routes)
    assert route_of(given, BLUE_IP) == routes[2]
    assert route_of(given, LAN_IP) is None
    assert route_of(given, ip_address("8.8.8.8")) == routes[0]
