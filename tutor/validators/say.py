"""The words in which validators speak to a beginner: places, commands to look with, and facts that are not there."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.model.containers import container_of
from tutor.model.facts import Gone, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unknown, Unmet
from tutor.model.wants import Address
from tutor.model.words import HOME, clauses, command, ip, joined, on, place, within

__all__ = ["HOME", "address", "clauses", "command", "ip", "joined", "links", "on", "place", "unreadable", "within"]


def unreadable(what: Unreadable, where: Place, expected: str) -> Unmet | Unknown:
    """A missing namespace is the learner's own state; anything else means that we do not know."""
    if what.reason is Gone.NO_NAMESPACE:
        where = what.place or where
        if container_of(where):
            observed = tell("no container {place} is running", place=place(where))
            return Unmet(expected, observed, Layer.SERVICE, on(where.machine, "docker ps -a"))
        observed = tell("there is no namespace {place}", place=place(where))
        return Unmet(expected, observed, Layer.NAMESPACE, on(where.machine, "ip netns"))
    return Unknown(tell("{place} could not be read: {detail}", place=place(where), detail=what.detail))


def links(stack: Stack) -> str:
    """The names of the links, ``lo`` last in importance: ``veth-red and lo``, ``only lo``."""
    names = sorted(link.name for link in stack.links if link.kind != "loopback")
    if not names:
        return tell("only lo")
    return joined([*names, "lo"])


def address(value: Address) -> str:
    return str(value)
