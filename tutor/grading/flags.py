"""What an instructor should look at in a submission. A flag costs no points, and proves nothing by itself."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from tutor import content
from tutor.content.draws import draws
from tutor.grading import keys, seeds
from tutor.grading.alike import alike
from tutor.grading.course import Course
from tutor.grading.inbox import Accepted
from tutor.grading.timing import Shift, Timeline, Typed, kept, overtime, timeline, typed
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Flag, FlagKind
from tutor.model.lesson import Lesson

LONG_PAUSE = 30 * 60
"""Seconds without an entry that are worth a word where the time is limited."""

FASTEST = 25.0
"""Characters a second. The fastest typists come to 18 for a minute; nobody types shell commands so."""
BLOCK_LINES, BLOCK_CHARACTERS = 3, 80
"""That many lines, and new characters in them, in one go. One or two lines may be typed ahead while a command runs."""
LONG_LINE = 200
"""New characters in one line that are a block by themselves."""
_AT_ONCE = 0.15  # seconds: Enter is not pressed faster than that after a new line
_HISTORY = 200  # lines back that may be fetched with the arrow keys
_MOST_NAMED = 10
_SHORTEST_NUMBER = 1024  # smaller ones are counts, prefixes and well-known ports


def flags_of(accepted: Accepted, course: Course) -> tuple[Flag, ...]:
    """All that one submission shows by itself. ``ContentError`` where a lesson of the checkpoint cannot be read.

    The first call for a checkpoint draws the parameters of all learners, which takes a millisecond for each and lesson.
    """
    line = timeline(accepted.submission.entries)
    lines = typed(line)
    return (
        *_late(accepted.checkpoint, line),
        *_key(accepted),
        *_foreign(accepted, course, lines),
        *_clock(accepted.checkpoint, line),
        *_pasted(lines),
    )


def span(seconds: float) -> str:
    """A length of time for people: ``2 d 3 h``, ``1 h 5 min``, ``12 s``."""
    whole = round(abs(seconds))
    units = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s"))
    told = [f"{number} {unit}" for number, unit in units if number]
    return " ".join(told[:2]) or "0 s"


def _late(checkpoint: Checkpoint, line: Timeline) -> Iterator[Flag]:
    over = overtime(checkpoint, line)
    if over > 0:
        share = f"{kept(checkpoint, over) * 100:g}"
        yield Flag(
            FlagKind.LATE,
            tell(
                "handed in {time} after the time was over; {share} % of the points are kept",
                time=span(over),
                share=share,
            ),
        )


def _key(accepted: Accepted) -> Iterator[Flag]:
    if not accepted.key_listed:
        fingerprint = keys.fingerprint(accepted.submission.key)
        yield Flag(
            FlagKind.KEY,
            tell("the roster lists no key; the one that signed is {fingerprint}", fingerprint=fingerprint),
        )


# -- clocks


def _clock(checkpoint: Checkpoint, line: Timeline) -> Iterator[Flag]:
    if line.backward:
        seq = line.backward[0]
        yield Flag(
            FlagKind.CLOCK,
            tell(
                "at entry {entry} the clock that cannot be set goes back: the log was not written by nettutor",
                entry=seq,
            ),
        )
    if line.unclocked:
        yield Flag(
            FlagKind.CLOCK,
            tell(
                "entries that do not say the time by the clock that cannot be set: {count}", count=len(line.unclocked)
            ),
        )
    for back in (True, False):
        if shifts := [shift for shift in line.shifts if (shift.seconds < 0) is back]:
            yield Flag(FlagKind.CLOCK, _shifted(shifts, back=back))
    timed = bool(checkpoint.minutes or checkpoint.closes)
    if line.boots and timed:
        yield Flag(
            FlagKind.CLOCK,
            tell(
                "the machine was started anew, or another one taken, {into} in (starts: {count}); how long that took, "
                "{time}, only the wall clock says",
                count=len(line.boots),
                into=span(line.boots[0].into),
                time=span(sum(gap.seconds for gap in line.boots)),
            ),
        )
    if checkpoint.minutes and (pauses := line.pauses(LONG_PAUSE)):
        yield Flag(
            FlagKind.CLOCK,
            tell(
                "nothing was done for {time}, {into} in: the machine slept, or was left alone",
                time=span(sum(pause.seconds for pause in pauses)),
                into=span(pauses[0].into),
            ),
        )


def _shifted(shifts: Sequence[Shift], *, back: bool) -> str:
    values = {
        "time": span(sum(shift.seconds for shift in shifts)),
        "into": span(shifts[0].into),
        "count": len(shifts),
    }
    if back:
        return tell("the wall clock was set back by {time}, {into} in (jumps: {count})", **values)
    return tell(
        "the wall clock went ahead of the clock that cannot be set by {time}, {into} in (jumps: {count}): it was "
        "set, or a virtual machine stood still",
        **values,
    )


# -- typing


@dataclass(frozen=True, slots=True)
class _Fast:
    """A line that came faster than it can be typed, ``seconds`` after the one before; ``fresh`` of its characters were
    not in an earlier line."""

    line: Typed
    fresh: int
    seconds: float

    @property
    def lines(self) -> int:
        return self.line.text.rstrip("\n").count("\n") + 1


def _pasted(lines: Sequence[Typed]) -> Iterator[Flag]:
    """A command's time is that of its end: it was typed within the time since the end of the one before."""
    blocks = [block for block in _blocks([line for line in lines if not line.answer]) if _is_block(block)]
    if not blocks:
        return
    longest = max(blocks, key=lambda block: sum(fast.fresh for fast in block))
    first = longest[0].line
    yield Flag(
        FlagKind.PASTED,
        tell(
            "{lines} lines ({characters} characters) in {time} seconds, {into} in, at {machine}; nobody types more "
            "than {fastest} characters a second (such blocks: {count})",
            lines=sum(fast.lines for fast in longest),
            characters=sum(fast.fresh for fast in longest),
            time=f"{sum(fast.seconds for fast in longest):.1f}",
            into=span(first.seconds),
            machine=first.machine[:40],
            fastest=f"{FASTEST:g}",
            count=len(blocks),
        ),
    )


