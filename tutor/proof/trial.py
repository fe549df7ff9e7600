"""One trial: a fresh lab at the start of a step, some commands, and what the step says then."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from tutor.errors import LabEnded
from tutor.model.lesson import Check, Command, Goal, Lesson, Step
from tutor.model.state import GoalState
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.proof.line import Line
from tutor.proof.looking import Doing, all_or_nothing, doing
from tutor.proof.mutants import effective
from tutor.replay import type_line, type_one
from tutor.session import Referee, Session
from tutor.session.session import PATIENCE
from tutor.validators import registry
from tutor.validators.goals import uses_traffic

LINE_TIMEOUT = 2.5
"""Seconds that a line of a trial may take; what a broken one waits for does not come."""
WAIT_TIMEOUT = 12.0
_TRACES = (
    *("neighbour-known", "neighbour", "no-neighbour", "answer-neighbour-mac", "answer-neighbour-count"),
    *("answer-neighbour-state", "fdb", "answer-bridge-port", "cached", "rule-counted"),
    *("conntrack", "no-conntrack", "answer-conntrack-count", "answer-conntrack-reply"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """``verdicts`` are those of the goals that stood in the way, each with its goal; ``lab_ended`` says why there are
    none."""

    completed: bool
    verdicts: tuple[tuple[Goal, Verdict], ...] = ()
    lab_ended: str = ""

    def blames(self, layers: frozenset[Layer]) -> bool:
        """Whether a reason names one of the layers; without one of a deed, the layer of a question will do. Of an edge
        that held before and holds still, the reason is that nothing was done."""
        if any(isinstance(verdict, Met) for _, verdict in self.verdicts):
            return True
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


def timeout_of(command: Command) -> float:
    """Seconds that a line may take; one that only waits is let wait, and so is Docker, which is slow."""
    slow = doing(command.text) is Doing.WAITS or Line(command.text).program == "docker"
    return WAIT_TIMEOUT if slow else LINE_TIMEOUT


@contextlib.asynccontextmanager
async def standing(lesson: Lesson, index: int) -> AsyncIterator[Session]:
    """A session in a fresh lab, at the opened step, with what the first solutions before it did."""
    session = await Session.boot(lesson)
    try:
        for command in effective(before(lesson, index), packets_matter=packets_matter(lesson.steps[index])):
            await type_line(session, command, timeout=WAIT_TIMEOUT)
        await session.open_step(index)
        yield session
    finally:
        await session.close()


Enough = Callable[[Outcome], bool]


async def tried(session: Session, commands: Sequence[Command], enough: Enough = lambda _: False) -> Outcome:
    """Type the commands and look once with patience. Packets are not waited for where what needs none says
    ``enough``."""
    return (await in_turn(session, (), (), commands, lambda _: enough))[1]


async def in_turn(
    session: Session,
    before: Sequence[Command],
    broken: Sequence[Command],
    after: Sequence[Command],
    enough: Callable[[int], Enough],
) -> tuple[int, Outcome]:
    """Type ``before``, then the ``broken`` ones until one of them is not refused, then ``after``, and look.

    Returns the position of the one that was not refused, as many as there are where all were, and the outcome.
    ``enough`` is made from that position.
    """
    step, position = session.step, 0
    try:
        over = await _typed(session, step, before)
        while not over and position < len(broken) and await _refused(session, broken[position]):
            position += 1
        over = over or await _typed(session, step, after)
        return position, Outcome(True) if over else await _looked(session, step, enough(position))
    except LabEnded as error:
        return position, Outcome(False, lab_ended=str(error))


def _over(session: Session, step: Step) -> bool:
    return step.id in session.completed


async def _typed(session: Session, step: Step, commands: Sequence[Command]) -> bool:
    """Type them, and say whether the step is complete."""
    for command in commands:
        if _over(session, step):
            break
        await type_one(session, command, timeout=timeout_of(command))
    return _over(session, step)


async def _refused(session: Session, command: Command) -> bool:
    """Type one command, and say whether it surely changed nothing: an answer that is wrong, or a command line that
    its program does as a whole or not at all, and that failed."""
    typed = await type_one(session, command, timeout=timeout_of(command))
    if not command.answer:
        return bool(typed.exit_status) and all_or_nothing(command.text)
    await session.look(patience=PATIENCE)
    given = session.referee.answers
    return not any(state.done for state in session.state.goals if given.get(state.goal.id) == command.text)


async def _looked(session: Session, step: Step, enough: Enough) -> Outcome:
    if not _over(session, step):
        await session.referee.look_at_state()
        still = _unmet(state for state in session.state.goals if not uses_traffic(state.goal))
        if still.verdicts and enough(still):
            return still
        await session.look(patience=PATIENCE)
    return Outcome(True) if _over(session, step) else _unmet(session.state.goals)


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
