"""Every command of the notes, typed in its step: the table in ``lessons/README.md`` says which."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path

import pytest

from tutor import content, paths
from tutor.lab import tools
from tutor.model.lesson import Lesson
from tutor.replay import type_all
from tutor.session import Session
from tutor.session.session import PATIENCE

_ROW = re.compile(r"\| (.+) \| ((?:`[a-z0-9-]+#[a-z0-9-]+`(?:, )?)+) \|")
_STAYS = frozenset({"docker run -p 8080:80 nginx"})
"""Commands that keep the shell: they are typed with ``&`` behind, and must still run a while later."""
SECTION = "## The notes that the course grew from"


def rows() -> list[tuple[str, tuple[str, ...]]]:
    """The two tables, as (command in backquotes or question, steps)."""
    text = (paths.lessons() / "README.md").read_text()
    lines = text[text.index(SECTION) :].partition("\n## ")[0].splitlines()
    found = [match for line in lines if (match := _ROW.fullmatch(line.strip()))]
    return [(match[1].replace("\\|", "|"), tuple(re.findall(r"`([^`]+)`", match[2]))) for match in found]


def typed() -> list[tuple[str, list[str]]]:
    """Each step with its commands, in the order of the table."""
    commands = [(steps[0], what.strip("`")) for what, steps in rows() if what.startswith("`") and what.endswith("`")]
    return [(step, [command for _, command in group]) for step, group in groupby(commands, key=lambda row: row[0])]


def test_every_step_of_the_tables_is_there() -> None:
    known = {f"{lesson.id}#{step.id}" for lesson in content.catalogue() for step in lesson.steps}
    named = {step for _, steps in rows() for step in steps}
    assert named
    assert named <= known


def test_every_lesson_has_a_part_in_the_notes_but_the_last() -> None:
    named = {step.partition("#")[0] for _, steps in rows() for step in steps}
    assert {lesson.id for lesson in content.catalogue()} - named == {"pod-network"}


@pytest.mark.parametrize(("where", "commands"), typed(), ids=[step for step, _ in typed()])
async def test_the_commands_of_a_step_succeed_in_it(where: str, commands: list[str]) -> None:
    lesson = content.load(where.partition("#")[0])
    tools.ensure(lesson.tools)
    index = lesson.index(where.partition("#")[2])
    session = await Session.boot(lesson)
    try:
        await session.open_step(0)
        for step in lesson.steps[:index]:
            await type_all(session, step.solutions[0].commands, [], None)
            await session.look(patience=PATIENCE)
        assert session.state.step_index == index
        failed = [command for command in commands if not await succeeds(session, command)]
        if failed:  # what looks at the outcome of the step may only be there at its end
            await type_all(session, lesson.steps[index].solutions[0].commands, [], None)
            failed = [command for command in failed if not await succeeds(session, command)]
        assert not failed
    finally:
        await session.close()


async def succeeds(session: Session, command: str) -> bool:
    machine = first_machine(session.lesson)
    shell = session.shells[machine]
    line = f"{command} >/dev/null 2>&1 & sleep 3; kill -0 $!" if command in _STAYS else command
    outcome = await shell.type(line, timeout=20)
    return getattr(outcome, "exit_status", None) == 0


def first_machine(lesson: Lesson) -> str:
    return next(machine.name for machine in lesson.topology.machines if machine.shell)


def test_the_tables_are_those_of_the_readme() -> None:
    assert len(typed()) > 20
    assert sum(len(commands) for _, commands in typed()) >= 45
    assert Path(paths.lessons() / "README.md").read_text().count(SECTION) == 1
