"""The replay engine: a fresh lab, and commands typed into its shells.

Checking a script, jumping to a step, resetting and resuming are all this. Nothing is restored from a snapshot: what
the learner stands in afterwards is what the commands really did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tutor.replay.restore import begin, jump, reset_lesson, reset_step, resume
from tutor.replay.typing import Progress, TypedLine, machine_of, type_all, type_line, type_one

if TYPE_CHECKING:
    from tutor.replay.asking import asked, why, why_here
    from tutor.replay.checking import check
    from tutor.replay.report import GoalReport, Report, StepReport, why_json

__all__ = [
    "GoalReport",
    "Progress",
    "Report",
    "StepReport",
    "TypedLine",
    "asked",
    "begin",
    "check",
    "jump",
    "machine_of",
    "reset_lesson",
    "reset_step",
    "resume",
    "type_all",
    "type_line",
    "type_one",
    "why",
    "why_here",
    "why_json",
]

_HOMES = {
    "GoalReport": "report",
    "Report": "report",
    "StepReport": "report",
    "asked": "asking",
    "check": "checking",
    "why": "asking",
    "why_here": "asking",
    "why_json": "report",
}


def __getattr__(name: str) -> object:
    """Import on first use what the tutorial does not start with."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"tutor.replay.{_HOMES[name]}"), name)
