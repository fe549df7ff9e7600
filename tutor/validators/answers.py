"""Questions: the right answer is computed from the lab as it is, and read leniently in what the learner typed.

A wrong answer is told what was typed and where to look, never the right answer.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from tutor.model.facts import Facts, HttpResult, PingResult, RouteChoice, Text, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, HttpGet, Ping, RouteLookup, StackOf, SysctlOf, Want
from tutor.validators import say, typed
from tutor.validators.addresses import carried
from tutor.validators.bridges import find as find_bridge
from tutor.validators.neighbours import find
from tutor.validators.registry import GoalId, param, validator
from tutor.validators.traffic import sent, sources_at


def judged(facts: Facts, goal: str, reader: typed.Reader, right: Collection[str], asked: str, look: str) -> Verdict:
    """Compare what was typed with the right answers. ``asked`` names the thing asked for, ``look`` shows it."""
    text = facts.answers.get(goal, "")
    if not text.strip():
        return Unmet(asked, "no answer yet", Layer.ANSWER, look)
    shown = " ".join(text.split())[:40]
    meant = reader(text)
    if meant is None:
        return Unmet(asked, f"“{shown}” could not be read as one answer", Layer.ANSWER, look)
    if meant in right:
        return Met(meant)
    return Unmet(asked, f"your answer was {shown}", Layer.ANSWER, look)


def too_early(facts: Facts, when: Check | None, asked: str) -> Unmet | Unknown | None:
    """What a question says while that which it is about has not been done yet."""
    match when.judge(facts) if when else None:
        case Unmet(expected, observed, layer, look_next):
            return Unmet(f"{asked}, once there is {expected}", observed, layer, look_next)
        case Unknown() as unknown:
            return unknown
        case _:
            return None


@validator("answer-link-count")
@dataclass(frozen=True)
class LinkCount:
    """How many links does a place have, `lo` included?"""

    goal: GoalId
    place: Place = param("the place", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the number of links in {say.place(self.place)}"
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        return judged(facts, self.goal, typed.number, [str(len(stack.links))], asked, say.ip(self.place, "link"))


@validator("answer-only-link")
@dataclass(frozen=True)
class OnlyLink:
    """What is the one link of a place called?"""

    goal: GoalId
    place: Place = param("the place", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the name of the only link in {say.place(self.place)}"
        look = say.ip(self.place, "link")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        names = [link.name for link in stack.links]
        if len(names) > 1 and "lo" in names and typed.name(facts.answers.get(self.goal, "")) != "lo":
            return Unmet(asked, f"{say.place(self.place)} has more links by now: lo was there first", Layer.LINK, look)
        return judged(facts, self.goal, typed.name, ["lo"] if len(names) > 1 else names, asked, look)


@validator("answer-route-count")
@dataclass(frozen=True)
class RouteCount:
    """How many IPv4 routes does `ip route` list in a place?"""

    goal: GoalId
    place: Place = param("the place", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the number of routes in {say.place(self.place)}"
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        routes = [route for route in stack.routes if route.table == 254 and ":" not in route.destination]
        return judged(facts, self.goal, typed.number, [str(len(routes))], asked, say.ip(self.place, "route"))


@validator("answer-mac")
@dataclass(frozen=True)
class MacOf:
    """Which MAC address does a link have?"""

    goal: GoalId
    link: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the MAC address of {self.link}"
        look = say.ip(self.place, f"link show {self.link}")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        link = stack.link(self.link)
        if link is None:
            return Unmet(asked, f"{say.place(self.place)} has no link {self.link}", Layer.LINK, look)
        return judged(facts, self.goal, typed.mac, [link.mac], asked, look)


@validator("answer-neighbour-count")
@dataclass(frozen=True)
class NeighbourCount:
    """How many neighbours does `ip neigh` list in a place?"""

    goal: GoalId
    place: Place = param("the place", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the number of neighbours that {say.place(self.place)} knows"
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        listed = [entry for entry in stack.neighbours if entry.state != "noarp"]
        return judged(facts, self.goal, typed.number, [str(len(listed))], asked, say.ip(self.place, "neigh"))


@validator("answer-bridge-port")
@dataclass(frozen=True)
class PortOf:
    """Behind which port has a bridge learnt a MAC address of a place?"""

    goal: GoalId
    place: Place = param("the place whose MAC address it is", name="from")
    bridge: str = param("the bridge")
    at: Place = param("where the bridge is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place), StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the port behind which {self.bridge} has learnt the MAC address of {say.place(self.place)}"
        there, here = facts.of(StackOf(self.place)), facts.of(StackOf(self.at))
        if isinstance(there, Unreadable):
            return say.unreadable(there, self.place, asked)
        if isinstance(here, Unreadable):
            return say.unreadable(here, self.at, asked)
        bridge = find_bridge(here, self.bridge, asked, self.at)
        if isinstance(bridge, Unmet):
            return bridge
        macs = {link.mac for link in there.links if link.kind != "loopback"}
        ports = {port.index: port.name for port in here.ports_of(bridge)}
        learnt = [ports[e.link] for e in here.fdb if e.mac in macs and not e.permanent and e.link in ports]
        look = say.command(self.at, f"bridge fdb show br {self.bridge}")
        if not learnt:
            observed = f"{self.bridge} has not heard of {say.place(self.place)} lately: ping from there once"
            return Unmet(asked, observed, Layer.NEIGHBOUR, look)
        return judged(facts, self.goal, typed.name, [name.casefold() for name in learnt], asked, look)


@validator("answer-neighbour-mac")
@dataclass(frozen=True)
class NeighbourMac:
    """Which MAC address has a place learnt for a neighbour's address?"""

    goal: GoalId
    address: Address = param("the neighbour's address")
    place: Place = param("who knows it", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the MAC address that {say.place(self.place)} has learnt for {self.address}"
        look = say.ip(self.place, "neigh")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        entry = find(stack, self.address)
        if entry is None or entry.mac is None:
            observed = f"{say.place(self.place)} has no entry for {self.address}: ping it once"
            return Unmet(asked, observed, Layer.NEIGHBOUR, look)
        return judged(facts, self.goal, typed.mac, [entry.mac], asked, look)


@validator("answer-address")
@dataclass(frozen=True)
class AddressOf:
    """Which IPv4 address does a link have?"""

    goal: GoalId
    link: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the address of {self.link}"
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        owned = (a.interface.ip for link, a in carried(stack) if link.name == self.link)
        right = [str(address) for address in owned if address.version == 4]
        look = say.ip(self.place, f"addr show {self.link}")
        return judged(facts, self.goal, typed.ip, right or ["none"], asked, look)


@validator("answer-gateway")
@dataclass(frozen=True)
class GatewayTo:
    """Which next hop does a packet take? `none` where the target is on a connected network, or cannot be reached."""

    goal: GoalId
    target: Address = param("where the packet goes", name="to")
    place: Place = param("where it starts", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({RouteLookup(self.place, self.target)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the next hop from {say.place(self.place)} to {self.target}"
        choice = facts.of(RouteLookup(self.place, self.target))
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, asked)
        right = [str(choice.gateway or "none")]
        return judged(facts, self.goal, typed.ip, right, asked, say.ip(self.place, f"route get {self.target}"))


@validator("answer-device")
@dataclass(frozen=True)
class DeviceTo:
    """By which link does a packet leave? `none` where there is no way."""

    goal: GoalId
    target: Address = param("where the packet goes", name="to")
    place: Place = param("where it starts", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({RouteLookup(self.place, self.target)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the link by which packets to {self.target} leave {say.place(self.place)}"
        choice: RouteChoice | Unreadable = facts.of(RouteLookup(self.place, self.target))
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, asked)
        right = [choice.link.casefold()] if choice.link else list(typed.NOTHING)
        return judged(facts, self.goal, typed.name, right, asked, say.ip(self.place, f"route get {self.target}"))


@validator("answer-source-seen")
@dataclass(frozen=True)
class SourceSeen:
    """With which source address does a ping arrive at a place?"""

    goal: GoalId
    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place = param("where it is looked at", name="at")
    via: tuple[Place, ...] = param("the routers between, as in the other goals of the step", default=())

    @property
    def _ping(self) -> Ping:
        return Ping(self.source, self.target, (*self.via, self.end))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._ping})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        asked = f"the source address that {where} sees"
        result = sent(facts, self._ping, asked)
        if not isinstance(result, PingResult):
            return result
        seen = [str(address) for address in sources_at(result, self.end)]
        look = say.command(self.end, "tcpdump -ni any icmp")
        if not seen:
            return Unmet(asked, f"no packet has arrived at {where} yet", Layer.ROUTE, look)
        return judged(facts, self.goal, typed.ip, seen, asked, look)


@validator("answer-ttl-seen")
@dataclass(frozen=True)
class TtlSeen:
    """With which TTL does a ping arrive at a place? It is sent with 64."""

    goal: GoalId
    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place = param("where it is looked at", name="at")
    via: tuple[Place, ...] = param("the routers between, as in the other goals of the step", default=())

    @property
    def _ping(self) -> Ping:
        return Ping(self.source, self.target, (*self.via, self.end))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._ping})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        asked = f"the TTL that {where} sees"
        result = sent(facts, self._ping, asked)
        if not isinstance(result, PingResult):
            return result
        seen = {str(a.ttl) for a in result.arrivals if a.place == self.end and not a.reply}
        look = say.command(self.end, "tcpdump -vni any icmp")
        if not seen:
            return Unmet(asked, f"no packet has arrived at {where} yet", Layer.ROUTE, look)
        return judged(facts, self.goal, typed.number, seen, asked, look)


@validator("answer-client-seen")
@dataclass(frozen=True)
class ClientSeen:
    """Which client address does a web server see?"""

    goal: GoalId
    source: Place = param("where the request starts", name="from")
    target: Address = param("the address to ask", name="to")
    end: Place = param("the place of the server", name="at")
    port: int = param("the TCP port", default=80)
    via: tuple[Place, ...] = param("the routers between, as in the other goals of the step", default=())

    @property
    def _get(self) -> HttpGet:
        return HttpGet(self.source, self.target, self.port, "/", (*self.via, self.end))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._get})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        asked = f"the client address that {where} sees"
        result: HttpResult | Unreadable = facts.of(self._get)
        if isinstance(result, Unreadable):
            return Unknown(f"the request could not be sent: {result.detail}")
        seen = [str(a.source) for a in result.arrivals if a.place == self.end and not a.reply]
        look = say.command(self.end, "tcpdump -ni any tcp port 80")
        if not seen:
            return Unmet(asked, f"no connection has arrived at {where} yet", Layer.NAT, look)
        return judged(facts, self.goal, typed.ip, seen, asked, look)


