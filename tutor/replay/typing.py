"""Typing commands into the shells of a session, one line after another, as a learner would."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tutor.errors import UsageError
from tutor.i18n import tell
from tutor.model.lesson import Command, Lesson
from tutor.session import Session
from tutor.term import Finished, TimedOut

COMMAND_TIMEOUT = 10.0
"""Seconds that one typed line may take before it is interrupted."""
HASTE = 0.08
"""Seconds that packets are waited for between the lines of a script: inside one kernel an answer takes less than one
millisecond. What did not hold then is looked at again, with more patience, after the last line."""

Progress = Callable[[str, int, int], None]
"""Called with the line that is typed next, its position from 0, and how many lines there are."""


@dataclass(frozen=True, slots=True)
class TypedLine:
    """A line that was typed, and how it ended; ``exit_status`` is ``None`` when it had to be interrupted."""

    command: Command
    exit_status: int | None


def machine_of(lesson: Lesson, command: Command) -> str:
    """The machine whose shell a command is for; an empty name is the lesson's first. ``UsageError`` if it has none."""
    shells = [spec.name for spec in lesson.topology.machines if spec.shell]
    machine = command.machine or shells[0]
    if machine not in shells and not command.answer:
        where = f"line {command.line}: " if command.line else ""
        raise UsageError(
            tell(
                "{where}there is no shell on {machine}; this lesson has {words}",
                where=where,
                machine=repr(machine),
                words=", ".join(shells),
            )
        )
    return machine


async def type_one(
    session: Session, command: Command, *, patience: float = HASTE, timeout: float = COMMAND_TIMEOUT
) -> TypedLine:
    """Type one line, wait for its end, and look at the goals."""
    if command.answer:
        status: int | None = 0 if _answer(session, command.text) else 1
    else:
        status = await type_line(session, command, timeout=timeout)
    await session.look(patience=patience)
    return TypedLine(command, status)


async def type_all(
    session: Session, commands: Sequence[Command], typed: list[TypedLine], on_progress: Progress | None
) -> None:
    for position, command in enumerate(commands):
        if on_progress:
            on_progress(command.text, position, len(commands))
        typed.append(await type_one(session, command))


async def type_line(session: Session, command: Command, *, timeout: float = COMMAND_TIMEOUT) -> int | None:
    """Type one line and wait for its end, without a look; its exit status, ``None`` when it was interrupted."""
    outcome = await type_into(session, command, timeout=timeout)
    return outcome.exit_status if isinstance(outcome, Finished) else None


async def type_into(session: Session, command: Command, *, timeout: float) -> Finished | TimedOut:
    """Type one line and wait for its end, in a new shell where that of its machine was closed."""
    machine = machine_of(session.lesson, command)
    shell = session.shells[machine]
    if shell.closed.done():
        shell = await session.restart_shell(machine)
    return await shell.type(command.text, timeout=timeout)


def _answer(session: Session, text: str) -> bool:
    """Give ``text`` to the first question of the open step that is not answered rightly yet."""
    for state in session.state.goals:
        if state.goal.question and not state.done:
            session.answer(state.goal.id, text)
            return True
    return False
