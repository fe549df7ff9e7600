"""What a learner hands in. Nothing in it is believed but what a replay in a fresh lab shows again.

Times are nanoseconds since the epoch by the wall clock, in decimal as text: a JSON number holds no more than 2**53.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the attempt's journal, as ``store.journal`` chains them.

    ``body`` is the JSON text that was hashed, with the clock that never goes
    back (``CLOCK_BOOTTIME``, nanoseconds) under ``boottime`` and the machine's boot id under ``boot``.
    """

    seq: int
    at: str
    kind: str
    body: str
    hash: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What the learner's own tutor said of a goal when the submission was made. Advisory."""

    item: str
    step: str
    goal: str
    status: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """``facts`` is what ``probe`` read at the end, by item and then by want, as text for a human; ``casts`` are the
    asciicasts (v2) of the shells by item and machine."""

    course: str
    checkpoint: str
    learner: str
    nonce: str
    key: str
    program: str
    started: str
    ended: str
    entries: tuple[Entry, ...]
    claims: tuple[Claim, ...] = ()
    answers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    casts: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    schema: int = SCHEMA
