"""A run of grading: files are taken in, what was taken in is judged, and each step is in the gradebook before the next.

It may end at any moment, by a signal or by the power: what the gradebook has not got is done by the next run.
"""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tutor.errors import MachineError, SubmissionError, UsageError
from tutor.grading import inbox, seeds, strict, task
from tutor.grading.alike import alike
from tutor.grading.book import Book
from tutor.grading.course import Course
from tutor.grading.engine import Engine
from tutor.grading.flags import flags_of
from tutor.grading.inbox import Accepted
from tutor.grading.limits import Limits
from tutor.grading.timing import late
from tutor.i18n import tell
from tutor.model.grade import Flag

Progress = Callable[[str, int, int], None]
"""Called with what is done, how many are over, and how many there are."""
_OTHERS = 24
"""Seeds of which the best is taken for the second run."""


@dataclass
class Run:
    """What a run has done so far. ``refused`` are file and reason, ``unjudged`` digest and reason."""

    files: int = 0
    fresh: int = 0
    judged: int = 0
    left: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    unjudged: list[tuple[str, str]] = field(default_factory=list)
    troubled: list[tuple[str, str]] = field(default_factory=list)
    checkpoints: set[str] = field(default_factory=set)
    known: list[str] = field(default_factory=list)  # digests, of the files that are in the gradebook now


def files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files that are named, and all that are below directories that are named, sorted; hidden ones are passed
    over. ``UsageError`` for a path that is not there."""
    for path in paths:
        if not path.exists():
            raise UsageError(tell("{path}: there is no such file or directory", path=path))
        if not path.is_dir():
            yield path
            continue
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(folder, name) for name in sorted(names) if not name.startswith("."))


def take_in(course: Course, book: Book, found: Sequence[Path], run: Run, progress: Progress) -> None:
    """Each file into the gradebook: as a submission, or as one that was refused."""
    for path in found:
        progress(tell("taking in"), run.files, len(found))
        run.files += 1
        name = os.fsencode(path).decode("utf-8", "backslashreplace")
        data = b""
        try:
            if stat.S_ISLNK(path.lstat().st_mode):
                raise SubmissionError(tell("it is a link to another file"))
            data = strict.read(path)
            accepted = inbox.accept(data, course)
            run.fresh += book.take_in(accepted, data, file=name, received=_now())
            run.known.append(accepted.digest)
            run.checkpoints.add(accepted.submission.checkpoint)
        except SubmissionError as error:
            digest = hashlib.sha256(data or os.fsencode(path)).hexdigest()
            book.refuse(name, digest, error.message)
            run.refused.append((name, error.message))


async def judge(
    course: Course, book: Book, digests: Sequence[str], engine: Engine, run: Run, progress: Progress, *, again: bool
) -> None:
    """Replay these submissions, as many at once as the engine has slots; each goes into the gradebook when it is over.

    Raises ``MachineError`` where nothing can be judged; what was, is kept.
    """
    waiting = iter(digests)
    run.left = len(digests)

    async def slot() -> None:
        for digest in waiting:
            await _judge_one(course, book, digest, engine, run, again=again)
            run.left -= 1
            progress(tell("judging"), len(digests) - run.left, len(digests))

    progress(tell("judging"), 0, len(digests))
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(engine.slots, len(digests))):
                group.create_task(slot())
    except BaseExceptionGroup as errors:
        raise _first(errors) from errors


def compare(course: Course, book: Book, checkpoint: str) -> None:
    """Say of all submissions for a checkpoint which are nearly the same."""
    digests: dict[str, str] = {}
    attempts = {}
    for grade in book.grades(checkpoint):
        try:
            attempts[grade.learner] = inbox.accept(book.data(grade.digest), course).attempts
        except SubmissionError:
            continue  # whoever left the roster is compared with nobody
        digests[grade.learner] = grade.digest
    found = alike(course.checkpoint(checkpoint), attempts) if len(attempts) > 1 else {}
    flags: dict[str, Flag | None] = {digest: found.get(learner) for learner, digest in digests.items()}
    book.alike(flags)


async def _judge_one(course: Course, book: Book, digest: str, engine: Engine, run: Run, *, again: bool) -> None:
    try:
        accepted = inbox.accept(book.data(digest), course)
    except SubmissionError as error:  # the roster or the checkpoint is another one by now
        run.unjudged.append((digest, error.message))
        return
    result = task.read_result(await engine.judge(task.packed(_task(accepted, course))))
    if result.trouble:
        if not run.judged:
            raise MachineError(result.trouble)
        run.troubled.append((digest, result.trouble))
    book.judged(digest, result.judgement, late(accepted), flags_of(accepted, course), again=again)
    run.judged += 1
    run.checkpoints.add(accepted.submission.checkpoint)


def _task(accepted: Accepted, course: Course) -> task.Task:
    submission = accepted.submission
    others = [
        seeds.other_seed(course.secret, submission.checkpoint, submission.learner, number) for number in range(_OTHERS)
    ]
    return task.task_for(accepted, others, Limits())


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    """The one that all others came of."""
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _now() -> str:
    return datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
