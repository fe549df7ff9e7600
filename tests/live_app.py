"""The tutorial and the exam with a real lab: waiting for what they show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.pilot import Pilot
from tui_values import seen

from tutor.errors import LabError
from tutor.lab import Lab
from tutor.model.topology import Topology
from tutor.tui.app import NettutorApp
from tutor.tui.widgets.machines import Machines

PATIENCE = 30
NAMES = {" ": "space", "-": "minus", "/": "slash", ".": "full_stop", "=": "equals_sign", "$": "dollar_sign"}


def skip_without_a_lab() -> None:
    async def try_it() -> None:
        await (await Lab.boot(Topology(()))).close()

    try:
        asyncio.run(try_it())
    except LabError as error:
        pytest.skip(f"unsupported: {error}")


def ready(app: NettutorApp) -> bool:
    """There is a lesson, its lab, and something that takes what is typed."""
    machines = app.main.query_one(Machines)
    opened = app.conductor is not None and app.conductor.session is not None and machines.pane is not None
    return opened and app.main.focused is not None


async def until(pilot: Pilot[int], true: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not true():
                await pilot.pause(0.02)
    except TimeoutError:
        assert isinstance(pilot.app, NettutorApp)
        pytest.fail(f"it never came; on the screen is\n{seen(pilot.app)}")


async def typed(pilot: Pilot[int], *lines: str) -> None:
    for line in lines:
        await pilot.press(*(NAMES.get(character, character) for character in line), "enter")
