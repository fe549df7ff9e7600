"""One ``lesson.md`` -> one ``Lesson``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from tutor.content import goals, machines, parameters, script
from tutor.content import source as sources
from tutor.content.document import Block, Section, divided, front_matter
from tutor.content.source import SourceText
from tutor.content.translation import FRONT, RECAP, Translations, hint_key, way_key
from tutor.content.tree import Mapping, Node, parse
from tutor.errors import ContentError
from tutor.i18n import ENGLISH, Written
from tutor.model.lesson import Equivalent, Goal, Lesson, Solution, Source, Step

_FRONT = ("id", "title", "summary", "requires", "tools", "machines", "parameters")
_DIRECTORY = re.compile(r"(?P<number>\d{2})-(?P<id>[a-z0-9]+(-[a-z0-9]+)*)")
MAXIMUM_HINTS = 4


@dataclass(frozen=True, slots=True)
class Header:
    """The front matter alone, for lists: quick to read."""

    id: str
    number: int
    title: str
    summary: str
    requires: tuple[str, ...]
    tools: tuple[str, ...]
    path: Path


def read_header(path: Path) -> Header:
    """The header of the lesson in ``path``, an ``NN-id/lesson.md``."""
    source = sources.read(path)
    lines, start = front_matter(source)
    head = SourceText(source.shown, source.lines[:start])
    if any("{{" in line for line in _without(lines, "machines", "parameters")):
        head = parameters.filled(head, parameters.drawn(head, lines, path.parent.name, None))
    else:  # all lists of lessons come by here
        head = SourceText(head.shown, ("---", *_without(lines, "machines", "parameters"), "---"))
    return _header(path, *_front(head), Translations(path))


def _without(lines: Sequence[str], *keys: str) -> list[str]:
    """The lines with those of some keys at the left emptied."""
    left, skipping = [], False
    for line in lines:
        if line[:1].strip():
            skipping = line.partition(":")[0] in keys
        left.append("" if skipping else line)
    return left


def read_lesson(path: Path, *, seed: int | None = None, cases: int | None = None, language: str = ENGLISH) -> Lesson:
    """The whole lesson in ``path``; ``ContentError`` with file and line for the first thing that is wrong, also in its
    translation into ``language``. Other translations are read when they are shown. ``cases`` is the seed for cases,
    where it is not ``seed``."""
    source = sources.read(path)
    front_lines, start = front_matter(source)
    drawn = parameters.drawn(source, front_lines, path.parent.name, seed, cases)
    source = parameters.filled(source, drawn)
    source, front = _front(source)
    texts = Translations(path, drawn)
    header = _header(path, source, front, texts)
    topology = machines.topology(front.need("machines", "the front matter"))
    document = divided(source, start)
    names = tuple(machine.name for machine in topology.machines)
    steps = tuple(_step(source, section, names, topology.shells, texts) for section in document.sections)
    _unique(source, [(step.id, step.source.line) for step in steps], "step")
    _unique(source, [(goal.id, goal.source.line) for step in steps for goal in step.goals], "goal")
    return Lesson(
        header.id,
        header.number,
        header.title,
        header.summary,
        topology,
        steps,
        Source(source.shown, 1),
        introduction=Written(document.introduction, "introduction", texts),
        recap=Written(document.recap, RECAP, texts),
        requires=header.requires,
        tools=header.tools,
        language=language if language != ENGLISH and texts.require(language) else ENGLISH,
        parameters={name: value for name, value in drawn.items() if "." not in name},
    )


def _front(source: SourceText) -> tuple[SourceText, Mapping]:
    lines, _ = front_matter(source)
    front = parse(source, 2, lines).mapping("the front matter")
    front.only(_FRONT, "the front matter")
    return source, front


def _header(path: Path, source: SourceText, front: Mapping, texts: Translations) -> Header:
    def text(key: str) -> str:
        return " ".join(front.need(key, "the front matter").text(f"{key!r}").split())

    def words(key: str) -> tuple[str, ...]:
        node = front.get(key)
        return tuple(item.text(f"{key!r}") for item in _list(node, key)) if node else ()

    match = _DIRECTORY.fullmatch(path.parent.name)
    if match is None:
        raise source.error(1, f"the directory {path.parent.name!r} must be called NN-id, such as 07-namespaces")
    lesson_id = text("id")
    if lesson_id != match["id"]:
        reason = f"the id is {lesson_id!r}, but the directory is called {path.parent.name!r}"
        raise front.need("id", "the front matter").error(reason)
    title, summary = (Written(text(key), key, texts) for key in FRONT)
    return Header(lesson_id, int(match["number"]), title, summary, words("requires"), words("tools"), path)


def _list(node: Node, key: str) -> tuple[Node, ...]:
    return node.items(f"{key!r}")


def _step(
    source: SourceText,
    section: Section,
    machine_names: tuple[str, ...],
    shells: tuple[str, ...],
    texts: Translations,
) -> Step:
    what = f"step {section.id!r}"
    found_goals: list[Goal] = []
    hints: list[str] = []
    solutions: list[Solution] = []
    equivalents: list[Equivalent] = []
    for block in section.blocks:
        if block.role == "goal":
            node = parse(source, block.line + 1, block.lines)
            found_goals.append(goals.goal(node, source.shown, machine_names, texts))
        elif block.role == "hint":
            hints.append(_hint(source, block))
        elif block.role == "solution":
            solutions.append(_solution(source, block, shells))
        else:
            equivalents += _equivalents(source, block, shells)
    if not found_goals:
        raise source.error(section.line, f"{what} has no goal")
    if not solutions:
        raise source.error(section.line, f"{what} has no solution")
    if len(hints) > MAXIMUM_HINTS:
        raise source.error(section.line, f"{what} has {len(hints)} hints; at most {MAXIMUM_HINTS} are allowed")
    return Step(
        section.id,
        Written(section.title, f"{section.id}/title", texts),
        Written(section.prose, f"{section.id}/body", texts),
        tuple(found_goals),
        tuple(Written(hint, hint_key(section.id, at, len(hints)), texts) for at, hint in enumerate(hints)),
        tuple(
            replace(way, title=Written(way.title, way_key(section.id, at, len(solutions)), texts))
            for at, way in enumerate(solutions)
        ),
        Source(source.shown, section.line),
        tuple(equivalents),
    )


def _hint(source: SourceText, block: Block) -> str:
    text = "\n".join(block.lines).strip("\n")
    if not text.strip():
        raise source.error(block.line, "the hint is empty")
    return text


def _solution(source: SourceText, block: Block, shells: tuple[str, ...]) -> Solution:
    commands = script.commands(source, enumerate(block.lines, block.line + 1), shells)
    if not commands:
        raise source.error(block.line, "the solution is empty")
    return Solution(block.title or "solution", commands, Source(source.shown, block.line))


def _equivalents(source: SourceText, block: Block, shells: tuple[str, ...]) -> list[Equivalent]:
    if not block.title:
        raise source.error(block.line, "say why it is equivalent, after the word: ```bash equivalent REASON")
    found = script.commands(source, enumerate(block.lines, block.line + 1), shells)
    if not found:
        raise source.error(block.line, "there is no line that is equivalent")
    home = shells[0] if shells else ""
    return [
        Equivalent(
            ("= " if command.answer else "" if command.machine == home else f"@{command.machine} ") + command.text,
            block.title,
            Source(source.shown, command.line),
        )
        for command in found
    ]


def _unique(source: SourceText, found: list[tuple[str, int]], what: str) -> None:
    first: dict[str, int] = {}
    for name, line in found:
        if name in first:
            raise ContentError(source.shown, line, f"{what} {name!r} is there twice, first at line {first[name]}")
        first[name] = line
