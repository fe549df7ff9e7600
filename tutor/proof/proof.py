"""The proof of lessons: which trials there are, several labs at once, and what their outcomes mean."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from tutor.errors import LabEnded
from tutor.model.lesson import Command, Equivalent, Lesson, Solution, Step
from tutor.proof import trial, vocabulary
from tutor.proof.mutants import Mutant, declared_key, mutants
from tutor.proof.report import Declared, Finding, Kind, LessonProof, Proof
from tutor.proof.untouched import difference, dump
from tutor.replay import Report, check, type_line

JOBS = 4
"""Labs at once: most of the time is spent waiting for packets that must not come."""

Progress = Callable[[int, int], None]
"""Called with how many trials are over, and how many there are."""


@dataclass
class _Run:
    """The proof of one lesson, or of one step of it, while it goes on."""

    lesson: Lesson
    only: Step | None = None
    most: int | None = None
    killed: Counter[str] = field(default_factory=Counter)
    equivalent: list[Declared] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    used: set[Equivalent] = field(default_factory=set)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those that are to be proven."""
        return self.lesson.steps if self.only is None else (self.only,)

    def take(self, part: _Run) -> None:
        """Add what one trial found out."""
        self.killed += part.killed
        self.equivalent += part.equivalent
        self.findings += part.findings
        self.used |= part.used

    def find(self, kind: Kind, step: Step, where: object, text: str, commands: Sequence[Command] = ()) -> None:
        written = script(self.lesson, [*trial.before(self.lesson, self.lesson.index(step.id)), *commands])
        self.findings.append(Finding(kind, self.lesson.id, step.id, str(where), text, written if commands else ""))


