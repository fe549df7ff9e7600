"""Values of parameters that stand in a lesson as they are: forgotten placeholders, and names that are taken already."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tutor.content import parameters
from tutor.content import source as sources
from tutor.content.document import front_matter
from tutor.content.source import SourceText
from tutor.model.lesson import Source

_NO_TEXT = re.compile(
    r"\{\{[^}]*\}\}|\{#[^}]*\}|<!--.*?-->|\]\([^)]*\)|^(?:- )?id: .*|^[a-z0-9-]+:(?= |$)|^parameters:"
)
"""Placeholders, and the ids of steps and goals, which no parameter changes."""


def remarks(lesson: Path, *translations: Path) -> Iterator[tuple[Source, str]]:
    """Where a value stands as a word outside of the list of the parameters."""
    source = sources.read(lesson)
    front, start = front_matter(source)
    owner = {value: one.name for one in parameters.declared(source, front) for value in one.values}
    if not owner:
        return
    values = "|".join(map(re.escape, sorted(owner, key=len, reverse=True)))
    word = re.compile(rf"(?:(?<!\w)(?<!\d\.)|(?<=\\[nrt]))(?:{values})(?!\w)", re.ASCII)
    own = _block(source.lines[:start])
    for text in (source, *(sources.read(path) for path in translations if path.is_file())):
        skipped = own if text is source else range(0)
        for number, line in enumerate(text.lines):
            found = word.search(_NO_TEXT.sub(" ", line)) if number not in skipped else None
            if found:
                yield _remark(text, number + 1, found[0], owner[found[0]])


def _remark(text: SourceText, line: int, value: str, name: str) -> tuple[Source, str]:
    return Source(text.shown, line), f"{value!r} stands here as it is, and is a value of parameter {name!r}"


def _block(lines: tuple[str, ...]) -> range:
    """Where the parameters are declared."""
    begin = next(index for index, line in enumerate(lines) if line.startswith("parameters:"))
    rest = range(begin + 1, len(lines))
    return range(begin, next((index for index in rest if lines[index] and not lines[index][0].isspace()), len(lines)))
