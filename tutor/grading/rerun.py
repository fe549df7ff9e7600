"""A learner's commands, typed again into fresh labs: which goals do they reach?

The learner is trusted in nothing, and the commands may be anything: a line that does not end is interrupted, a shell
that cannot be got back is hung up on, and a lab that was wrecked is built again without the line that did it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tutor.errors import LabEnded, UsageError
from tutor.grading import limits
from tutor.grading.passing import passing
from tutor.grading.reached import Found, Reached, earned, said
from tutor.i18n import tell
from tutor.model.grade import Outcome
from tutor.model.lesson import Command, Lesson, Step
from tutor.model.progress import TypedCommand
from tutor.replay import machine_of, type_all
from tutor.replay.restore import INTERRUPTED, only_looks
from tutor.replay.settling import look_until_settled
from tutor.replay.typing import HASTE, type_into
from tutor.session import Session, StepCompleted
from tutor.term import Finished

_LEAST = 2.0
"""Seconds that a line gets in any case, and that one gets which waits for keys, or its learner interrupted."""
_WAITING = 60.0
"""Seconds that lines which do not end may take in one run together, before each only gets the least."""
_CROWD = 200
"""Processes that one line may leave behind: no lesson asks for as many."""
_GROWTH_LOOKS, _GROWTH_PAUSE = 20, 0.1
_NOT_FOUND = 127
_EDITORS = re.compile(r"(?:^|[;&|]\s*)(?:sudo\s+)?(vi|vim|vim\.tiny|view|nano|emacs|ed|ex|mcedit|joe|visudo)\b")
_PAGERS = frozenset("htop less man more top watch".split())


@dataclass(frozen=True, slots=True)
class _Tried:
    """A step that was typed once. ``bad`` are the positions of lines that did harm, with ``trouble`` as what the first
    of them did."""

    complete: bool
    goals: Mapping[str, Reached]
    bad: frozenset[int]


@dataclass
class _Typing:
    """What was seen while lines were typed."""

    bad: set[int] = field(default_factory=set)
    trouble: str = ""
    lacks: str = ""  # what the learner's machine had, and this one has not
    waited: str = ""  # the first line that waited for keys, which changes nothing
    wrecked: bool = False

    def blame(self, position: int, trouble: str, *, wrecked: bool = False) -> None:
        self.bad.add(position)
        self.trouble = self.trouble or trouble
        self.wrecked |= wrecked


async def rerun(
    lesson: Lesson, steps: Sequence[Step], typed: Mapping[str, Sequence[TypedCommand]], *, patience: float
) -> Found:
    """Each of ``steps`` by the learner's commands, the others by the lesson's solutions.

    Where a step is not reached, the next one begins in a fresh lab, which the solutions bring to its start. A line gets
    ``patience`` seconds. Raises ``LabError`` where this machine has no lab to give.
    """
    run = _Run(lesson, patience)
    found: Found = {}
    try:
        for step in steps:
            reached = await run.step(step, typed.get(step.id, ()))
            found |= {(step.id, goal): each for goal, each in reached.items()}
    finally:
        await run.close()
    return found


class _Run:
    def __init__(self, lesson: Lesson, patience: float) -> None:
        self._lesson = lesson
        self._patience = patience
        self._session: Session | None = None
        self._completed: set[str] = set()  # by the learner's lines, not by solutions
        self._leading = False
        self._waited = 0.0

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def step(self, step: Step, lines: Sequence[TypedCommand]) -> Mapping[str, Reached]:
        """The goals of a step by what was typed in it; where that did harm, also without the lines that did it."""
        first = await self._try(step, lines)
        if first.complete or not first.bad:
            return first.goals
        harmless = [line for position, line in enumerate(lines) if position not in first.bad]
        if not harmless:
            return first.goals
        await self.close()
        second = (await self._try(step, harmless)).goals
        confirmed = Outcome.CONFIRMED
        return {goal: second[goal] if second[goal].outcome is confirmed else each for goal, each in first.goals.items()}

    async def _try(self, step: Step, lines: Sequence[TypedCommand]) -> _Tried:
        session = await self._at(step)
        before = {state.goal.id for state in session.state.goals if state.done}
        typing = _Typing()
        if step.id not in self._completed or lines:
            try:
                await self._type(session, lines, typing)
                await look_until_settled(session)
            except LabEnded as error:
                typing.blame(len(lines), tell("the lab ended: {error}", error=error.message), wrecked=True)
        complete = step.id in self._completed
        if complete:
            goals = {goal.id: Reached(Outcome.CONFIRMED) for goal in step.goals}
        else:
            trouble = typing.trouble or typing.lacks or _unknown_keys(lines)
            states = {state.goal.id: state for state in session.state.goals}
            found = {goal.id: said(goal, states.get(goal.id), trouble, typing.waited) for goal in step.goals}
            goals = earned(found, before, trouble)
        if not complete or typing.wrecked:
            await self.close()
        return _Tried(complete, goals, frozenset(typing.bad))

    async def _at(self, step: Step) -> Session:
        """A session at the start of this step, or past it where the learner's own lines led there already."""
        index = self._lesson.index(step.id)
        if (at := self._session) is not None:
            passed = at.state.step_index > index and step.id not in self._completed
            if passed or at.lab.ended.done():
                await self.close()
        session = self._session or await self._fresh()
        if session.state.step_index < index:
            await self._lead(session, index)
        return session

    async def _fresh(self) -> Session:
        self._session = session = await Session.boot(self._lesson)

        def note(event: object) -> None:
            if isinstance(event, StepCompleted) and not self._leading:
                self._completed.add(event.step.id)

        session.subscribe(note)
        await session.open_step(0)
        return session

    async def _lead(self, session: Session, index: int) -> None:
        """To the start of the step at ``index``, by the first solutions."""
        self._leading = True
        try:
            for step in self._lesson.steps[session.state.step_index : index]:
                await type_all(session, step.solutions[0].commands, [], None)
                await look_until_settled(session)
            if session.state.step_index != index:
                await session.open_step(index)
        finally:
            self._leading = False

    async def _type(self, session: Session, lines: Sequence[TypedCommand], typing: _Typing) -> None:
        for position, line in enumerate(lines):
            if line.answer:
                _answer(session, line)
            elif not _PAGERS.intersection(line.text.split()[:1]) or not only_looks(line.text):
                before = limits.crowd()
                try:
                    await self._type_line(session, position, line, typing)
                except LabEnded as error:
                    said = tell("{line} ended the lab: {error}", line=_short(line), error=error.message)
                    typing.blame(position, said, wrecked=True)
                    return
                if await _crowds(before):
                    said = tell("{line} started more processes than a lab may have", line=_short(line))
                    typing.blame(position, said, wrecked=True)
                    return
            await session.look(patience=HASTE)

    async def _type_line(self, session: Session, position: int, line: TypedCommand, typing: _Typing) -> None:
        command = Command(line.machine, line.text)
        try:
            machine = machine_of(session.lesson, command)
        except UsageError:
            said = tell("it was typed on {machine}, which this lesson does not have", machine=repr(line.machine[:30]))
            typing.blame(position, said)
            return
        short = line.exit_status == INTERRUPTED or only_looks(line.text) or bool(_EDITORS.search(line.text))
        timeout = min(_LEAST, self._patience) if short or self._waited > _WAITING else self._patience
        outcome = await type_into(session, command, timeout=timeout)
        await session.lab.namespaces(machine)  # after reboot(2) a shell may come to a prompt: its first process knows
        if isinstance(outcome, Finished):
            if limit := _limit(outcome, line):
                said = tell("{line} was ended by the limits of the lab: {limit}", line=_short(line), limit=limit)
                typing.blame(position, said)
            elif outcome.exit_status == _NOT_FOUND and line.exit_status == 0:
                typing.lacks = typing.lacks or tell("the program of {line} is not there", line=_short(line))
            return
        self._waited += outcome.ended - outcome.started
        if short:
            typing.waited = typing.waited or tell("{line} was interrupted", line=_short(line))
        else:
            typing.blame(position, tell("{line} did not come to an end by itself", line=_short(line)))
        if not outcome.recovered:
            session.shells[machine].close()
            await asyncio.sleep(0)
            await session.restart_shell(machine)


