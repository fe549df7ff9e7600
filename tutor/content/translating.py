"""Whether a lesson's translations are complete and up to date, and the stamps that say so."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor import i18n
from tutor.content import parameters, translation
from tutor.content import source as sources
from tutor.content.document import front_matter
from tutor.content.parts import English, neutral, parts
from tutor.content.translation import FRONT, Part, file_for
from tutor.content.tree import nearest
from tutor.errors import ContentError, UsageError
from tutor.i18n import tell
from tutor.model.lesson import Source

_FENCE = re.compile(r"^(`{3,})[ \t]*(?P<language>bash|sh|console)\b[^\n]*\n(?P<code>.*?)^\1`*[ \t]*$", re.M | re.S)
_LINE = "<!-- en: {digest} -->"

Found = tuple[Source, str]


def languages() -> tuple[str, ...]:
    """Those into which lessons are translated."""
    return tuple(code for code in i18n.languages() if code != i18n.ENGLISH)


def remarks(lesson: Path) -> Iterator[Found]:
    """What is missing, stale or left over in the translations of ``lesson.md``."""
    english = parts(lesson)
    for language in languages():
        path = file_for(lesson, language)
        if not path.is_file():
            yield Source(str(lesson), 1), f"there is no translation {path.name}"
            continue
        try:
            yield from _of_file(lesson, english, _read(lesson, path))
        except ContentError as error:
            yield Source(error.path, error.line), error.reason


@dataclass(frozen=True, slots=True)
class Prose:
    """The Markdown of one part of a translation; ``steps`` are those that a link may lead to."""

    source: Source
    steps: frozenset[str]
    prose: str
    hints: tuple[str, ...]


def files(lesson: Path) -> tuple[Path, ...]:
    """The translations that there are."""
    return tuple(path for path in (file_for(lesson, language) for language in languages()) if path.is_file())


def all_parts(lesson: Path) -> Iterator[Prose]:
    """The prose of all translations that can be read, with the first value of each parameter."""
    source = sources.read(lesson)
    values = parameters.drawn(source, front_matter(source)[0], lesson.parent.name, None)
    for language in languages():
        path = file_for(lesson, language)
        with contextlib.suppress(ContentError):
            translated = translation.read(path, values)
            steps = frozenset(part.id for part in translated.parts)
            for part in translated.parts:
                yield Prose(Source(translated.source.shown, part.line), steps, part.prose, part.hints)


def _read(lesson: Path, path: Path) -> translation.Translation:
    return translation.read(path, neutral(lesson, sources.read(lesson)))


def _of_file(lesson: Path, english: tuple[English, ...], translated: translation.Translation) -> Iterator[Found]:
    shown = translated.source.shown
    for key in FRONT:
        if key not in translated.front:
            yield Source(shown, 1), f"the front matter needs {key!r}"
    known = {part.id: part for part in english}
    there = {part.id: part for part in translated.parts}
    line = 1
    for part in english:
        if part.id not in there:
            yield Source(shown, line), f"{part.called} ({lesson.name}:{part.line}) is not translated"
            continue
        line = there[part.id].line
        yield from ((Source(shown, at), text) for at, text in _of_part(lesson, part, there[part.id]))
    for extra in translated.parts:
        if extra.id not in known:
            reason = f"{lesson.name} has no step {extra.id!r}{nearest(extra.id, (p.id for p in english if p.id))}"
            yield Source(shown, extra.line), reason
    order = [part.id for part in translated.parts if part.id in known]
    wanted = [part.id for part in english if part.id in there]
    for found, expected in zip(order, wanted, strict=True):
        if found != expected:
            yield Source(shown, there[found].line), f"{known[expected].called} should stand here, as in {lesson.name}"
            break


def _of_part(lesson: Path, english: English, part: Part) -> Iterator[tuple[int, str]]:
    what, where = english.called, f"{lesson.name}:{english.line}"
    stamping = f"`nettutor author lint --translated {lesson.parent.name.partition('-')[2]}` stamps it"
    if part.stamp is None:
        yield part.line, f"{what} has no stamp; once it says what {where} says, {stamping}"
    elif part.stamp != english.digest:
        yield part.line, f"{what} is stale: the English ({where}) has changed; once it is translated anew, {stamping}"
    if bool(part.prose) != bool(english.prose):
        yield part.line, f"{what} has {'no prose' if english.prose else 'prose'}, unlike {where}"
    elif _commands(part.prose) != _commands(english.prose):
        yield part.line, f"{what} shows other commands than {where}"
    yield from _of_goals(english, part, where)
    if len(part.hints) != english.hints:
        yield part.line, f"{what} has {len(part.hints)} hints, and {where} has {english.hints}"
    if (part.ways or english.worded) and len(part.ways) != len(english.ways):
        titles = ", ".join(english.ways)
        yield part.line, f"{what} needs a block `yaml solutions` with the titles of all of them: {titles}"


def _of_goals(english: English, part: Part, where: str) -> Iterator[tuple[int, str]]:
    for goal, words in english.goals.items():
        if goal not in part.goals:
            yield part.line, f"the goal {goal!r} of {english.called} ({where}) is not translated"
            continue
        found = part.goals[goal]
        for name in {**words, **found.texts}:
            expected, given = words.get(name, 0), len(found.texts.get(name, ()))
            if expected != given:
                yield found.line, f"the goal {goal!r} needs {expected} of {name!r}, not {given}"
    for goal, extra in part.goals.items():
        if goal not in english.goals:
            yield extra.line, f"{english.called} has no goal {goal!r}{nearest(goal, english.goals)}"


def _commands(prose: str) -> list[str]:
    """The lines to be typed that the prose shows, without their comments."""
    lines = (line for match in _FENCE.finditer(prose) for line in match["code"].split("\n"))
    return [line for line in (re.sub(r"(^|\s+)# .*", "", line).rstrip() for line in lines) if line]


def stamp(lesson: Path) -> list[str]:
    """Say that every part of the translations says what the English now says. Gives what was stamped anew, one line
    each; ``UsageError`` where a file cannot be written, ``ContentError`` where one cannot be read."""
    digests = {part.id: part for part in parts(lesson)}
    done: list[str] = []
    for language in languages():
        path = file_for(lesson, language)
        if not path.is_file():
            continue
        lines = list(sources.read(path).lines)
        for part in reversed(_read(lesson, path).parts):
            english = digests.get(part.id)
            if english is None or part.stamp == english.digest:
                continue
            _put(lines, part, _LINE.format(digest=english.digest))
            done.append(f"{path}: {english.called}")
        try:
            path.write_text("\n".join(lines), "utf-8")
        except OSError as error:
            raise UsageError(tell("{path} cannot be written: {error}", path=path, error=error.strerror)) from error
    return done[::-1]


def _put(lines: list[str], part: Part, stamped: str) -> None:
    """Below the heading, in place of the old stamp if there is one."""
    below = part.line - 1 if part.id == "" else part.line
    at = below
    while at < len(lines) and not lines[at].strip():
        at += 1
    if part.stamp is not None:
        lines[at] = stamped
    else:
        lines[below:at] = ["", stamped, ""]
