"""What a session tells its screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tutor.model.lesson import Step
from tutor.model.state import GoalState, SessionState

if TYPE_CHECKING:
    from tutor.mistakes import Remark


@dataclass(frozen=True, slots=True)
class StateChanged:
    """Something that the screen shows is different: draw ``state``."""

    state: SessionState


@dataclass(frozen=True, slots=True)
class StepCompleted:
    """``step`` was completed with ``goals`` as they were then; the next one, if any, is open already."""

    step: Step
    goals: tuple[GoalState, ...]


@dataclass(frozen=True, slots=True)
class LessonCompleted:
    """The last open step of the lesson was completed."""


@dataclass(frozen=True, slots=True)
class ShellEnded:
    """The shell of ``machine`` ended with ``status``; ``Session.restart_shell`` starts another."""

    machine: str
    status: int


@dataclass(frozen=True, slots=True)
class LabDied:
    """The lab is gone; only a rebuilt session goes on. ``reason`` is one clause."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotSaved:
    """Progress can no longer be written; the lesson goes on without. ``reason`` is for the learner."""

    reason: str


@dataclass(frozen=True, slots=True)
class Remarked:
    """What there is to say of the command that ended last on ``machine``; ``None`` takes an earlier remark back, as the
    next command starts."""

    machine: str
    remark: Remark | None


SessionEvent = StateChanged | StepCompleted | LessonCompleted | ShellEnded | LabDied | NotSaved | Remarked
