"""What lies on the instructor's desk: the class as rows, one submission opened. Knows no Textual."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from tutor import content
from tutor.errors import NettutorError, SubmissionError
from tutor.grading import envelope, forms, strict
from tutor.grading.book import Book
from tutor.grading.course import Course
from tutor.grading.timing import Moment, Timeline, Typed, timeline, typed
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Comment, FlagKind, Grade, GradedGoal, Mark, Outcome, Refused
from tutor.model.submission import Submission


class Sort(StrEnum):
    """How the class is ordered. Doubtful ones come first, then those not judged, then the flagged."""

    DOUBTFUL = "doubtful"
    LEARNER = "learner"
    POINTS = "points"
    LATE = "late"
    FLAGS = "flags"


class Show(StrEnum):
    """Which of the class are listed."""

    ALL = "all"
    DOUBTFUL = "doubtful"
    FLAGGED = "flagged"
    LATE = "late"
    WAITING = "waiting"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Row:
    """A learner of the roster, or one who handed in and is no more in it; ``grade`` is ``None`` without a file."""

    learner: str
    name: str
    grade: Grade | None

    def count(self, outcome: Outcome) -> int:
        return sum(goal.result.outcome is outcome for goal in self.grade.goals) if self.grade else 0

    @property
    def marked(self) -> int:
        """Goals that a person gave points for."""
        return sum(goal.mark is not None for goal in self.grade.goals) if self.grade else 0

    @property
    def doubtful(self) -> bool:
        return self.grade is not None and self.grade.doubtful

    @property
    def waiting(self) -> bool:
        return self.grade is not None and not self.grade.judged

    @property
    def flags(self) -> tuple[FlagKind, ...]:
        """Each kind once, without lateness, which has a column of its own."""
        if self.grade is None:
            return ()
        return tuple(dict.fromkeys(flag.kind for flag in self.grade.flags if flag.kind is not FlagKind.LATE))

    @property
    def late(self) -> float:
        """Minutes."""
        return self.grade.late.minutes if self.grade else 0.0


@dataclass(frozen=True, slots=True)
class Opened:
    """One submission with what people said of it. ``wrong`` says why its file cannot be read, where it cannot."""

    grade: Grade
    name: str
    submission: Submission | None
    wrong: str
    marks: tuple[tuple[tuple[str, str, str], Mark], ...]
    comments: tuple[Comment, ...]
    line: Timeline
    typed: tuple[Typed, ...]

    @property
    def items(self) -> tuple[str, ...]:
        """Whatever the submission or its judgement knows of, in the order of the checkpoint."""
        judged = [goal.result.item for goal in self.grade.goals]
        found = [*self.submission.casts, *self.submission.facts] if self.submission else []
        return tuple(dict.fromkeys((*judged, *found)))

    def history(self, goal: GradedGoal) -> tuple[Mark, ...]:
        """Every mark of a goal, oldest first."""
        key = (goal.result.item, goal.result.step, goal.result.goal)
        return tuple(mark for place, mark in self.marks if place == key)

    def claim(self, goal: GradedGoal) -> str:
        """What the learner's own tutor said of it: ``met``, ``unmet``, ``unknown``, or nothing."""
        key = (goal.result.item, goal.result.step, goal.result.goal)
        claims = self.submission.claims if self.submission else ()
        return next((claim.status for claim in claims if (claim.item, claim.step, claim.goal) == key), "")


