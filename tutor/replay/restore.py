"""Standing where the learner stood: resume, jump, reset."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tutor.errors import NettutorError
from tutor.model.lesson import Command, Lesson, Step
from tutor.replay.settling import look_until_settled
from tutor.replay.typing import Progress, type_all
from tutor.session import Session
from tutor.store import Attempt, Store

INTERRUPTED = 130
"""The exit status of a command that the learner ended with Ctrl-C: it is not typed again."""


async def begin(lesson: Lesson, store: Store, *, seed: int = 0, rows: int = 24, columns: int = 80) -> Session:
    """A new attempt at a lesson, at its first step."""
    session = await Session.boot(lesson, rows=rows, columns=columns)
    session.keep_in(store, store.begin(lesson.id, seed=seed), frozenset())
    await session.open_step(0)
    return session


async def resume(
    lesson: Lesson,
    store: Store,
    *,
    step: str | None = None,
    rows: int = 24,
    columns: int = 80,
    on_progress: Progress | None = None,
) -> Session:
    """Where the learner left off: what they typed is typed again, up to the end of the open step.

    Where their own commands do not lead there again (an editor was used, a daemon was too slow, the lab was rebooted),
    the lesson's solutions lead to the start of the open step. With ``step``, at the start of that one, unless it is
    where they left off and not done. Without an earlier attempt, and without ``step``, this is ``begin``.
    """
    known = {each.id for each in lesson.steps}
    attempt = store.current(lesson.id)
    if attempt is not None and attempt.step not in known:
        attempt = None
    if attempt is None and step is None:
        return await begin(lesson, store, rows=rows, columns=columns)
    own = _own_commands(lesson, attempt) if attempt else {}
    left_off = attempt.step if attempt else None
    target = step or left_off
    assert target is not None
    goes_on = target == left_off and not (step and attempt and step in attempt.completed)
    index = lesson.index(target)
    session = await _lead_to(lesson, index, own, rows=rows, columns=columns, on_progress=on_progress)
    led = session.completed
    try:
        if goes_on:
            await type_all(session, own.get(target, ()), [], None)
            await session.revive_shells()
    except NettutorError:
        await session.close()
        session = await _lead_to(lesson, index, own, rows=rows, columns=columns, on_progress=on_progress)
        led = session.completed
        if attempt is not None:
            store.reset(attempt.id, (target,))  # what ended the lab is not typed a third time
    try:
        number = attempt.id if attempt else store.begin(lesson.id, seed=0)
        completed = frozenset(attempt.completed if attempt else ())
        _record_reached(session, store, number, session.completed - led - completed)
        session.keep_in(store, number, completed | (session.completed - led))
        if not goes_on:
            await session.open_step(index)
    except BaseException:
        await session.close()
        raise
    return session


def _record_reached(session: Session, store: Store, attempt: int, reached: frozenset[str]) -> None:
    """Steps that the last commands before a crash completed, which nobody had seen yet."""
    for step in session.lesson.steps:
        if step.id in reached:
            store.record_step(attempt, step.id)
            store.record_open(attempt, session.step.id)


async def jump(
    session: Session, index: int, *, rows: int = 24, columns: int = 80, on_progress: Progress | None = None
) -> Session:
    """A fresh lab at the start of the step at ``index``; ``session`` is closed. What was not done stays undone."""
    lesson, store, attempt = session.lesson, session.store, session.attempt
    completed = session.completed
    await session.close()
    current = store.current(lesson.id) if store else None
    own = _own_commands(lesson, current) if current else {}
    fresh = await _lead_to(lesson, index, own, rows=rows, columns=columns, on_progress=on_progress)
    if store:
        fresh.keep_in(store, attempt, completed)
    await fresh.open_step(index)
    return fresh


async def reset_step(session: Session, *, rows: int = 24, columns: int = 80) -> Session:
    """The open step as it was when it was opened. What was typed in it is forgotten; its completion too."""
    index, step = session.state.step_index, session.step
    if session.store:
        session.store.reset(session.attempt, (step.id,))
    session.completed = frozenset(earlier.id for earlier in session.lesson.steps[:index]) & session.completed
    return await jump(session, index, rows=rows, columns=columns)


async def reset_lesson(session: Session, *, rows: int = 24, columns: int = 80) -> Session:
    """The lesson from its beginning, with nothing done."""
    if session.store:
        session.store.reset(session.attempt, None)
    session.completed = frozenset()
    return await jump(session, 0, rows=rows, columns=columns)


async def _lead_to(
    lesson: Lesson,
    index: int,
    own: Mapping[str, Sequence[Command]],
    *,
    rows: int,
    columns: int,
    on_progress: Progress | None,
) -> Session:
    """A fresh lab at the step at ``index``: by the learner's commands, or else by the solutions."""
    before = lesson.steps[:index]
    mixed = [command for step in before for command in own.get(step.id) or _solution(step)]
    solved = [command for step in before for command in _solution(step)]
    for script in (mixed, solved) if mixed != solved else (solved,):
        session = await Session.boot(lesson, rows=rows, columns=columns)
        try:
            await session.open_step(0)
            await type_all(session, script, [], on_progress)
            await look_until_settled(session)
            if session.state.step_index >= index or script is solved:
                if session.state.step_index != index:
                    await session.open_step(index)
                return session
        except BaseException as error:
            await session.close()
            if script is solved or not isinstance(error, NettutorError):
                raise
        else:
            await session.close()
    raise AssertionError("the last script always leads there")


def _solution(step: Step) -> Sequence[Command]:
    return step.solutions[0].commands if step.solutions else ()


def _own_commands(lesson: Lesson, attempt: Attempt) -> dict[str, list[Command]]:
    """What the learner typed, by step, without what only looked or was interrupted."""
    own: dict[str, list[Command]] = {}
    for kept in attempt.commands:
        if kept.answer or not (kept.exit_status == INTERRUPTED or only_looks(kept.text)):
            own.setdefault(kept.step, []).append(Command(kept.machine, kept.text, answer=kept.answer))
    return own


def only_looks(text: str) -> bool:
    """Whether a command line cannot have changed the lab: one program that is known only to look."""
    if _SHELL_SYNTAX.search(text):
        return False
    words = text.split()
    if words[:3] == ["ip", "netns", "exec"]:
        words = words[4:]
    return not words or words[0] in _LOOKERS


_SHELL_SYNTAX = re.compile(r"[;&|<>`$\n]")
_LOOKERS = frozenset(
    """
    arping cat clear curl dig head help history host htop less ls man more netstat nslookup ping ps ss tail tcpdump
    top tracepath traceroute watch wget
    """.split()
)