def _is_block(block: Sequence[_Fast]) -> bool:
    fresh = sum(fast.fresh for fast in block)
    return fresh >= LONG_LINE or (fresh >= BLOCK_CHARACTERS and sum(fast.lines for fast in block) >= BLOCK_LINES)


def _blocks(lines: Sequence[Typed]) -> Iterator[list[_Fast]]:
    """Runs of lines, each too fast after the one before."""
    run: list[_Fast] = []
    texts: list[str] = []
    before: float | None = None
    for line in lines:
        gap = None if before is None else line.seconds - before
        before = line.seconds
        fast = None
        if gap is not None and gap <= max(_AT_ONCE, len(line.text) / FASTEST):
            fresh = _fresh(line.text, texts[-_HISTORY:])
            if gap <= max(_AT_ONCE, fresh / FASTEST):
                fast = _Fast(line, fresh, gap)
        if fast is not None:
            run.append(fast)
        elif run:
            yield run
            run = []
        texts.append(line.text)
    if run:
        yield run


def _fresh(text: str, earlier: Iterable[str]) -> int:
    """How many characters one has to type for ``text`` at least, when any earlier line can be called up and changed."""
    least = len(text)
    backward = text[::-1]
    for old in earlier:
        if old == text:
            return 0
        head = _common(text, old)
        tail = _common(backward[: len(text) - head], old[::-1][: len(old) - head])
        least = min(least, len(text) - head - tail)
    return least


def _common(one: str, other: str) -> int:
    """The length of the beginning that both share."""
    return next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


# -- values of others


