"""The words in which the program speaks to a beginner of places, and of commands to look with."""

from __future__ import annotations

from collections.abc import Iterable

from tutor.model.place import Place

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
