"""One JSON object with everything that the gradebook knows of some checkpoints, for other programs.

``{"schema": 1, "course": {"id", "title"}, "checkpoints": [{"id", "title", "points", "items": [{"id", "points"}]}],
"learners": [{"id", "name", "grades": [GRADE]}]}``, where a learner's grades are in the order of the checkpoints.
GRADE is ``{"checkpoint", "status", "mark"}`` and, where something was handed in, ``{"points", "worth", "digest",
"file", "received", "started", "ended", "late": {"minutes", "keeps"}, "flags": [{"kind", "detail", "others"}],
"goals": [{"item", "step", "goal", "outcome", "reason", "worth", "points", "mark": null | {"points", "comment", "who",
"at"}}]}``. ``mark`` is what goes into a school's system (null for none), ``points`` are those that are certain
already. Times are UTC (RFC 3339).

ASCII with escapes: nothing in it can do harm on a terminal.
"""

from __future__ import annotations

import json
from typing import Any

from tutor.grading.exports.sheet import Choices, Column, Sheet
from tutor.grading.forms import plain
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Grade, GradedGoal

SCHEMA = 1


def render(sheet: Sheet, choices: Choices) -> bytes:
    learners = [
        {
            "id": learner.id,
            "name": learner.name,
            "grades": [_grade(column, learner.id, choices) for column in sheet.columns],
        }
        for learner in sheet.learners
    ]
    document = {
        "schema": SCHEMA,
        "course": {"id": sheet.course, "title": sheet.title},
        "checkpoints": [_checkpoint(column.checkpoint) for column in sheet.columns],
        "learners": learners,
    }
    return json.dumps(document, indent=1, allow_nan=False).encode() + b"\n"


def _checkpoint(checkpoint: Checkpoint) -> dict[str, Any]:
    items = [{"id": item.id, "points": item.points} for item in checkpoint.items]
    return {"id": checkpoint.id, "title": checkpoint.title, "points": checkpoint.points, "items": items}


def _grade(column: Column, learner: str, choices: Choices) -> dict[str, Any]:
    about = {
        "checkpoint": column.checkpoint.id,
        "status": column.standing(learner).value,
        "mark": column.mark(learner, choices),
    }
    grade = column.grades.get(learner)
    return about if grade is None else {**about, **_submission(grade)}


def _submission(grade: Grade) -> dict[str, Any]:
    return {
        "points": grade.points,
        "worth": grade.worth,
        "digest": grade.digest,
        "file": grade.file,
        "received": grade.received,
        "started": grade.started,
        "ended": grade.ended,
        "late": plain(grade.late),
        "flags": plain(grade.flags),
        "goals": [_goal(goal) for goal in grade.goals],
    }


def _goal(goal: GradedGoal) -> dict[str, Any]:
    mark = plain(goal.mark) if goal.mark else None
    return {**plain(goal.result), "points": goal.points, "mark": mark}
