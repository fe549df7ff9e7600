"""Whose logs are nearly the same, beyond what the lesson itself says to type.

A log becomes the set of its pairs of consecutive lines (shingles of two lines, Broder 1997); two are alike by the part
of the pairs that they share (Jaccard). All pairs of learners above the threshold are found exactly, without comparing
each with each: of a set that must share the part *t* with another, the rarest ``n - ceil(t n) + 1`` elements cannot all
be missing in that (prefix filter, Bayardo, Ma and Srikant 2007).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tutor import content
from tutor.content.draws import draws
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Flag, FlagKind
from tutor.model.lesson import Lesson
from tutor.model.progress import Attempt

THRESHOLD = 0.6
"""The part of the pairs of lines that two logs share."""
FEWEST = 6
"""Lines of their own that two logs must share."""
SHORTEST = 8
"""Characters of a line that says something."""
_CLASS = 10
"""Learners from which on "most of them" means something."""
_MOST_NAMED = 10
_CODE = re.compile(r"```[^\n]*\n(.*?)```|`([^`\n]+)`", re.DOTALL)
_Shingle = tuple[str, str]


def alike(checkpoint: Checkpoint, attempts: Mapping[str, Mapping[str, Attempt]]) -> dict[str, Flag]:
    """A flag for each learner whose log is nearly another's. ``attempts`` are by learner and then by lesson, and
    ``checkpoint`` has the seeds of all of them.

    Lines that the lesson shows, that are shorter than ``SHORTEST``, or that more than half of a class typed, count for
    nothing.
    """
    logs = _own_lines(_normal_logs(checkpoint, attempts))
    return {learner: _flag(matches) for learner, matches in _matches(logs).items()}


def _flag(matches: Sequence[tuple[str, float, int]]) -> Flag:
    _, share, lines = matches[0]
    detail = tell(
        "{lines} lines that the lesson does not show are also those of other learners ({count}), {share} % of them in "
        "the same order",
        lines=lines,
        count=len(matches),
        share=round(share * 100),
    )
    return Flag(FlagKind.ALIKE, detail, tuple(learner for learner, _, _ in matches[:_MOST_NAMED]))


def _normal_logs(checkpoint: Checkpoint, attempts: Mapping[str, Mapping[str, Attempt]]) -> dict[str, list[str]]:
    """What each learner typed that is not in the lesson, with the names of parameters for their values."""
    logs: dict[str, list[str]] = {learner: [] for learner in attempts}
    for lesson in dict.fromkeys(item.lesson for item in checkpoint.items):
        learners = [learner for learner in attempts if learner in checkpoint.learners]
        values = draws(lesson, [checkpoint.learners[learner].seed for learner in learners])
        everyone = {value: name for drawn in values for name, value in drawn.items()}
        shown = _shown(content.load(lesson))
        for learner, drawn in zip(learners, values, strict=True):
            attempt = attempts[learner].get(lesson)
            if attempt is None:
                continue
            normal = _Normal({**everyone, **{value: name for name, value in drawn.items()}})
            texts = (line for command in attempt.commands if not command.answer for line in command.text.splitlines())
            lines = (normal(text) for text in texts)
            logs[learner] += [f"{lesson}: {line}" for line in lines if len(line) >= SHORTEST and line not in shown]
    return logs


class _Normal:
    """A line with one blank between words, without ``sudo``, and with ``{name}`` for the value of a parameter."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        longest = sorted(names, key=len, reverse=True)
        self._words = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)") if longest else None

    def __call__(self, text: str) -> str:
        line = " ".join(text.split()).removeprefix("sudo ").rstrip(" ;&")
        return self._words.sub(lambda match: f"{{{self._names[match[0]]}}}", line) if self._words else line


def _shown(lesson: Lesson) -> frozenset[str]:
    """Every line of a solution, and all code in the text."""
    normal = _Normal({value: name for name, value in lesson.parameters.items()})
    code = [command.text for step in lesson.steps for way in step.solutions for command in way.commands]
    prose = [lesson.introduction, lesson.recap]
    for step in lesson.steps:
        prose += [step.body, *step.hints, *(goal.text for goal in step.goals)]
    for text in prose:
        code += [block or inline for block, inline in _CODE.findall(str(text))]
    return frozenset(normal(line) for block in code for line in block.splitlines())


def _own_lines(logs: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    """Without what most of a class typed."""
    often = Counter(line for lines in logs.values() for line in set(lines))
    most = len(logs) / 2 if len(logs) >= _CLASS else math.inf
    return {learner: [line for line in lines if often[line] <= most] for learner, lines in logs.items()}


def _matches(logs: Mapping[str, Sequence[str]]) -> dict[str, list[tuple[str, float, int]]]:
    """Of each learner with any: the others, how alike, and in how many lines, the nearest first."""
    shingles = {learner: frozenset(_pairs(lines)) for learner, lines in logs.items() if lines}
    found: dict[str, list[tuple[str, float, int]]] = {}
    for one, other in _candidates(shingles):
        share = len(shingles[one] & shingles[other]) / len(shingles[one] | shingles[other])
        lines = len(set(logs[one]) & set(logs[other]))
        if share >= THRESHOLD and lines >= FEWEST:
            found.setdefault(one, []).append((other, share, lines))
            found.setdefault(other, []).append((one, share, lines))
    for matches in found.values():
        matches.sort(key=lambda match: (-match[1], match[0]))
    return found


def _pairs(lines: Iterable[str]) -> Iterator[_Shingle]:
    before = ""
    for line in lines:
        yield before, line
        before = line


def _candidates(shingles: Mapping[str, frozenset[_Shingle]]) -> Iterator[tuple[str, str]]:
    """All pairs of learners whose sets may share ``THRESHOLD``."""
    often = Counter(shingle for found in shingles.values() for shingle in found)
    index: dict[_Shingle, list[str]] = {}
    for learner, found in sorted(shingles.items(), key=lambda entry: (len(entry[1]), entry[0])):
        rarest = sorted(found, key=lambda shingle: (often[shingle], shingle))
        prefix = rarest[: len(found) - math.ceil(THRESHOLD * len(found)) + 1]
        others = {
            other
            for shingle in prefix
            for other in index.get(shingle, ())
            if len(shingles[other]) >= THRESHOLD * len(found)
        }
        for other in sorted(others):
            yield other, learner
        for shingle in prefix:
            index.setdefault(shingle, []).append(learner)
