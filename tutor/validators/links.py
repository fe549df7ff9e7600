"""Links: there, gone, up; and cables, that is, veth pairs whose two ends are in two places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, Link, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import StackOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("link-exists")
@dataclass(frozen=True)
class LinkExists:
    """A link of this name is in one of the places."""

    name: str = param("the link")
    places: tuple[Place, ...] = param("where it may be", name="in")
    kind: str | None = param("what it must be, such as veth or bridge", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in self.places)

    def judge(self, facts: Facts) -> Verdict:
        where = say.joined(map(say.place, self.places), "or")
        expected = tell("a {kind} named {name} in {where}", kind=self.kind or tell("link"), name=self.name, where=where)
        stacks = {place: facts.of(StackOf(place)) for place in self.places}
        readable = {place: stack for place, stack in stacks.items() if isinstance(stack, Stack)}
        for place, stack in readable.items():
            link = stack.link(self.name)
            if link is None:
                continue
            if self.kind in (None, link.kind):
                return Met(tell("{name} is {within}", name=self.name, within=say.within(place)))
            observed = tell(
                "{name} {within} is a {kind}, not a {kind2}",
                name=self.name,
                within=say.within(place),
                kind=link.kind or tell("device"),
                kind2=self.kind,
            )
            return Unmet(expected, observed, Layer.LINK, say.ip(place, f"-d link show {self.name}"))
        if not readable:
            place, reason = next(iter(stacks.items()))
            assert isinstance(reason, Unreadable)
            return say.unreadable(reason, place, expected)
        seen = say.clauses(
            tell("{place} has {links}", place=say.place(place), links=say.links(stack))
            for place, stack in readable.items()
        )
        return Unmet(expected, seen, Layer.LINK, say.ip(next(iter(readable)), "link"))


@validator("link-gone")
@dataclass(frozen=True)
class LinkGone:
    """No link of this name is in any of the places (give the goal `baseline: true`)."""

    name: str = param("the link")
    places: tuple[Place, ...] = param("where it must not be", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in self.places)

    def judge(self, facts: Facts) -> Verdict:
        for place in self.places:
            stack = facts.of(StackOf(place))
            if isinstance(stack, Unreadable):
                verdict = say.unreadable(stack, place, "")
                if isinstance(verdict, Unknown):
                    return verdict
            elif stack.link(self.name):
                observed = tell("{name} is still {within}", name=self.name, within=say.within(place))
                return Unmet(tell("no link named {name}", name=self.name), observed, Layer.LINK, say.ip(place, "link"))
        return Met(tell("there is no {name}", name=self.name))


@validator("link-up")
@dataclass(frozen=True)
class LinkUp:
    """A link of this name is in the place and is switched on."""

    name: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{name} up {within}", name=self.name, within=say.within(self.place))
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        link = stack.link(self.name)
        look = say.ip(self.place, "link")
        if link is None:
            return Unmet(
                expected,
                tell("{place} has {links}", place=say.place(self.place), links=say.links(stack)),
                Layer.LINK,
                look,
            )
        if not link.up:
            return Unmet(expected, tell("{name} is down", name=self.name), Layer.LINK, look)
        return Met(tell("{name} is up", name=self.name))


@validator("cable")
@dataclass(frozen=True)
class Cable:
    """A veth pair joins two places: one end is in each, whatever the ends are called."""

    between: tuple[Place, Place] = param("the two places")
    up: bool = param("both ends must be up, too", default=False)

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in self.between)

    def judge(self, facts: Facts) -> Verdict:
        one, other = self.between
        expected = tell(
            "a veth pair with one end {within} and the other {within2}",
            within=say.within(one),
            within2=say.within(other),
        )
        here, there = facts.of(StackOf(one)), facts.of(StackOf(other))
        for place, stack in ((one, here), (other, there)):
            if isinstance(stack, Unreadable):
                return say.unreadable(stack, place, expected)
        assert isinstance(here, Stack)
        assert isinstance(there, Stack)
        pairs = tuple(cables(one, here, other, there))
        if not pairs:
            observed = tell(
                "{one} has {links}; {other} has {links2}",
                one=say.place(one),
                links=say.links(here),
                other=say.place(other),
                links2=say.links(there),
            )
            lonely = one if not _cabled(here) else other
            return Unmet(expected, observed, Layer.LINK, say.ip(lonely, "link"))
        if self.up and not any(left.up and right.up for left, right in pairs):
            left, right = pairs[0]
            place, link = (one, left) if not left.up else (other, right)
            expected = tell("both ends of the cable up, {left} and {right}", left=left.name, right=right.name)
            observed = tell("{link} {within} is down", link=link.name, within=say.within(place))
            return Unmet(expected, observed, Layer.LINK, say.ip(place, "link"))
        left, right = pairs[0]
        return Met(
            tell(
                "{left} {within} is joined to {right} {within2}",
                left=left.name,
                within=say.within(one),
                right=right.name,
                within2=say.within(other),
            )
        )


@validator("no-cable")
@dataclass(frozen=True)
class NoCable:
    """No veth pair joins two places directly (give the goal `baseline: true`)."""

    between: tuple[Place, Place] = param("the two places")

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in self.between)

    def judge(self, facts: Facts) -> Verdict:
        one, other = self.between
        expected = tell("no direct cable between {one} and {other}", one=say.place(one), other=say.place(other))
        here, there = facts.of(StackOf(one)), facts.of(StackOf(other))
        for place, stack in ((one, here), (other, there)):
            if isinstance(stack, Unreadable):
                return say.unreadable(stack, place, expected)
        assert isinstance(here, Stack)
        assert isinstance(there, Stack)
        for left, right in cables(one, here, other, there):
            observed = tell(
                "{left} {within} is still joined to {right} {within2}",
                left=left.name,
                within=say.within(one),
                right=right.name,
                within2=say.within(other),
            )
            return Unmet(expected, observed, Layer.LINK, say.ip(one, "link"))
        return Met(tell("no cable joins {one} and {other}", one=say.place(one), other=say.place(other)))


def cables(one: Place, here: Stack, other: Place, there: Stack) -> Iterator[tuple[Link, Link]]:
    """The veth pairs between two stacks. A peer whose place is unknown counts if both ends point at each other."""
    for left in here.links:
        if left.kind != "veth" or left.peer is None or left.peer.place not in (other, None):
            continue
        right = there.by_index(left.peer.index)
        if right is None or right.kind != "veth" or right.peer is None:
            continue
        if right.peer.index == left.index and right.peer.place in (one, None):
            yield left, right


def _cabled(stack: Stack) -> bool:
    return any(link.kind == "veth" for link in stack.links)