def _foreign(accepted: Accepted, course: Course, lines: Sequence[Typed]) -> Iterator[Flag]:
    submission = accepted.submission
    owners: Counter[str] = Counter()
    found: dict[str, None] = {}
    count = 0
    for item_lesson in dict.fromkeys(item.lesson for item in accepted.checkpoint.items):
        texts = [line.text for line in lines if line.lesson == item_lesson]
        drawn = _drawn(course.secret, submission.checkpoint, tuple(course.learners), item_lesson)
        own = drawn.by_learner.get(submission.learner, {})
        strange = _strange(texts, own, drawn)
        if strange:
            lesson = content.load(item_lesson, seed=accepted.checkpoint.learners[submission.learner].seed)
            said = _text_of(lesson)
            strange = {value: lines for value, lines in strange.items() if not _words((value,)).search(said)}
        if not _weighs(strange, own):
            continue
        found |= dict.fromkeys(strange)
        count += len(set().union(*strange.values()))
        for value in strange:
            owners.update(drawn.owners[value])
    if not found:
        return
    most = max(owners.values())
    others = tuple(learner for learner in course.learners if owners[learner] == most)
    yield Flag(
        FlagKind.FOREIGN,
        tell(
            "{values} (in lines: {lines}) was drawn for other learners ({count}), and not for this one",
            lines=count,
            values=", ".join(list(found)[:_MOST_NAMED]),
            count=len(others),
        ),
        others[:_MOST_NAMED],
    )


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The parameters of one lesson in one checkpoint: of each learner, and who has each value."""

    by_learner: Mapping[str, Mapping[str, str]]
    owners: Mapping[str, tuple[str, ...]]
    words: re.Pattern[str]


@lru_cache(maxsize=64)
def _drawn(secret: bytes, checkpoint: str, learners: tuple[str, ...], lesson: str) -> _Drawn:
    numbers = [seeds.seed(secret, checkpoint, learner) for learner in learners]
    by_learner = dict(zip(learners, draws(lesson, numbers), strict=True))
    owners: dict[str, list[str]] = {}
    for learner, values in by_learner.items():
        for value in dict.fromkeys(values.values()):
            owners.setdefault(value, []).append(learner)
    return _Drawn(by_learner, {value: tuple(who) for value, who in owners.items()}, _words(owners))


def _words(values: Iterable[str]) -> re.Pattern[str]:
    """Any of the values where it stands as a word of its own; of two that begin alike, the longer."""
    longest = sorted(values, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?<!\d\.)(?:{'|'.join(map(re.escape, longest))})(?!\w)" if longest else r"(?!)")


def _strange(texts: Sequence[str], own: Mapping[str, str], drawn: _Drawn) -> dict[str, set[int]]:
    """Values that others have and this learner has not, with the lines that hold them."""
    mine = set(own.values())
    found: dict[str, set[int]] = {}
    for number, text in enumerate(texts):
        for match in drawn.words.finditer(text):
            value = match[0]
            small = value.isdecimal() and int(value) < _SHORTEST_NUMBER
            if value not in mine and len(value) > 2 and not small:
                found.setdefault(value, set()).add(number)
    return found


def _weighs(strange: Mapping[str, set[int]], own: Mapping[str, str]) -> bool:
    """One value of somebody's may be chance, or one's own idea: two are not, nor an address that is typed twice, nor
    all that there is."""
    twice = any(len(lines) > 1 and any(map(str.isdigit, value)) for value, lines in strange.items())
    return twice or 0 < len(strange) >= min(2, len(own))


def _text_of(lesson: Lesson) -> str:
    """All that a learner may have read in it."""
    parts = [lesson.introduction, lesson.recap]
    for step in lesson.steps:
        parts += [step.title, step.body, *step.hints, *(goal.text for goal in step.goals)]
        parts += [command.text for way in step.solutions for command in way.commands]
    for machine in lesson.topology.machines:
        parts += [machine.name, str(machine)]
    return "\n".join(map(str, parts))


__all__ = ["BLOCK_CHARACTERS", "BLOCK_LINES", "FASTEST", "LONG_LINE", "LONG_PAUSE", "alike", "flags_of", "span"]
