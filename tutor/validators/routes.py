"""Which way a packet goes, as the kernel itself answers: routes by any tool, table or rule count alike."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
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
    source: Address | None = param("the address that the packet comes from", name="from", default=None)
    mark: int = param("the firewall mark that the packet has", default=0)
    in_link: str | None = param("the link by which it came in; it starts here without", name="iif", default=None)
    table: int | None = param("the number of the table that must decide (main is 254)", default=None)

    @property
    def _lookup(self) -> RouteLookup:
        return RouteLookup(self.place, self.target, self.source, self.mark, self.in_link)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._lookup})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a way from {place} to {target}", place=say.place(self.place), target=self.target)
        if self.via:
            expected = tell("{way} via {gateway}", way=expected, gateway=self.via)
        if self.link:
            expected = tell("{way} by {link}", way=expected, link=self.link)
        choice = facts.of(self._lookup)
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, expected)
        if choice.error:
            return Unmet(
                expected, tell("no route: {error}", error=choice.error), Layer.ROUTE, say.ip(self.place, "route")
            )
        right = self.via in (None, choice.gateway) and self.link in (None, choice.link)
        look = say.ip(self.place, f"route get {self._asked}")
        if right and self.table not in (None, choice.table):
            observed = tell("{way}, as table {table} says", way=described(self.target, choice), table=choice.table)
            return Unmet(expected, observed, Layer.ROUTE, look)
        if right:
            return Met(described(self.target, choice))
        return Unmet(expected, described(self.target, choice), Layer.ROUTE, look)

    @property
    def _asked(self) -> str:
        """The packet in the words of ``ip route get``."""
        parts = [str(self.target)]
        parts += [f"from {self.source}"] if self.source else []
        parts += [f"iif {self.in_link}"] if self.in_link else []
        parts += [f"mark {self.mark}"] if self.mark else []
        return " ".join(parts)


@validator("no-route")
@dataclass(frozen=True)
class NoRoute:
    """The place knows no way to an address."""

    target: Address = param("the address", name="to")
    place: Place = param("where the packet would start", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({RouteLookup(self.place, self.target)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("no way from {place} to {target}", place=say.place(self.place), target=self.target)
        choice = facts.of(RouteLookup(self.place, self.target))
        if isinstance(choice, Unreadable):
            return say.unreadable(choice, self.place, expected)
        if choice.error:
            return Met(tell("no route to {target}: {error}", target=self.target, error=choice.error))
        look = say.ip(self.place, f"route get {self.target}")
        return Unmet(expected, described(self.target, choice), Layer.ROUTE, look)


def described(target: Address, choice: RouteChoice) -> str:
    """``packets to 8.8.8.8 go via 192.168.15.5 by veth-blue``."""
    said = tell("packets to {target} go straight", target=target)
    if choice.gateway:
        said = tell("packets to {target} go via {gateway}", target=target, gateway=choice.gateway)
    return tell("{way} by {link}", way=said, link=choice.link) if choice.link else said
