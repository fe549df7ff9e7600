"""A translation, ``lesson.ko.md``: the texts of a lesson in another language, each under the key it is asked for by.

It holds only what is translated, in the order of the lesson; machines, goals and solutions stand in ``lesson.md``
alone. Each part, that is the introduction, a step or the recap, has a stamp: the digest of the English that it was made
from. What is missing is shown in English; lint tells of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tutor.content import parameters
from tutor.content import source as sources
from tutor.content.document import TRANSLATION, Section, divided, front_matter
from tutor.content.source import SourceText
from tutor.content.tree import Mapping as Entries
from tutor.content.tree import Node, Scalar, parse
from tutor.errors import ContentError

RECAP = "recap"
FRONT = ("title", "summary")
_STAMP = re.compile(r"\s*<!-- en: (?P<digest>[0-9a-f]{8}) -->[^\S\n]*(\n|$)")


def file_for(lesson: Path, language: str) -> Path:
    """Where the translation of ``lesson.md`` is, or would be."""
    return lesson.with_name(f"lesson.{language}.md")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one goal: its text, and those of its validators' parameters, each name with all its values."""

    line: int
    texts: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Part:
    """The introduction (its id is empty), a step, or the recap. ``stamp`` is the digest of its English, if any."""

    id: str
    line: int
    stamp: str | None
    title: str
    prose: str
    goals: Mapping[str, Words] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    ways: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Translation:
    """All of one file. ``front`` are title and summary; the introduction is the first of the parts."""

    source: SourceText
    front: Mapping[str, str]
    parts: tuple[Part, ...]

    def texts(self) -> dict[str, str]:
        """Every text by its key."""
        found = dict(self.front)
        for part in self.parts:
            found |= dict(_texts(part))
        return found


def _texts(part: Part) -> Iterator[tuple[str, str]]:
    if part.id in ("", RECAP):
        yield part.id or "introduction", part.prose
        return
    yield f"{part.id}/title", part.title
    yield f"{part.id}/body", part.prose
    for number, hint in enumerate(part.hints):
        yield hint_key(part.id, number, len(part.hints)), hint
    for number, way in enumerate(part.ways):
        yield way_key(part.id, number, len(part.ways)), way
    for goal, words in part.goals.items():
        for name, texts in words.texts.items():
            for number, text in enumerate(texts):
                yield goal_key(goal, name, number), text


def hint_key(step: str, number: int, of: int) -> str:
    """With how many there are: where it is another number, it is not known which is which."""
    return f"{step}/hint/{number}/{of}"


def way_key(step: str, number: int, of: int) -> str:
    return f"{step}/way/{number}/{of}"


def goal_key(goal: str, name: str, number: int = 0) -> str:
    return f"goal/{goal}/{name}/{number}"


def read(path: Path, values: Mapping[str, str]) -> Translation:
    """The translation in ``path`` with the lesson's parameters; ``ContentError`` for the first thing that is wrong."""
    source = parameters.filled(sources.read(path), values)
    front, start = _front(source)
    document = divided(source, start, TRANSLATION)
    if document.recap:
        raise source.error(_line_of(source, "## Recap"), "the heading of the recap is translated: '## Recap {#recap}'")
    stamp, prose = unstamped(document.introduction)
    parts = [Part("", start + 1, stamp, "", prose)]
    first: dict[str, int] = {}
    for section in document.sections:
        if section.id in first:
            raise source.error(section.line, f"step {section.id!r} is there twice, first at line {first[section.id]}")
        first[section.id] = section.line
        parts.append(_part(source, section))
    return Translation(source, front, tuple(parts))


def read_front(path: Path) -> Mapping[str, str]:
    """Title and summary alone, for lists: quick to read."""
    return _front(sources.read(path))[0]


def unstamped(prose: str) -> tuple[str | None, str]:
    """The stamp at the beginning, if there is one, and what is left."""
    match = _STAMP.match(prose)
    return (match["digest"], prose[match.end() :].strip("\n")) if match else (None, prose)


