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
from tutor.grading.rerun import Found, Reached, rerun
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
    if any(key in claimed and not _confirmed(each) for key, each in found.items()):
        again = await rerun(lesson, steps, typed, patience=patience)  # some things take their time
        found = _either(found, again)
    if lesson.parameters and any(map(_confirmed, found.values())):
        found = _both(found, await _moved(item, lesson, typed, (seed, others), found, patience))
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
    if _falls(own, found):
        found = _either(found, await rerun(other, steps, moved, patience=patience))
    if _falls(own, found) and (part := in_pieces("\n".join(texts), *values)):
        moved = _retyped(typed, lambda text: pieced(text, *values))
        found = _either(found, await rerun(other, steps, moved, patience=patience))
        found = {key: _unsure(each, part) for key, each in found.items()}
    return found


def _falls(own: Found, other: Found) -> bool:
    """Whether something holds with the learner's values only."""
    return any(_confirmed(each) and not _confirmed(other[key]) for key, each in own.items())


def _unsure(reached: Reached, part: str) -> Reached:
    """Not held against a learner: the replay could not put all values in the place of theirs."""
    if _confirmed(reached):
        return reached
    said = tell(
        "{part} may be a part of an address that could not be replaced; {reason}", part=part, reason=reached.reason
    )
    return replace(reached, outcome=Outcome.INCONCLUSIVE, reason=said)


def _confirmed(reached: Reached) -> bool:
    return reached.outcome is Outcome.CONFIRMED


def _either(first: Found, second: Found) -> Found:
    """What one of two runs reached can be reached."""
    return {key: second[key] if _confirmed(second[key]) else each for key, each in first.items()}


def _both(own: Found, other: Found) -> Found:
    """What holds with the learner's values has to hold with others, too."""
    found = dict(own)
    for key, first in own.items():
        second = other[key]
        if _confirmed(first) and not _confirmed(second):
            found[key] = replace(
                second, reason=tell("with other values in its place it fails: {reason}", reason=second.reason)
            )
    return found


def _retyped(typed: _Typed, change: Callable[[str], str]) -> dict[str, list[TypedCommand]]:
    return {
        step: [replace(command, text=change(command.text)) for command in commands] for step, commands in typed.items()
    }
