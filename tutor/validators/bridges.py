"""Bridges and what is plugged into them."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.facts import Facts, Link, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import StackOf, Want
from tutor.validators import say
from tutor.validators.links import cables
from tutor.validators.registry import param, validator


@validator("bridge")
@dataclass(frozen=True)
class Bridge:
    """A bridge of this name exists, and is switched on."""

    name: str = param("the bridge")
    place: Place = param("where it is", name="in")
    up: bool = param("it must be up", default=True)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = f"a bridge named {self.name}" + (", up" if self.up else "")
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        bridge = find(stack, self.name, expected, self.place)
        if isinstance(bridge, Unmet):
            return bridge
        if self.up and not bridge.up:
            return Unmet(expected, f"{self.name} is there, but down", Layer.LINK, say.ip(self.place, "link"))
        return Met(f"{self.name} is a bridge" + (", up" if bridge.up else ""))


@validator("bridge-port")
@dataclass(frozen=True)
class BridgePort:
    """A link is a port of the bridge."""

    port: str = param("the link that is plugged in")
    bridge: str = param("the bridge")
    place: Place = param("where both are", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = f"{self.port} plugged into {self.bridge}"
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        bridge = find(stack, self.bridge, expected, self.place)
        if isinstance(bridge, Unmet):
            return bridge
        link = stack.link(self.port)
        look = say.ip(self.place, f"link show master {self.bridge}")
        if link is None:
            return Unmet(expected, f"{say.place(self.place)} has no link {self.port}", Layer.LINK, look)
        if link.master != bridge.index:
            return Unmet(expected, f"{self.port} is not a port of {self.bridge}", Layer.LINK, look)
        return Met(f"{self.port} is a port of {self.bridge}")


@validator("plugged-in")
@dataclass(frozen=True)
class PluggedIn:
    """A veth pair runs from a port of the bridge into another place, whatever its ends are called."""

    place: Place = param("the place at the other end of the cable", name="from")
    bridge: str = param("the bridge")
    at: Place = param("where the bridge is", name="in")
    up: bool = param("both ends must be up, too", default=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place), StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        expected = f"a cable from {say.place(self.place)} to a port of {self.bridge}"
        for place in (self.at, self.place):
            stack = facts.of(StackOf(place))
            if isinstance(stack, Unreadable):
                return say.unreadable(stack, place, expected)
        here, there = facts.of(StackOf(self.at)), facts.of(StackOf(self.place))
        assert isinstance(here, Stack)
        assert isinstance(there, Stack)
        bridge = find(here, self.bridge, expected, self.at)
        if isinstance(bridge, Unmet):
            return bridge
        pairs = tuple(cables(self.at, here, self.place, there))
        if not pairs:
            observed = f"no cable runs from {say.place(self.at)} into {say.place(self.place)}"
            return Unmet(expected, observed, Layer.LINK, say.ip(self.place, "link"))
        ports = [(port, end) for port, end in pairs if port.master == bridge.index]
        if not ports:
            observed = f"{pairs[0][0].name} is not a port of {self.bridge}"
            return Unmet(expected, observed, Layer.LINK, say.ip(self.at, f"link show master {self.bridge}"))
        return self._switched_on(ports[0], expected) or Met(f"{ports[0][0].name} is a port of {self.bridge}")

    def _switched_on(self, pair: tuple[Link, Link], expected: str) -> Unmet | None:
        for place, link in zip((self.at, self.place), pair, strict=True):
            if self.up and not link.up:
                observed = f"{link.name} {say.within(place)} is down"
                return Unmet(expected + ", both ends up", observed, Layer.LINK, say.ip(place, "link"))
        return None


def find(stack: Stack, name: str, expected: str, place: Place) -> Link | Unmet:
    """The bridge of this name, or why there is none."""
    link = stack.link(name)
    look = say.ip(place, "link show type bridge")
    if link is None:
        others = [link.name for link in stack.links if link.kind == "bridge"]
        observed = f"there is no {name}, but a bridge {say.joined(others)}" if others else f"there is no {name}"
        return Unmet(expected, observed, Layer.LINK, look)
    if link.kind != "bridge":
        return Unmet(expected, f"{name} is a {link.kind or 'device'}, not a bridge", Layer.LINK, look)
    return link
