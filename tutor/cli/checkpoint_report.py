"""``nettutor checkpoint report``: pages about a class and its learners, to be read in a browser."""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.cli import exits, output
from tutor.errors import UsageError
from tutor.i18n import _, tell

if TYPE_CHECKING:
    from tutor.grading.book import Book
    from tutor.grading.course import Course
    from tutor.grading.report import Pupil
    from tutor.model.checkpoint import Checkpoint

_HOME = "index.html"

_EXAMPLES = tell("""\
examples:
  nettutor checkpoint report net-2027 midterm                     then open net-2027/reports/midterm/index.html
  nettutor checkpoint report net-2027 midterm --learner 2024001   one page, without those of the others
  nettutor checkpoint report net-2027 midterm -o /media/stick/midterm --lang ko

Each page is one file that needs nothing else: no network, no scripts. They are for instructors: flags name other
learners. For the learners there is `nettutor checkpoint export --format feedback`.
""")


def add(actions: Any) -> None:
    parser = actions.add_parser(
        "report", help=_("pages about the class and each learner, for a browser"), examples=_EXAMPLES
    )
    parser.add_argument("course", metavar="DIR", type=Path)
    parser.add_argument("checkpoint", metavar="CHECKPOINT")
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=Path, help=_("default: reports/CHECKPOINT in the course's directory")
    )
    parser.add_argument("--learner", metavar="ID", help=_("only the page of this learner"))
    parser.add_argument("--book", metavar="URL", help=_("the gradebook, where it is not in the course's directory"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tutor.cli.gradebook import opened
    from tutor.grading.course import Course

    course = Course.open(arguments.course)
    checkpoint = course.checkpoint(arguments.checkpoint)
    if arguments.learner is not None and arguments.learner not in course.learners:
        raise UsageError(tell("the roster has no learner {id}", id=repr(arguments.learner[:64])))
    folder = arguments.output or course.path / "reports" / checkpoint.id
    with opened(course, arguments.book) as book:
        wanted = list(course.learners) if arguments.learner is None else [arguments.learner]
        pupils = _pupils(course, checkpoint, book, wanted)
        if arguments.learner is None:
            path = _write_all(course, checkpoint, book, pupils, folder)
        else:
            (pupil,) = pupils
            path = _write_learner(course, checkpoint, pupil, folder, home="")
    print(path)
    return exits.DONE


def _write_all(course: Course, checkpoint: Checkpoint, book: Book, pupils: Iterator[Pupil], folder: Path) -> Path:
    from tutor.cli.bar import Bar
    from tutor.grading import report

    kept: list[Pupil] = []
    with Bar(label=tell("report")) as bar:
        for pupil in pupils:
            bar(tell("learners"), len(kept) / len(course.learners))
            if pupil.grade is not None:
                _write_learner(course, checkpoint, pupil, folder, home=_HOME)
            kept.append(replace(pupil, work=replace(pupil.work, lines={})))  # what was typed may be large
    page = report.class_page(course.title, checkpoint, kept, book.refusals(), made=_now())
    return _write(folder / _HOME, page)


def _write_learner(course: Course, checkpoint: Checkpoint, pupil: Pupil, folder: Path, *, home: str) -> Path:
    from tutor.grading import report

    page = report.learner_page(course.title, checkpoint, pupil, made=_now(), home=home)
    return _write(folder / pupil.page, page)


def _pupils(course: Course, checkpoint: Checkpoint, book: Book, ids: Sequence[str]) -> Iterator[Pupil]:
    from tutor.grading import exports
    from tutor.grading.exports.names import file_names
    from tutor.grading.inbox import submission_in
    from tutor.grading.report import Pupil, work_of

    graded = [(checkpoint, book.grades(checkpoint.id))]
    sheet = exports.arrange(course.id, course.title, course.learners.values(), graded)
    names = file_names(course.learners, ".html", taken=[_HOME])
    for id in ids:
        learner, grade = course.learners[id], sheet.columns[0].grades.get(id)
        if grade is None:
            yield Pupil(learner, page=names[id])
        else:
            work = work_of(checkpoint, submission_in(book.data(grade.digest)).entries)
            yield Pupil(learner, grade, work, book.comments(grade.digest), names[id])


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _write(path: Path, text: str) -> Path:
    output.write(path, text.encode())
    return path
