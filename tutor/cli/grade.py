"""``nettutor grade``: submissions into the gradebook, by doing again what was done in them."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor import i18n
from tutor.cli import exits
from tutor.errors import UsageError
from tutor.i18n import _, tell
from tutor.inert import line

if TYPE_CHECKING:
    from tutor.grading.book import Book
    from tutor.grading.course import Course
    from tutor.grading.engine import Engine
    from tutor.grading.grading import Run
    from tutor.model.grade import Grade

_MAXIMUM_JOBS = 1024

_EXAMPLES = tell("""\
examples:
  nettutor grade handed-in/ --course net-2027
  nettutor grade ann.submission ben.submission --course net-2027 --jobs 8
  nettutor grade --course net-2027            go on where a run was stopped
  nettutor grade handed-in/ --course net-2027 --again
  nettutor grade handed-in/ --course net-2027 --json | jq '.grades[] | select(.doubtful) | .learner'
  nettutor grade handed-in/ --course net-2027 --engine dask://10.0.0.5:8786

Each submission is typed into fresh labs, with the learner's own names and addresses and with others, under limits of
time, memory, processes and disk, and without a way out. A goal is confirmed, not reproduced, or inconclusive: then a
person decides (nettutor checkpoint review). What a file claims is not believed, and a bad file does not stop the rest.
The run may be stopped at any moment; the same command goes on.

