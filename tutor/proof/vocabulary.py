"""The names of a lesson with which a learner can confuse others: links, namespaces, machines, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.model.lesson import Lesson
from tutor.proof.line import Line

_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """``peers`` maps each end of a veth pair to the other; ``shells`` are the machines on which one can type."""

    links: tuple[str, ...] = ()
    peers: tuple[tuple[str, str], ...] = ()
    namespaces: tuple[str, ...] = ()
    shells: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()

    def peer(self, link: str) -> str | None:
        return dict(self.peers).get(link)


def of_lesson(lesson: Lesson) -> Vocabulary:
    """What occurs in the lesson's machines and in its solutions."""
    lines = [Line(text) for text in _commands(lesson)]
    links: list[str] = ["lo"]
    namespaces: list[str] = []
    peers: dict[str, str] = {}
    for machine in lesson.topology.machines:
        links += [interface.name for interface in machine.interfaces]
        links += ["docker0" for service in machine.services if service.kind == "docker"]
    for line in lines:
        made = _made(line)
        links += made
        if len(made) == 2:
            peers |= {made[0]: made[1], made[1]: made[0]}
        texts = line.texts
        if texts[:3] == ("ip", "netns", "add") and len(texts) > 3:
            namespaces.append(texts[3])
    found = _ADDRESS.findall("\n".join([*(line.text for line in lines), *map(str, _addresses(lesson))]))
    return Vocabulary(
        tuple(dict.fromkeys(links)),
        tuple(peers.items()),
        tuple(dict.fromkeys(namespaces)),
        lesson.topology.shells,
        tuple(dict.fromkeys(found)),
    )


def _commands(lesson: Lesson) -> Iterator[str]:
    for machine in lesson.topology.machines:
        yield from machine.setup
    for step in lesson.steps:
        for solution in step.solutions:
            yield from (command.text for command in solution.commands if not command.answer)


def _addresses(lesson: Lesson) -> Iterator[object]:
    for machine in lesson.topology.machines:
        yield from machine.addresses
        for interface in machine.interfaces:
            yield from interface.addresses


def _made(line: Line) -> list[str]:
    """The links that a line makes: the name, and that of the other end."""
    texts = [word.text for word in line.bare]
    if texts[:2] == ["brctl", "addbr"] and len(texts) > 2:
        return [texts[2]]
    if texts[:3] != ["ip", "link", "add"] or len(texts) < 4:
        return []
    first = texts[4] if texts[3] == "name" and len(texts) > 4 else texts[3]
    if "peer" in texts:
        rest = texts[texts.index("peer") + 1 :]
        if "name" in rest[:-1]:
            return [first, rest[rest.index("name") + 1]]
    return [first]
