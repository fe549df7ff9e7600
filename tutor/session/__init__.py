"""One learner, one lesson, one lab: what is open, what holds, what was typed.

Knows no Textual and draws nothing: a screen subscribes to its events and shows its ``SessionState``. The command line
and the replay engine drive the same object, so that a script is judged as the live tutorial judges.
"""

from tutor.session.events import (
    LabDied,
    LessonCompleted,
    NotSaved,
    Remarked,
    SessionEvent,
    ShellEnded,
    StateChanged,
    StepCompleted,
)
from tutor.session.referee import Referee
from tutor.session.session import Session

__all__ = [
    "LabDied",
    "LessonCompleted",
    "NotSaved",
    "Referee",
    "Remarked",
    "Session",
    "SessionEvent",
    "ShellEnded",
    "StateChanged",
    "StepCompleted",
]