def _front(source: SourceText) -> tuple[Mapping[str, str], int]:
    lines, start = front_matter(source)
    front = parse(source, 2, lines).mapping("the front matter")
    front.only(FRONT, "the front matter of a translation")
    return {key: " ".join(node.text(f"{key!r}").split()) for key, node in front.entries.items()}, start


def _line_of(source: SourceText, text: str) -> int:
    return next((number for number, line in enumerate(source.lines, 1) if line.startswith(text)), 1)


def _part(source: SourceText, section: Section) -> Part:
    stamp, prose = unstamped(section.prose)
    goals: dict[str, Words] = {}
    hints: list[str] = []
    ways: tuple[str, ...] = ()
    seen: set[str] = set()
    for block in section.blocks:
        if block.role == "hint":
            hints.append("\n".join(block.lines).strip("\n"))
            continue
        if block.role in seen:
            raise source.error(block.line, f"step {section.id!r} has two blocks of {block.role}")
        seen.add(block.role)
        node = parse(source, block.line + 1, block.lines)
        if block.role == "goals":
            goals = _goals(node)
        else:
            ways = tuple(item.text("the title of a solution") for item in node.items("the titles of the solutions"))
    return Part(section.id, section.line, stamp, section.title, prose, goals, tuple(hints), ways)


def _goals(node: Node) -> dict[str, Words]:
    """``id: text``, or ``id: {text: …, asked: …}`` where a validator has words too."""
    goals = node.mapping("the goals").entries
    found: dict[str, Words] = {}
    for goal, body in goals.items():
        entries = body.entries if isinstance(body, Entries) else {"text": body}
        texts = {
            name: tuple(_joined(item, f"goal {goal!r}: {name!r}") for item in value.items(f"goal {goal!r}: {name!r}"))
            for name, value in entries.items()
        }
        found[goal] = Words(body.line, texts)
    return found


def _joined(node: Node, what: str) -> str:
    return " ".join(node.text(what).split())


class Translations:
    """The translations of one lesson, each file read when a text of it is shown first. Implements ``i18n.Texts``."""

    def __init__(self, lesson: Path, values: Mapping[str, str] | None = None) -> None:
        """Without ``values``, the parameters of the lesson, only title and summary are to be had."""
        self._lesson = lesson
        self._values = values
        self._known: dict[str, Mapping[str, str]] = {}
        self._fronts: dict[str, Mapping[str, str]] = {}

    def require(self, language: str) -> bool:
        """Read it now; ``ContentError`` for what is wrong in it. Says whether there is one."""
        path = file_for(self._lesson, language)
        if language in self._known:
            return bool(self._known[language])
        self._known[language] = {}
        if not path.is_file():
            return False
        self._known[language] = read_front(path) if self._values is None else read(path, self._values).texts()
        return True

    def text(self, language: str, key: str) -> str | None:
        try:
            if language not in self._known:
                if key in FRONT:
                    return self._front(language).get(key)
                self.require(language)
        except ContentError:  # the English text does, too
            return None
        return self._known[language].get(key)

    def _front(self, language: str) -> Mapping[str, str]:
        """Title and summary without the rest, as lists of lessons need them."""
        if language not in self._fronts:
            self._fronts[language] = {}
            path = file_for(self._lesson, language)
            if path.is_file():
                self._fronts[language] = read_front(path)
        return self._fronts[language]


def words_in(node: Node, names: frozenset[str]) -> Iterator[tuple[Entries, str, Scalar]]:
    """The texts of a goal's parameters that the learner reads, in the order of the file: where, name, and text."""
    if isinstance(node, Entries):
        for name, value in node.entries.items():
            if name in names and isinstance(value, Scalar):
                yield node, name, value
            else:
                yield from words_in(value, names)
    elif not isinstance(node, Scalar):
        for item in node.items(""):
            yield from words_in(item, names)
