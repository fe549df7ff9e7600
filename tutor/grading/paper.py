"""The items of a checkpoint as one learner has them: lessons with their parameters, what is done, what may be begun."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from tutor import content
from tutor.errors import UsageError
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.lesson import GoalKind, Lesson, Step
from tutor.model.progress import Attempt

Attempts = Mapping[str, Attempt]


@dataclass(frozen=True, slots=True)
class Standing:
    """How far the learner is with an item: goals met, of all its goals; ``tried`` once something was typed for it."""

    met: int
    total: int
    tried: bool
    complete: bool


class Paper:
    """Items are counted from 0. Lessons are read when they are first asked for.

    Raises ``UsageError`` where this version of the program does not have a lesson or step that an item names.
    """

    def __init__(self, checkpoint: Checkpoint, seed: int, language: str) -> None:
        self.checkpoint = checkpoint
        self._seed = seed
        self._language = language
        self._lessons: dict[str, Lesson] = {}

    @property
    def items(self) -> tuple[Item, ...]:
        return self.checkpoint.items

    def lesson(self, index: int) -> Lesson:
        """All of the lesson that an item is of."""
        id = self.items[index].lesson
        if id not in self._lessons:
            self._lessons[id] = content.load(id, seed=self._seed, language=self._language)
        return self._lessons[id]

    def read_all(self) -> None:
        """Read every lesson, and find every step."""
        for index in range(len(self.items)):
            self.steps(index)

    def steps(self, index: int) -> tuple[Step, ...]:
        """Those of the item, in the order of the lesson."""
        lesson, wanted = self.lesson(index), self.items[index].steps
        known = {step.id for step in lesson.steps}
        for step in wanted:
            if step not in known:
                raise UsageError(
                    tell(
                        "the checkpoint asks for {step}, which this version of nettutor does not have",
                        step=repr(f"{lesson.id}#{step}"[:80]),
                    )
                )
        return tuple(step for step in lesson.steps if not wanted or step.id in wanted)

    def cut(self, index: int) -> Lesson:
        """The lesson up to the last step of the item: when that is complete there is no next one."""
        lesson = self.lesson(index)
        last = lesson.index(self.steps(index)[-1].id)
        return replace(lesson, steps=lesson.steps[: last + 1])

    def title(self, index: int) -> str:
        """Of its only step, else of its lesson."""
        steps = self.steps(index)
        return steps[0].title if len(steps) == 1 else self.lesson(index).title

    def standing(self, index: int, attempts: Attempts) -> Standing:
        steps, attempt = self.steps(index), attempts.get(self.items[index].lesson)
        goals = sum(len(step.goals) for step in steps)
        if attempt is None:
            return Standing(0, goals, tried=False, complete=False)
        met = sum(met_in(attempt, step) for step in steps)
        ids = {step.id for step in steps}
        tried = met > 0 or any(command.step in ids for command in attempt.commands)
        return Standing(met, goals, tried, complete=ids <= set(attempt.completed))

    def next_step(self, index: int, attempts: Attempts) -> Step:
        """Where an item is gone on with: its first step that is not complete, or else its last."""
        steps, attempt = self.steps(index), attempts.get(self.items[index].lesson)
        completed = set(attempt.completed) if attempt else set()
        return next((step for step in steps if step.id not in completed), steps[-1])

    def first_open(self, attempts: Attempts) -> int:
        """The first item that is not complete; the last one where all are."""
        for index in range(len(self.items)):
            if not self.standing(index, attempts).complete:
                return index
        return len(self.items) - 1

    def may_open(self, index: int, attempts: Attempts) -> bool:
        """By the policy: without ``skip``, only when all items before are complete."""
        if self.checkpoint.policy.skip:
            return True
        return all(self.standing(earlier, attempts).complete for earlier in range(index))

    def item_of(self, lesson: str, step: str) -> int | None:
        """The item that a step belongs to."""
        for index, item in enumerate(self.items):
            if item.lesson == lesson and (not item.steps or step in item.steps):
                return index
        return None


def met_in(attempt: Attempt, step: Step) -> int:
    """How many goals of a step are reached, as the learner's own tutor said last."""
    if step.id in attempt.completed:
        return len(step.goals)
    return sum(
        (step.id, goal.id) in attempt.met
        if goal.kind is GoalKind.EDGE
        else attempt.goals.get((step.id, goal.id)) == "met"
        for goal in step.goals
    )
