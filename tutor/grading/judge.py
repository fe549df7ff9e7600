"""Judging by doing it again: a learner's commands in fresh labs, with that learner's parameters and with others.

What the learner's own tutor said is not believed; it only tells where a second look is due. A goal is confirmed when it
is reached again; what was right only by the values of one lab, and not by what the commands do, falls in another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tutor import content
from tutor.content.draws import draws
from tutor.grading.limits import Limits
from tutor.grading.reached import Found, both, confirmed, either, falls, unsure
from tutor.grading.rerun import rerun
from tutor.grading.substitution import elsewhere, in_pieces, pieced, substituted
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import GoalResult, Judgement, Outcome
from tutor.model.lesson import Goal, Lesson, Step
from tutor.model.progress import Attempt, TypedCommand

_Typed = Mapping[str, Sequence[TypedCommand]]
"""By step."""


async def judge(checkpoint: Checkpoint, attempts: Mapping[str, Attempt], seed: int, others: Sequence[int]) -> Judgement:
    """Every goal of every item. ``attempts`` are the learner's, by lesson; ``seed`` is the learner's own, ``others``
    some that nobody was given, of which each item takes the one that fits best.

    Raises ``LabError`` where this machine has no lab to give: that says nothing about the learner.
    """
    results: list[GoalResult] = []
    for item in checkpoint.items:
        results += await judge_item(item, attempts.get(item.lesson), seed, others)
    return Judgement(tuple(results))


async def judge_item(
    item: Item, attempt: Attempt | None, seed: int, others: Sequence[int], limits: Limits | None = None
) -> tuple[GoalResult, ...]:
    """The goals of one item, in their order. Of the limits, those of a single line are held here. ``LabError`` as
    above."""
    patience = (limits or Limits()).line
    lesson = content.load(item.lesson, seed=seed)
    steps = _steps(item, lesson)
    typed = _by_step(attempt)
    if not any(typed.get(step.id) for step in steps):
        return all_of(item, seed, Outcome.NOT_REPRODUCED, tell("nothing was typed for it"))
    claimed = attempt.met if attempt else frozenset()
    found = await rerun(lesson, steps, typed, patience=patience)
    if any(key in claimed and not confirmed(each) for key, each in found.items()):
        again = await rerun(lesson, steps, typed, patience=patience)  # some things take their time
        found = either(found, again)
    if lesson.parameters and any(map(confirmed, found.values())):
        found = both(found, await _moved(item, lesson, typed, (seed, others), found, patience))
    return tuple(
        GoalResult(item.id, step.id, goal.id, reached.outcome, worth, reached.reason)
        for step, goal, worth in _goals(item, lesson)
        for reached in [found[step.id, goal.id]]
    )


def all_of(item: Item, seed: int, outcome: Outcome, reason: str) -> tuple[GoalResult, ...]:
    """Every goal of an item with the same outcome."""
    goals = _goals(item, content.load(item.lesson, seed=seed))
    return tuple(GoalResult(item.id, step.id, goal.id, outcome, worth, reason) for step, goal, worth in goals)


def _steps(item: Item, lesson: Lesson) -> list[Step]:
    return [step for step in lesson.steps if not item.steps or step.id in item.steps]


def _goals(item: Item, lesson: Lesson) -> list[tuple[Step, Goal, float]]:
    """With what each is worth."""
    goals = [(step, goal) for step in _steps(item, lesson) for goal in step.goals]
    return [(step, goal, item.points / len(goals)) for step, goal in goals]


def _by_step(attempt: Attempt | None) -> dict[str, list[TypedCommand]]:
    typed: dict[str, list[TypedCommand]] = {}
    for command in attempt.commands if attempt else ():
        typed.setdefault(command.step, []).append(command)
    return typed


async def _moved(
    item: Item, lesson: Lesson, typed: _Typed, seeds: tuple[int, Sequence[int]], own: Found, patience: float
) -> Found:
    """The same in a lab with other values, with those in the place of the learner's; once more before it is held
    against them. What is broken there is the same: another cure cannot be put in its place."""
    learner, others = seeds
    texts = [command.text for commands in typed.values() for command in commands]
    seed = others[elsewhere(texts, lesson.parameters, draws(item.lesson, others))]
    other = content.load(item.lesson, seed=seed, cases=learner)
    values = lesson.parameters, other.parameters
    moved = _retyped(typed, lambda text: substituted(text, *values))
    steps = _steps(item, other)
    found = await rerun(other, steps, moved, patience=patience)
    if falls(own, found):
        found = either(found, await rerun(other, steps, moved, patience=patience))
    if falls(own, found) and (part := in_pieces("\n".join(texts), *values)):
        moved = _retyped(typed, lambda text: pieced(text, *values))
        found = either(found, await rerun(other, steps, moved, patience=patience))
        found = {key: unsure(each, part) for key, each in found.items()}
    return found


def _retyped(typed: _Typed, change: Callable[[str], str]) -> dict[str, list[TypedCommand]]:
    return {
        step: [replace(command, text=change(command.text)) for command in commands] for step, commands in typed.items()
    }
