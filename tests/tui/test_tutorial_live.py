"""The screen with a real lab, a real shell and real progress, driven through Textual's pilot."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from live_app import ready, skip_without_a_lab, typed, until
from textual.pilot import Pilot
from tui_values import seen

from tutor.store import Store
from tutor.tui.app import NettutorApp
from tutor.tui.opening import load_lesson
from tutor.tui.screens.contents import ContentsScreen
from tutor.tui.widgets.goals import AnswerLine
from tutor.tui.widgets.machines import Machines
from tutor.tui.widgets.shell_pane import ShellPane


@pytest.fixture(scope="module", autouse=True)
def _lab_works() -> None:
    skip_without_a_lab()


@asynccontextmanager
async def tutorial(
    path: Path, lesson: str = "namespaces", step: str | None = None, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[tuple[NettutorApp, Pilot[int]]]:
    with Store.open(path / "progress.sqlite3") as store:
        app = NettutorApp(load_lesson(lesson, store, "en"), store, step=step)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: ready(app))
            yield app, pilot
        if app.failure is not None:
            raise app.failure


async def test_commands_tick_the_goals_and_the_next_step_opens(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await until(pilot, lambda: "root@host:~#" in seen(app))
        assert "0 of 2 done" in seen(app)
        await typed(pilot, "ip netns add red")
        await until(pilot, lambda: "1 of 2 done" in seen(app))
        await typed(pilot, "ip netns add blue")
        await until(pilot, lambda: "✔ Step 1 complete: Make two namespaces" in seen(app))
        await until(pilot, lambda: "2. Look inside" in seen(app) and "step 2 of 10" in seen(app))


async def test_a_question_is_answered_on_the_screen(tmp_path: Path) -> None:
    async with tutorial(tmp_path, step="inside") as (app, pilot):
        assert "step 2 of 10" in seen(app)
        assert "F6 Answer" in seen(app)
        await pilot.press("f6")
        await typed(pilot, "7")
        await until(pilot, lambda: "✘ not yet" in seen(app))
        entry = app.main.query_one(AnswerLine)
        entry.value = ""
        await typed(pilot, "1")
        await until(pilot, lambda: "step 3 of 10" in seen(app))


async def test_hints_and_check_by_key(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await pilot.press("f2")
        await until(pilot, lambda: "Hint 1 of" in seen(app))
        await pilot.press("f3")
        await until(pilot, lambda: "✘ not yet" in seen(app))


async def test_a_step_is_set_back(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await typed(pilot, "ip netns add red")
        await until(pilot, lambda: "1 of 2 done" in seen(app))
        await pilot.press("f4")
        await pilot.press("s")
        await until(pilot, lambda: ready(app) and "0 of 2 done" in seen(app))
        await typed(pilot, "ip netns | wc -l")
        await until(pilot, lambda: "\n0 " in seen(app).replace("│", "\n"))


async def test_jumping_leads_there_with_what_comes_before_typed(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ContentsScreen))
        await pilot.press("down", "down", "down", "enter")
        await until(pilot, lambda: ready(app) and "step 4 of 10" in seen(app))
        await typed(pilot, "ip netns")
        await until(pilot, lambda: seen(app).count("blue") > 1)


async def test_one_goes_on_where_one_left_off(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await typed(pilot, "ip netns add red")
        await until(pilot, lambda: "1 of 2 done" in seen(app))
    async with tutorial(tmp_path) as (app, pilot):
        await until(pilot, lambda: "1 of 2 done" in seen(app))
        await typed(pilot, "ip netns add blue")
        await until(pilot, lambda: "step 2 of 10" in seen(app))
    async with tutorial(tmp_path) as (app, pilot):
        assert "step 2 of 10" in seen(app)


async def test_a_shell_that_exits_is_started_again(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await typed(pilot, "exit")
        await until(pilot, lambda: "host (ended)" in seen(app))
        await pilot.press("enter")
        await until(pilot, lambda: "host (ended)" not in seen(app))
        await typed(pilot, "echo again-$((40+2))")
        await until(pilot, lambda: "again-42" in seen(app))


@pytest.mark.parametrize("end", ["kill -9 -1", "reboot -f", "exec rm -rf --no-preserve-root / 2>/dev/null"])
async def test_whatever_ends_the_shell_or_the_lab_r_or_enter_gives_another(tmp_path: Path, end: str) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await typed(pilot, end)
        await until(pilot, lambda: any(text in seen(app) for text in ("The lab ended", "(ended)", "No such process")))
        if "No such process" in seen(app):
            return  # there was nobody else to kill
        await pilot.press("r" if app.main.gone else "enter")
        await until(pilot, lambda: ready(app) and not app.main.gone and "(ended)" not in seen(app))
        await typed(pilot, "echo back-$((40+2))")
        await until(pilot, lambda: "back-42" in seen(app))


async def test_a_lab_that_is_killed_says_so(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        assert app.conductor is not None
        assert app.conductor.session is not None
        await app.conductor.session.lab.close()
        await until(pilot, lambda: "■ The lab ended" in seen(app))
        await pilot.press("R")
        await until(pilot, lambda: ready(app) and "■ The lab ended" not in seen(app))
        await typed(pilot, "echo back-$((40+2))")
        await until(pilot, lambda: "back-42" in seen(app))


async def test_every_machine_has_its_tab(tmp_path: Path) -> None:
    async with tutorial(tmp_path, "nat") as (app, pilot):
        machines = app.main.query_one(Machines)
        assert len(machines.names) > 1
        await pilot.press("f7")
        name = machines.names[1]
        await until(pilot, lambda: f"root@{name}" in seen(app))
        await typed(pilot, "hostname")
        await until(pilot, lambda: any(row.split("│")[-1].strip() == name for row in seen(app).split("\n")))


async def test_two_tutorials_at_once(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (_, _), tutorial(tmp_path, "bridges") as (app, pilot):
        await typed(pilot, "echo two-$((40+2))")
        await until(pilot, lambda: "two-42" in seen(app))


async def test_keys_of_the_app_reach_a_program_after_f12(tmp_path: Path) -> None:
    async with tutorial(tmp_path) as (app, pilot):
        await typed(pilot, "cat -v")
        await pilot.press("f12")
        await until(pilot, lambda: "the next key goes to the shell" in seen(app))
        await pilot.press("f2", "enter")
        await until(pilot, lambda: "^[OQ" in seen(app))
        assert "Hint 1" not in seen(app)


async def test_what_the_shell_needs_is_not_shadowed(tmp_path: Path) -> None:
    """The keys that Textual claims for itself by default among them."""
    async with tutorial(tmp_path) as (app, pilot):
        await typed(pilot, "cat -v")
        await pilot.press("ctrl+q", "ctrl+p", "escape", "t", "r", "left", "less_than_sign", "enter")
        await until(pilot, lambda: "^P^[tr^[[D<" in seen(app))
        assert app.is_running
        await pilot.press("ctrl+c")
        await until(pilot, lambda: seen(app).count("root@host") > 1)


async def test_an_emulator_that_no_shell_needed_ends_with_the_program(tmp_path: Path) -> None:
    """It belongs to the event loop that is closed, and would show nothing in another one."""
    for _ in range(2):
        async with tutorial(tmp_path) as (app, pilot):
            await until(pilot, lambda: "root@host:~#" in seen(app))
            ShellPane.warm_up()
        assert ShellPane._spare is None