class Desk:
    """The course and its gradebook, and in whose name is written. Its methods read and write; call them in a thread."""

    def __init__(self, course: Course, book: Book, who: str) -> None:
        self.course = course
        self.book = book
        self.who = who

    @cached_property
    def names(self) -> Mapping[str, str]:
        return {learner.id: learner.name for learner in self.course.learners.values()}

    def checkpoint(self, id: str) -> Checkpoint:
        return self.course.checkpoint(id)

    def rows(self, checkpoint: str) -> tuple[Row, ...]:
        """Everybody in the order of the roster, then who is not in it any more."""
        grades = self.book.grades(checkpoint)
        found = {grade.learner: grade for grade in grades}
        listed = [Row(learner, name, found.get(learner)) for learner, name in self.names.items()]
        gone = [Row(grade.learner, "", grade) for grade in grades if grade.learner not in self.names]
        return (*listed, *gone)

    def refusals(self) -> tuple[Refused, ...]:
        return self.book.refusals()

    def open(self, digest: str) -> Opened:
        grade = self.book.grade(digest)
        submission, wrong = None, ""
        line = Timeline(())
        try:
            sealed = envelope.opened(self.book.data(digest), envelope.SUBMISSION)
            submission = forms.read(strict.parse_canonical(sealed.payload), Submission)
            line = timeline(submission.entries)
        except SubmissionError as error:
            wrong = error.message
        return Opened(
            grade,
            self.names.get(grade.learner, ""),
            submission,
            wrong,
            self.book.marks(digest),
            self.book.comments(digest),
            line,
            typed(line),
        )

    def asks(self, opened: Opened) -> dict[tuple[str, str, str], str]:
        """What each goal asks for, by item, step and goal, with the learner's own values; nothing where the lessons are
        others now."""
        found: dict[tuple[str, str, str], str] = {}
        try:
            checkpoint = self.checkpoint(opened.grade.checkpoint)
            entrant = checkpoint.learners.get(opened.grade.learner)
            for item in checkpoint.items:
                lesson = content.load(item.lesson, seed=entrant.seed if entrant else None)
                for step in lesson.steps:
                    found |= {(item.id, step.id, goal.id): goal.text for goal in step.goals}
        except NettutorError:
            return found
        return found

    def mark(self, digest: str, goal: GradedGoal, points: float, comment: str) -> None:
        """On disk when it returns."""
        result = goal.result
        self.book.mark(digest, result.item, result.step, result.goal, points, comment, self.who)

    def comment(self, digest: str, text: str) -> None:
        """On disk when it returns."""
        self.book.comment(digest, text, self.who)


def arranged(rows: Iterable[Row], sort: Sort, show: Show, words: str = "") -> list[Row]:
    """The rows that are to be seen, in their order. Each of ``words`` must be in the id or the name."""
    wanted = words.casefold().split()
    return sorted(
        (row for row in rows if _seen(row, show) and all(word in _key(row) for word in wanted)),
        key=lambda row: (*_order(row, sort), _key(row)),
    )


def totals(rows: Sequence[Row]) -> tuple[int, int, int]:
    """How many learners there are, handed in, and are doubtful."""
    return len(rows), sum(row.grade is not None for row in rows), sum(row.doubtful for row in rows)


def wall(moment: Moment) -> str:
    """The wall clock of an entry, as the learner's machine had it, in UTC."""
    try:
        return datetime.datetime.fromtimestamp(moment.at / 1e9, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return "?"


def clock(seconds: float) -> str:
    """``4:05``, or ``1:04:05`` from an hour on."""
    whole = int(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _key(row: Row) -> str:
    return f"{row.name} {row.learner}".casefold()


def _seen(row: Row, show: Show) -> bool:
    match show:
        case Show.ALL:
            return True
        case Show.DOUBTFUL:
            return row.doubtful
        case Show.FLAGGED:
            return bool(row.flags)
        case Show.LATE:
            return row.late > 0
        case Show.WAITING:
            return row.waiting
        case Show.MISSING:
            return row.grade is None


def _order(row: Row, sort: Sort) -> tuple[float, ...]:
    here = float(row.grade is None)
    points = row.grade.points if row.grade else 0.0
    match sort:
        case Sort.DOUBTFUL:
            return here, -float(row.doubtful), -float(row.waiting), -len(row.flags), points
        case Sort.LEARNER:
            return ()
        case Sort.POINTS:
            return here, float(row.waiting), points
        case Sort.LATE:
            return here, -row.late
        case Sort.FLAGS:
            return here, -len(row.flags)
