"""``check``: a script against a lesson, judged as the live tutorial judges."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.errors import NettutorError
from tutor.i18n import tell
from tutor.model.lesson import Command, GoalKind, Lesson, Step
from tutor.model.state import GoalState
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.replay.report import GoalReport, Report, StepReport
from tutor.replay.settling import look_until_settled
from tutor.replay.typing import Progress, TypedLine, machine_of, type_all
from tutor.session import Session, StepCompleted
from tutor.session.session import PATIENCE


async def check(
    lesson: Lesson,
    commands: Sequence[Command] = (),
    *,
    seed: int | None = None,
    on_progress: Progress | None = None,
) -> Report:
    """Type ``commands`` into a fresh lab and judge every step as the live tutorial does.

    Steps that were completed are reported as they were then; the open one, and those that were never opened, as they
    are at the end. Raises ``LabError`` where no lab can be had and ``UsageError`` for a machine without a shell.
    """
    for command in commands:
        machine_of(lesson, command)
    session = await Session.boot(lesson)
    try:
        done: dict[str, tuple[GoalState, ...]] = {}
        session.subscribe(
            lambda event: done.update({event.step.id: event.goals}) if isinstance(event, StepCompleted) else None
        )
        typed: list[TypedLine] = []
        lab_ended = None
        try:
            await session.open_step(0)
            await type_all(session, commands, typed, on_progress)
            await look_until_settled(session)
        except NettutorError as error:
            if not session.lab.ended.done():
                raise
            lab_ended = str(error)
        steps = [await _step_report(session, step, done.get(step.id), lab_ended) for step in lesson.steps]
        return Report(lesson, seed, tuple(steps), tuple(typed), lab_ended)
    finally:
        await session.close()


async def _step_report(
    session: Session, step: Step, goals: tuple[GoalState, ...] | None, lab_ended: str | None
) -> StepReport:
    if goals is not None:
        reports = tuple(GoalReport(state.goal, _latched(state), True) for state in goals)
        return StepReport(step, True, reports)
    if lab_ended is not None:
        cause = Unknown(tell("the lab ended: {reason}", reason=lab_ended))
        return StepReport(step, False, tuple(GoalReport(goal, cause, False) for goal in step.goals))
    if step is session.step:
        states = session.state.goals
        return StepReport(step, False, tuple(GoalReport(s.goal, _said(s), s.done) for s in states))
    verdicts = await session.referee.verdicts(step, patience=PATIENCE)
    reports = tuple(
        GoalReport(goal, _NOT_OPENED if goal.kind is GoalKind.EDGE else verdict, False)
        for goal, verdict in zip(step.goals, verdicts, strict=True)
    )
    return StepReport(step, False, reports)


_NOT_OPENED = Unmet(
    tell("it happens after its step was opened"),
    tell("its step was never opened"),
    Layer.ANSWER,
    tell("complete the steps before this one"),
)


def _latched(state: GoalState) -> Verdict:
    """A goal of a completed step is met, even an edge that holds no more."""
    return state.verdict if isinstance(state.verdict, Met) else Met(tell("it was reached"))


def _said(state: GoalState) -> Verdict:
    """The verdict of a goal of the open step as its kind means it."""
    if state.done:
        return _latched(state)
    match state.verdict:
        case None:
            return Unknown(tell("it was not judged"))
        case Met(observed) if state.broken:
            return Unmet(
                tell("it holds all the while"), tell("it was broken in between"), Layer.ANSWER, tell("reset the step")
            )
        case Met(observed):
            return Unmet(
                tell("it changes after the step was opened"),
                tell("{observed}, but already before", observed=observed),
                Layer.ANSWER,
                tell("do it again"),
            )
        case Unmet() | Unknown() as verdict:
            return verdict