@validator("answer-sysctl")
@dataclass(frozen=True)
class SysctlIs:
    """Which number does a kernel setting have?"""

    goal: GoalId
    key: str = param("the setting, with dots")
    place: Place = param("where", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({SysctlOf(self.place, self.key)})

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the value of {self.key}"
        found: Text | Unreadable = facts.of(SysctlOf(self.place, self.key))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, asked)
        look = say.command(self.place, f"sysctl {self.key}")
        return judged(facts, self.goal, typed.number, [found.text.strip()], asked, look)


@validator("answer-yes-no")
@dataclass(frozen=True)
class YesOrNo:
    """Does a validator hold? Yes or no; nobody is told which while it cannot be found out."""

    goal: GoalId
    check: Check = param("the validator that is tried out")
    asked: str = param("what is asked, in words")
    look: str = param("a command to try it with")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        return self.check.wants() | (self.when.wants() if self.when else frozenset())

    def judge(self, facts: Facts) -> Verdict:
        if early := too_early(facts, self.when, self.asked):
            return early
        match self.check.judge(facts):
            case Unknown() as unknown:
                return unknown
            case Met():
                right = "yes"
            case Unmet():
                right = "no"
        return judged(facts, self.goal, typed.yes_or_no, [right], self.asked, self.look)


@validator("answer-last-seen")
@dataclass(frozen=True)
class LastSeen:
    """Up to which place does a ping get? The last one that saw it."""

    goal: GoalId
    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    path: tuple[Place, ...] = param("the places on its way, in order")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        ping = frozenset({Ping(self.source, self.target, self.path)})
        return ping | (self.when.wants() if self.when else frozenset())

    def judge(self, facts: Facts) -> Verdict:
        asked = f"the last place that sees a ping from {say.place(self.source)} to {self.target}"
        if early := too_early(facts, self.when, asked):
            return early
        result = sent(facts, Ping(self.source, self.target, self.path), asked)
        if not isinstance(result, PingResult):
            return result
        reached = {arrival.place for arrival in result.arrivals if not arrival.reply}
        last = next((place for place in reversed(self.path) if place in reached), self.source)
        look = say.command(last, "tcpdump -ni any icmp")
        right = [word.casefold() for word in (last.netns or last.machine, str(last))]
        return judged(facts, self.goal, typed.name, right, asked, look)
