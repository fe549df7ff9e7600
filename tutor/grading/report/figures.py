"""What the pictures show: how points are spread, which goals were reached, and where the time went."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tutor.grading.exports.sheet import Standing
from tutor.grading.report.work import Pupil, Work
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import Grade, Outcome

_BINS = 10


@dataclass(frozen=True, slots=True)
class Totals:
    """Of a class. ``mean`` and ``median`` are of those that are graded, ``None`` where there are none."""

    learners: int
    handed_in: int
    graded: int
    pending: int
    waiting: int
    mean: float | None
    median: float | None


@dataclass(frozen=True, slots=True)
class GoalFigures:
    """How often a goal came out how, and the mean of the points that it brought."""

    item: str
    step: str
    goal: str
    confirmed: int
    inconclusive: int
    not_reproduced: int
    worth: float
    mean: float

    @property
    def judged(self) -> int:
        return self.confirmed + self.inconclusive + self.not_reproduced


@dataclass(frozen=True, slots=True)
class StepTime:
    """Seconds in a step, over those who opened it: the middle, and where the middle half begins and ends."""

    item: str
    step: str
    learners: int
    median: float
    low: float
    high: float


def totals(pupils: Sequence[Pupil]) -> Totals:
    standings = Counter(pupil.standing for pupil in pupils)
    points = [grade.points for grade in _with(pupils, Standing.GRADED)]
    return Totals(
        len(pupils),
        len(pupils) - standings[Standing.MISSING],
        standings[Standing.GRADED],
        standings[Standing.PENDING],
        standings[Standing.WAITING],
        statistics.fmean(points) if points else None,
        statistics.median(points) if points else None,
    )


def spread(checkpoint: Checkpoint, pupils: Sequence[Pupil]) -> tuple[tuple[float, float, int], ...]:
    """Ten equal ranges of points with how many are in each, as (from, to, count): a range holds its lower end, and the
    last one both. Points by hand may go beyond the worth of a goal; these are in the last one, too."""
    whole = checkpoint.points or 1.0
    bins = [0] * _BINS
    for grade in _with(pupils, Standing.GRADED, Standing.PENDING):
        share = round(grade.points / whole * _BINS, 9)  # 0.3 / 1 * 10 is a little less than 3
        bins[min(_BINS - 1, max(0, int(share)))] += 1
    return tuple((whole * n / _BINS, whole * (n + 1) / _BINS, count) for n, count in enumerate(bins))


def per_goal(pupils: Sequence[Pupil]) -> tuple[GoalFigures, ...]:
    """Every goal that somebody was judged by, in the order of the items."""
    found: dict[tuple[str, str, str], list[tuple[Outcome, float, float]]] = {}
    for grade in _with(pupils, Standing.GRADED, Standing.PENDING):
        for goal in grade.goals:
            key = (goal.result.item, goal.result.step, goal.result.goal)
            found.setdefault(key, []).append((goal.result.outcome, goal.result.worth, goal.points))
    figures = []
    for key, results in found.items():
        outcomes = Counter(outcome for outcome, _worth, _points in results)
        figures.append(
            GoalFigures(
                *key,
                outcomes[Outcome.CONFIRMED],
                outcomes[Outcome.INCONCLUSIVE],
                outcomes[Outcome.NOT_REPRODUCED],
                results[-1][1],
                statistics.fmean(points for _outcome, _worth, points in results),
            )
        )
    return tuple(figures)


def step_times(works: Sequence[Work], order: Iterable[tuple[str, str]]) -> tuple[StepTime, ...]:
    """``order`` are the items and steps to tell of; those that nobody opened are passed over."""
    found = []
    for item, step in dict.fromkeys(order):
        spent = sorted(work.steps[item, step] for work in works if (item, step) in work.steps)
        if spent:
            low, middle, high = statistics.quantiles(spent, n=4, method="inclusive") if spent[1:] else spent * 3
            found.append(StepTime(item, step, len(spent), middle, low, high))
    return tuple(found)


def _with(pupils: Sequence[Pupil], *standings: Standing) -> list[Grade]:
    return [pupil.grade for pupil in pupils if pupil.grade is not None and pupil.standing in standings]
