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
    """One goal of an item. ``reason`` is one sentence, told where that can be, and empty where it was confirmed;
    ``worth`` are the points that it can earn, ``points`` those that it did, before anything is taken off for lateness.
    """

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


class FlagKind(StrEnum):
    """What an instructor should look at. A flag costs no points: only a person decides what it means."""

    CLOCK = "clock"  # the wall clock jumped, or the machine slept
    PASTED = "pasted"  # lines came faster than anybody types
    ALIKE = "alike"  # nearly the same commands as another learner's
    FOREIGN = "foreign"  # parameters of another learner in the commands
    KEY = "key"  # the roster lists no key: this is the first that was seen
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Flag:
    """``detail`` is one sentence; ``others`` are the learners that it is about as well."""

    kind: FlagKind
    detail: str
    others: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Late:
    """``minutes`` over the time (0 where in time), and the part of the points that is left, from 0 to 1."""

    minutes: float = 0.0
    keeps: float = 1.0


@dataclass(frozen=True, slots=True)
class Mark:
    """Points that a person gave for a goal, instead of those of the replay. ``at`` is UTC as in RFC 3339."""

    points: float
    comment: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class Comment:
    """What a person says of a whole submission. ``at`` is UTC as in RFC 3339."""

    text: str
    who: str
    at: str


@dataclass(frozen=True, slots=True)
class GradedGoal:
    """A goal with what the replay found and what a person said last; ``comment`` alone is no mark."""

    result: GoalResult
    mark: Mark | None = None

    @property
    def points(self) -> float:
        return self.mark.points if self.mark else self.result.points


@dataclass(frozen=True, slots=True)
class Grade:
    """One submission as the gradebook has it. ``judged`` is false while its replay is still to be done; times are UTC
    as in RFC 3339."""

    digest: str
    checkpoint: str
    learner: str
    file: str
    received: str
    started: str
    ended: str
    judged: bool
    goals: tuple[GradedGoal, ...] = ()
    flags: tuple[Flag, ...] = ()
    late: Late = Late()

    @property
    def points(self) -> float:
        """After what lateness takes off."""
        return sum(goal.points for goal in self.goals) * self.late.keeps

    @property
    def worth(self) -> float:
        return sum(goal.result.worth for goal in self.goals)

    @property
    def doubtful(self) -> bool:
        """Whether a goal is inconclusive and nobody has given points for it yet."""
        return any(goal.result.outcome is Outcome.INCONCLUSIVE and goal.mark is None for goal in self.goals)


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that was not accepted, and the clause that says why. ``digest`` is of the file's bytes."""

    digest: str
    file: str
    reason: str
    at: str
