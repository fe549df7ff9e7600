"""How far a learner has come: what the store gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """A line that was typed at ``machine``, or, with ``answer``, a reply to the goal whose id ``machine`` holds."""

    step: str
    machine: str
    text: str
    exit_status: int | None
    answer: bool = False


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at a lesson, as last recorded. ``id`` is unique in the store.

    ``step`` is the one the learner is at, ``None`` before the first was opened. ``goals`` holds the latest status
    (``met``, ``unmet``, ``unknown``) by ``(step, goal)``; ``met`` those that were met at least once since their step
    was last reset, the latched ones among them. ``commands`` are in the order of typing; ``hints`` is the highest
    level revealed, by step. ``begun`` is nanoseconds since the epoch by the wall clock.
    """

    id: int
    lesson: str
    seed: int
    begun: int
    step: str | None = None
    completed: tuple[str, ...] = ()
    goals: Mapping[tuple[str, str], str] = field(default_factory=dict)
    met: frozenset[tuple[str, str]] = frozenset()
    commands: tuple[TypedCommand, ...] = ()
    hints: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LessonProgress:
    """``completed`` in the current attempt, ``ever`` in any of them: a reset does not take away what was reached."""

    lesson: str
    step: str | None
    completed: frozenset[str] = frozenset()
    ever: frozenset[str] = frozenset()
