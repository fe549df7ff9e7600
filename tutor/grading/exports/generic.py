"""CSV for a spreadsheet or a school's own program: one row for each learner, whatever became of the submission.

Columns: ``id``, ``name``; for each checkpoint its id, then with ``_worth`` the points that it can bring, with
``_status`` ``graded``, ``pending``, ``waiting`` or ``missing``, with ``_received`` when (UTC, RFC 3339), with
``_late_minutes`` and with ``_flags``; and ``total``, of the cells that are not empty.
"""

from __future__ import annotations

from tutor.grading.exports import cells
from tutor.grading.exports.sheet import Choices, Column, Sheet
from tutor.grading.roster import Learner

_PARTS = ("", "_worth", "_status", "_received", "_late_minutes", "_flags")


def render(sheet: Sheet, choices: Choices) -> bytes:
    header = ["id", "name", *(column.checkpoint.id + part for column in sheet.columns for part in _PARTS), "total"]
    return cells.table(header, [_row(sheet, learner, choices) for learner in sheet.learners], excel=choices.excel)


def _row(sheet: Sheet, learner: Learner, choices: Choices) -> list[cells.Cell]:
    row: list[cells.Cell] = [cells.identity(learner.id), cells.text(learner.name)]
    marks = [column.mark(learner.id, choices) for column in sheet.columns]
    for column, mark in zip(sheet.columns, marks, strict=True):
        row += [
            cells.number(mark),
            cells.number(column.checkpoint.points),
            column.standing(learner.id).value,
            *_about(column, learner.id),
        ]
    known = [mark for mark in marks if mark is not None]
    return [*row, cells.number(sum(known) if known else None)]


def _about(column: Column, learner: str) -> tuple[cells.Cell, cells.Cell, cells.Cell]:
    grade = column.grades.get(learner)
    if grade is None:
        return "", "", ""
    flags = " ".join(dict.fromkeys(flag.kind.value for flag in grade.flags))
    return cells.text(grade.received), cells.number(grade.late.minutes), flags
