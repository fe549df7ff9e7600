"""The CSV that Moodle loads in its gradebook (https://docs.moodle.org/en/Grade_import).

"The import file format is the same as the corresponding export format": a column that says who it is (``ID number``,
``Email address`` or ``Username``), and for each grade item ``NAME (Real)`` and ``NAME (Feedback)``, with
``Assignment:`` before the name of an assignment. Whoever loads it maps the columns in the preview. Grades and
feedback go together: as the page says, feedback that comes alone takes the grades away. ``-`` is no grade. Moodle
shows feedback as HTML, so what is markup in it is written as text.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

from tutor.errors import UsageError
from tutor.grading import saying
from tutor.grading.exports import cells, feedback
from tutor.grading.exports.sheet import Choices, Column, Sheet
from tutor.grading.roster import Learner
from tutor.i18n import tell

ID_COLUMNS = ("ID number", "Email address", "Username")
"""Where the roster's ids can go, the usual one first."""
_NO_GRADE = "-"
_MOST = 100  # what a grade item is worth if nobody says otherwise, and the limit of older versions


def render(sheet: Sheet, choices: Choices) -> bytes:
    """Raises ``UsageError`` for two columns of one name."""
    names = [_name(column) for column in sheet.columns]
    for column, name in zip(sheet.columns, names, strict=True):
        if names.count(name) > 1:
            raise UsageError(
                tell(
                    "two columns would be called {title}; give one another name with --column {id}=NAME",
                    title=repr(name),
                    id=column.checkpoint.id,
                )
            )
    header = [choices.id_column or ID_COLUMNS[0], "Full name"]
    for name in names:
        header += [f"{name} (Real)", f"{name} (Feedback)"]
    rows = [
        [cells.identity(learner.id), cells.text(learner.name), *_cells(sheet, learner, choices)]
        for learner in sheet.learners
    ]
    return cells.table(header, rows, excel=choices.excel)


def cautions(sheet: Sheet) -> Iterator[str]:
    """What the person who loads the file should know."""
    for column in sheet.columns:
        if column.checkpoint.points > _MOST:
            yield tell(
                "{id} is worth {points} points: its item in Moodle must be, too; older versions take {limit} at most",
                id=column.checkpoint.id,
                points=saying.points(column.checkpoint.points),
                limit=_MOST,
            )


def _name(column: Column) -> str:
    """Of the grade item, as Moodle's export has it; one that was named by hand may be of another kind."""
    given = column.heading != column.checkpoint.title
    return cells.text(column.heading if given else f"Assignment: {column.heading}")


def _cells(sheet: Sheet, learner: Learner, choices: Choices) -> Iterator[cells.Cell]:
    for column in sheet.columns:
        mark = column.mark(learner.id, choices)
        yield _NO_GRADE if mark is None else cells.number(mark)
        said = "" if mark is None or learner.id not in column.grades else feedback.brief(column.grades[learner.id])
        yield cells.prose(html.escape(said, quote=False))