Exit status: 0 everything was taken in and judged, 1 something was refused, is inconclusive or waits, 2 usage, 3 this
machine cannot.
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument(
        "submissions", metavar="SUBMISSION", nargs="*", type=Path, help=_("files, and directories of files")
    )
    parser.add_argument("--course", required=True, metavar="DIR", type=Path)
    parser.add_argument("--jobs", type=int, metavar="N", help=_("replays at once (default: the cores there are)"))
    parser.add_argument("--engine", default="local", metavar="ENGINE", help=_("local, or dask://HOST:PORT"))
    parser.add_argument("--book", metavar="URL", help=_("the gradebook, where it is not in the course's directory"))
    parser.add_argument("--again", action="store_true", help=_("judge again what was judged already"))
    parser.add_argument("--json", action="store_true", help=_("one JSON object on standard output"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tutor.cli.bar import Bar
    from tutor.grading import engine, grading
    from tutor.grading.book import Book
    from tutor.grading.course import Course

    if arguments.jobs is not None and not 1 <= arguments.jobs <= _MAXIMUM_JOBS:
        raise UsageError(tell("--jobs is a number from 1 to {maximum}", maximum=_MAXIMUM_JOBS))
    course = Course.open(arguments.course)
    chosen = engine.chosen(arguments.engine, arguments.jobs)
    found = list(grading.files(arguments.submissions))
    done = grading.Run()
    with Book.open(arguments.book or course.gradebook) as book:
        try:
            with Bar(label=tell("grade")) as bar:

                def progress(stage: str, over: int, of: int) -> None:
                    bar(stage, over / max(of, 1))

                grading.take_in(course, book, found, done, progress)
                digests = _to_judge(book, done, bool(found), again=arguments.again)
                if digests:
                    _prepare(course, book, digests, local=arguments.engine == "local")
                    asyncio.run(_judge(course, book, digests, chosen, done, progress, again=arguments.again))
                for checkpoint in sorted(done.checkpoints):
                    bar(tell("comparing"), None)
                    grading.compare(course, book, checkpoint)
        except KeyboardInterrupt:
            _tell_refused(done)
            exits.say(
                tell(
                    "stopped: {judged} judged, {waiting} wait; the same command goes on",
                    judged=done.judged,
                    waiting=len(book.waiting()),
                )
            )
            return exits.INTERRUPTED
        return _report(course, book, done, as_json=arguments.json)


async def _judge(
    course: Course, book: Book, digests: Sequence[str], engine: Engine, done: Run, progress: Any, *, again: bool
) -> None:
    from tutor.grading import grading

    async with engine:
        await grading.judge(course, book, digests, engine, done, progress, again=again)


def _to_judge(book: Book, done: Run, named: bool, *, again: bool) -> tuple[str, ...]:
    """What waits; with ``again`` what was named, or everything."""
    waiting = book.waiting()
    if not again:
        return waiting
    known = done.known if named else [grade.digest for each in book.checkpoints() for grade in book.grades(each)]
    return tuple(dict.fromkeys((*known, *waiting)))


def _prepare(course: Course, book: Book, digests: Sequence[str], *, local: bool) -> None:
    """Everything that the lessons need is there, before the first submission is judged."""
    from tutor import content
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    checkpoints = {book.grade(digest).checkpoint for digest in digests}
    items = [item for each in sorted(checkpoints) for item in course.checkpoint(each).items]
    lessons = [content.load(lesson) for lesson in dict.fromkeys(item.lesson for item in items)]
    if local:
        with Bar() as bar:
            tools.ensure(dict.fromkeys(tool for lesson in lessons for tool in lesson.tools), bar)


def _report(course: Course, book: Book, done: Run, *, as_json: bool) -> int:
    grades = [grade for each in sorted(done.checkpoints or book.checkpoints()) for grade in book.grades(each)]
    waiting = book.waiting()
    if as_json:
        print(json.dumps(_to_json(course, done, grades, waiting), indent=1))
    else:
        _tell_table(grades)
    sys.stdout.flush()
    _tell_refused(done)
    for digest, reason in done.unjudged:
        exits.say(tell("{file} waits: {reason}", file=line(book.grade(digest).file), reason=line(reason)))
    for digest, reason in done.troubled:
        exits.say(tell("{file} is inconclusive: {reason}", file=line(book.grade(digest).file), reason=line(reason)))
    doubtful = sum(grade.doubtful for grade in grades)
    exits.say(
        tell(
            "{files} files: {fresh} new, {refused} refused; {judged} judged, {doubtful} for a person to look at, "
            "{waiting} wait",
            files=done.files,
            fresh=done.fresh,
            refused=len(done.refused),
            judged=done.judged,
            doubtful=doubtful,
            waiting=len(waiting),
        )
    )
    return exits.INCOMPLETE if done.refused or doubtful or waiting else exits.DONE


def _tell_refused(done: Run) -> None:
    for file, reason in done.refused:
        exits.say(tell("{file}: {reason}", file=line(file), reason=line(reason)))


def _tell_table(grades: Sequence[Grade]) -> None:
    from tutor.model.grade import Outcome

    if not grades:
        return
    head = (_("checkpoint"), _("learner"), _("points"), _("confirmed"), _("not reproduced"), _("inconclusive"))
    rows = [(*head, _("flags"))]
    for grade in grades:
        outcomes = [goal.result.outcome for goal in grade.goals]
        counts = [str(outcomes.count(outcome)) if grade.judged else "-" for outcome in Outcome]
        points = f"{grade.points:g} / {grade.worth:g}" if grade.judged else _("waits")
        flags = ", ".join(dict.fromkeys(flag.kind.value for flag in grade.flags))
        rows.append((grade.checkpoint, line(grade.learner), points, counts[0], counts[1], counts[2], flags))
    widths = [max(i18n.cells(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(i18n.padded(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _to_json(course: Course, done: Run, grades: Sequence[Grade], waiting: Sequence[str]) -> dict[str, object]:
    """``grades`` of the checkpoints that this run had to do with; their goals are in ``checkpoint export``."""
    from tutor.model.grade import Outcome

    def one(grade: Grade) -> dict[str, object]:
        outcomes = [goal.result.outcome for goal in grade.goals]
        return {
            "checkpoint": grade.checkpoint,
            "learner": grade.learner,
            "file": grade.file,
            "digest": grade.digest,
            "judged": grade.judged,
            "points": grade.points,
            "worth": grade.worth,
            **{outcome.value.replace(" ", "_"): outcomes.count(outcome) for outcome in Outcome},
            "doubtful": grade.doubtful,
            "flags": [flag.kind.value for flag in grade.flags],
        }

    return {
        "course": course.id,
        "files": done.files,
        "new": done.fresh,
        "judged": done.judged,
        "waiting": len(waiting),
        "refused": [{"file": file, "reason": reason} for file, reason in done.refused],
        "grades": [one(grade) for grade in grades],
    }
