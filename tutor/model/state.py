"""Where a running session stands: the state of each goal of the open step, and all that a screen shows."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.lesson import Goal, GoalKind, Lesson, Step
from tutor.model.verdict import Met, Verdict


@dataclass(frozen=True, slots=True)
class GoalState:
    """A goal since its step was opened.

    ``verdict`` is the last one said, ``None`` before the first. ``seen_unmet`` is what an edge or a baseline goal
    needs before a *met* counts; ``latched`` is an edge that was reached; ``broken`` a preserve goal that was lost.
    """

    goal: Goal
    verdict: Verdict | None = None
    seen_unmet: bool = False
    latched: bool = False
    broken: bool = False

    @property
    def done(self) -> bool:
        """Whether this goal does not stand in the way of the step."""
        match self.goal.kind:
            case GoalKind.EDGE:
                return self.latched
            case GoalKind.LEVEL:
                return isinstance(self.verdict, Met) and (self.seen_unmet or not self.goal.baseline)
            case GoalKind.PRESERVE:
                return isinstance(self.verdict, Met) and not self.broken


@dataclass(frozen=True, slots=True)
class SessionState:
    """All that a screen needs to show. ``goals`` are those of the step at ``step_index``; ``hint_level`` is how many
    hints of it were revealed (the last level is the first solution); ``completed`` are ids of steps."""

    lesson: Lesson
    step_index: int
    goals: tuple[GoalState, ...]
    completed: frozenset[str] = frozenset()
    hint_level: int = 0

    @property
    def step(self) -> Step:
        return self.lesson.steps[self.step_index]

    @property
    def step_complete(self) -> bool:
        return self.step.id in self.completed

    @property
    def lesson_complete(self) -> bool:
        return all(step.id in self.completed for step in self.lesson.steps)
