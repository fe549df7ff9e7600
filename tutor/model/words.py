"""The words in which the program speaks to a beginner of places, and of commands to look with."""

from __future__ import annotations

from collections.abc import Iterable

from tutor.model.containers import container_of
from tutor.model.place import Place

HOME = "host"
"""The learner's own machine; a namespace on it, or a container, is called by its name alone."""


def place(where: Place) -> str:
    """``red``, ``host``, or ``red on node1``."""
    if where.netns is None:
        return where.machine
    name = container_of(where) or where.netns
    return name if where.machine == HOME else f"{name} on {where.machine}"


def within(where: Place) -> str:
    """``in red``, ``on host``."""
    return f"on {where.machine}" if where.netns is None else f"in {place(where)}"


def ip(where: Place, arguments: str) -> str:
    """The ``ip`` command that shows something there: ``ip -n red addr``, ``ip addr (on lan)``."""
    if where.netns is None or container_of(where):
        return command(where, f"ip {arguments}")
    return on(where.machine, f"ip -n {where.netns} {arguments}")


def command(where: Place, line: str) -> str:
    """Any command there: ``ip netns exec red sysctl -a``, ``docker exec web ps``."""
    if container := container_of(where):
        return on(where.machine, f"docker exec {container} {line}")
    return on(where.machine, line if where.netns is None else f"ip netns exec {where.netns} {line}")


def on(machine: str, line: str) -> str:
    return line if machine == HOME else f"{line} (on {machine})"


def joined(words: Iterable[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; ``nothing`` for none."""
    *head, tail = list(words) or ["nothing"]
    return f"{', '.join(head)} {last} {tail}" if head else tail
