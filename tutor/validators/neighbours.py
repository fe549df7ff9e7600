"""Neighbour entries: what a place has learnt by ARP or NDP."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model.facts import Facts, Neighbour, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, StackOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


class NeighbourState(StrEnum):
    """How sure the kernel is of an entry (ip-neighbour(8))."""

    REACHABLE = "reachable"
    STALE = "stale"
    DELAY = "delay"
    PROBE = "probe"
    FAILED = "failed"
    INCOMPLETE = "incomplete"
    PERMANENT = "permanent"


@validator("neighbour-known")
@dataclass(frozen=True)
class NeighbourKnown:
    """The place has a usable neighbour entry, with a MAC address, for this address."""

    address: Address = param("the neighbour's address")
    place: Place = param("who knows it", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{place} knows the MAC address of {address}", place=say.place(self.place), address=self.address)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        entry = find(stack, self.address)
        look = say.ip(self.place, "neigh")
        if entry is None:
            return Unmet(expected, tell("no entry for {address}", address=self.address), Layer.NEIGHBOUR, look)
        if entry.mac is None or entry.state in ("failed", "incomplete"):
            return Unmet(expected, tell("nobody answered for {address}", address=self.address), Layer.NEIGHBOUR, look)
        return Met(tell("{address} is at {mac}", address=self.address, mac=entry.mac))


@validator("neighbour")
@dataclass(frozen=True)
class NeighbourEntry:
    """The place has a neighbour entry for this address; where asked, in one of these states and with the right MAC."""

    address: Address = param("the neighbour's address")
    place: Place = param("who knows it", name="in")
    states: tuple[NeighbourState, ...] = param("the states that will do", name="state", default=())
    mac: str | None = param("the MAC address that it must have", default=None)
    owner: Place | None = param("the place whose MAC address it must be", name="of", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in (self.place, self.owner) if place is not None)

    def judge(self, facts: Facts) -> Verdict:
        expected = self._expected()
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        right = self._right(facts, expected)
        if isinstance(right, Unmet | Unknown):
            return right
        look = look_at(self.place, self.address)
        entries = [entry for entry in stack.neighbours if entry.address == self.address]
        if not entries:
            return Unmet(expected, tell("no entry for {address}", address=self.address), Layer.NEIGHBOUR, look)
        for entry in entries:
            if (not self.states or entry.state in self.states) and (not right or entry.mac in right):
                return Met(_told(entry))
        wrong = next((entry for entry in entries if right and entry.mac and entry.mac not in right), None)
        if wrong is None or self.owner is None:
            return Unmet(expected, _told(wrong or entries[0]), Layer.NEIGHBOUR, look)
        owner = say.place(self.owner)
        observed = tell("{entry}: that is not the MAC address of {owner}", entry=_told(wrong), owner=owner)
        return Unmet(expected, observed, Layer.NEIGHBOUR, look)

    def _expected(self) -> str:
        entry = tell("an entry for {address}", address=self.address)
        if self.owner is not None:
            owner = say.place(self.owner)
            entry = tell("an entry for {address} with the MAC address of {owner}", address=self.address, owner=owner)
        elif self.mac is not None:
            entry = tell("an entry for {address} with the MAC address {mac}", address=self.address, mac=self.mac)
        return tell("{entry}, {state}", entry=entry, state=say.joined(self.states, "or")) if self.states else entry

    def _right(self, facts: Facts, expected: str) -> frozenset[str] | Unmet | Unknown:
        """The MAC addresses that will do; none where any will."""
        if self.owner is None:
            return frozenset({self.mac.lower()} if self.mac else ())
        stack = facts.of(StackOf(self.owner))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.owner, expected)
        return macs(stack)


@validator("no-neighbour")
@dataclass(frozen=True)
class NoNeighbour:
    """The place has no neighbour entry for this address (give the goal `baseline: true`)."""

    address: Address = param("the neighbour's address")
    place: Place = param("who must not know it", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("no entry for {address} {within}", address=self.address, within=say.within(self.place))
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        entry = find(stack, self.address)
        if entry is not None:
            return Unmet(expected, _told(entry), Layer.NEIGHBOUR, look_at(self.place, self.address))
        return Met(tell("there is no entry for {address}", address=self.address))


@validator("proxy-neighbour")
@dataclass(frozen=True)
class ProxyNeighbour:
    """The place answers ARP or NDP questions for another's address, by an entry of its own (`ip neigh add proxy`)."""

    address: Address = param("the address that it answers for")
    place: Place = param("who answers", name="in")
    link: str | None = param("the link on which it must answer", name="dev", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        on = tell(" dev {link}", link=self.link) if self.link else ""
        expected = tell("a proxy entry for {address}{on} {within}", address=self.address, on=on,
                        within=say.within(self.place))  # fmt: skip
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        for entry in stack.proxies:
            link = stack.by_index(entry.link)
            if entry.address == self.address and (entry.link is None or self.link in (None, link and link.name)):
                return Met(tell("{place} answers for {address}", place=say.place(self.place), address=self.address))
        seen = [str(entry.address) for entry in stack.proxies]
        observed = (
            tell("there are proxy entries for {others}", others=say.joined(seen))
            if seen
            else tell("there is no proxy entry")
        )
        return Unmet(expected, observed, Layer.NEIGHBOUR, say.ip(self.place, "neigh show proxy"))


def macs(stack: Stack) -> frozenset[str]:
    """The MAC addresses of all links of a stack."""
    return frozenset(link.mac for link in stack.links if link.kind != "loopback" and link.mac)


def look_at(place: Place, address: Address) -> str:
    """The command that shows the entry."""
    return say.ip(place, f"neigh show {address}")


def _told(entry: Neighbour) -> str:
    if entry.mac is None:
        return tell("{address} is {state}: nobody answered", address=entry.address, state=entry.state)
    return tell("{address} is at {mac}, {state}", address=entry.address, mac=entry.mac, state=entry.state)


def find(stack: Stack, address: Address) -> Neighbour | None:
    return next((entry for entry in stack.neighbours if entry.address == address), None)
