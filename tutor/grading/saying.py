"""Results in words and numbers as people read them, for whatever shows or exports them."""

from __future__ import annotations

import datetime

from tutor.i18n import _, tell
from tutor.model.grade import FlagKind, Late, Outcome

_OUTCOMES = {
    Outcome.CONFIRMED: tell("confirmed"),
    Outcome.NOT_REPRODUCED: tell("not reproduced"),
    Outcome.INCONCLUSIVE: tell("inconclusive"),
}
SIGNS = {Outcome.CONFIRMED: "✓", Outcome.NOT_REPRODUCED: "✗", Outcome.INCONCLUSIVE: "?"}
_FLAGS = {
    FlagKind.CLOCK: tell("clock"),
    FlagKind.PASTED: tell("pasted"),
    FlagKind.ALIKE: tell("alike"),
    FlagKind.FOREIGN: tell("another learner's parameters"),
    FlagKind.KEY: tell("key not in the roster"),
    FlagKind.LATE: tell("late"),
}


def outcome(found: Outcome) -> str:
    return _(_OUTCOMES[found])


def flag(kind: FlagKind) -> str:
    return _(_FLAGS[kind])


def points(number: float) -> str:
    """With two decimals at most, and a point: ``7``, ``7.5``, ``3.33``."""
    text = f"{number:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def moment(rfc3339: str) -> str:
    """``2026-12-01 09:30 UTC``; what is no time, as it is."""
    try:
        found = datetime.datetime.fromisoformat(rfc3339)
    except ValueError:
        return rfc3339
    if found.tzinfo is not None:
        found = found.astimezone(datetime.UTC)
    return f"{found:%Y-%m-%d %H:%M} UTC"


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``1 h 05 min``."""
    whole = max(0, round(seconds))
    if whole < 60:
        return _("{seconds} s", seconds=whole)
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{minutes} min", minutes=minutes)
    return _("{hours} h {minutes} min", hours=minutes // 60, minutes=f"{minutes % 60:02}")


def lateness(late: Late) -> str:
    """One clause; empty where nothing was late."""
    if not late.minutes:
        return ""
    span, kept = duration(late.minutes * 60), points(late.keeps * 100)
    return _("{time} late, {percent} % of the points are kept", time=span, percent=kept)
