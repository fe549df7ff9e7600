"""What a worker is given to judge, and what it says: values that become JSON and are read strictly.

A task holds what the replay needs and no more: no name, no key, and not the secret of the course.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache

from tutor import paths
from tutor.errors import MachineError
from tutor.grading import forms, strict
from tutor.grading.inbox import Accepted
from tutor.grading.limits import Limits
from tutor.i18n import tell
from tutor.i18n.packing import thawed
from tutor.model.checkpoint import Item
from tutor.model.grade import GoalResult, Judgement
from tutor.model.progress import Attempt, TypedCommand

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Task:
    """One submission to judge. ``typed`` and ``claimed`` (the step and goal of each that the learner's tutor called
    met) are by lesson; ``lessons`` holds the SHA-256 of each lesson's file, for a worker with others to see it."""

    items: tuple[Item, ...]
    typed: Mapping[str, tuple[TypedCommand, ...]]
    claimed: Mapping[str, tuple[tuple[str, str], ...]]
    seed: int
    others: tuple[int, ...]
    lessons: Mapping[str, str]
    limits: Limits = field(default_factory=Limits)
    schema: int = SCHEMA

    def attempts(self) -> dict[str, Attempt]:
        return {
            lesson: Attempt(0, lesson, self.seed, 0, commands=commands, met=frozenset(self.claimed.get(lesson, ())))
            for lesson, commands in self.typed.items()
        }


@dataclass(frozen=True, slots=True)
class Result:
    """``trouble`` is what this machine could not do; the goals that it kept from being judged are inconclusive."""

    goals: tuple[GoalResult, ...] = ()
    trouble: str = ""
    schema: int = SCHEMA

    @property
    def judgement(self) -> Judgement:
        return Judgement(self.goals)


class Kind(StrEnum):
    """What a worker says: ``FORKED`` the pid of the judge, ``BEGAN`` and ``JUDGED`` an item, ``TROUBLE`` of this
    machine or a bug, and ``ENDED`` when the judge did, with its exit status (minus a signal)."""

    FORKED = "forked"
    BEGAN = "began"
    JUDGED = "judged"
    TROUBLE = "trouble"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Word:
    kind: Kind
    number: int = 0
    text: str = ""
    goals: tuple[GoalResult, ...] = field(default=())
    schema: int = SCHEMA


def packed(value: Task | Result | Word) -> bytes:
    """In one line of JSON, without the line feed."""
    return strict.canonical(forms.plain(value))


def read_task(data: bytes) -> Task:
    """Raises ``SubmissionError``."""
    return forms.read(strict.parse(data), Task)


def read_result(data: bytes) -> Result:
    """Raises ``SubmissionError``."""
    found = forms.read(strict.parse(data), Result)
    return replace(found, goals=_thawed(found.goals), trouble=thawed(found.trouble))


def read_word(data: bytes) -> Word:
    """Raises ``SubmissionError``."""
    found = forms.read(strict.parse(data), Word)
    return replace(found, goals=_thawed(found.goals), text=thawed(found.text))


def task_for(accepted: Accepted, others: Sequence[int], limits: Limits) -> Task:
    """``others`` are seeds that nobody was given."""
    checkpoint = accepted.checkpoint
    lessons = {item.lesson for item in checkpoint.items}
    attempts = {lesson: attempt for lesson, attempt in accepted.attempts.items() if lesson in lessons}
    return Task(
        checkpoint.items,
        {lesson: tuple(map(_plain, attempt.commands)) for lesson, attempt in attempts.items()},
        {lesson: tuple(sorted(attempt.met)) for lesson, attempt in attempts.items()},
        checkpoint.learners[accepted.submission.learner].seed,
        tuple(others),
        {lesson: fingerprint(lesson) for lesson in sorted(lessons)},
        limits,
    )


def _thawed(goals: tuple[GoalResult, ...]) -> tuple[GoalResult, ...]:
    return tuple(replace(goal, reason=thawed(goal.reason)) for goal in goals)


def check_lessons(task: Task) -> None:
    """Raises ``MachineError`` where the lessons of this machine are not those that the task is about."""
    for lesson, wanted in task.lessons.items():
        if fingerprint(lesson) != wanted:
            raise MachineError(
                tell("the lesson {lesson} is another one here", lesson=lesson),
                tell("Install the same version of nettutor, and the same lessons, on all machines"),
            )


@cache
def fingerprint(lesson: str) -> str:
    """The SHA-256 of a lesson's file; empty where there is none."""
    path = next(paths.lessons().glob(f"[0-9][0-9]-{lesson}/lesson.md"), None)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path else ""


def _plain(command: TypedCommand) -> TypedCommand:
    """An exit status that is none, in a log that somebody wrote, is not known."""
    status = command.exit_status
    known = isinstance(status, int) and not isinstance(status, bool) and abs(status) < 2**31
    return TypedCommand(command.step, command.machine, command.text, status if known else None, command.answer)
