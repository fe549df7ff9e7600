"""Bridges and what is plugged into them."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
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
        expected = tell("a bridge named {name}", name=self.name)
        if self.up:
            expected = tell("a bridge named {name}, up", name=self.name)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        bridge = find(stack, self.name, expected, self.place)
        if isinstance(bridge, Unmet):
            return bridge
        if self.up and not bridge.up:
            return Unmet(
                expected, tell("{name} is there, but down", name=self.name), Layer.LINK, say.ip(self.place, "link")
            )
        if not bridge.up:
            return Met(tell("{name} is a bridge", name=self.name))
        return Met(tell("{name} is a bridge, up", name=self.name))


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
        expected = tell("{port} plugged into {bridge}", port=self.port, bridge=self.bridge)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        bridge = find(stack, self.bridge, expected, self.place)
        if isinstance(bridge, Unmet):
            return bridge
        link = stack.link(self.port)
        look = say.ip(self.place, f"link show master {self.bridge}")
        if link is None:
            return Unmet(
                expected,
                tell("{place} has no link {port}", place=say.place(self.place), port=self.port),
                Layer.LINK,
                look,
            )
        if link.master != bridge.index:
            return Unmet(
                expected, tell("{port} is not a port of {bridge}", port=self.port, bridge=self.bridge), Layer.LINK, look
            )
        return Met(tell("{port} is a port of {bridge}", port=self.port, bridge=self.bridge))


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
        expected = tell("a cable from {place} to a port of {bridge}", place=say.place(self.place), bridge=self.bridge)
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
            observed = tell("no cable runs from {at} into {place}", at=say.place(self.at), place=say.place(self.place))
            return Unmet(expected, observed, Layer.LINK, say.ip(self.place, "link"))
        ports = [(port, end) for port, end in pairs if port.master == bridge.index]
        if not ports:
            observed = tell("{port} is not a port of {bridge}", port=pairs[0][0].name, bridge=self.bridge)
            return Unmet(expected, observed, Layer.LINK, say.ip(self.at, f"link show master {self.bridge}"))
        return self._switched_on(ports[0], expected) or Met(
            tell("{port} is a port of {bridge}", port=ports[0][0].name, bridge=self.bridge)
        )

    def _switched_on(self, pair: tuple[Link, Link], expected: str) -> Unmet | None:
        for place, link in zip((self.at, self.place), pair, strict=True):
            if self.up and not link.up:
                observed = tell("{link} {within} is down", link=link.name, within=say.within(place))
                expected = tell("{expected}, both ends up", expected=expected)
                return Unmet(expected, observed, Layer.LINK, say.ip(place, "link"))
        return None


def find(stack: Stack, name: str, expected: str, place: Place) -> Link | Unmet:
    """The bridge of this name, or why there is none."""
    link = stack.link(name)
    look = say.ip(place, "link show type bridge")
    if link is None:
        others = [link.name for link in stack.links if link.kind == "bridge"]
        observed = (
            tell("there is no {name}, but a bridge {others}", name=name, others=say.joined(others))
            if others
            else tell("there is no {name}", name=name)
        )
        return Unmet(expected, observed, Layer.LINK, look)
    if link.kind != "bridge":
        return Unmet(
            expected,
            tell("{name} is a {kind}, not a bridge", name=name, kind=link.kind or tell("device")),
            Layer.LINK,
            look,
        )
    return link
