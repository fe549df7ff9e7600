"""Packets decide, state explains: the first cause on the way is named, and only that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from ipaddress import IPv4Address, ip_address, ip_interface

import pytest

from tutor.model.facts import (
    Arrival,
    DnsResult,
    Fact,
    Facts,
    Gone,
    HttpResult,
    IcmpError,
    Link,
    LinkAddress,
    LinkSettings,
    Listeners,
    Namespaces,
    NatRule,
    Peer,
    PingResult,
    PolicyRule,
    Route,
    RouteChoice,
    Ruleset,
    Stack,
    Text,
    Unreadable,
    Way,
)
from tutor.model.lesson import Goal, GoalKind, Source
from tutor.model.place import Place
from tutor.model.rules import PacketChain, PacketRule
from tutor.model.topology import InterfaceSpec, MachineSpec, SwitchPort, Topology
from tutor.model.verdict import Layer, Met, Unknown, Unmet
from tutor.model.wants import (
    DnsLookup,
    HttpGet,
    ListenersOf,
    NamespacesOf,
    Ping,
    RouteLookup,
    RulesetOf,
    StackOf,
    SysctlOf,
    Want,
)
from tutor.model.why import Broken, CannotTell, Works
from tutor.validators import goals
from tutor.validators.dns import Resolves
from tutor.validators.flow import Flow
from tutor.validators.http import Fetches
from tutor.validators.nat import Translated
from tutor.validators.traffic import Arrives, NoPing, Pings

HOST, BLUE, LAN, FAR = Place("host"), Place("host", "blue"), Place("lan"), Place("far")
BLUE_IP, BRIDGE_IP, HOST_IP, LAN_IP, GATEWAY_IP = (
    ip_address(text) for text in ("192.168.15.2", "192.168.15.5", "192.168.1.2", "192.168.1.3", "192.168.1.1")
)
LO = Link(1, "lo", "loopback", True, True, "", 65536)
CHECK = Pings(BLUE, LAN_IP, LAN, (HOST,))
PING = Ping(BLUE, LAN_IP, (HOST, LAN))


SWITCH = (InterfaceSpec("eth0", SwitchPort("lan")),)
TOPOLOGY = Topology((MachineSpec("host", SWITCH), MachineSpec("lan", SWITCH), MachineSpec("far", SWITCH, shell=False)))
HOST_END, BLUE_END = Peer(HOST, 3), Peer(BLUE, 2)
CONNECTED = (PolicyRule(0, None, None, 255), PolicyRule(32766, None, None, 254))


def link(index: int, name: str, *, up: bool = True, running: bool = True, peer: Peer | None = None) -> Link:
    mac = f"02:00:00:00:00:{sum(map(ord, name)) % 90 + 10}"
    forwards = LinkSettings(forwarding=True)
    return Link(index, name, "veth", up, running, mac, 1500, peer=peer, settings=forwards, queue="noqueue")


def stack(*owned: tuple[Link, str], routes: tuple[Route, ...] = ()) -> Stack:
    """With the routes that come of the addresses, where the links are up."""
    links = (replace(LO, settings=LinkSettings()), *(link for link, _ in owned))
    addresses = tuple(LinkAddress(link.index, ip_interface(text)) for link, text in owned if text)
    near = tuple(
        Route(str(ip_interface(text).network), None, link.index, IPv4Address(ip_interface(text).ip))
        for link, text in owned
        if text and link.up
    )
    local = tuple(Route(f"{a.interface.ip}/32", None, a.link, type="local", table=255) for a in addresses)
    return Stack(links, addresses, (*near, *routes), CONNECTED, local=local)


def far_stack(name: str, address: str, *routes: Route) -> Stack:
    mine = replace(link(2, "eth0"), mac=f"02:00:00:00:01:{name[:1].encode().hex()}")
    return stack((mine, address), routes=routes)


def world() -> dict[Want, Fact | Unreadable]:
    """Blue behind the host, lan on the other side, all in order but for NAT; nothing was sent yet."""
    host = stack((link(2, "eth0"), "192.168.1.2/24"), (link(3, "v-net-0", peer=BLUE_END), "192.168.15.5/24"))
    blue = stack((link(2, "veth-blue", peer=HOST_END), "192.168.15.2/24"), routes=(Route("0.0.0.0/0", BRIDGE_IP, 2),))
    found: dict[Want, Fact | Unreadable] = {
        StackOf(BLUE): blue,
        StackOf(HOST): host,
        StackOf(LAN): far_stack("lan", "192.168.1.3/24", Route("0.0.0.0/0", GATEWAY_IP, 2)),
        StackOf(FAR): far_stack("far", "192.168.1.1/24"),
        PING: PingResult(1, 0),
        NamespacesOf("host"): Namespaces(("blue",)),
        NamespacesOf("lan"): Namespaces(()),
        NamespacesOf("far"): Namespaces(()),
        RouteLookup(HOST, LAN_IP): RouteChoice("eth0"),
    }
    for place in (BLUE, HOST, LAN, FAR):
        found |= {RulesetOf(place): Ruleset(), ListenersOf(place): Listeners(())}
        found[SysctlOf(place, "net.ipv4.ip_forward")] = Text("1")
    return found


def seen(place: Place, source: str = "192.168.15.2", *, reply: bool = False) -> Arrival:
    return Arrival(place, "eth0", ip_address(source), LAN_IP, 63, reply=reply)


def with_way(read: Mapping[Want, Fact | Unreadable], flow: Flow) -> Facts:
    return Facts({**read, flow.way: Way(TOPOLOGY, read)})


def told(read: dict[Want, Fact | Unreadable], check: Pings = CHECK) -> Unmet:
    verdict = check.judge(with_way(read, check.flow))
    assert isinstance(verdict, Unmet), verdict
    return verdict


def explained(read: dict[Want, Fact | Unreadable], check: Pings = CHECK) -> tuple[str, Layer, str]:
    verdict = told(read, check)
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
    down = Link(1, "lo", "loopback", False, False, "", 65536, settings=LinkSettings())
    read = world()
    own = Pings(BLUE, BLUE_IP)
    read[Ping(BLUE, BLUE_IP)] = PingResult(1, 0)
    here = read[StackOf(BLUE)]
    assert isinstance(here, Stack)
    read[StackOf(BLUE)] = replace(here, links=(down, *here.links[1:]))
    observed, layer, look = explained(read, own)
    assert "lo in blue is down" in observed
    assert (layer, look) == (Layer.LINK, "ip -n blue link show lo")


def test_no_link_no_address_no_route() -> None:
    read = world()
    read[PING] = PingResult(0, 0, "Network is unreachable")
    cable = link(2, "veth-blue", peer=HOST_END)
    read[StackOf(BLUE)] = stack((cable, "192.168.15.2/24"))
    assert explained(read)[:2] == (
        "blue (192.168.15.2/24) has no route to 192.168.1.3: Network is unreachable",
        Layer.ROUTE,
    )
    read[StackOf(BLUE)] = stack((cable, ""))
    assert explained(read) == ("blue has no address", Layer.ADDRESS, "ip -n blue addr")
    read[StackOf(BLUE)] = stack((replace(cable, up=False), "192.168.15.2/24"))
    assert explained(read) == ("veth-blue in blue is down", Layer.LINK, "ip -n blue link")
    read[StackOf(BLUE)] = stack()
    assert explained(read)[0] == "blue has no link but lo"


def test_the_gateway_is_somebody_else() -> None:
    read = world()
    cable = link(2, "veth-blue", peer=HOST_END)
    default = Route("0.0.0.0/0", ip_address("192.168.15.1"), 2)
    read[StackOf(BLUE)] = stack((cable, "192.168.15.2/24"), routes=(default,))
    assert explained(read) == (
        "blue hands the packet to 192.168.15.1, which is not host",
        Layer.ROUTE,
        "ip -n blue route get 192.168.1.3",
    )
    walked = told(read).why
    assert isinstance(walked, Broken)
    assert walked.gateway == ip_address("192.168.15.1")


def test_the_other_end_of_the_cable() -> None:
    read = world()
    cable = link(2, "veth-blue", running=False, peer=HOST_END)
    read[StackOf(BLUE)] = stack((cable, "192.168.15.2/24"), routes=(Route("0.0.0.0/0", BRIDGE_IP, 2),))
    down = (link(2, "eth0"), "192.168.1.2/24"), (link(3, "v-net-0", up=False, peer=BLUE_END), "192.168.15.5/24")
    read[StackOf(HOST)] = stack(*down)
    assert explained(read)[0] == "v-net-0 on host, the other end of veth-blue, is down"


def test_a_neighbour_that_is_not_there() -> None:
    other = ip_address("192.168.15.9")
    check = Pings(BLUE, other, HOST)
    read = world()
    read[Ping(BLUE, other, (HOST,))] = PingResult(1, 0)
    assert explained(read, check) == ("host does not have the address 192.168.15.9", Layer.ADDRESS, "ip addr")


def test_the_router() -> None:
    read = world()
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST),))
    drop = PacketRule((), "drop", text="iptables -A FORWARD -j DROP")
    chain = PacketChain("ip", "filter", "FORWARD", "forward", policy="drop")
    read[RulesetOf(HOST)] = Ruleset(program=(chain,))
    observed, layer, look = explained(read)
    assert "the chain FORWARD of the table filter drops what no rule accepts" in observed
    assert (layer, look) == (Layer.FILTER, "nft list ruleset")
    read[RulesetOf(HOST)] = Ruleset(program=(replace(chain, rules=(drop,)),))
    assert explained(read)[2] == "iptables -nvL FORWARD"
    host = read[StackOf(HOST)]
    assert isinstance(host, Stack)
    shut = tuple(replace(link, settings=LinkSettings()) for link in host.links)
    read[StackOf(HOST)] = replace(host, links=shut)
    read[SysctlOf(HOST, "net.ipv4.ip_forward")] = Text("0")
    observed, layer, look = explained(read)
    assert observed.startswith("host does not forward")
    assert (layer, look) == (Layer.FORWARDING, "sysctl net.ipv4.ip_forward")


def test_the_way_back() -> None:
    read = world()
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN), seen(LAN, reply=True)))
    observed, layer, look = explained(read)
    assert observed == (
        "lan saw the private source address 192.168.15.2, to which there is no way back: "
        "far has no route to 192.168.15.2: Network is unreachable"
    )
    assert (layer, look) == (Layer.NAT, "tcpdump -ni eth0 host 192.168.15.2 (on lan)")
    read[StackOf(LAN)] = far_stack("lan", "192.168.1.3/24")
    assert explained(read)[:2] == (
        "lan (192.168.1.3/24) has no way back to 192.168.15.2: Network is unreachable",
        Layer.ROUTE,
    )


def test_where_there_is_no_shell_packets_are_looked_at() -> None:
    target = ip_address("8.8.8.8")
    check = Pings(BLUE, target, FAR)
    read = world()
    read[Ping(BLUE, target, (FAR,))] = PingResult(1, 0)
    host = read[StackOf(HOST)]
    assert isinstance(host, Stack)
    read[StackOf(HOST)] = replace(host, routes=(*host.routes, Route("0.0.0.0/0", GATEWAY_IP, 2)))
    observed, _, look = explained(read, check)
    assert observed.startswith("far has no route to 8.8.8.8")
    assert look == "tcpdump -ni any host 8.8.8.8"


def test_packets_are_believed_and_not_the_walk() -> None:
    """The walk says that it works, or breaks elsewhere: only what was seen is said."""
    read = world()
    back = Route("192.168.15.0/24", HOST_IP, 2)
    read[StackOf(LAN)] = far_stack("lan", "192.168.1.3/24", back)
    error = IcmpError(HOST_IP, "host unreachable")
    read[PING] = PingResult(1, 0, icmp_errors=(error,), arrivals=(seen(HOST),))
    assert explained(read)[0] == "192.168.1.2 sent back an ICMP error: host unreachable"
    assert isinstance(told(read).why, CannotTell)
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN), seen(LAN, reply=True)))
    assert explained(read)[0] == "lan answered 192.168.15.2, but the answer never came to host"
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN)))
    assert explained(read)[:2] == ("the packet reached lan, but lan did not answer it", Layer.FILTER)
    read[PING] = PingResult(1, 0, arrivals=(seen(HOST), seen(LAN, "192.168.1.77")))
    assert explained(read)[:2] == ("lan saw it come from 192.168.1.77, which is not an address of host", Layer.NAT)
    read[StackOf(BLUE)] = stack()
    assert explained(read)[0].startswith("lan saw it come from")
    assert isinstance(told(read).why, CannotTell)


def test_a_refusal_that_got_lost_is_a_refusal() -> None:
    """Nobody listens, and the answer that says so did not come home: first things first."""
    read = world()
    check = Fetches(BLUE, LAN_IP, 80, contains="Hello", end=LAN, via=(HOST,))
    read[HttpGet(BLUE, LAN_IP, 80, "/", (HOST, LAN))] = HttpResult(
        error="timed out", arrivals=(seen(HOST), seen(LAN), seen(LAN, reply=True))
    )
    verdict = check.judge(with_way(read, check.flow))
    assert isinstance(verdict, Unmet)
    assert verdict.observed == "the packet reaches lan, but nothing listens there on tcp port 80"
    assert (verdict.layer, verdict.look_next) == (Layer.SERVICE, "ss -ltn (on lan)")


def test_a_walk_that_cannot_tell_is_no_guess() -> None:
    read = world()
    read[RulesetOf(HOST)] = Unreadable(Gone.FAILED, "nft is gone")
    assert explained(read)[0] == "no answer from 192.168.1.3"
    assert told(read).why == CannotTell("the rules of host could not be read: nft is gone")
    assert CHECK.judge(Facts({PING: PingResult(1, 0)})) == Unmet(
        "blue pings 192.168.1.3 and gets an answer",
        "no answer from 192.168.1.3",
        Layer.ROUTE,
        "ip netns exec blue ping -c 1 192.168.1.3",
    )
    came = told({PING: PingResult(1, 0, arrivals=(seen(HOST),))})
    assert came.observed.startswith("the packet came through host")


def test_a_goal_gets_a_walk_for_what_its_validator_explains() -> None:
    read = world()
    read[StackOf(LAN)] = far_stack("lan", "192.168.1.3/24", Route("192.168.15.0/24", HOST_IP, 2))
    read[PING] = PingResult(1, 1, arrivals=(seen(HOST), seen(LAN)))
    check = Translated(BLUE, LAN_IP, LAN, HOST_IP, (HOST,))
    goal = Goal("g", GoalKind.LEVEL, "translated", check, Source("lesson.md", 1))
    verdict = goals.judge(goal, with_way(read, check.flow))
    assert isinstance(verdict, Unmet)
    assert verdict.why == Works((BLUE, HOST, LAN), (LAN, HOST, BLUE))


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
            "the connection reached blue, where nothing listens on port 8080 of 192.168.15.2",
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
    verdict = FETCH.judge(with_way(read, FETCH.flow))
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
