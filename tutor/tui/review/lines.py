"""The rows of a submission's lists."""

from __future__ import annotations

from textual.content import Content

from tutor.grading import saying
from tutor.i18n import _
from tutor.inert import line
from tutor.model.grade import GradedGoal
from tutor.tui.review.desk import clock
from tutor.tui.review.labels import OUTCOMES
from tutor.tui.review.telling import Clause, Happened
from tutor.tui.review.widgets.rows import cell
from tutor.tui.widgets.goals import inline


def goal_line(goal: GradedGoal, asks: str, width: int) -> Content:
    """A goal with its outcome and points; ``asks`` is its text, where that is known."""
    result = goal.result
    sign, style = OUTCOMES[result.outcome]
    number = f"{saying.points(goal.points)}/{saying.points(result.worth)}{'*' if goal.mark else ' '}"
    what = asks or result.goal
    place = max(8, min(24, (width - 14) // 3))
    return Content.assemble(
        (f"{sign} ", f"bold {style}"),
        cell(number, 10, right=True),
        "  ",
        cell(line(result.step), place, "$text-muted"),
        "  ",
        inline(what).truncate(max(0, width - place - 16), ellipsis=True),
    )


def log_line(entry: Happened, width: int) -> Content:
    """One entry of the log."""
    where = max(6, min(16, width // 8))
    return Content.assemble(
        cell(clock(entry.seconds), 8, "$text-muted", right=True),
        "  ",
        cell(line(entry.where), where, "$text-muted"),
        " ",
        (entry.sign, entry.style),
        cell(entry.detail, 4, entry.style, right=True),
        "  ",
        cell(line(entry.text), max(0, width - where - 18), entry.style),
    )


def goal_head(width: int) -> Content:
    place = max(8, min(24, (width - 14) // 3))
    return Content.assemble("  ", cell(_("points"), 10, right=True), "  ", cell(_("step"), place), "  ", _("goal"))


def log_head(width: int) -> Content:
    where = max(6, min(16, width // 8))
    status = cell(_("exit"), 5, right=True)
    return Content.assemble(
        cell(_("time"), 8, right=True),
        "  ",
        cell(_("where"), where),
        " ",
        status,
        "  ",
        _("what happened"),
    )


def entry_clauses(entry: Happened) -> tuple[Clause, ...]:
    status = _("exit {status}", status=entry.detail) if entry.detail else ""
    rows = [(_("at"), f"{clock(entry.seconds)}  ({entry.wall} UTC)  {entry.where}  {status}".rstrip(), "$text-muted")]
    return (*rows, (_("text"), entry.text, entry.style))
