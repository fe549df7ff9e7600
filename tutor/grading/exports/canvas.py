"""The CSV that Canvas loads in its gradebook (Instructure's guide "How do I import grades in the Gradebook?").

The columns are those of its own export, in that order: ``Student``, ``ID``, ``SIS User ID``, ``SIS Login ID``,
``Section``, then one for each assignment; the row ``Points Possible`` follows the header. What it makes of a file can
be read in Canvas itself, ``lib/gradebook_importer.rb``: it finds a student by ``ID``, its own number, then by ``SIS
User ID``, then by ``SIS Login ID``; an assignment by the number in brackets that ends its name, then by its name, and
else offers to make one; and an empty cell is no grade.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutor.errors import UsageError
from tutor.grading.exports import cells
from tutor.grading.exports.sheet import Choices, Sheet
from tutor.grading.roster import Learner
from tutor.i18n import tell

ID_COLUMNS = ("SIS User ID", "SIS Login ID", "ID")
"""Where the roster's ids can go, the usual one first."""
_STUDENT = ("Student", "ID", "SIS User ID", "SIS Login ID", "Section")
_POINTS = "Points Possible"
_NOT_ASSIGNMENTS = re.compile("(?:Current|Final) (?:Score|Points|Grade)|Override (?:Score|Grade|Status)")
"""What Canvas takes for columns of its own, wherever it stands in a heading."""
_NUMBERED = re.compile(r".*\s\((\d+)\)")


def render(sheet: Sheet, choices: Choices) -> bytes:
    """Raises ``UsageError`` for headings and ids that Canvas would misread."""
    _check(sheet, choices)
    header = [*_STUDENT, *(cells.text(column.heading) for column in sheet.columns)]
    possible = [f"    {_POINTS}", "", "", "", "", *(cells.number(column.checkpoint.points) for column in sheet.columns)]
    rows = [[*_student(learner, choices), *_marks(sheet, learner, choices)] for learner in sheet.learners]
    return cells.table(header, [possible, *rows], excel=choices.excel)


def cautions(sheet: Sheet) -> Iterator[str]:
    """What the person who loads the file should know."""
    for column in sheet.columns:
        if (numbered := _NUMBERED.fullmatch(column.heading)) and column.heading == column.checkpoint.title:
            yield tell(
                "Canvas takes {title} for its assignment number {number}; --column {id}=NAME gives it another name",
                title=repr(column.heading),
                number=numbered[1],
                id=column.checkpoint.id,
            )


def _student(learner: Learner, choices: Choices) -> list[cells.Cell]:
    found: dict[str, cells.Cell] = dict.fromkeys(_STUDENT, "")
    name = cells.text(learner.name)
    # Canvas takes a row for that of the points, whoever's it is, by these words.
    found["Student"] = cells.identity(learner.id) if _POINTS in name else name
    found[choices.id_column or ID_COLUMNS[0]] = cells.identity(learner.id)
    return list(found.values())


def _marks(sheet: Sheet, learner: Learner, choices: Choices) -> list[cells.Cell]:
    return [cells.number(column.mark(learner.id, choices)) for column in sheet.columns]


def _check(sheet: Sheet, choices: Choices) -> None:
    headings = [cells.text(column.heading) for column in sheet.columns]
    for column, heading in zip(sheet.columns, headings, strict=True):
        if headings.count(heading) > 1 or _NOT_ASSIGNMENTS.search(heading):
            raise UsageError(
                tell(
                    "Canvas cannot tell {title} from its other columns; give it another name with --column {id}=NAME",
                    title=repr(heading),
                    id=column.checkpoint.id,
                )
            )
    if choices.id_column == "ID":
        for learner in sheet.learners:
            if not (learner.id.isascii() and learner.id.isdecimal()):
                raise UsageError(
                    tell("the column ID of Canvas holds its own numbers, and {id} is none", id=repr(learner.id))
                )
