"""The words in which validators speak to a beginner: places, commands to look with, and facts that are not there."""

from __future__ import annotations

from tutor.model.containers import container_of
from tutor.model.facts import Gone, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unknown, Unmet
from tutor.model.wants import Address
from tutor.model.words import HOME, command, ip, joined, on, place, within

__all__ = ["HOME", "address", "command", "ip", "joined", "links", "on", "place", "unreadable", "within"]


def unreadable(what: Unreadable, where: Place, expected: str) -> Unmet | Unknown:
    """A missing namespace is the learner's own state; anything else means that we do not know."""
    if what.reason is Gone.NO_NAMESPACE:
        if container_of(where):
            return Unmet(
                expected, f"no container {place(where)} is running", Layer.SERVICE, on(where.machine, "docker ps -a")
            )
        observed = f"there is no namespace {place(where)}"
        return Unmet(expected, observed, Layer.NAMESPACE, on(where.machine, "ip netns"))
    return Unknown(f"{place(where)} could not be read: {what.detail}")


def links(stack: Stack) -> str:
    """The names of the links, ``lo`` last in importance: ``veth-red and lo``, ``only lo``."""
    names = sorted(link.name for link in stack.links if link.kind != "loopback")
    if not names:
        return "only lo"
    return joined([*names, "lo"])


def address(value: Address) -> str:
    return str(value)
