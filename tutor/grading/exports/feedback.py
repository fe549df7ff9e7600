"""What a learner gets back: a Markdown file (CommonMark) with every goal, its points, and what was said of it.

Canvas and Moodle hand such files out by the hundred when they have the right names (``names``). Flags are not for
learners, and are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tutor import inert
from tutor.grading import saying
from tutor.grading.exports.names import file_names
from tutor.grading.exports.sheet import Column, Sheet, Standing
from tutor.grading.roster import Learner
from tutor.i18n import _
from tutor.model.grade import Grade, GradedGoal

_MARKUP = re.compile(r"([\\`*\[\]<&|~]|(?<!\w)_|_(?!\w))")
_BEGINNING = re.compile(r"^(\s*)(?:([#>+=-])|(\d+)([.)]))", re.MULTILINE)
"""What is markup only where it begins a line."""


def render(sheet: Sheet, names: Mapping[str, str] | None = None) -> dict[str, str]:
    """Texts by file name, for every learner who handed something in. With ``names``, by the roster's ids, these are the
    names, and learners without one are left out."""
    learners = [
        each
        for each in sheet.learners
        if any(column.standing(each.id) is not Standing.MISSING for column in sheet.columns)
    ]
    if names is None:
        names = file_names([learner.id for learner in learners], ".md")
    return {names[learner.id]: _page(sheet, learner) for learner in learners if learner.id in names}


def brief(grade: Grade) -> str:
    """A few lines of plain text: what was not confirmed and why, comments, lateness."""
    lines = [_plain(goal) for goal in grade.goals if goal.mark is not None or goal.points < goal.result.worth]
    if late := saying.lateness(grade.late):
        lines.append(late)
    return "\n".join(lines)


def _plain(goal: GradedGoal) -> str:
    reason = goal.mark.comment if goal.mark and goal.mark.comment else inert.line(goal.result.reason)
    return f"{_where(goal)}: {_of(goal)}{f' – {reason}' if reason else ''}"


def _page(sheet: Sheet, learner: Learner) -> str:
    parts = [f"# {_text(sheet.title)}", f"{_text(learner.name)} ({_text(learner.id)})"]
    for column in sheet.columns:
        if column.standing(learner.id) is not Standing.MISSING:
            parts += _checkpoint(column, column.grades[learner.id])
    return "\n\n".join(parts) + "\n"


def _checkpoint(column: Column, grade: Grade) -> Iterator[str]:
    yield f"## {_text(column.checkpoint.title)}"
    match column.standing(grade.learner):
        case Standing.WAITING:
            yield _("Handed in, and not graded yet.")
            return
        case Standing.PENDING:
            yield _("A person still has to look at what is marked with “?”.")
        case _:
            pass
    yield (
        "**"
        + _("{points} of {worth} points", points=saying.points(grade.points), worth=saying.points(grade.worth))
        + "**"
    )
    if late := saying.lateness(grade.late):
        yield _text(late)
    for item in dict.fromkeys(goal.result.item for goal in grade.goals):
        yield f"### {_text(item)}"
        yield "\n".join(_entry(goal) for goal in grade.goals if goal.result.item == item)
    for comment in column.comments.get(grade.learner, ()):
        yield "> " + _text(comment).replace("\n", "\n> ")


def _entry(goal: GradedGoal) -> str:
    sign = saying.SIGNS[goal.result.outcome]
    entry = f"- {sign} {_text(f'{goal.result.step}/{goal.result.goal}')}: {_of(goal)}"
    if goal.result.reason:
        entry += f"\n  {_text(inert.line(goal.result.reason))}"
    if goal.mark and goal.mark.comment:
        entry += "\n\n  > " + _text(goal.mark.comment).replace("\n", "\n  > ")
    return entry


def _where(goal: GradedGoal) -> str:
    return f"{goal.result.item.partition('#')[0]}#{goal.result.step}/{goal.result.goal}"


def _of(goal: GradedGoal) -> str:
    return _("{points} of {worth}", points=saying.points(goal.points), worth=saying.points(goal.result.worth))


def _text(value: str) -> str:
    """As Markdown that shows just this text (CommonMark, section 2.4)."""
    inside = _MARKUP.sub(r"\\\1", inert.shown(value).strip())
    return _BEGINNING.sub(lambda at: f"{at[1]}{at[3] or ''}\\{at[2] or at[4]}", inside)
