"""``nettutor checkpoint export``: grades for a school's system, a spreadsheet, a program, or the learners."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.cli import exits, output
from tutor.errors import UsageError
from tutor.i18n import _, tell

if TYPE_CHECKING:
    from tutor.grading.course import Course
    from tutor.grading.exports import Sheet

FORMATS = ("canvas", "moodle", "csv", "json", "feedback")
NAMES = ("id", "canvas", "moodle")
_NAMED = 20  # learners that a message names

_EXAMPLES = tell("""\
examples:
  nettutor checkpoint export net-2027 midterm --format canvas -o midterm.csv
  nettutor checkpoint export net-2027 midterm final --format moodle --id-column "Email address" -o moodle.csv
  nettutor checkpoint export net-2027 midterm --format csv --excel -o midterm.csv
  nettutor checkpoint export net-2027 midterm --format json | jq '.learners[].grades[] | select(.status == "pending")'
  nettutor checkpoint export net-2027 midterm --format feedback -o feedback/
  nettutor checkpoint export net-2027 midterm --format feedback --names canvas -o feedback.zip
  nettutor checkpoint export net-2027 midterm --format feedback --worksheet Grades-Midterm.csv -o feedback.zip

canvas    The gradebook's import. The roster's ids go into "SIS User ID", unless --id-column says "SIS Login ID" or
          "ID".
moodle    The gradebook's import, with feedback; map the columns in its preview. Ids go into "ID number", unless
          --id-column says "Email address" or "Username".
csv       One row for each learner, with status, lateness and flags.
json      Everything the gradebook knows, as one object.
feedback  A Markdown file for each learner. Where the submissions were handed in at Canvas or Moodle, and graded under
          the names that they were downloaded with, --names canvas and --names moodle give names for all of them to be
          uploaded at once; --worksheet has the numbers from the grading worksheet of a Moodle assignment instead.

