"""What a learner did and how long it took, from the log of a submission."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tutor.grading.exports.sheet import Standing, standing
from tutor.grading.roster import Learner
from tutor.grading.timing import Typed, timeline, typed
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Comment, Grade
from tutor.model.submission import Entry


@dataclass(frozen=True, slots=True)
class Work:
    """``seconds`` from the first entry to the last, ``steps`` the part of them in each step, by item and step;
    ``lines`` are all that were typed, by item, also those that a reset forgot, and under ``""`` those of no item."""

    seconds: float = 0.0
    steps: Mapping[tuple[str, str], float] = field(default_factory=dict)
    lines: Mapping[str, tuple[Typed, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pupil:
    """A learner of the roster with what there is of one checkpoint; ``page`` is the name of the learner's report."""

    learner: Learner
    grade: Grade | None = None
    work: Work = Work()
    comments: tuple[Comment, ...] = ()
    page: str = ""

    @property
    def standing(self) -> Standing:
        return standing(self.grade)


def work_of(checkpoint: Checkpoint, entries: Sequence[Entry]) -> Work:
    """Of the entries of a submission that was accepted."""
    found = timeline(entries)
    lines: dict[str, list[Typed]] = {}
    for line in typed(found):
        lines.setdefault(_item(checkpoint, line.lesson, line.step), []).append(line)
    steps: dict[tuple[str, str], float] = {}
    lessons: dict[object, str] = {}
    place: tuple[str, str] | None = None
    before = 0.0
    for moment in found.moments:
        if place is not None:
            steps[place] = steps.get(place, 0.0) + moment.seconds - before
        before = moment.seconds
        if moment.kind == "begun":
            lessons[moment.seq] = str(moment.body.get("lesson"))
        elif moment.kind == "opened":
            lesson, step = lessons.get(moment.body.get("attempt"), ""), str(moment.body.get("step"))
            place = (_item(checkpoint, lesson, step), step)
    return Work(found.elapsed, steps, {item: tuple(each) for item, each in lines.items()})


def _item(checkpoint: Checkpoint, lesson: str, step: str) -> str:
    return next(
        (item.id for item in checkpoint.items if item.lesson == lesson and (not item.steps or step in item.steps)), ""
    )
