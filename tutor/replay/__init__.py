"""The replay engine: a fresh lab, and commands typed into its shells.

Checking a script, jumping to a step, resetting and resuming are all this. Nothing is restored from a snapshot: what
the learner stands in afterwards is what the commands really did.
"""

from tutor.replay.check import check
from tutor.replay.report import GoalReport, Report, StepReport
from tutor.replay.restore import begin, jump, reset_lesson, reset_step, resume
from tutor.replay.typing import Progress, TypedLine, machine_of, type_all, type_line, type_one
from tutor.replay.why import why, why_here

__all__ = [
    "GoalReport",
    "Progress",
    "Report",
    "StepReport",
    "TypedLine",
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
]
