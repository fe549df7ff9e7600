"""Judging by doing it again: a learner's commands in fresh labs, with that learner's parameters and with others.

What the learner's own tutor said is not asked. A goal is confirmed when it is reached again; what was right only by the
values of one lab, and not by what the commands do, falls in the second run.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from tutor import content
from tutor.errors import LabEnded
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import GoalResult, Judgement, Outcome
from tutor.model.lesson import Command, Goal, Lesson, Step
from tutor.model.progress import Attempt
from tutor.model.state import GoalState
from tutor.model.verdict import Met, Unknown, Unmet
from tutor.replay import TypedLine, type_all
from tutor.session import Session, StepCompleted
from tutor.session.session import PATIENCE

_EDITORS = re.compile(r"(?:^|[;&|]\s*)(?:sudo\s+)?(vi|vim|vim\.tiny|view|nano|emacs|ed|ex|mcedit|joe|visudo)\b")


@dataclass(frozen=True, slots=True)
class _Reached:
    """What one run says of a goal."""

    outcome: Outcome
    reason: str = ""


_Found = dict[tuple[str, str], _Reached]


async def judge(checkpoint: Checkpoint, attempts: Mapping[str, Attempt], seed: int, other: int) -> Judgement:
    """Every goal of every item. ``attempts`` are the learner's, by lesson; ``seed`` is the learner's own, ``other`` one
    that nobody was given.

    Raises ``LabError`` where this machine has no lab to give: that says nothing about the learner.
    """
    results: list[GoalResult] = []
    for item in checkpoint.items:
        results += await _judge_item(item, attempts.get(item.lesson), seed, other)
    return Judgement(tuple(results))


async def _judge_item(item: Item, attempt: Attempt | None, seed: int, other: int) -> list[GoalResult]:
    lesson = content.load(item.lesson, seed=seed)
    steps = [step for step in lesson.steps if not item.steps or step.id in item.steps]
    goals = [(step, goal) for step in steps for goal in step.goals]
    worth = item.points / len(goals)
    typed = _by_step(attempt)
    if not any(typed.get(step.id) for step in steps):
        nothing = "nothing was typed for it"
        return [GoalResult(item.id, s.id, g.id, Outcome.NOT_REPRODUCED, worth, nothing) for s, g in goals]
    found = await _run(lesson, steps, typed)
    if any(reached.outcome is Outcome.CONFIRMED for reached in found.values()):
        elsewhere = content.load(item.lesson, seed=other)
        if elsewhere.parameters != lesson.parameters:
            again = [step for step in elsewhere.steps if step.id in {each.id for each in steps}]
            moved = _substituted(typed, lesson.parameters, elsewhere.parameters)
            found = _both(found, await _run(elsewhere, again, moved))
    return [
        GoalResult(item.id, step.id, goal.id, reached.outcome, worth, reached.reason)
        for step, goal in goals
        for reached in [found[step.id, goal.id]]
    ]


def _by_step(attempt: Attempt | None) -> dict[str, list[Command]]:
    typed: dict[str, list[Command]] = {}
    for command in attempt.commands if attempt else ():
        typed.setdefault(command.step, []).append(Command(command.machine, command.text, answer=command.answer))
    return typed


async def _run(lesson: Lesson, steps: Sequence[Step], typed: Mapping[str, Sequence[Command]]) -> _Found:
    """Each of ``steps`` by the learner's commands, the others by the lesson's solutions.

    Where a step is not reached, the next one begins in a fresh lab, which the solutions bring to its start.
    """
    found: _Found = {}
    wanted = [lesson.index(step.id) for step in steps]
    session: Session | None = None
    try:
        for index in wanted:
            if session is None or session.state.step_index > index:
                session = await _fresh(lesson)
            await _lead(session, index)
            reached = await _step(session, index, typed.get(lesson.steps[index].id, ()))
            found |= {(lesson.steps[index].id, goal): each for goal, each in reached.items()}
            if session.state.step_index == index:  # not reached, or the last one
                await session.close()
                session = None
    finally:
        if session is not None:
            await session.close()
    return found


async def _fresh(lesson: Lesson) -> Session:
    session = await Session.boot(lesson)
    try:
        await session.open_step(0)
    except BaseException:
        await session.close()
        raise
    return session


async def _lead(session: Session, index: int) -> None:
    """To the start of the step at ``index``, by the first solutions."""
    for step in session.lesson.steps[session.state.step_index : index]:
        await type_all(session, step.solutions[0].commands, [], None)
        await session.look(patience=PATIENCE)
    if session.state.step_index != index:
        await session.open_step(index)


async def _step(session: Session, index: int, commands: Sequence[Command]) -> dict[str, _Reached]:
    """Type what was typed in this step, and what its goals are then."""
    step = session.lesson.steps[index]
    completed: list[tuple[GoalState, ...]] = []
    session.subscribe(
        lambda event: completed.append(event.goals) if isinstance(event, StepCompleted) and event.step is step else None
    )
    lines: list[TypedLine] = []
    trouble = ""
    try:
        await type_all(session, commands, lines, None)
        await session.look(patience=PATIENCE)
    except LabEnded as error:
        trouble = f"the lab ended: {error}"
    if completed:
        return {goal.id: _Reached(Outcome.CONFIRMED) for goal in step.goals}
    trouble = trouble or _trouble(lines)
    states = {state.goal.id: state for state in session.state.goals}
    return {goal.id: _said(goal, states.get(goal.id), trouble) for goal in step.goals}


def _trouble(lines: Sequence[TypedLine]) -> str:
    """Why the commands may do another time what they did not do now; empty where there is no such reason."""
    for line in lines:
        if not line.command.answer and (editor := _EDITORS.search(line.command.text)):
            return f"{editor[1]} was used, and what was typed into it is not known"
    for line in lines:
        if not line.command.answer and line.exit_status is None:
            return f"{line.command.text[:60]!r} did not come to an end by itself"
    return ""


def _said(goal: Goal, state: GoalState | None, trouble: str) -> _Reached:
    if state is not None and state.done and not trouble:
        return _Reached(Outcome.CONFIRMED)
    verdict = state.verdict if state else None
    match verdict:
        case Unmet(expected, observed):
            reason = f"expected {expected}; seen: {observed}"
        case Unknown(cause):
            return _Reached(Outcome.INCONCLUSIVE, cause)
        case Met() if state is not None and state.done:
            return _Reached(Outcome.CONFIRMED)
        case _:
            reason = "it was not reached together with the rest of its step"
    if trouble:
        return _Reached(Outcome.INCONCLUSIVE, f"{trouble}; {reason}")
    if goal.question and getattr(goal.check, "differs", False):
        return _Reached(Outcome.INCONCLUSIVE, "the right answer is another one in every lab")
    return _Reached(Outcome.NOT_REPRODUCED, reason)


def _both(own: _Found, other: _Found) -> _Found:
    """What holds with the learner's values has to hold with others, too."""
    found = dict(own)
    for key, first in own.items():
        second = other[key]
        if first.outcome is Outcome.CONFIRMED and second.outcome is not Outcome.CONFIRMED:
            found[key] = replace(second, reason=f"with other values in its place it fails: {second.reason}")
    return found


def _substituted(
    typed: Mapping[str, Sequence[Command]], own: Mapping[str, str], other: Mapping[str, str]
) -> dict[str, list[Command]]:
    """The commands with each value of a parameter, wherever it stands as a word, replaced by the other one."""
    pairs = {own[name]: other[name] for name in own if name in other}
    if not pairs:
        return {step: list(commands) for step, commands in typed.items()}
    longest = sorted(pairs, key=len, reverse=True)
    word = re.compile(rf"(?<![\w])(?:{'|'.join(map(re.escape, longest))})(?![\w])")
    return {
        step: [replace(command, text=word.sub(lambda match: pairs[match[0]], command.text)) for command in commands]
        for step, commands in typed.items()
    }