Where something is inconclusive and nobody has looked at it yet, the cell is left empty; --pending points exports what
is certain already. Where nothing was handed in it is empty too; --missing zero makes it 0.
""")


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "export", help=_("grades for Canvas, Moodle, a spreadsheet or the learners"), examples=_EXAMPLES
    )
    parser.add_argument("course", metavar="DIR", type=Path)
    parser.add_argument("checkpoints", metavar="CHECKPOINT", nargs="+", help=_("each becomes a column"))
    parser.add_argument("--format", required=True, choices=FORMATS)
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, help=_("default: standard output"))
    parser.add_argument("--book", metavar="URL", help=_("the gradebook, where it is not in the course's directory"))
    parser.add_argument(
        "--pending", choices=("empty", "points"), default="empty", help=_("where somebody has to look; default: empty")
    )
    parser.add_argument(
        "--missing", choices=("empty", "zero"), default="empty", help=_("where nothing was handed in; default: empty")
    )
    parser.add_argument("--id-column", metavar="NAME", default="", help=_("where the roster's ids go"))
    parser.add_argument(
        "--column",
        metavar="CHECKPOINT=NAME",
        action="append",
        default=[],
        dest="columns",
        help=_("what the school's system calls it; default: its title"),
    )
    parser.add_argument("--excel", action="store_true", help=_("CSV that Excel takes for UTF-8"))
    parser.add_argument("--names", choices=NAMES, default=NAMES[0], help=_("for feedback: of its files; default: id"))
    parser.add_argument("--worksheet", metavar="FILE", type=Path, help=_("for feedback: Moodle's grading worksheet"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tutor.grading.course import Course

    _check(arguments)
    course = Course.open(arguments.course)
    sheet = _sheet(course, arguments)
    if arguments.format == "feedback":
        _write_feedback(sheet, arguments)
    else:
        data = _rendered(sheet, arguments)
        if arguments.output is None:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            output.write(arguments.output, data)
    _warn(sheet, arguments)
    return exits.DONE


def _check(arguments: argparse.Namespace) -> None:
    from tutor.grading.exports import canvas, moodle

    known = {"canvas": canvas.ID_COLUMNS, "moodle": moodle.ID_COLUMNS}.get(arguments.format, ())
    if arguments.id_column and not known:
        raise UsageError(tell("--id-column is for the formats canvas and moodle"))
    if arguments.id_column and arguments.id_column not in known:
        names = ", ".join(map(repr, known))
        raise UsageError(
            tell("--id-column is one of {names}, not {asked}", names=names, asked=repr(arguments.id_column))
        )
    if arguments.format == "feedback" and arguments.output is None:
        raise UsageError(
            tell("feedback is one file for each learner: -o names a directory, or a file that ends in .zip")
        )
    uploaded = arguments.worksheet is not None or arguments.names != NAMES[0]
    if uploaded and arguments.format != "feedback":
        raise UsageError(tell("--names and --worksheet are for the format feedback"))
    if uploaded and len(arguments.checkpoints) > 1:
        raise UsageError(tell("feedback to be uploaded is on one checkpoint at a time"))
    if len(set(arguments.checkpoints)) != len(arguments.checkpoints):
        raise UsageError(tell("a checkpoint is named twice"))


def _sheet(course: Course, arguments: argparse.Namespace) -> Sheet:
    from tutor.cli.gradebook import opened
    from tutor.grading import exports

    checkpoints = [course.checkpoint(id) for id in arguments.checkpoints]
    headings = _headings(arguments)
    with opened(course, arguments.book) as book:
        graded = [(checkpoint, book.grades(checkpoint.id)) for checkpoint in checkpoints]
        digests = [grade.digest for _checkpoint, grades in graded for grade in grades]
        said = {digest: tuple(each.text for each in book.comments(digest)) for digest in digests}
    return exports.arrange(course.id, course.title, course.learners.values(), graded, headings=headings, comments=said)


def _headings(arguments: argparse.Namespace) -> dict[str, str]:
    found = {}
    for word in arguments.columns:
        id, equals, name = word.partition("=")
        if id not in arguments.checkpoints or not equals or not name.strip():
            raise UsageError(
                tell(
                    "--column: {word} is not CHECKPOINT=NAME with one of the checkpoints that are exported",
                    word=repr(word),
                )
            )
        found[id] = name.strip()
    return found


def _rendered(sheet: Sheet, arguments: argparse.Namespace) -> bytes:
    from tutor.grading.exports import Choices, Missing, Pending, canvas, document, generic, moodle

    render = {"canvas": canvas.render, "moodle": moodle.render, "csv": generic.render, "json": document.render}
    choices = Choices(Pending(arguments.pending), Missing(arguments.missing), arguments.id_column, arguments.excel)
    return render[arguments.format](sheet, choices)


def _write_feedback(sheet: Sheet, arguments: argparse.Namespace) -> None:
    import io
    import zipfile

    from tutor.grading.exports import feedback

    texts = feedback.render(sheet, _names(sheet, arguments))
    target: Path = arguments.output
    if target.suffix.casefold() == ".zip":
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in texts.items():
                archive.writestr(name, text)
        output.write(target, packed.getvalue())
    else:
        for name, text in texts.items():
            output.write(target / name, text.encode())
    exits.say(tell("{target}: feedback for {count} learners", target=target, count=len(texts)))


def _names(sheet: Sheet, arguments: argparse.Namespace) -> Mapping[str, str] | None:
    """Those that a school's system takes feedback by; ``None`` for our own."""
    from tutor.grading.exports import names, worksheet

    handed_in = {learner: grade.file for learner, grade in sheet.columns[0].grades.items()}
    people = {learner.id: learner.name for learner in sheet.learners if learner.id in handed_in}
    if arguments.worksheet is not None:
        numbers = worksheet.participants(arguments.worksheet, sheet.learners)
        found = names.moodle_names(people, numbers)
    elif arguments.names == "moodle":
        found = names.moodle_names(people, names.moodle_participants(handed_in))
    elif arguments.names == "canvas":
        found = names.canvas_names(handed_in)
    else:
        return None
    if lost := [learner for learner in people if learner not in found]:
        exits.say(tell("no feedback for those whose number is not known: {names}", names=_listed(lost)))
    return found


def _warn(sheet: Sheet, arguments: argparse.Namespace) -> None:
    """What the file does not say by itself."""
    from tutor.grading.exports import Standing, canvas, moodle

    cautions = {"canvas": canvas.cautions, "moodle": moodle.cautions}.get(arguments.format)
    for caution in cautions(sheet) if cautions else ():
        exits.say(caution)
    for column in sheet.columns:
        id = column.checkpoint.id
        if pending := sheet.standing(column, Standing.PENDING):
            names = _listed(learner.id for learner in pending)
            if arguments.pending == "points":
                exits.say(tell("{id}: only what is certain is counted for: {names}", id=id, names=names))
            else:
                exits.say(tell("{id}: no mark until somebody has looked at them: {names}", id=id, names=names))
        if waiting := sheet.standing(column, Standing.WAITING):
            names = _listed(learner.id for learner in waiting)
            exits.say(tell("{id}: handed in and not graded yet: {names}", id=id, names=names))
        if strangers := sheet.strangers(column):
            exits.say(tell("{id}: not in the roster, and left out: {names}", id=id, names=_listed(strangers)))


def _listed(ids: Iterable[str]) -> str:
    from tutor import inert

    names = [inert.line(id) for id in ids]
    if len(names) <= _NAMED:
        return ", ".join(names)
    return tell("{names} and {count} more", names=", ".join(names[:_NAMED]), count=len(names) - _NAMED)