_Deed = Callable[[_Run], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class _Trial:
    """Something to try out, into a run of its own. ``size`` is how many trials it counts for."""

    run: _Run
    deed: _Deed
    size: int = 1

    async def go(self) -> None:
        """Where a busy machine may have been too late, and only there, it is tried once more."""
        part = await self._once()
        if part.findings and all(finding.kind in _MAY_BE_LATE for finding in part.findings):
            part = await self._once()
        self.run.take(part)

    async def _once(self) -> _Run:
        part = _Run(self.run.lesson, self.run.only, self.run.most)
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
    steps before it. With ``most``, of each lesson only so many mutants, spread evenly over its solutions. Raises
    ``LabError`` where no lab can be had and ``KeyError`` for a step that is not there."""
    runs = [
        _Run(lesson, lesson.steps[lesson.index(steps[lesson.id])] if lesson.id in steps else None, most)
        for lesson in lessons
    ]
    trials = [one for run in runs for one in _trials(run)]
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


def script(lesson: Lesson, commands: Sequence[Command]) -> str:
    """The commands as a file for ``nettutor check --script``."""
    machine = lesson.topology.shells[0]
    lines: list[str] = []
    for command in commands:
        if not command.answer and command.machine not in ("", machine):
            machine = command.machine
            lines.append(f"@{machine}")
        lines.append(f"= {command.text}" if command.answer else command.text)
    return "\n".join(lines)


def _trials(run: _Run) -> list[_Trial]:
    lesson = run.lesson
    words = vocabulary.of_lesson(lesson)
    trials = [] if run.only else [_Trial(run, _twice)]
    for step in run.steps:
        index = lesson.index(step.id)
        first, *others = step.solutions
        trials.append(_Trial(run, _solved(index, first, untouched=True), 2))
        trials += [_Trial(run, _solved(index, solution)) for solution in others]
        trials.append(_Trial(run, _undisturbed(index, first)))
    groups = [(lesson.index(step.id), group) for step in run.steps for group in _mutants(step, words)]
    trials += [_Trial(run, _broken(index, group), len(group)) for index, group in _spread(groups, run.most)]
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


async def _twice(run: _Run) -> None:
    """All first solutions, in two labs: the same verdicts, and every step complete."""
    commands = trial.before(run.lesson, len(run.lesson.steps))
    first, second = [await check(run.lesson, commands) for _ in range(2)]
    for step, one, other in zip(run.lesson.steps, _statuses(first), _statuses(second), strict=True):
        if one != other:
            run.find(Kind.UNSTEADY, step, step.source, f"in one lab {one}, in another {other}")
    for report in first.steps:
        if not report.completed:
            told = ", ".join(goal.goal.id for goal in report.goals if not goal.done)
            run.find(Kind.NOT_COMPLETED, report.step, report.step.source, f"all first solutions; open: {told}")


def _statuses(report: Report) -> list[list[object]]:
    return [
        [step.completed, *((goal.goal.id, goal.to_json()["status"], goal.to_json()["layer"]) for goal in step.goals)]
        for step in report.steps
    ]


def _solved(index: int, solution: Solution, *, untouched: bool = False) -> _Deed:
    """With ``untouched`` a look comes first, before anything was typed."""

    async def one(run: _Run) -> None:
        step = run.lesson.steps[index]
        async with trial.standing(run.lesson, index) as session:
            if untouched and _started(run, step, await trial.tried(session, ())):
                return
            outcome = await trial.tried(session, solution.commands)
        if not outcome.completed:
            text = f"{solution.title}: {outcome.said}"
            run.find(Kind.NOT_COMPLETED, step, solution.source, text, solution.commands)

    return one


def _started(run: _Run, step: Step, outcome: trial.Outcome) -> bool:
    """Whether the step needs nothing done."""
    if outcome.completed:
        run.find(Kind.DONE_AT_START, step, step.source, "nothing was typed in it")
    elif outcome.unknown:
        run.find(Kind.MISLED, step, step.source, f"at the start: {outcome.said}")
    return outcome.completed


def _undisturbed(index: int, solution: Solution) -> _Deed:
    """The lab after a solution that nobody looked at yet, then after each of two looks."""

    async def one(run: _Run) -> None:
        step = run.lesson.steps[index]
        async with trial.standing(run.lesson, index) as session:
            for command in solution.commands:
                if not command.answer:
                    await type_line(session, command, timeout=trial.timeout_of(command))
            questions = [goal.id for goal in step.goals if goal.question]
            texts = [command.text for command in solution.commands if command.answer]
            answers = dict(zip(questions, texts, strict=False))
            before = await dump(session)
            first = await trial.judged(session, step, answers)
            after = await dump(session)
            second = await trial.judged(session, step, answers)
        if changed := difference(before, after):
            run.find(Kind.DISTURBED, step, solution.source, f"{solution.title}:\n{changed}", solution.commands)
        if first != second:
            text = f"{solution.title}: first {first}, then {second}"
            run.find(Kind.UNSTEADY, step, solution.source, text, solution.commands)

    return one


def _broken(index: int, group: Sequence[Mutant]) -> _Deed:
    """The mutants of one command. Those that are refused change nothing, so they share a lab with the next one; in the
    last lab nothing is left of the command, which is the outcome of them all."""
    before, after = group[0].before, group[0].after

    async def turn(lesson: Lesson, mutants: Sequence[Mutant]) -> tuple[int, trial.Outcome]:
        def enough(position: int) -> trial.Enough:
            judged = mutants[position : position + 1] or group
            return lambda told: all(told.blames(mutant.layers) for mutant in judged)

        async with trial.standing(lesson, index) as session:
            broken = [mutant.broken for mutant in mutants if mutant.broken]
            return await trial.in_turn(session, before, broken, after, enough)

    async def one(run: _Run) -> None:
        step = run.lesson.steps[index]
        waiting = [mutant for mutant in group if mutant.broken]
        same = [mutant for mutant in group if not mutant.broken]
        while waiting or same:
            refused, outcome = await turn(run.lesson, waiting)
            same += waiting[:refused]
            if refused == len(waiting):
                break
            _judge(run, step, waiting[refused], outcome)
            waiting = waiting[refused + 1 :]
        for mutant in same:
            alone = outcome.completed and len(same) > 1
            _judge(run, step, mutant, (await turn(run.lesson, [mutant]))[1] if alone else outcome)

    return one


def _judge(run: _Run, step: Step, mutant: Mutant, outcome: trial.Outcome) -> None:
    """Whether the step held against a mutant, and for a reason that has to do with it."""
    text = f"{mutant.solution}, {mutant.operator}: {mutant.how}"
    declared = next((e for e in step.equivalents if declared_key(e.line) == mutant.key), None)
    if outcome.completed and declared is not None:
        run.used.add(declared)
        run.equivalent.append(Declared(step.id, mutant.key, declared.reason))
    elif outcome.completed:
        run.find(Kind.SURVIVED, step, step.source, f"{text}\n{mutant.key}", mutant.commands)
    else:
        run.killed[mutant.operator] += 1
        if outcome.unknown or not outcome.blames(mutant.layers):
            layers = ", ".join(sorted(mutant.layers))
            reason = f"{text}\n{outcome.said}\nexpected one of: {layers}"
            run.find(Kind.MISLED, step, step.source, reason, mutant.commands)


def _proof_of(run: _Run) -> LessonProof:
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
