"""Lessons with drawn values in real labs: they complete, and only with the learner's own values."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tutor import content
from tutor.grading import judge
from tutor.lab import tools
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import Judgement, Outcome
from tutor.model.lesson import Command, Lesson
from tutor.model.progress import Attempt, TypedCommand
from tutor.replay import check

SWITCHING = (1, 3, 4)
"""Seeds that draw each of the things that may be wrong with the camera's port."""
OWN, FRIEND, OTHERS = 3, 5, (101, 102, 103)
CONFIRMED, NOT_REPRODUCED = Outcome.CONFIRMED, Outcome.NOT_REPRODUCED


@pytest.mark.parametrize(
    ("lesson_id", "seed"), [*(("switching", seed) for seed in SWITCHING), ("nat", 8), ("names", 9)]
)
async def test_a_drawn_lesson_completes(lesson_id: str, seed: int) -> None:
    lesson = content.load(lesson_id, seed=seed)
    tools.ensure(lesson.tools)
    report = await check(
        lesson, [command for step in lesson.steps for command in step.solutions[0].commands], seed=seed
    )
    assert report.completed, [goal.verdict for step in report.steps for goal in step.goals if not goal.done]


def test_the_seeds_break_the_port_in_every_way() -> None:
    cures = {content.load("switching", seed=seed).steps[-1].solutions[1].commands[1].text for seed in SWITCHING}
    assert len(cures) == len(SWITCHING)


def challenge(lesson: Lesson) -> list[Command]:
    return list(lesson.steps[-1].solutions[0].commands)


async def judged(lesson_id: str, commands: Sequence[Command]) -> Judgement:
    """What was typed in the challenge by the learner with the seed ``OWN``."""
    tools.ensure(content.load(lesson_id).tools)
    typed = tuple(TypedCommand("challenge", each.machine, each.text, 0, each.answer) for each in commands)
    checkpoint = Checkpoint("net", "mid", "Mid", "", (Item(lesson_id, 10, ("challenge",)),))
    return await judge.judge(checkpoint, {lesson_id: Attempt(1, lesson_id, OWN, 0, commands=typed)}, OWN, OTHERS)


async def test_right_commands_hold_with_every_value() -> None:
    judgement = await judged("names", challenge(content.load("names", seed=OWN)))
    assert {goal.outcome for goal in judgement.goals} == {CONFIRMED}


async def test_a_cure_holds_for_what_is_broken() -> None:
    """In the second run the same is broken, with other networks."""
    judgement = await judged("switching", challenge(content.load("switching", seed=OWN)))
    assert {goal.outcome for goal in judgement.goals} == {CONFIRMED}


async def test_a_friends_commands_do_not_fit() -> None:
    """They reach nothing that was not there before."""
    judgement = await judged("names", challenge(content.load("names", seed=FRIEND)))
    outcomes = {goal.goal: goal.outcome for goal in judgement.goals}
    assert {goal for goal, outcome in outcomes.items() if outcome is not NOT_REPRODUCED} <= {"lan-kept", "lan-order"}


async def test_a_script_for_one_set_of_values_falls() -> None:
    """The shell puts the addresses together when it runs, so that no substitution sees them."""
    lesson = content.load("names", seed=OWN)
    home = lesson.parameters["home"]
    hidden = "".join(f"\\{ord(character):03o}" for character in home)
    hard = [
        Command(each.machine, f"eval \"$(printf '%b' '{each.text.replace(home, hidden)}')\"")
        for each in challenge(lesson)
    ]
    judgement = await judged("names", hard)
    outcomes = {goal.goal: (goal.outcome, goal.reason) for goal in judgement.goals}
    assert outcomes["lan-printer"][0] is NOT_REPRODUCED
    assert "with other values" in outcomes["lan-printer"][1]
