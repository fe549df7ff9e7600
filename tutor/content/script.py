"""Lines to be typed: the format of solutions and of the files that ``nettutor check --script`` takes.

``@lan`` goes on in the shell of that machine, ``= TEXT`` answers the open question, ``#`` begins a comment line. A
line that ends in a backslash goes on in the next one. Everything else is typed as it stands.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tutor.content import source as sources
from tutor.content.source import SourceText
from tutor.content.tree import nearest
from tutor.i18n import tell
from tutor.model.lesson import Command, Lesson

MAXIMUM_BYTES = 1024 * 1024
MAXIMUM_COMMANDS = 10_000


def parse_script(path: Path, lesson: Lesson | None = None) -> tuple[Command, ...]:
    """The commands of a file, or of standard input as ``/dev/stdin``; ``ContentError`` with file and line.

    They start in the lesson's first shell. Without the lesson that machine is called ``""``, and other names are
    taken as they stand.
    """
    source = sources.read(path, maximum=MAXIMUM_BYTES, pipe=path.is_relative_to("/dev"))
    if lesson is None:
        return commands(source, enumerate(source.lines, 1), ())
    return commands(source, enumerate(source.lines, 1), lesson.topology.shells)


def commands(source: SourceText, lines: Iterable[tuple[int, str]], shells: tuple[str, ...]) -> tuple[Command, ...]:
    """The commands in numbered lines. They start in the first of ``shells``; only these may be switched to."""
    machine = shells[0] if shells else ""
    found: list[Command] = []
    begun: list[str] = []
    first = 0
    for number, raw in lines:
        line = raw.strip()
        if begun or (line.endswith("\\") and line[0] not in "@=#"):
            first = first or number
            begun.append(line.removesuffix("\\").strip())
            if line.endswith("\\"):
                continue
            line, number, begun, first = " ".join(filter(None, begun)), first, [], 0
        if not line or line.startswith("#"):
            continue
        if line.startswith("@"):
            machine = _machine(source, number, line[1:].strip(), shells)
        elif line.startswith("= ") or line == "=":
            found.append(Command(machine, _answer(source, number, line), answer=True, line=number))
        else:
            found.append(Command(machine, line, line=number))
        if len(found) > MAXIMUM_COMMANDS:
            raise source.error(number, tell("there are more than {count} commands", count=MAXIMUM_COMMANDS))
    if begun:
        raise source.error(first, tell("the last line ends in a backslash, but nothing follows it"))
    return tuple(found)


def _machine(source: SourceText, number: int, name: str, shells: tuple[str, ...]) -> str:
    if not name or (shells and name not in shells):
        said = tell("there is no machine {name} with a shell{near}", name=repr(name[:40]), near=nearest(name, shells))
        raise source.error(number, said)
    return name


def _answer(source: SourceText, number: int, line: str) -> str:
    text = line[1:].strip()
    if not text:
        raise source.error(number, tell("the answer is empty"))
    return text
