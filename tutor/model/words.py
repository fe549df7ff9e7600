"""The words in which the program speaks to a beginner of places, and of commands to look with."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from functools import reduce
from typing import Literal

from tutor.i18n import Told, tell
from tutor.model.containers import container_of
from tutor.model.place import Place

MOST = 10
"""Names in one sentence."""
HOME = "host"
"""The learner's own machine; a namespace on it, or a container, is called by its name alone."""


def place(where: Place) -> str:
    """``red``, ``host``, or ``red on node1``."""
    if where.netns is None:
        return where.machine
    name = container_of(where) or where.netns
    return name if where.machine == HOME else tell("{name} on {machine}", name=name, machine=where.machine)


def within(where: Place) -> str:
    """``in red``, ``on host``."""
    if where.netns is None:
        return tell("on {machine}", machine=where.machine)
    return tell("in {place}", place=place(where))


def ip(where: Place, arguments: str) -> str:
    """The ``ip`` command that shows something there: ``ip -n red addr``, ``ip addr (on lan)``."""
    if where.netns is None or container_of(where):
        return command(where, f"ip {arguments}")
    return on(where.machine, f"ip -n {where.netns} {arguments}")


def command(where: Place, line: str) -> str:
    """Any command there: ``ip netns exec red sysctl -a``, ``docker exec web ps``."""
    if container := container_of(where):
        if line.startswith("tcpdump "):  # not in the images; their machine sees what passes the container's cable
            return on(where.machine, re.sub(r"(?<=ni )\S+", "any", line, count=1))
        return on(where.machine, f"docker exec {container} {_of_busybox(line)}")
    return on(where.machine, line if where.netns is None else f"ip netns exec {where.netns} {line}")


def _of_busybox(line: str) -> str:
    """The same with the tools that the lab's images have."""
    words = line.split()
    if words[0] == "curl":
        return f"wget -qO- {words[-1]}"
    if words[0] == "ss":
        return " ".join(["netstat", *words[1:]])
    if words[0] == "dig":
        server = next((word[1:] for word in words if word.startswith("@")), "")
        name = next((word for word in words[1:] if word[0] not in "@+"), "")
        return f"nslookup {name} {server}".strip()
    return line


def on(machine: str, line: str) -> str:
    return line if machine == HOME else tell("{line} (on {machine})", line=line, machine=machine)


def in_reach(line: str, shells: Collection[str]) -> str:
    """A line made by ``on``; nothing where it is for a machine that has none of the ``shells`` of the learner."""
    machine = line.values.get("machine", HOME) if isinstance(line, Told) and "line" in line.values else HOME
    return line if machine == HOME or machine in shells else ""


def told(line: str) -> str:
    """A command as a lesson writes it, ``curl 8.8.8.8 (on lan)``, in the words of ``on``."""
    command, bracket, machine = line.removesuffix(")").rpartition(" (on ")
    return on(machine, command) if bracket and machine.isidentifier() and line.endswith(")") else line


def joined(words: Iterable[str], last: Literal["and", "or"] = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``; ``nothing`` for none; of many the first ``MOST``, and how many more."""
    *head, tail = list(words) or [tell("nothing")]
    if len(head) >= MOST + 2:
        head, tail = head[:MOST], tell("{count} more", count=len(head) + 1 - MOST)
    if not head:
        return tail
    before = reduce(lambda one, other: tell("{one}, {other}", one=one, other=other), head)
    if last == "or":
        return tell("{one} or {other}", one=before, other=tail)
    return tell("{one} and {other}", one=before, other=tail)


def clauses(said: Iterable[str]) -> str:
    """``red has only lo; blue has only lo``."""
    return reduce(lambda one, other: tell("{one}; {other}", one=one, other=other), said)