_MEMORY, _PROCESSOR, _FILE = tell("memory"), tell("processor time"), tell("the size of a file")
_KILLED = {137: _MEMORY, 152: _PROCESSOR, 153: _FILE}
"""Exit statuses of SIGKILL, SIGXCPU and SIGXFSZ."""
_COMPLAINTS = {
    _MEMORY: re.compile("MemoryError|[Cc]annot allocate memory|[Oo]ut of memory|memory exhausted"),
    tell("processes"): re.compile("fork: .*Resource temporarily unavailable"),
    tell("disk"): re.compile("No space left on device"),
    _FILE: re.compile("File too large"),
}


def _limit(outcome: Finished, line: TypedCommand) -> str:
    """The limit that a line came to, by its exit status or by what was complained of; empty where it came to none."""
    if outcome.exit_status in _KILLED and line.exit_status != outcome.exit_status:
        return _KILLED[outcome.exit_status]
    return next((what for what, said in _COMPLAINTS.items() if said.search(outcome.output)), "")


async def _crowds(before: int) -> bool:
    """Whether there are too many processes, or soon will be: while their number grows, it is waited for."""
    now = limits.crowd()
    for _ in range(_GROWTH_LOOKS):
        if now - before <= 1 or now - before > _CROWD:
            break
        await asyncio.sleep(_GROWTH_PAUSE)
        earlier, now = now, limits.crowd()
        if now <= earlier:
            break
    return now - before > _CROWD


def _answer(session: Session, line: TypedCommand) -> None:
    """``machine`` of an answer is the goal that it was for; where there is none of that name, the first open one."""
    open_questions = [state.goal.id for state in session.state.goals if state.goal.question and not state.done]
    known = any(goal.id == line.machine for step in session.lesson.steps for goal in step.goals)
    if line.machine in open_questions or (open_questions and not known):
        session.answer(line.machine if known else open_questions[0], line.text)


def _short(line: TypedCommand) -> str:
    return repr(line.text[:60])


def _unknown_keys(lines: Sequence[TypedCommand]) -> str:
    """Why the lines may do another time what they did not do now; empty where there is no such reason."""
    for line in lines:
        if not line.answer and (editor := _EDITORS.search(line.text)):
            return tell("{editor} was used, and what was typed into it is not known", editor=editor[1])
    return passing(line.text for line in lines if not line.answer)
