"""What widgets tell the app that the learner wants, and what the engine tells the screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.message import Message

from tutor.errors import NettutorError
from tutor.model.lesson import Step
from tutor.model.state import GoalState, SessionState

if TYPE_CHECKING:
    from tutor.mistakes import Remark
    from tutor.term import Shell


class AnswerGiven(Message):
    """The learner answered the question of goal ``goal_id``."""

    def __init__(self, goal_id: str, text: str) -> None:
        super().__init__()
        self.goal_id = goal_id
        self.text = text


class AnswersGiven(Message):
    """The question that had the focus is answered, and there is something else to be done first, or nothing."""


class WhyAsked(Message):
    """The learner wants to know why goal ``goal_id`` is not met."""

    def __init__(self, goal_id: str) -> None:
        super().__init__()
        self.goal_id = goal_id


class MachineChosen(Message):
    """The learner wants the shell of ``machine``."""

    def __init__(self, machine: str) -> None:
        super().__init__()
        self.machine = machine


class DividerMoved(Message):
    """The learner dragged the divider to this cell of the screen."""

    def __init__(self, x: int, y: int) -> None:
        super().__init__()
        self.x = x
        self.y = y


class StateShown(Message):
    """The session's state is another."""

    def __init__(self, state: SessionState) -> None:
        super().__init__()
        self.state = state


class StepDone(Message):
    """A step was completed, with its goals as they were then."""

    def __init__(self, step: Step, goals: tuple[GoalState, ...]) -> None:
        super().__init__()
        self.step = step
        self.goals = goals


class LessonDone(Message):
    """All steps are done."""


class RemarkShown(Message):
    """What there is to say of the last command; nothing takes an earlier remark back."""

    def __init__(self, remark: Remark | None) -> None:
        super().__init__()
        self.remark = remark


class LabStarting(Message):
    """A lab is being made; ``text`` says how far it is."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class LabReady(Message):
    """The lab is up and its shells wait at their prompts."""

    def __init__(self, shells: Mapping[str, Shell], state: SessionState) -> None:
        super().__init__()
        self.shells = shells
        self.state = state


class LabFailed(Message):
    """No lab could be had."""

    def __init__(self, error: NettutorError) -> None:
        super().__init__()
        self.error = error


class LabGone(Message):
    """The lab died; ``reason`` is one clause."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class ShellGone(Message):
    """The shell of ``machine`` ended."""

    def __init__(self, machine: str, status: int) -> None:
        super().__init__()
        self.machine = machine
        self.status = status


class ShellBack(Message):
    """A new shell runs on ``machine``."""

    def __init__(self, machine: str, shell: Shell) -> None:
        super().__init__()
        self.machine = machine
        self.shell = shell


class NotSaved(Message):
    """Progress can no longer be written."""

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason
