"""The two kinds of page, filled in."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tutor import inert
from tutor.grading import saying
from tutor.grading.exports.sheet import Standing
from tutor.grading.report import figures, svg
from tutor.grading.report.work import Pupil, Work
from tutor.i18n import _, language, tell
from tutor.model.checkpoint import Checkpoint
from tutor.model.grade import GradedGoal, Refused

if TYPE_CHECKING:
    from jinja2 import Environment

_STANDINGS = {
    Standing.GRADED: tell("graded"),
    Standing.PENDING: tell("to be looked at"),
    Standing.WAITING: tell("not graded yet"),
    Standing.MISSING: tell("not handed in"),
}


def class_page(
    course: str, checkpoint: Checkpoint, pupils: Sequence[Pupil], refused: Sequence[Refused] = (), *, made: str = ""
) -> str:
    """``course`` is its title, ``pupils`` is the whole roster, ``made`` when this was (RFC 3339, UTC)."""
    goals = figures.per_goal(pupils)
    works = [pupil.work for pupil in pupils if pupil.grade is not None]
    times = figures.step_times(works, ((goal.item, goal.step) for goal in goals))
    bins = figures.spread(checkpoint, pupils)
    return _page(
        "class.html",
        course=course,
        checkpoint=checkpoint,
        pupils=pupils,
        totals=figures.totals(pupils),
        bins=bins,
        goals=goals,
        times=times,
        flagged=[pupil for pupil in pupils if pupil.grade is not None and pupil.grade.flags],
        refused=refused,
        made=made,
        spread_picture=_spread(bins),
        goals_picture=_goals(goals),
        times_picture=_class_times(times),
    )


def learner_page(course: str, checkpoint: Checkpoint, pupil: Pupil, *, made: str = "", home: str = "") -> str:
    """``home`` is the file name of the class's page, empty for none."""
    goals = pupil.grade.goals if pupil.grade else ()
    items = [(item, [goal for goal in goals if goal.result.item == item]) for item in _order(goals)]
    lines = [(item, pupil.work.lines[item]) for item in (*_ids(checkpoint), "") if item in pupil.work.lines]
    order = [(goal.result.item, goal.result.step) for goal in goals]
    steps = dict.fromkeys([*order, *(step for step in pupil.work.steps if step[0])])
    times = [(item, step, pupil.work.steps[item, step]) for item, step in steps if (item, step) in pupil.work.steps]
    return _page(
        "learner.html",
        course=course,
        checkpoint=checkpoint,
        pupil=pupil,
        grade=pupil.grade,
        items=items,
        lines=lines,
        times=times,
        made=made,
        home=home,
        items_picture=_items(items),
        times_picture=_learner_times(times),
        strip_picture=_strip(pupil.work),
    )


def _spread(bins: Sequence[tuple[float, float, int]]) -> Markup:
    bars = [(f"{saying.points(low)}–{saying.points(high)}", count) for low, high, count in bins]
    return svg.columns(
        "spread",
        _("Distribution of points"),
        _("How many learners are in each tenth of the points."),
        bars if all(len(label) <= 5 for label, _count in bars) else [(saying.points(low), n) for low, _high, n in bins],
        axis=_("points"),
    )


def _goals(goals: Sequence[figures.GoalFigures]) -> Markup:
    bars = [
        svg.Row(
            f"{goal.item.partition('#')[0]}#{goal.step} / {goal.goal}",
            (
                svg.Part("yes", goal.confirmed / goal.judged, str(goal.confirmed)),
                svg.Part("maybe", goal.inconclusive / goal.judged, str(goal.inconclusive)),
                svg.Part("no", goal.not_reproduced / goal.judged, str(goal.not_reproduced)),
            ),
            f"{100 * goal.confirmed / goal.judged:.0f} %",
        )
        for goal in goals
    ]
    about = _("For each goal, how many submissions have it confirmed, inconclusive and not reproduced.")
    return svg.rows("goals", _("Success per goal"), about, bars, full=1.0)


def _class_times(times: Sequence[figures.StepTime]) -> Markup:
    bars = [
        svg.Row(
            f"{time.item.partition('#')[0]}#{time.step}",
            (svg.Part("bar", time.median),),
            saying.duration(time.median),
            (time.low, time.high),
        )
        for time in times
    ]
    about = _("The middle time of the learners in each step; the line is where the middle half of them lies.")
    return svg.rows("times", _("Time per step"), about, bars)


def _items(items: Sequence[tuple[str, Sequence[GradedGoal]]]) -> Markup:
    bars = []
    for item, goals in items:
        earned, worth = sum(goal.points for goal in goals), sum(goal.result.worth for goal in goals)
        text = _("{points} of {worth}", points=saying.points(earned), worth=saying.points(worth))
        bars.append(svg.Row(item, (svg.Part("yes", min(earned, worth) / worth if worth else 0.0),), text))
    about = _("The points of each item, before anything is taken off for lateness.")
    return svg.rows("items", _("Points per item"), about, bars, full=1.0)


def _learner_times(times: Sequence[tuple[str, str, float]]) -> Markup:
    bars = [
        svg.Row(f"{item.partition('#')[0]}#{step}", (svg.Part("bar", seconds),), saying.duration(seconds))
        for item, step, seconds in times
    ]
    return svg.rows("times", _("Time per step"), _("How long each step was open."), bars)


def _strip(work: Work) -> Markup:
    marks = [line.seconds for lines in work.lines.values() for line in lines]
    about = _("A tick for each of {count} lines that were typed, from the beginning to the end.", count=len(marks))
    return svg.strip(
        "strip", _("When lines were typed"), about, marks, work.seconds, ("0", saying.duration(work.seconds))
    )


def _order(goals: Sequence[GradedGoal]) -> list[str]:
    return list(dict.fromkeys(goal.result.item for goal in goals))


def _ids(checkpoint: Checkpoint) -> tuple[str, ...]:
    return tuple(item.id for item in checkpoint.items)


def _page(name: str, **values: Any) -> str:
    return _environment().get_template(name).render(lang=language(), **values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals |= {"_": _, "signs": saying.SIGNS}
    environment.filters |= {
        "points": saying.points,
        "moment": saying.moment,
        "duration": saying.duration,
        "lateness": saying.lateness,
        "outcome": saying.outcome,
        "flag": saying.flag,
        "standing": lambda standing: _(_STANDINGS[standing]),
    }
    return environment


def _harmless(value: object) -> object:
    """What is put into a page, wherever it comes from."""
    return inert.shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value
