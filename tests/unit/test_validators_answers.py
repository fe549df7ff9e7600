"""Questions: lenient in the form, strict in the matter, and silent about the right answer."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface

import pytest

from tutor.i18n import Told
from tutor.model.facts import (
    Arrival,
    Fact,
    Facts,
    FdbEntry,
    HttpResult,
    Link,
    LinkAddress,
    Neighbour,
    PingResult,
    Route,
    RouteChoice,
    Stack,
    Text,
    Unreadable,
)
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet
from tutor.model.wants import FileOf, HttpGet, Ping, RouteLookup, StackOf, Want
from tutor.validators import typed
from tutor.validators.answers import (
    AddressOf,
    DeviceTo,
    GatewayTo,
    LinkCount,
    MacOf,
    NeighbourCount,
    NeighbourMac,
    OnlyLink,
    PortOf,
    RouteCount,
)
from tutor.validators.name_answers import ValueIn
from tutor.validators.namespaces import NamespaceExists
from tutor.validators.predictions import ClientSeen, LastSeen, SourceSeen, TtlSeen, YesOrNo
from tutor.validators.registry import GoalId
from tutor.validators.routes import RouteTo

Read = dict[Want, Fact | Unreadable]
GOAL = GoalId("q")
RED, LAN, HOST = Place("host", "red"), Place("lan"), Place("host")
LO = Link(1, "lo", "loopback", False, False, "00:00:00:00:00:00", 65536)
VETH = Link(2, "veth-red", "veth", True, True, "02:00:00:00:00:0a", 1500)
TARGET, SOURCE, ROUTER = ip_address("192.168.1.3"), ip_address("192.168.15.2"), ip_address("192.168.1.2")


@pytest.mark.parametrize(
    ("text", "meant"),
    [("2", "2"), (" 2 links ", "2"), ("Two.", "2"), ("`2`", "2"), ("02", "2"), ("none", "0"), ("no entries", "0"),
     ("2개", "2"), ("두 개", "2"), ("한개", "1"), ("하나", "1"), ("없음", "0"),
     ("1 or 2", None), ("", None), ("many", None), ("-2", None), ("1" * 400, None)],
)  # fmt: skip
def test_numbers(text: str, meant: str | None) -> None:
    assert typed.number(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [("yes", "yes"), ("Yes, it does", "yes"), ("y", "yes"), ("네", "yes"), ("NO!", "no"), ("아니오", "no"),
     ("아뇨", "no"), ("있습니다", "yes"), ("없어요.", "no"),
     ("n", "no"), ("maybe yes", None), ("", None), ("?", None)],
)  # fmt: skip
def test_yes_and_no(text: str, meant: str | None) -> None:
    assert typed.yes_or_no(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [("192.168.15.5", "192.168.15.5"), ("via 192.168.15.5/24", "192.168.15.5"), ("it is 10.0.0.1.", "10.0.0.1"),
     ("FD00::1", "fd00::1"), ("none", "none"), ("10.0.0.1 or 10.0.0.2", None), ("10.0.0.256", None), ("5", None)],
)  # fmt: skip
def test_addresses(text: str, meant: str | None) -> None:
    assert typed.ip(text) == meant


def test_macs_and_names() -> None:
    assert typed.mac("02-00-00-00-00-0A") == "02:00:00:00:00:0a"
    assert typed.mac("nothing") is None
    assert typed.name("the link veth-red@if5:") == "veth-red"
    assert typed.name("the host") == "host"
    assert typed.name("호스트") == "host"
    assert typed.name("red blue") is None


def answered(text: str) -> Facts:
    stack = Stack(
        links=(LO, VETH),
        addresses=(LinkAddress(2, ip_interface("192.168.15.1/24")), LinkAddress(2, ip_interface("fe80::1/64"))),
        routes=(
            Route("192.168.15.0/24", None, 2),
            Route("192.168.15.1/32", None, 2, table=255, type="local"),
            Route("fe80::/64", None, 2),
        ),
        neighbours=(
            Neighbour(2, SOURCE, "02:00:00:00:00:0b", "stale"),
            Neighbour(2, ip_address("224.0.0.22"), None, "noarp"),
        ),
    )
    return Facts({StackOf(RED): stack}, {"q": text})


def test_questions_about_state() -> None:
    cases: list[tuple[Check, str, str]] = [
        (LinkCount(GOAL, RED), "2", "3"),
        (RouteCount(GOAL, RED), "one", "3"),
        (NeighbourCount(GOAL, RED), "1", "2"),
        (MacOf(GOAL, "veth-red", RED), "02:00:00:00:00:0A", "02:00:00:00:00:0b"),
        (NeighbourMac(GOAL, SOURCE, RED), "02:00:00:00:00:0b", "02:00:00:00:00:0a"),
        (AddressOf(GOAL, "veth-red", RED), "192.168.15.1", "192.168.15.2"),
        (AddressOf(GOAL, "lo", RED), "none", "127.0.0.1"),
    ]
    for check, right, wrong in cases:
        assert isinstance(check.judge(answered(right)), Met), check
        verdict = check.judge(answered(wrong))
        assert isinstance(verdict, Unmet)
        assert verdict.observed == f"your answer was {wrong}"
        assert verdict.layer is Layer.ANSWER
        assert right not in (verdict.expected, verdict.observed)
        assert isinstance(check.judge(answered("a or b or 1 or 2")), Unmet)
        assert isinstance(check.judge(answered("  ")), Unmet)


def test_the_only_link() -> None:
    check = OnlyLink(GOAL, RED)
    alone = Facts({StackOf(RED): Stack((LO,))}, {"q": "lo:"})
    assert isinstance(check.judge(alone), Met)
    assert isinstance(check.judge(answered("lo")), Met)
    assert isinstance(check.judge(answered("veth-red")), Unmet)


def test_the_way_of_a_packet() -> None:
    way: Read = {RouteLookup(RED, TARGET): RouteChoice("Veth-red", ip_address("192.168.15.5"))}
    assert isinstance(GatewayTo(GOAL, TARGET, RED).judge(Facts(way, {"q": "192.168.15.5"})), Met)
    assert isinstance(DeviceTo(GOAL, TARGET, RED).judge(Facts(way, {"q": "dev veth-red"})), Met)
    none: Read = {RouteLookup(RED, TARGET): RouteChoice(error="Network is unreachable")}
    assert isinstance(GatewayTo(GOAL, TARGET, RED).judge(Facts(none, {"q": "none"})), Met)
    assert isinstance(DeviceTo(GOAL, TARGET, RED).judge(Facts(none, {"q": "nothing"})), Met)


def test_a_bridge_port() -> None:
    port = Link(3, "veth-red-br", "veth", True, True, "02:00:00:00:00:03", 1500, master=9)
    bridge = Link(9, "v-net-0", "bridge", True, True, "02:00:00:00:00:09", 1500)
    learnt = (FdbEntry(3, VETH.mac, False), FdbEntry(3, port.mac, True))
    check = PortOf(GOAL, RED, "v-net-0", HOST)

    def known(fdb: tuple[FdbEntry, ...], text: str) -> Facts:
        return Facts({StackOf(RED): Stack((LO, VETH)), StackOf(HOST): Stack((port, bridge), fdb=fdb)}, {"q": text})

    assert isinstance(check.judge(known(learnt, "veth-red-br")), Met)
    assert isinstance(check.judge(known(learnt, "veth-red")), Unmet)
    forgotten = check.judge(known(learnt[1:], "veth-red-br"))
    assert isinstance(forgotten, Unmet)
    assert "has not heard of red lately" in forgotten.observed


def arrived(*places: Place, source: str = "192.168.15.2", ttl: int = 63) -> tuple[Arrival, ...]:
    return tuple(Arrival(place, "eth0", ip_address(source), TARGET, ttl, 40000, 80) for place in places)


def test_what_packets_look_like() -> None:
    ping = Ping(RED, TARGET, (HOST, LAN))

    def seen(text: str, *places: Place) -> Facts:
        return Facts({ping: PingResult(1, 0, arrivals=arrived(*places))}, {"q": text})

    source = SourceSeen(GOAL, RED, TARGET, LAN, (HOST,))
    assert isinstance(source.judge(seen("192.168.15.2", HOST, LAN)), Met)
    assert isinstance(source.judge(seen("192.168.1.2", HOST, LAN)), Unmet)
    early = source.judge(seen("192.168.15.2", HOST))
    assert isinstance(early, Unmet)
    assert early.observed == "no packet has arrived at lan yet"
    assert isinstance(TtlSeen(GOAL, RED, TARGET, LAN, (HOST,)).judge(seen("63", LAN)), Met)
    last = LastSeen(GOAL, RED, TARGET, (HOST, LAN))
    assert isinstance(last.judge(seen("host", HOST)), Met)
    assert isinstance(last.judge(seen("lan", HOST)), Unmet)
    assert isinstance(last.judge(seen("at lan", HOST, LAN)), Met)
    assert isinstance(last.judge(seen("host or lan", HOST, LAN)), Unmet)
    assert isinstance(last.judge(seen("red", *())), Met)


def test_who_the_server_sees() -> None:
    check = ClientSeen(GOAL, LAN, ROUTER, RED, 8080)
    get = HttpGet(LAN, ROUTER, 8080, "/", (RED,))
    read: Read = {get: HttpResult(200, "hi", arrivals=arrived(RED, source="192.168.1.3"))}
    assert isinstance(check.judge(Facts(read, {"q": "192.168.1.3"})), Met)
    closed = check.judge(Facts({get: HttpResult(error="connection refused")}, {"q": "192.168.1.3"}))
    assert isinstance(closed, Unmet)
    assert closed.layer is Layer.NAT


def test_yes_or_no_waits_until_the_question_means_something() -> None:
    when = RouteTo(TARGET, RED)
    check = YesOrNo(GOAL, NamespaceExists(RED), "whether it is there", "ip netns", when)
    assert check.wants() == when.wants() | NamespaceExists(RED).wants()
    early = check.judge(Facts({RouteLookup(RED, TARGET): RouteChoice(error="no")}, {"q": "yes"}))
    assert isinstance(early, Unmet)
    assert early.expected == "first a way from red to 192.168.1.3; then whether it is there"


def test_the_machine_to_look_on_is_said_in_the_learners_language() -> None:
    question = ValueIn(GOAL, "/etc/x.toml", "port", LAN, "the port", "cat /etc/x.toml (on lan)")
    read: Read = {FileOf("lan", "/etc/x.toml"): Text("port = 53\n")}
    verdict = question.judge(Facts(read, answers={GOAL: "54"}))
    assert isinstance(verdict, Unmet)
    assert verdict.look_next == "cat /etc/x.toml (on lan)"
    assert isinstance(verdict.look_next, Told)
