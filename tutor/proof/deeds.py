"""What one trial of a lesson does, and what its outcome means."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

from tutor.model.lesson import Command, Equivalent, Lesson, Solution, Step
from tutor.proof import trial
from tutor.proof.mutants import Mutant, declared_key
from tutor.proof.report import Declared, Finding, Kind
from tutor.proof.untouched import difference, dump
from tutor.replay import Report, check, type_line
from tutor.session import Session


@dataclass
class Run:
    """The proof of one lesson, or of one step of it, while it goes on. ``doubtful`` is one in which what is declared
    equivalent did not complete its step."""

    lesson: Lesson
    only: Step | None = None
    most: int | None = None
    killed: Counter[str] = field(default_factory=Counter)
    equivalent: list[Declared] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    used: set[Equivalent] = field(default_factory=set)
    doubtful: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        """Those that are to be proven."""
        return self.lesson.steps if self.only is None else (self.only,)

    def take(self, part: Run) -> None:
        """Add what one trial found out."""
        self.killed += part.killed
        self.equivalent += part.equivalent
        self.findings += part.findings
        self.used |= part.used

    def find(self, kind: Kind, step: Step, where: object, text: str, commands: Sequence[Command] = ()) -> None:
        written = script(self.lesson, [*trial.before(self.lesson, self.lesson.index(step.id)), *commands])
        self.findings.append(Finding(kind, self.lesson.id, step.id, str(where), text, written if commands else ""))


Deed = Callable[[Run], Awaitable[None]]


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


async def together(run: Run) -> None:
    """All first solutions complete every step."""
    _completes(run, await check(run.lesson, trial.before(run.lesson, len(run.lesson.steps))))


async def twice(run: Run) -> None:
    """All first solutions, in two labs: the same verdicts, and every step complete."""
    commands = trial.before(run.lesson, len(run.lesson.steps))
    first, second = await asyncio.gather(*(check(run.lesson, commands) for _ in range(2)))
    for step, one, other in zip(run.lesson.steps, _statuses(first), _statuses(second), strict=True):
        if one != other:
            run.find(Kind.UNSTEADY, step, step.source, f"in one lab {one}, in another {other}")
    _completes(run, first)


def _completes(run: Run, all_: Report) -> None:
    for report in all_.steps:
        if not report.completed:
            told = ", ".join(goal.goal.id for goal in report.goals if not goal.done)
            run.find(Kind.NOT_COMPLETED, report.step, report.step.source, f"all first solutions; open: {told}")


def _statuses(report: Report) -> list[list[object]]:
    return [
        [step.completed, *((goal.goal.id, goal.to_json()["status"], goal.to_json()["layer"]) for goal in step.goals)]
        for step in report.steps
    ]


async def walked(run: Run) -> None:
    """The first solutions in one lab, step after step: none is complete when it opens, and no look changes what its
    solution did, or sees something else the second time."""
    first = run.lesson.index(run.steps[0].id)
    async with trial.standing(run.lesson, first) as session:
        for index, step in enumerate(run.steps, first):
            if index > first:
                await session.open_step(index)
            if _started(run, step, await trial.tried(session, ())):
                break
            await _undisturbed(run, session, step, step.solutions[0])


def _started(run: Run, step: Step, outcome: trial.Outcome) -> bool:
    """Whether the step needs nothing done."""
    if outcome.completed:
        run.find(Kind.DONE_AT_START, step, step.source, "nothing was typed in it")
    elif outcome.unknown:
        run.find(Kind.MISLED, step, step.source, f"at the start: {outcome.said}")
    return outcome.completed


async def _undisturbed(run: Run, session: Session, step: Step, solution: Solution) -> None:
    """The lab after a solution that nobody looked at yet, then after each of two looks."""
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


def solved(index: int, solution: Solution) -> Deed:
    async def one(run: Run) -> None:
        step = run.lesson.steps[index]
        async with trial.standing(run.lesson, index) as session:
            outcome = await trial.tried(session, solution.commands)
        if not outcome.completed:
            text = f"{solution.title}: {outcome.said}"
            run.find(Kind.NOT_COMPLETED, step, solution.source, text, solution.commands)

    return one


def broken(index: int, group: Sequence[Mutant]) -> Deed:
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

    async def one(run: Run) -> None:
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


def _judge(run: Run, step: Step, mutant: Mutant, outcome: trial.Outcome) -> None:
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
        run.doubtful |= declared is not None
        if outcome.unknown or not outcome.blames(mutant.layers):
            layers = ", ".join(sorted(mutant.layers))
            reason = f"{text}\n{outcome.said}\nexpected one of: {layers}"
            run.find(Kind.MISLED, step, step.source, reason, mutant.commands)
