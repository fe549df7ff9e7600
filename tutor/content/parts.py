"""What there is to translate in a ``lesson.md``, part by part, with the digest that tells when it has changed."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tutor.content import parameters
from tutor.content import source as sources
from tutor.content.document import Block, Section, divided, front_matter
from tutor.content.source import SourceText
from tutor.content.translation import FRONT, RECAP, words_in
from tutor.content.tree import parse
from tutor.validators import registry


@dataclass(frozen=True, slots=True)
class English:
    """One part: the introduction (its id is empty), a step, or the recap.

    ``goals`` are its goals with the names of their words, and how many there are of each. ``ways`` are the titles of
    its solutions; ``worded`` says whether one of them is more than the names of commands.
    """

    id: str
    line: int
    digest: str
    prose: str
    goals: Mapping[str, Mapping[str, int]]
    hints: int
    ways: tuple[str, ...]
    worded: bool

    @property
    def called(self) -> str:
        return {"": "the introduction", RECAP: "the recap"}.get(self.id, f"step {self.id!r}")


def parts(path: Path) -> tuple[English, ...]:
    """The parts of the lesson file in their order; ``ContentError`` where it cannot be read."""
    source = sources.read(path)
    source = parameters.filled(source, neutral(path, source))
    start = front_matter(source)[1]
    document = divided(source, start)
    front = parse(source, 2, source.lines[1 : start - 1]).mapping("the front matter")
    head = [" ".join(front.need(key, "the front matter").text(f"{key!r}").split()) for key in FRONT]
    found = [English("", 1, _digest(*head, document.introduction), document.introduction, {}, 0, (), False)]
    found += [_step(source, section) for section in document.sections]
    if document.recap:
        line = source.lines.index("## Recap") + 1 if "## Recap" in source.lines else len(source.lines)
        found.append(English(RECAP, line, _digest(document.recap), document.recap, {}, 0, (), False))
    return tuple(found)


def neutral(path: Path, source: SourceText) -> dict[str, str]:
    """The parameters, each standing for itself: their values may change without a change of the text."""
    return {name: f"<{name}>" for name in parameters.drawn(source, front_matter(source)[0], path.parent.name, None)}


def _step(source: SourceText, section: Section) -> English:
    goals: dict[str, Counter[str]] = {}
    texts = [section.title, section.prose]
    hints = 0
    ways: list[Block] = []
    for block in section.blocks:
        if block.role == "goal":
            node = parse(source, block.line + 1, block.lines)
            entries = node.mapping("a goal")
            goal_id = entries.need("id", "a goal").text("the id")
            text = " ".join(entries.need("text", "a goal").text("the text").split())
            words = [(name, scalar.value) for _, name, scalar in words_in(node, registry.WORDS)]
            goals[goal_id] = Counter(["text", *(name for name, _ in words)])
            texts += [goal_id, text, *(value for _, value in words)]
        elif block.role == "hint":
            hints += 1
            texts.append("\n".join(block.lines).strip("\n"))
        elif block.role == "solution":
            ways.append(block)
            texts.append(block.title)
    titles = tuple(way.title for way in ways)
    worded = any(_worded(way) for way in ways)
    return English(section.id, section.line, _digest(*texts), section.prose, goals, hints, titles, worded)


def _worded(way: Block) -> bool:
    """Is there more in the title than what is typed?"""
    typed = " ".join(line for line in way.lines if not line.startswith("#"))
    return any(word not in typed for word in way.title.split())


def _digest(*texts: str) -> str:
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:8]
