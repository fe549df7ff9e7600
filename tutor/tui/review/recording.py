"""A recording of a shell as a submission brings it: asciicast v2 (https://docs.asciinema.org/manual/asciicast/v2/).

Nothing in it is believed: sizes are bounded, times go forward, and a line that is none is passed over.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

from tutor.errors import SubmissionError
from tutor.grading import strict

IDLE = 3.0
"""Seconds: the longest pause that is played."""
MOST_COLUMNS, MOST_ROWS = 300, 100
_LONGEST = 100_000  # characters of one line


@dataclass(frozen=True, slots=True)
class Event:
    """At ``time`` seconds, pauses shortened, the terminal is told ``output``, or it gets another ``size`` (rows,
    columns)."""

    time: float
    output: bytes = b""
    size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Recording:
    """``rows`` and ``columns`` are those of the beginning; ``length`` is in seconds as it is played, ``whole`` with its
    pauses."""

    rows: int
    columns: int
    events: tuple[Event, ...]
    whole: float = 0.0

    @property
    def length(self) -> float:
        return self.events[-1].time if self.events else 0.0

    def until(self, time: float) -> int:
        """How many events there are up to this time."""
        return bisect.bisect_right(self.events, time, key=lambda event: event.time)


def read(text: str) -> Recording:
    """As much of it as can be played; nothing at all for what is no recording."""
    lines = text.split("\n")
    head = _value(lines[0])
    if not isinstance(head, dict):
        return Recording(24, 80, ())
    rows, columns = _size(head.get("height"), head.get("width"))
    idle = head.get("idle_time_limit")
    longest = float(idle) if isinstance(idle, int | float) and 0.1 <= idle <= 60 else IDLE
    events: list[Event] = []
    before = played = 0.0
    for line in lines[1:]:
        value = _value(line)
        if not (isinstance(value, list) and len(value) == 3):
            continue
        time, kind, data = value
        if not (isinstance(time, int | float) and math.isfinite(time) and isinstance(data, str)):
            continue
        played += min(longest, max(0.0, time - before))
        before = max(before, float(time))
        if kind == "o":
            events.append(Event(played, data.encode()))
        elif kind == "r" and (size := _resized(data)):
            events.append(Event(played, size=size))
    return Recording(rows, columns, tuple(events), before)


def _value(line: str) -> object:
    if not line.strip() or len(line) > _LONGEST:
        return None
    try:
        return strict.parse(line.encode("utf-8", "replace"))
    except SubmissionError:
        return None


def _resized(text: str) -> tuple[int, int] | None:
    columns, cross, rows = text.partition("x")
    if not cross or not all(part.isascii() and part.isdecimal() and len(part) < 6 for part in (columns, rows)):
        return None
    return _size(int(rows), int(columns))


def _size(rows: object, columns: object) -> tuple[int, int]:
    return (
        max(1, min(rows, MOST_ROWS)) if isinstance(rows, int) else 24,
        max(1, min(columns, MOST_COLUMNS)) if isinstance(columns, int) else 80,
    )
