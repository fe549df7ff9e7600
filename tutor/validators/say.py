"""The words in which validators speak to a beginner: places, commands to look with, and facts that are not there."""

from __future__ import annotations

from collections.abc import Iterable

from tutor.model.facts import Gone, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unknown, Unmet
from tutor.model.wants import Address

HOME = "host"
"""The learner's own machine; a namespace on it is called by its name alone."""


def place(where: Place) -> str:
    """``red``, ``host``, or ``red on node1``."""
    if where.netns is None:
        return where.machine
    return where.netns if where.machine == HOME else f"{where.netns} on {where.machine}"


def within(where: Place) -> str:
    """``in red``, ``on host``."""
    return f"on {where.machine}" if where.netns is None else f"in {place(where)}"


def ip(where: Place, arguments: str) -> str:
    """The ``ip`` command that shows something there: ``ip -n red addr``, ``ip addr (on lan)``."""
    command = f"ip {arguments}" if where.netns is None else f"ip -n {where.netns} {arguments}"
    return on(where.machine, command)


def command(where: Place, line: str) -> str:
    """Any command there: ``ip netns exec red sysctl -a``."""
    return on(where.machine, line if where.netns is None else f"ip netns exec {where.netns} {line}")


def on(machine: str, line: str) -> str:
    return line if machine == HOME else f"{line} (on {machine})"


def joined(words: Iterable[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; ``nothing`` for none."""
    *head, tail = list(words) or ["nothing"]
    return f"{', '.join(head)} {last} {tail}" if head else tail


def unreadable(what: Unreadable, where: Place, expected: str) -> Unmet | Unknown:
    """A missing namespace is the learner's own state; anything else means that we do not know."""
    if what.reason is Gone.NO_NAMESPACE:
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
