"""Every lesson, typed into a real lab: untouched it is not done, and each solution of each step does it."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

import pytest
from lab_modes import GUEST

from tutor.content import catalogue
from tutor.model.lesson import Command, Lesson
from tutor.model.verdict import Unknown
from tutor.replay import Report, check

_Result = TypeVar("_Result")

PROVEN_ELSEWHERE = pytest.mark.skipif(
    not GUEST,
    reason="test_proof tries every solution and every start, but where the suite runs once more",
)
"""Either this or the whole proof: the course is too long for both."""

LESSONS = {lesson.id: lesson for lesson in catalogue()}


def other_ways(lesson: Lesson) -> Iterator[tuple[str, int]]:
    """Every solution but the first of every step, as (step, position of the solution)."""
    for step in lesson.steps:
        for position in range(1, len(step.solutions)):
            yield step.id, position


def script(lesson: Lesson, *, instead: tuple[str, int] = ("", 0)) -> list[Command]:
    """The first solution of every step, but in step ``instead[0]`` the one at position ``instead[1]``."""
    commands: list[Command] = []
    for step in lesson.steps:
        position = instead[1] if step.id == instead[0] else 0
        commands += step.solutions[position].commands
    return commands


def failures(report: Report) -> str:
    lines = [f"{goal.goal.id}: {goal.verdict}" for step in report.steps for goal in step.goals if not goal.done]
    typed = [f"[{line.exit_status}] {line.command.machine}$ {line.command.text}" for line in report.typed]
    return "\n".join([*lines, *typed])


@pytest.mark.parametrize("lesson_id", LESSONS)
async def test_an_untouched_lesson_is_not_done(lesson_id: str) -> None:
    report = await check(LESSONS[lesson_id])
    assert not any(step.completed for step in report.steps)
    unknown = [goal for step in report.steps for goal in step.goals if isinstance(goal.verdict, Unknown)]
    assert not unknown, "what a fresh lab shows must be known"


@pytest.mark.parametrize("lesson_id", LESSONS)
async def test_the_first_solutions_complete_every_step(lesson_id: str) -> None:
    report = await check(LESSONS[lesson_id], script(LESSONS[lesson_id]))
    assert report.completed, failures(report)


@PROVEN_ELSEWHERE
@pytest.mark.timeout(600)
@pytest.mark.parametrize("lesson_id", LESSONS)
async def test_no_step_is_complete_when_it_opens(lesson_id: str) -> None:
    """With the commands of a step left out, neither it nor any later step completes."""
    lesson = LESSONS[lesson_id]

    async def completed_before(index: int) -> list[bool]:
        before = [command for earlier in lesson.steps[:index] for command in earlier.solutions[0].commands]
        return [step.completed for step in (await check(lesson, before)).steps]

    count = len(lesson.steps)
    results = await several(completed_before(index) for index in range(count))
    assert results == [[step < index for step in range(count)] for index in range(count)]


@PROVEN_ELSEWHERE
@pytest.mark.timeout(900)
@pytest.mark.parametrize("lesson_id", LESSONS)
async def test_every_other_solution_is_accepted_too(lesson_id: str) -> None:
    """Each from where the first solutions of the steps before it lead."""
    lesson = LESSONS[lesson_id]

    async def tried(step_id: str, position: int) -> str:
        index = lesson.index(step_id)
        commands = script(replace(lesson, steps=lesson.steps[: index + 1]), instead=(step_id, position))
        for _ in range(2):  # once more: daemons of six labs share the processors
            report = await check(lesson, commands)
            if all(step.completed for step in report.steps[: index + 1]):
                return ""
        return f"{step_id}, {position}: {failures(report)}"

    assert not list(filter(None, await several(tried(step, position) for step, position in other_ways(lesson))))


async def several(deeds: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """Some at a time, as most of the time is spent waiting for packets that must not come."""
    turns = asyncio.Semaphore(6)

    async def one(deed: Coroutine[Any, Any, _Result]) -> _Result:
        async with turns:
            return await deed

    return await asyncio.gather(*map(one, deeds))
