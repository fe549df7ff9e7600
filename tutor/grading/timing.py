"""How long an attempt took, and how late it was handed in, by the best clock there is.

Within one boot that is ``CLOCK_BOOTTIME``, which goes on while the machine sleeps and cannot be set (clock_gettime(2)).
From one boot to the next only the wall clock knows, and that may have been set.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tutor.grading import strict
from tutor.grading.inbox import LONGEST_COMMAND, Accepted
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Late
from tutor.model.submission import Entry

TOLERANCE = 30.0
"""Seconds that the wall clock may drift from the other one, or be put right by, before that is worth a word."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An entry of the log. ``seconds`` are since the first entry, and never less than those of the entry before;
    ``at`` is the wall clock in nanoseconds since the epoch, as it was found."""

    seq: int
    kind: str
    at: int
    seconds: float
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shift:
    """Between the entry ``seq`` and the one before it the wall clock gained ``seconds`` on the other clock, or lost
    them where negative. ``into`` is how many seconds into the attempt that was."""

    seq: int
    seconds: float
    into: float


@dataclass(frozen=True, slots=True)
class Gap:
    """``seconds`` between the entry ``seq`` and the one before it, ``into`` seconds after the beginning."""

    seq: int
    seconds: float
    into: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """``boots`` are the gaps from one boot, or machine, to the next. ``unclocked`` are the entries without the clock
    that cannot be set, ``backward`` those at which it is said to have gone back."""

    moments: tuple[Moment, ...]
    shifts: tuple[Shift, ...] = ()
    boots: tuple[Gap, ...] = ()
    unclocked: tuple[int, ...] = ()
    backward: tuple[int, ...] = ()

    @property
    def elapsed(self) -> float:
        """Seconds from the first entry to the last."""
        return self.moments[-1].seconds if self.moments else 0.0

    def pauses(self, longer: float) -> tuple[Gap, ...]:
        """Where nothing was recorded for more than so many seconds, within one boot."""
        between = {gap.seq for gap in self.boots}
        return tuple(
            Gap(late.seq, late.seconds - early.seconds, early.seconds)
            for early, late in itertools.pairwise(self.moments)
            if late.seconds - early.seconds > longer and late.seq not in between
        )


@dataclass(frozen=True, slots=True)
class Typed:
    """A line as it was typed, also one that a reset forgot; ``seconds`` is when it had ended."""

    seq: int
    lesson: str
    step: str
    machine: str
    text: str
    exit_status: int | None
    answer: bool
    seconds: float


def timeline(entries: Sequence[Entry]) -> Timeline:
    """When everything in a log happened. The order is that of the log, whatever its clocks say."""
    moments: list[Moment] = []
    shifts: list[Shift] = []
    boots: list[Gap] = []
    unclocked: list[int] = []
    backward: list[int] = []
    elapsed = offset = 0.0
    before: tuple[int, str, int | None] | None = None
    for entry in entries:
        at, body = int(entry.at), _body(entry)
        boot, clock = _clock(body)
        if clock is None:
            unclocked.append(entry.seq)
        if before is not None:
            wall = (at - before[0]) / 1e9
            if clock is not None and before[2] is not None and boot == before[1]:
                step = (clock - before[2]) / 1e9
                if step < 0:
                    backward.append(entry.seq)
                offset += wall - step
            else:
                step = wall
                if wall < 0:
                    offset += wall
                if boot != before[1]:
                    boots.append(Gap(entry.seq, max(0.0, wall), elapsed))
            if abs(offset) > TOLERANCE:
                shifts.append(Shift(entry.seq, offset, elapsed))
                offset = 0.0
            elapsed += max(0.0, step)
        before = (at, boot, clock)
        moments.append(Moment(entry.seq, entry.kind, at, elapsed, body))
    return Timeline(tuple(moments), tuple(shifts), tuple(boots), tuple(unclocked), tuple(backward))


def typed(line: Timeline) -> tuple[Typed, ...]:
    """All lines and answers of a log in their order."""
    lessons: dict[object, str] = {}
    found: list[Typed] = []
    for moment in line.moments:
        body = moment.body
        if moment.kind == "begun":
            lessons[moment.seq] = _text(body.get("lesson"))
        elif moment.kind == "command":
            status, number = body.get("exit_status"), body.get("attempt")
            found.append(
                Typed(
                    moment.seq,
                    lessons.get(number, "") if isinstance(number, int) else "",
                    _text(body.get("step")),
                    _text(body.get("machine")),
                    _text(body.get("text")),
                    status if isinstance(status, int) else None,
                    body.get("answer") is True,
                    moment.seconds,
                )
            )
    return tuple(found)


def late(accepted: Accepted) -> Late:
    """How late a submission was handed in, and what that leaves of its points.

    The end is that of the log. Where the wall clock was set back meanwhile, it is the beginning and the time that
    passed since.
    """
    line = timeline(accepted.submission.entries)
    over = overtime(accepted.checkpoint, line)
    return Late(round(over / 60, 2), kept(accepted.checkpoint, over)) if over > 0 else Late()


def overtime(checkpoint: Checkpoint, line: Timeline) -> float:
    """Seconds over the time, negative where some is left; minus infinity where there is no limit."""
    first, last = line.moments[0], line.moments[-1]
    over = [-math.inf]
    if checkpoint.minutes:
        over.append(line.elapsed - checkpoint.minutes * 60)
    if checkpoint.closes:
        closes = datetime.datetime.fromisoformat(checkpoint.closes).timestamp()
        over.append(max(last.at / 1e9, first.at / 1e9 + line.elapsed) - closes)
    return max(over)


def kept(checkpoint: Checkpoint, over: float) -> float:
    """The part of the points, from 0 to 1, that is left after so many seconds over the time."""
    rule = checkpoint.lateness
    beyond = over - rule.grace * 60
    if beyond <= 0:
        return 1.0
    if over > rule.until * 3600:
        return 0.0
    return max(0.0, 1 - math.ceil(beyond / 3600) * rule.percent / 100)


def _clock(body: Mapping[str, Any]) -> tuple[str, int | None]:
    """The boot, and nanoseconds of its clock."""
    boot, clock = body.get("boot"), body.get("boottime")
    if not (isinstance(boot, str) and isinstance(clock, str)):
        return "", None
    if not (clock.isascii() and clock.isdecimal() and len(clock) <= 20):
        return "", None
    return boot, int(clock)


def _body(entry: Entry) -> Mapping[str, Any]:
    body = strict.parse(entry.body.encode())
    return body if isinstance(body, dict) else {}


def _text(value: object) -> str:
    return value[:LONGEST_COMMAND] if isinstance(value, str) else ""
