"""One trial: a fresh lab at the start of a step, some commands, and what the step says then."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from tutor.errors import LabEnded
from tutor.model.lesson import Check, Command, Goal, Lesson, Step
from tutor.model.state import GoalState
from tutor.model.verdict import Layer, Unknown, Unmet, Verdict
from tutor.proof.mutants import effective
from tutor.replay import type_line, type_one
from tutor.session import Referee, Session, StepCompleted
from tutor.session.session import PATIENCE
from tutor.validators import registry
from tutor.validators.goals import uses_traffic

LINE_TIMEOUT = 2.5
"""Seconds that a line of a trial may take; what a broken one waits for does not come."""
_TRACES = ("neighbour-known", "answer-neighbour-mac", "answer-neighbour-count", "answer-bridge-port")


@dataclass(frozen=True, slots=True)
class Outcome:
    """``verdicts`` are those of the goals that stood in the way, each with its goal; ``lab_ended`` says why there are
    none."""

    completed: bool
    verdicts: tuple[tuple[Goal, Verdict], ...] = ()
    lab_ended: str = ""

    def blames(self, layers: frozenset[Layer]) -> bool:
        """Whether a reason names one of the layers; without one of a deed, the layer of a question will do."""
        said = [(goal, verdict.layer) for goal, verdict in self.verdicts if isinstance(verdict, Unmet)]
        if any(layer in layers for _, layer in said):
            return True
        return bool(said) and all(goal.question for goal, _ in said)

    @property
    def unknown(self) -> tuple[str, ...]:
        return tuple(f"{goal.id}: {verdict.cause}" for goal, verdict in self.verdicts if isinstance(verdict, Unknown))

    @property
    def said(self) -> str:
        """The reasons in one line."""
        told = "; ".join(f"{goal.id}: {_words(verdict)}" for goal, verdict in self.verdicts)
        return f"the lab ended: {self.lab_ended}" if self.lab_ended else told


def _words(verdict: Verdict) -> str:
    match verdict:
        case Unmet(_, observed, layer, _):
            return f"{observed} [{layer}]"
        case Unknown(cause):
            return f"unknown: {cause}"
        case _:
            return "not yet"


def before(lesson: Lesson, index: int) -> tuple[Command, ...]:
    """The first solutions of the steps before this one."""
    return tuple(command for step in lesson.steps[:index] for command in step.solutions[0].commands)


def packets_matter(step: Step) -> bool:
    """Whether a goal looks at what packets leave behind, so that a ping can be part of the solution."""
    kinds = tuple(registry.spec(name).check for name in _TRACES)
    return any(type(check) in kinds for goal in step.goals for check in _nested(goal.check))


def _nested(check: Check) -> Iterator[Check]:
    yield check
    for name in registry.field_names(type(check)):
        value = getattr(check, name)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Check):
                yield from _nested(inner)


@contextlib.asynccontextmanager
async def standing(lesson: Lesson, index: int) -> AsyncIterator[Session]:
    """A session in a fresh lab, at the opened step, with what the first solutions before it did."""
    session = await Session.boot(lesson)
    try:
        for command in effective(before(lesson, index)):
            await type_line(session, command, timeout=LINE_TIMEOUT)
        await session.open_step(index)
        yield session
    finally:
        await session.close()


async def tried(
    session: Session, commands: Sequence[Command], enough: Callable[[Outcome], bool] = lambda _: False
) -> Outcome:
    """Type the commands and look once with patience. Packets are not waited for where what needs none says
    ``enough``."""
    try:
        return await _tried(session, commands, enough)
    except LabEnded as error:
        return Outcome(False, lab_ended=str(error))


async def _tried(session: Session, commands: Sequence[Command], enough: Callable[[Outcome], bool]) -> Outcome:
    step = session.step
    done: list[Step] = []
    session.subscribe(lambda event: done.append(event.step) if isinstance(event, StepCompleted) else None)
    for command in commands:
        await type_one(session, command, timeout=LINE_TIMEOUT)
        if step in done:
            return Outcome(True)
    await session.referee.look_at_state()
    still = _unmet(state for state in session.state.goals if not uses_traffic(state.goal))
    if still.verdicts and enough(still):
        return still
    await session.look(patience=PATIENCE)
    return Outcome(True) if step in done else _unmet(session.state.goals)


async def judged(session: Session, step: Step, answers: dict[str, str]) -> tuple[tuple[str, str], ...]:
    """Each goal with its status and layer, looked at afresh."""
    referee = Referee(session.lab)
    referee.open(step)
    referee.answers = answers
    verdicts = await referee.verdicts(step, patience=PATIENCE)
    return tuple((goal.id, _status(verdict)) for goal, verdict in zip(step.goals, verdicts, strict=True))


def _status(verdict: Verdict) -> str:
    return f"unmet: {verdict.layer}" if isinstance(verdict, Unmet) else type(verdict).__name__.lower()


def _unmet(states: Iterator[GoalState] | Sequence[GoalState]) -> Outcome:
    open_goals = [state for state in states if not state.done]
    return Outcome(False, tuple((state.goal, state.verdict or Unknown("not judged")) for state in open_goals))
