"""Every lesson, as it stands in a real lab when nothing was typed; its solutions are tried in ``test_proof``."""

from __future__ import annotations

import asyncio

from tutor.content import catalogue
from tutor.model.lesson import Lesson
from tutor.model.verdict import Unknown
from tutor.replay import check


async def test_an_untouched_lesson_is_not_done_and_all_of_it_is_known() -> None:
    turns = asyncio.Semaphore(4)

    async def told(lesson: Lesson) -> list[str]:
        async with turns:
            report = await check(lesson)
        done = [f"{lesson.id}#{step.step.id} is complete" for step in report.steps if step.completed]
        return done + [
            f"{lesson.id}#{step.step.id}: {goal.goal.id}: {goal.verdict}"
            for step in report.steps
            for goal in step.goals
            if isinstance(goal.verdict, Unknown)
        ]

    found = await asyncio.gather(*map(told, catalogue()))
    assert [line for lines in found for line in lines] == []
