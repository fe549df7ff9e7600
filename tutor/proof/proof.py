"""The proof of lessons: which trials there are, several labs at once, and what was found in all of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from tutor.errors import LabEnded
from tutor.model.lesson import Lesson, Step
from tutor.proof import deeds, trial, vocabulary
from tutor.proof.mutants import Mutant, mutants
from tutor.proof.report import Kind, LessonProof, Proof

JOBS = 4
"""Labs at once: most of the time is spent waiting for packets that must not come."""

Progress = Callable[[int, int], None]
"""Called with how many trials are over, and how many there are."""


@dataclass(frozen=True, slots=True)
class _Trial:
    """Something to try out, into a run of its own. ``size`` is how many trials it counts for; ``whole`` are those that
    go through all steps, and so take the longest."""

    run: deeds.Run
    deed: deeds.Deed
    size: int = 1
    whole: bool = False

    async def go(self) -> None:
        """Where a busy machine may have been too late, and only there, it is tried once more."""
        part = await self._once()
        late = part.findings and all(finding.kind in _MAY_BE_LATE for finding in part.findings)
        if late or (part.doubtful and not part.findings):
            part = await self._once()
        self.run.take(part)

    async def _once(self) -> deeds.Run:
        part = deeds.Run(self.run.lesson, self.run.only, self.run.most)
        with contextlib.suppress(LabEnded):  # the trial of the solution that ended it says so
            await self.deed(part)
        return part


_MAY_BE_LATE = frozenset({Kind.NOT_COMPLETED, Kind.UNSTEADY, Kind.MISLED})


async def prove(
    lessons: Sequence[Lesson],
    *,
    steps: Mapping[str, str] = MappingProxyType({}),
    jobs: int = JOBS,
    most: int | None = None,
    on_progress: Progress = lambda _done, _all: None,
) -> Proof:
    """Try everything out; of the lessons in ``steps``, a map of ids, only that step, after the first solutions of the
    steps before it. With ``most``, of each lesson only so many mutants, spread evenly over its solutions, and the first
    solutions only in one go. Raises ``LabError`` where no lab can be had and ``KeyError`` for a step that is not
    there."""
    runs = [
        deeds.Run(lesson, lesson.steps[lesson.index(steps[lesson.id])] if lesson.id in steps else None, most)
        for lesson in lessons
    ]
    trials = sorted((one for run in runs for one in _trials(run)), key=lambda one: not one.whole)
    turns = asyncio.Semaphore(jobs)
    over, all_ = 0, sum(one.size for one in trials)

    async def take_turn(one: _Trial) -> None:
        nonlocal over
        async with turns:
            await one.go()
        over += one.size
        on_progress(over, all_)

    on_progress(0, all_)
    async with asyncio.TaskGroup() as group:
        for one in trials:
            group.create_task(take_turn(one))
    return Proof(tuple(_proof_of(run) for run in runs))


def _trials(run: deeds.Run) -> list[_Trial]:
    lesson, count = run.lesson, len(run.steps)
    words = vocabulary.of_lesson(lesson)
    trials = [_Trial(run, deeds.walked, count, whole=True)]
    if not run.only:
        trials.append(_Trial(run, deeds.together if run.most else deeds.twice, count, whole=True))
    for step in run.steps:
        solutions = step.solutions[1:] if run.most and not run.only else step.solutions
        trials += [_Trial(run, deeds.solved(lesson.index(step.id), solution)) for solution in solutions]
    groups = [(lesson.index(step.id), group) for step in run.steps for group in _mutants(step, words)]
    trials += [_Trial(run, deeds.broken(index, group), len(group)) for index, group in _spread(groups, run.most)]
    return trials


def _spread(groups: list[tuple[int, list[Mutant]]], most: int | None) -> list[tuple[int, list[Mutant]]]:
    """All of them, or every so many-th, so that there are about ``most`` mutants."""
    count = sum(len(group) for _, group in groups)
    if most is None or count <= most:
        return groups
    keep = most / count
    return [one for place, one in enumerate(groups) if int(place * keep) != int((place - 1) * keep) or place == 0]


def _mutants(step: Step, words: vocabulary.Vocabulary) -> list[list[Mutant]]:
    """Those of all solutions, by the command that is broken; what two of them have in common is tried once."""
    matter = trial.packets_matter(step)
    seen: set[object] = set()
    groups: dict[object, list[Mutant]] = {}
    for solution in step.solutions:
        for mutant in mutants(solution, words, packets_matter=matter):
            typed = tuple((c.machine, c.text, c.answer) for c in mutant.commands)
            if typed not in seen:
                seen.add(typed)
                groups.setdefault((solution.title, len(mutant.before)), []).append(mutant)
    return list(groups.values())


def _proof_of(run: deeds.Run) -> LessonProof:
    for step in run.steps if run.most is None else ():
        for declared in step.equivalents:
            if declared not in run.used:
                run.find(
                    Kind.STALE, step, declared.source, f"no broken solution completes the step by: {declared.line}"
                )
    steps = [step.id for step in run.lesson.steps]
    return LessonProof(
        run.lesson.id,
        len(run.steps),
        sum(len(step.solutions) for step in run.steps),
        tuple(sorted(run.killed.items())),
        tuple(sorted(run.equivalent, key=lambda one: (steps.index(one.step), one.line))),
        tuple(sorted(run.findings, key=lambda one: (steps.index(one.step), one.kind, one.text))),
    )
