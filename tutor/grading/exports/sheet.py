"""What all formats are made from: learners down, checkpoints across, and which mark stands in a cell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tutor.grading.roster import Learner
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Grade


class Standing(StrEnum):
    """How far a learner's checkpoint has come."""

    GRADED = "graded"
    PENDING = "pending"  # a goal is inconclusive, and nobody has looked at it yet
    WAITING = "waiting"  # handed in and not judged yet
    MISSING = "missing"  # nothing was handed in


class Pending(StrEnum):
    """The mark of a submission that somebody still has to look at."""

    EMPTY = "empty"
    POINTS = "points"  # those that are certain already


class Missing(StrEnum):
    """The mark where nothing was handed in."""

    EMPTY = "empty"
    ZERO = "zero"


def standing(grade: Grade | None) -> Standing:
    """Of a learner's only submission for a checkpoint, or of none."""
    if grade is None:
        return Standing.MISSING
    if not grade.judged:
        return Standing.WAITING
    return Standing.PENDING if grade.doubtful else Standing.GRADED


@dataclass(frozen=True, slots=True)
class Choices:
    """``id_column`` names the column of the school's system that the roster's ids belong in, empty for the usual one
    of the format; ``excel`` begins CSV with a byte order mark, without which Excel takes UTF-8 for something else."""

    pending: Pending = Pending.EMPTY
    missing: Missing = Missing.EMPTY
    id_column: str = ""
    excel: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A checkpoint with its grades by learner, and what was said of whole submissions. ``heading`` is the name that
    the school's system knows it by."""

    checkpoint: Checkpoint
    heading: str
    grades: Mapping[str, Grade]
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def standing(self, learner: str) -> Standing:
        return standing(self.grades.get(learner))

    def mark(self, learner: str, choices: Choices) -> float | None:
        """Points after lateness; ``None`` for an empty cell."""
        match self.standing(learner):
            case Standing.GRADED:
                return self.grades[learner].points
            case Standing.PENDING:
                return self.grades[learner].points if choices.pending is Pending.POINTS else None
            case Standing.WAITING:
                return None
            case Standing.MISSING:
                return 0.0 if choices.missing is Missing.ZERO else None


@dataclass(frozen=True, slots=True)
class Sheet:
    """``learners`` are those of the roster, in its order."""

    course: str
    title: str
    learners: tuple[Learner, ...]
    columns: tuple[Column, ...]

    def standing(self, column: Column, *which: Standing) -> tuple[Learner, ...]:
        """The learners whose checkpoint has come just so far."""
        return tuple(learner for learner in self.learners if column.standing(learner.id) in which)

    def strangers(self, column: Column) -> tuple[str, ...]:
        """Ids that have a grade and are no longer in the roster."""
        listed = {learner.id for learner in self.learners}
        return tuple(sorted(set(column.grades) - listed))


def arrange(
    course: str,
    title: str,
    learners: Iterable[Learner],
    graded: Iterable[tuple[Checkpoint, Iterable[Grade]]],
    *,
    headings: Mapping[str, str] | None = None,
    comments: Mapping[str, tuple[str, ...]] | None = None,
) -> Sheet:
    """``headings`` are by the checkpoint's id; without one it is the checkpoint's title. ``comments`` are by the
    digest of a submission. Where a learner has more than one submission, the one that was received last stands."""
    columns = []
    for checkpoint, grades in graded:
        latest = {grade.learner: grade for grade in sorted(grades, key=lambda grade: grade.received)}
        heading = (headings or {}).get(checkpoint.id) or checkpoint.title or checkpoint.id
        said = {learner: (comments or {}).get(grade.digest, ()) for learner, grade in latest.items()}
        columns.append(Column(checkpoint, heading, latest, said))
    return Sheet(course, title, tuple(learners), tuple(columns))
