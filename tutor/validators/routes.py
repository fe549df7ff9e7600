"""Which way a packet goes, as the kernel itself answers: routes by any tool, table or rule count alike."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.facts import Facts, RouteChoice, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, RouteLookup, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("route")
@dataclass(frozen=True)
class RouteTo:
    """The place knows a way to an address and, where asked, takes this gateway or this link."""

    target: Address = param("the address to reach", name="to")
    place: Place = param("where the packet starts", name="in")
    via: Address | None = param("the next hop that it must take", default=None)
    link: str | None = param("the link that it must leave by", name="dev", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({RouteLookup(self.place, self.target)})

    def judge(self, facts: Facts) -> Verdict:
        way = (f" via {self.via}" if self.via else "") + (f" by {self.link}" if self.link else "")
        expected = f"a way from {say.place(self.place)} to {self.target}{way}"
        choice = facts.of(RouteLookup(self.place, self.target))
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, expected)
        if choice.error:
            return Unmet(expected, f"no route: {choice.error}", Layer.ROUTE, say.ip(self.place, "route"))
        right = self.via in (None, choice.gateway) and self.link in (None, choice.link)
        if right:
            return Met(described(self.target, choice))
        look = say.ip(self.place, f"route get {self.target}")
        return Unmet(expected, described(self.target, choice), Layer.ROUTE, look)


@validator("no-route")
@dataclass(frozen=True)
class NoRoute:
    """The place knows no way to an address."""

    target: Address = param("the address", name="to")
    place: Place = param("where the packet would start", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({RouteLookup(self.place, self.target)})

    def judge(self, facts: Facts) -> Verdict:
        expected = f"no way from {say.place(self.place)} to {self.target}"
        choice = facts.of(RouteLookup(self.place, self.target))
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, expected)
        if choice.error:
            return Met(f"no route to {self.target}: {choice.error}")
        look = say.ip(self.place, f"route get {self.target}")
        return Unmet(expected, described(self.target, choice), Layer.ROUTE, look)


def described(target: Address, choice: RouteChoice) -> str:
    """``packets to 8.8.8.8 go via 192.168.15.5 by veth-blue``."""
    hop = f"via {choice.gateway}" if choice.gateway else "straight"
    return f"packets to {target} go {hop}" + (f" by {choice.link}" if choice.link else "")
