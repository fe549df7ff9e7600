"""What a link is set to: down, its carrier, its MTU, its MAC address, and the name of its other end."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, Link, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import StackOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("link-down")
@dataclass(frozen=True)
class LinkDown:
    """A link of this name is in the place and is switched off."""

    name: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{link} down {within}", link=self.name, within=say.within(self.place))
        link = find(facts, self.name, self.place, expected)
        if not isinstance(link, Link):
            return link
        if link.up:
            return Unmet(expected, tell("{link} is up", link=self.name), Layer.LINK, _look(self.place, self.name))
        return Met(tell("{link} is down", link=self.name))


@validator("link-carrier")
@dataclass(frozen=True)
class LinkCarrier:
    """A link is up and has a carrier: the other end is up, too."""

    name: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{link} up, with a carrier", link=self.name)
        link = find(facts, self.name, self.place, expected)
        if not isinstance(link, Link):
            return link
        look = _look(self.place, self.name)
        if not link.up:
            return Unmet(expected, tell("{link} is down", link=self.name), Layer.LINK, look)
        if not link.running:
            observed = tell("{link} is up, but has no carrier: its other end is down", link=self.name)
            return Unmet(expected, observed, Layer.LINK, look)
        return Met(tell("{link} has a carrier", link=self.name))


@validator("link-mtu")
@dataclass(frozen=True)
class LinkMtu:
    """A link has this MTU."""

    name: str = param("the link")
    place: Place = param("where it is", name="in")
    mtu: int = param("the largest packet that it takes, in bytes")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{link} with an MTU of {mtu}", link=self.name, mtu=self.mtu)
        link = find(facts, self.name, self.place, expected)
        if not isinstance(link, Link):
            return link
        observed = tell("{link} has an MTU of {mtu}", link=self.name, mtu=link.mtu)
        if link.mtu != self.mtu:
            return Unmet(expected, observed, Layer.LINK, _look(self.place, self.name))
        return Met(observed)


@validator("link-mac")
@dataclass(frozen=True)
class LinkMac:
    """A link has this MAC address."""

    name: str = param("the link")
    place: Place = param("where it is", name="in")
    mac: str = param("the MAC address")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{link} with the MAC address {mac}", link=self.name, mac=self.mac)
        link = find(facts, self.name, self.place, expected)
        if not isinstance(link, Link):
            return link
        observed = tell("{link} has the MAC address {mac}", link=self.name, mac=link.mac)
        if link.mac != self.mac.lower():
            return Unmet(expected, observed, Layer.LINK, _look(self.place, self.name))
        return Met(observed)


@validator("link-peer")
@dataclass(frozen=True)
class LinkPeer:
    """A veth link has this other end."""

    name: str = param("the link")
    place: Place = param("where it is", name="in")
    peer: str = param("the name of its other end")
    far: Place | None = param("where that must be", name="at", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        where = tell(" {within}", within=say.within(self.far)) if self.far else ""
        expected = tell("{link} with {peer} as its other end{where}", link=self.name, peer=self.peer, where=where)
        link = find(facts, self.name, self.place, expected)
        if not isinstance(link, Link):
            return link
        look = _look(self.place, self.name)
        if link.peer is None:
            kind = link.kind or "device"
            return Unmet(expected, tell("{link} is a {kind}, not a veth", link=self.name, kind=kind), Layer.LINK, look)
        if link.peer.name is None or (self.far is not None and link.peer.place is None):
            return Unknown(tell("the other end of {link} is in a place that is not known", link=self.name))
        there = tell(" {within}", within=say.within(link.peer.place)) if link.peer.place else ""
        observed = tell("the other end of {link} is {peer}{where}", link=self.name, peer=link.peer.name, where=there)
        if link.peer.name != self.peer or self.far not in (None, link.peer.place):
            return Unmet(expected, observed, Layer.LINK, look)
        return Met(observed)


def find(facts: Facts, name: str, place: Place, expected: str) -> Link | Unmet | Unknown:
    """The link of this name, or why there is none."""
    stack = facts.of(StackOf(place))
    if isinstance(stack, Unreadable):
        return say.unreadable(stack, place, expected)
    return named(stack, name, place, expected)


def named(stack: Stack, name: str, place: Place, expected: str) -> Link | Unmet:
    """The link of this name in a stack, or that it is not there."""
    link = stack.link(name)
    if link is None:
        observed = tell("{place} has no link {link}", place=say.place(place), link=name)
        return Unmet(expected, observed, Layer.LINK, say.ip(place, "link"))
    return link


def _look(place: Place, name: str) -> str:
    return say.ip(place, f"link show {name}")
