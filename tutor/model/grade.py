"""What grading finds out, goal by goal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What a replay in a fresh lab says of a goal. Only a person turns ``INCONCLUSIVE`` into points or none."""

    CONFIRMED = "confirmed"
    NOT_REPRODUCED = "not reproduced"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class GoalResult:
    """One goal of an item. ``reason`` is one sentence, empty where it was confirmed; ``worth`` are the points that it
    can earn, ``points`` those that it did, before anything is taken off for lateness."""

    item: str
    step: str
    goal: str
    outcome: Outcome
    worth: float
    reason: str = ""

    @property
    def points(self) -> float:
        return self.worth if self.outcome is Outcome.CONFIRMED else 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """All goals of a checkpoint for one submission, in the order of its items."""

    goals: tuple[GoalResult, ...]

    @property
    def points(self) -> float:
        return sum(goal.points for goal in self.goals)

    @property
    def doubtful(self) -> bool:
        """Whether somebody has to look."""
        return any(goal.outcome is Outcome.INCONCLUSIVE for goal in self.goals)
