"""Neighbour entries: what a place has learnt by ARP or NDP."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.facts import Facts, Neighbour, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, StackOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("neighbour-known")
@dataclass(frozen=True)
class NeighbourKnown:
    """The place has a usable neighbour entry, with a MAC address, for this address."""

    address: Address = param("the neighbour's address")
    place: Place = param("who knows it", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = f"{say.place(self.place)} knows the MAC address of {self.address}"
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        entry = find(stack, self.address)
        look = say.ip(self.place, "neigh")
        if entry is None:
            return Unmet(expected, f"no entry for {self.address}", Layer.NEIGHBOUR, look)
        if entry.mac is None or entry.state in ("failed", "incomplete"):
            return Unmet(expected, f"nobody answered for {self.address}", Layer.NEIGHBOUR, look)
        return Met(f"{self.address} is at {entry.mac}")


def find(stack: Stack, address: Address) -> Neighbour | None:
    return next((entry for entry in stack.neighbours if entry.address == address), None)
