"""One submission in words: what its panes say. Knows no Textual."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tutor.errors import SubmissionError
from tutor.grading import saying
from tutor.grading.described import MAP
from tutor.grading.keys import fingerprint
from tutor.i18n import _
from tutor.model.grade import GradedGoal
from tutor.tui.review.desk import Opened, clock, wall
from tutor.tui.review.labels import OUTCOMES

Clause = tuple[str, str, str]
_STATUS = {"met": ("✔", "$text-success"), "unmet": ("✘", "$text-warning"), "unknown": ("?", "$text-muted")}


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the log: a sign, where it was, and what."""

    seconds: float
    wall: str
    sign: str
    where: str
    text: str
    style: str
    detail: str = ""


def goal_clauses(opened: Opened, goal: GradedGoal, asks: str) -> Iterator[Clause]:
    """All about one goal."""
    result = goal.result
    sign, style = OUTCOMES[result.outcome]
    yield "", asks or result.goal, "bold"
    yield _("goal"), f"{result.item} / {result.step} / {result.goal}", "$text-muted"
    yield _("replay"), f"{sign} {saying.outcome(result.outcome)}", f"bold {style}"
    if result.reason:
        yield _("reason"), result.reason, ""
    yield (
        _("points"),
        _("{points} of {worth}", points=saying.points(goal.points), worth=saying.points(result.worth)),
        "bold",
    )
    if claim := opened.claim(goal):
        yield _("claimed"), _("{status}, said the learner's own tutor", status=claim), "$text-muted"
    history = opened.history(goal)
    for mark in reversed(history):
        yield (
            _("by hand"),
            _("{points} points", points=saying.points(mark.points)) + f", {mark.who}, {saying.moment(mark.at)}",
            "",
        )
        if mark.comment:
            yield _("why"), mark.comment, ""


def about_clauses(opened: Opened) -> Iterator[Clause]:
    """Flags, remarks, what was marked by hand, and where the file comes from."""
    grade = opened.grade
    yield "", _("Flags"), "bold $text-accent"
    for flag in grade.flags:
        yield f"▲ {saying.flag(flag.kind)}", flag.detail, "$text-warning"
        if flag.others:
            yield _("with"), ", ".join(flag.others), ""
    if not grade.flags:
        yield " ", _("none"), "$text-muted"
    yield "", _("Remarks"), "bold $text-accent"
    for comment in opened.comments:
        yield f"{comment.who}", comment.text, ""
        yield " ", saying.moment(comment.at), "$text-muted"
    if not opened.comments:
        yield " ", _("none; w writes one"), "$text-muted"
    yield "", _("Points by hand"), "bold $text-accent"
    for (item, step, goal), mark in opened.marks:
        text = _("{points} points", points=saying.points(mark.points)) + f" · {item} / {step} / {goal}"
        yield mark.who, f"{text}\n{mark.comment}" if mark.comment else text, ""
        yield " ", saying.moment(mark.at), "$text-muted"
    if not opened.marks:
        yield " ", _("none; m in the goals gives some"), "$text-muted"
    yield "", _("The file"), "bold $text-accent"
    yield from _file(opened)


def _file(opened: Opened) -> Iterator[Clause]:
    grade = opened.grade
    yield _("file"), grade.file, ""
    yield _("received"), saying.moment(grade.received), ""
    yield _("begun"), saying.moment(grade.started), ""
    yield _("handed in"), saying.moment(grade.ended), ""
    if opened.line.moments:
        yield _("took"), clock(opened.line.elapsed), ""
    if grade.late.minutes:
        keeps = f"{grade.late.keeps * 100:g}"
        yield _("late"), _("{count} min, {keeps} % kept", count=round(grade.late.minutes), keeps=keeps), "$text-warning"
    submission = opened.submission
    if submission is not None:
        yield _("program"), submission.program, ""
        try:
            yield _("key"), fingerprint(submission.key), ""
        except SubmissionError:
            yield _("key"), submission.key, ""
    yield _("digest"), grade.digest, "$text-muted"
    if opened.wrong:
        yield _("wrong"), opened.wrong, "bold $text-error"


def happenings(opened: Opened) -> tuple[Happened, ...]:
    """The log in its order."""
    lines = {each.seq: each for each in opened.typed}
    found = []
    for moment in opened.line.moments:
        line = lines.get(moment.seq)
        if line is not None:
            ok = line.exit_status in (0, None)
            sign = "?" if line.answer else " " if ok else "!"
            where = line.step if line.answer else line.machine
            text = _("answer to {goal}: {text}", goal=line.machine, text=line.text) if line.answer else line.text
            style = "" if ok else "$text-error"
            status = "" if line.exit_status in (0, None) else str(line.exit_status)
            found.append(Happened(moment.seconds, wall(moment), sign, where, text, style, status))
            continue
        sign, text, style = _event(moment.kind, moment.body)
        found.append(Happened(moment.seconds, wall(moment), sign, "", text, style))
    return tuple(found)


def _event(kind: str, body: Mapping[str, Any]) -> tuple[str, str, str]:
    """Sign, words and style of what is no line that was typed."""

    def text(name: str) -> str:
        return str(body.get(name, ""))[:200]

    match kind:
        case "taken":
            return "●", _("the checkpoint was begun"), "bold"
        case "begun":
            return "●", _("lesson {lesson}", lesson=text("lesson")), "bold"
        case "opened":
            return "▸", _("step {step}", step=text("step")), "$text-accent"
        case "goal":
            sign, style = _STATUS.get(text("status"), ("?", "$text-muted"))
            detail = text("detail")
            return sign, f"{text('goal')}: {text('status')}" + (f" ({detail})" if detail else ""), style
        case "completed":
            return "✔", _("step {step} was complete", step=text("step")), "bold $text-success"
        case "hint":
            return "·", _("hint {level} was read", level=text("level")), "$text-muted"
        case "reset":
            return "↺", _("set back: what was typed in it counts no more"), "$text-warning"
        case "handed in":
            return "●", _("handed in"), "bold"
        case _:
            return "·", kind[:200], "$text-muted"


def end_clauses(opened: Opened) -> Iterator[Clause]:
    """What the learner's tutor read of the network at the end. A claim like all others."""
    facts = opened.submission.facts if opened.submission else {}
    if not any(facts.values()):
        yield "", _("The submission holds nothing that was read at the end."), "$text-muted"
        return
    yield "", _("Read by the learner's own tutor at the end; nothing is judged by it."), "$text-muted"
    for item in opened.items:
        if item in facts:
            yield "", item, "bold $text-accent"
        for want, fact in sorted(facts.get(item, {}).items(), key=lambda read: (read[0] != MAP, read[0])):
            yield "", _("map") if want == MAP else want, "bold"
            yield " ", fact, ""
