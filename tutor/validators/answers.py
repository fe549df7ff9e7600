"""Questions about state: links, addresses, routes, neighbours, forwarding entries, settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tutor.i18n import tell
from tutor.model.facts import Facts, RouteChoice, Text, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet, Verdict
from tutor.model.wants import Address, RouteLookup, StackOf, SysctlOf, Want
from tutor.validators import say, typed
from tutor.validators.addresses import carried
from tutor.validators.bridges import find as find_bridge
from tutor.validators.neighbours import find
from tutor.validators.questions import judged
from tutor.validators.registry import GoalId, param, validator


@validator("answer-link-count")
@dataclass(frozen=True)
class LinkCount:
    """How many links does a place have, `lo` included?"""

    goal: GoalId
    place: Place = param("the place", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the number of links {within}", within=say.within(self.place))
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
        asked = tell("the name of the only link {within}", within=say.within(self.place))
        look = say.ip(self.place, "link")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        names = [link.name for link in stack.links]
        if len(names) > 1 and "lo" in names and typed.name(facts.answers.get(self.goal, "")) != "lo":
            return Unmet(
                asked,
                tell("{place} has more links by now: lo was there first", place=say.place(self.place)),
                Layer.LINK,
                look,
            )
        return judged(facts, self.goal, typed.name, ["lo"] if len(names) > 1 else names, asked, look)


@validator("answer-route-count")
@dataclass(frozen=True)
class RouteCount:
    """How many routes does `ip route` list in a place, or with `ipv6`, `ip -6 route`?"""

    goal: GoalId
    place: Place = param("the place", name="in")
    ipv6: bool = param("those of IPv6", default=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the number of routes {within}", within=say.within(self.place))
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        routes = [one for one in stack.routes if one.table == 254 and (":" in one.destination) is self.ipv6]
        look = say.ip(self.place, "-6 route" if self.ipv6 else "route")
        return judged(facts, self.goal, typed.number, [str(len(routes))], asked, look)


@validator("answer-mac")
@dataclass(frozen=True)
class MacOf:
    """Which MAC address does a link have?"""

    differs: ClassVar[bool] = True

    goal: GoalId
    link: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the MAC address of {link}", link=self.link)
        look = say.ip(self.place, f"link show {self.link}")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        link = stack.link(self.link)
        if link is None:
            return Unmet(
                asked, tell("{place} has no link {link}", place=say.place(self.place), link=self.link), Layer.LINK, look
            )
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
        asked = tell("the number of neighbours that {place} knows", place=say.place(self.place))
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
        asked = tell(
            "the port behind which {bridge} has learnt the MAC address of {place}",
            bridge=self.bridge,
            place=say.place(self.place),
        )
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
            observed = tell(
                "{bridge} has not heard of {place} lately: ping from there once",
                bridge=self.bridge,
                place=say.place(self.place),
            )
            return Unmet(asked, observed, Layer.NEIGHBOUR, look)
        return judged(facts, self.goal, typed.name, [name.casefold() for name in learnt], asked, look)


@validator("answer-neighbour-mac")
@dataclass(frozen=True)
class NeighbourMac:
    """Which MAC address has a place learnt for a neighbour's address?"""

    differs: ClassVar[bool] = True

    goal: GoalId
    address: Address = param("the neighbour's address")
    place: Place = param("who knows it", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell(
            "the MAC address that {place} has learnt for {address}", place=say.place(self.place), address=self.address
        )
        look = say.ip(self.place, "neigh")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        entry = find(stack, self.address)
        if entry is None or entry.mac is None:
            observed = tell(
                "{place} has no entry for {address}: ping it once", place=say.place(self.place), address=self.address
            )
            return Unmet(asked, observed, Layer.NEIGHBOUR, look)
        return judged(facts, self.goal, typed.mac, [entry.mac], asked, look)


@validator("answer-address")
@dataclass(frozen=True)
class AddressOf:
    """Which IPv4 address, or with `ipv6` which global IPv6 address, does a link have?"""

    goal: GoalId
    link: str = param("the link")
    place: Place = param("where it is", name="in")
    ipv6: bool = param("that of IPv6", default=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the address of {link}", link=self.link)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        owned = (a.interface.ip for link, a in carried(stack) if link.name == self.link)
        right = [str(address) for address in owned if address.version == (6 if self.ipv6 else 4)]
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
        asked = tell("the next hop from {place} to {target}", place=say.place(self.place), target=self.target)
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
        asked = tell(
            "the link by which packets to {target} leave {place}", target=self.target, place=say.place(self.place)
        )
        choice: RouteChoice | Unreadable = facts.of(RouteLookup(self.place, self.target))
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, asked)
        right = [choice.link.casefold()] if choice.link else list(typed.NOTHING)
        return judged(facts, self.goal, typed.name, right, asked, say.ip(self.place, f"route get {self.target}"))


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
        asked = tell("the value of {key}", key=self.key)
        found: Text | Unreadable = facts.of(SysctlOf(self.place, self.key))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, asked)
        look = say.command(self.place, f"sysctl {self.key}")
        return judged(facts, self.goal, typed.number, [found.text.strip()], asked, look)
