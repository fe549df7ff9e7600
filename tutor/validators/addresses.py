"""IP addresses on links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, Link, LinkAddress, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.topology import Interface
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import StackOf, Want
from tutor.validators import say
from tutor.validators.links import cables
from tutor.validators.registry import param, validator


@validator("address")
@dataclass(frozen=True)
class HasAddress:
    """A place has this address, with this prefix length."""

    address: Interface = param("the address with its prefix length, such as 192.168.15.1/24")
    place: Place = param("where", name="in")
    link: str | None = param("the link that must carry it; any link will do without", default=None)
    up: bool = param("that link must be up, too", default=False)
    far: Place | None = param(
        "the link must be the end of a cable, whatever it is called, whose other end is there",
        name="cable-to",
        default=None,
    )

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in (self.place, self.far) if place is not None)

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{address} {within}", address=self.address, within=say.within(self.place))
        if self.link:
            expected = tell("{address} on {link} {within}", **{**expected.values, "link": self.link})
        elif self.far:
            far = say.place(self.far)
            expected = tell("{address} on the cable to {far} {within}", **{**expected.values, "far": far})
        if self.up:
            expected = tell("{expected}, on a link that is up", expected=expected)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        ends = self._ends(facts, stack, expected)
        if isinstance(ends, Unmet | Unknown):
            return ends
        for link, address in carried(stack):
            if address.interface != self.address or self.link not in (None, link.name):
                continue
            if ends is not None and link not in ends:
                continue
            if self.up and not link.up:
                observed = tell("{address} is on {link}, which is down", address=self.address, link=link.name)
                return Unmet(expected, observed, Layer.LINK, say.ip(self.place, "link"))
            return Met(tell("{address} is on {link}", address=self.address, link=link.name))
        return Unmet(expected, self._nearest(stack), Layer.ADDRESS, say.ip(self.place, "addr"))

    def _ends(self, facts: Facts, stack: Stack, expected: str) -> tuple[Link, ...] | Unmet | Unknown | None:
        """The links that will do, where not any of them does: those whose cable leads to ``far``."""
        if self.far is None:
            return None
        there = facts.of(StackOf(self.far))
        if isinstance(there, Unreadable):
            return say.unreadable(there, self.far, expected)
        return tuple(end for end, _ in cables(self.place, stack, self.far, there))

    def _nearest(self, stack: Stack) -> str:
        for link, address in carried(stack):
            if address.interface.ip == self.address.ip:
                if address.interface.network.prefixlen != self.address.network.prefixlen:
                    length = address.interface.network.prefixlen
                    return tell(
                        "{link} has {address}: the prefix length is /{length}",
                        link=link.name,
                        address=address.interface,
                        length=length,
                    )
                return tell("{address} is on {link}", address=self.address, link=link.name)
        subject = self.link or say.place(self.place)
        if self.link and stack.link(self.link) is None:
            return tell("{place} has no link {link}", place=say.place(self.place), link=self.link)
        wanted = (address for link, address in carried(stack) if self.link in (None, link.name))
        seen = [str(address.interface) for address in wanted if address.interface.version == self.address.version]
        return (
            tell("{subject} has {seen}", subject=subject, seen=say.joined(seen))
            if seen
            else tell("{subject} has no address yet", subject=subject)
        )


@validator("no-address")
@dataclass(frozen=True)
class NoAddress:
    """A link has no address of the global scope (IPv6 link-local ones do not count)."""

    link: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{link} without an address", link=self.link)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        for link, address in carried(stack):
            if link.name == self.link:
                observed = tell("{link} has {address}", link=self.link, address=address.interface)
                return Unmet(expected, observed, Layer.ADDRESS, say.ip(self.place, f"addr show {self.link}"))
        return Met(tell("{link} has no address", link=self.link))


def carried(stack: Stack) -> Iterator[tuple[Link, LinkAddress]]:
    """Every address that is not loopback's or link-local, with its link."""
    for address in stack.addresses:
        link = stack.by_index(address.link)
        if link is not None and not address.interface.is_loopback and not address.interface.is_link_local:
            yield link, address
