"""Every lesson of the course with drawn values: what one types is what another types, but for the values."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tutor import content
from tutor.content.draws import draws
from tutor.grading.substitution import substituted
from tutor.model.lesson import Lesson

LESSONS = {lesson.id: lesson for lesson in content.catalogue()}
SEEDS = (1, 2, 3)


def lines(lesson: Lesson) -> Iterator[str]:
    """All that any solution of it types or answers."""
    for step in lesson.steps:
        for solution in step.solutions:
            yield from (command.text for command in solution.commands)


@pytest.mark.parametrize("lesson_id", LESSONS)
def test_without_a_seed_it_is_the_first_of_each(lesson_id: str) -> None:
    assert LESSONS[lesson_id] == content.load(lesson_id, seed=0)


@pytest.mark.parametrize("lesson_id", LESSONS)
def test_there_are_many_labs_to_draw(lesson_id: str) -> None:
    found = {tuple(values.values()) for values in draws(lesson_id, range(1, 201))}
    assert len(found) > 50


@pytest.mark.parametrize("lesson_id", LESSONS)
def test_the_solutions_of_one_are_those_of_another_with_its_values(lesson_id: str) -> None:
    """A value that a solution holds in part, or as it is, would be held against whoever types it."""
    course = LESSONS[lesson_id]
    for seed in SEEDS:
        drawn = content.load(lesson_id, seed=seed, cases=0)
        for one, other in ((course, drawn), (drawn, course)):
            moved = [substituted(text, one.parameters, other.parameters) for text in lines(one)]
            assert moved == list(lines(other))


@pytest.mark.parametrize("lesson_id", LESSONS)
def test_a_friends_challenge_does_not_fit(lesson_id: str) -> None:
    for solution in LESSONS[lesson_id].steps[-1].solutions:
        at = LESSONS[lesson_id].steps[-1].solutions.index(solution)
        drawn = [content.load(lesson_id, seed=seed).steps[-1].solutions[at].commands for seed in SEEDS]
        assert len({tuple(command.text for command in commands) for commands in drawn}) == len(SEEDS)
