"""The shell pane with a real bash, driven by Textual's pilot, with both emulators."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pane_app import PaneApp
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.pilot import Pilot
from textual.widgets import Static

from tutor.term import Finished
from tutor.tui.widgets.shell_pane import ShellPane

BACKENDS = [None, "bittty"]


@pytest.fixture(params=BACKENDS, ids=["ghostty", "bittty"])
async def pilot(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pilot[object]]:
    app = PaneApp(tmp_path, request.param)
    async with app.run_test(size=(80, 24)) as pilot:
        await app.until(":~")
        yield pilot


def app_of(pilot: Pilot[object]) -> PaneApp:
    assert isinstance(pilot.app, PaneApp)
    return pilot.app


def type_in(app: PaneApp, text: str) -> None:
    app.shell.send(text.encode())


async def test_typing_shows_and_runs(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    await pilot.press(*"echo hi", "space", *"$((6*7))", "enter")
    await app.until("hi 42\n")


async def test_the_keys_a_shell_wants_reach_it(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    await pilot.press(*"echo onee", "left", "backspace", "ctrl+a", "ctrl+e", "enter")
    await app.until("\none\n")
    await pilot.press("up", "ctrl+c")
    await app.until("echo one^C")
    await pilot.press(*"ech", "tab", *"TAB", "enter")
    await app.until("\nTAB\n")
    await pilot.press(*"cat", "enter", *"zz", "ctrl+z")
    await app.until("Stopped")
    await pilot.press("ctrl+p", "enter", "ctrl+d")
    await pilot.press(*"echo still", "enter")
    await app.until("\nstill\n")
    assert app.is_running


async def test_a_paste_is_bracketed_and_cannot_run_itself(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    app.pane.post_message(events.Paste("echo one\necho t\x1b[201~\x03wo"))
    await app.until("echo t[201~wo")
    assert "\none\n" not in app.text


async def test_korean_is_typed_and_drawn_in_two_cells(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    app.pane.post_message(events.Key("한", "한"))
    app.pane.post_message(events.Key("글", "글"))
    await app.until("한글")
    line = next(line for y in range(24) if "한글" in (line := app.pane.render_line(y)).text)
    assert line.cell_length == 80


async def test_scrollback_and_selection(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(app, "seq 1 100\r")
    await app.until("\n100\n")
    await pilot.press("shift+pageup")
    await app.until("of ")
    assert "\n100\n" not in app.text
    await pilot.press("x")
    await app.until("\n100\n")
    await app.until("x")
    y = app.text.split("\n").index("99")
    await pilot.click(offset=(0, y), times=2)
    await pilot.pause(0.2)
    assert app.copied == ["99"]


async def test_dragging_copies_plain_text(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(app, "clear; printf '\\e[31mred\\e[0m one\\nsecond line\\n'\r")
    await app.until("red one\nsecond line")
    await pilot.mouse_down(offset=(0, 0))
    await pilot.hover(offset=(5, 1))
    await pilot.mouse_up(offset=(5, 1))
    await pilot.pause(0.2)
    assert app.copied == ["red one\nsecond"]


async def test_the_mouse_goes_to_a_program_that_asks(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(app, "clear; printf '\\e[?1000h\\e[?1006h'; cat -v\r")
    await pilot.pause(0.5)
    await pilot.click(offset=(4, 7))
    await app.until("^[[<0;5;8M^[[<0;5;8m")
    assert app.copied == []


async def test_the_end_of_the_shell_is_said_and_enter_starts_a_new_one(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    await pilot.press(*"exit 3", "enter")
    await app.until("the shell ended (exit 3): press Enter to start a new one")
    await pilot.press("x", "enter")
    await pilot.pause(0.1)
    assert app.restarts == 1
    await pilot.press(*"echo again", "enter")
    await app.until("\nagain\n")


async def test_a_killed_emulator_costs_nothing_but_history(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(app, "clear; echo before\r")
    await app.until("before\n")
    emulator = app.pane.emulator
    assert emulator is not None
    for count in range(1, 4):
        os.kill(emulator.pid, signal.SIGKILL)
        await pilot.pause(0.5)
        assert emulator.restarts == count
        await app.until("before\n")
    await pilot.press(*"echo after", "enter")
    await app.until("\nafter\n")


async def test_tiny_sizes_and_many_resizes(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    for size in [(1, 1), (2, 1), (1, 30), (200, 60), (3, 3)] + [(20 + n, 5 + n % 7) for n in range(60)]:
        await pilot.resize_terminal(*size)
    await pilot.resize_terminal(100, 30)
    type_in(app, "clear; stty size\r")
    await app.until("30 100")


async def test_hostile_text_reaches_no_cell_as_a_control(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(
        app,
        r"clear; printf 'a\e]52;c;AAAA\a\u202eb\u2066c\x9b31md\e]8;;http://x\e\\link\e]8;;\e\\ \e[21t end\n'" + "\r",
    )
    await app.until("end\n")
    shown = "".join(segment.text for y in range(24) for segment in app.pane.render_line(y))
    assert all(char.isprintable() for char in shown)
    assert "\u202e" not in shown


async def test_a_pane_that_is_not_seen_holds_no_shell_up(tmp_path: Path) -> None:
    app = PaneApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.display = False
        await pilot.pause(0.2)
        emulator, app.pane._emulator = app.pane._emulator, None
        if emulator is not None:
            emulator.close()
        outcome = await app.shell.type("seq 1 200000", 20)
        assert isinstance(outcome, Finished)
        app.pane._size_told = (0, 0)
        app.pane.display = True
        await app.until("\n200000\n")


async def test_focus_is_told_to_a_program_that_asks(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(app, "clear; printf '\\e[?1004h'; cat -v\r")
    await pilot.pause(0.5)
    app.pane.blur()
    await app.until("^[[O")
    app.pane.focus()
    await app.until("^[[I")


async def test_the_wheel_scrolls_history_or_a_pager(pilot: Pilot[object]) -> None:
    app = app_of(pilot)
    type_in(app, "seq 1 100\r")
    await app.until("\n100\n")
    app.pane.post_message(events.MouseScrollUp(app.pane, 1, 1, 0, 0, 0, False, False, False, 1, 1))
    await app.until("↑ 3 of ")
    await pilot.press("shift+end")
    await app.until("\n100\n")
    type_in(app, "seq 1 100 | less\r")
    await app.until("\n23\n:")
    app.pane.post_message(events.MouseScrollDown(app.pane, 1, 1, 0, 0, 0, False, False, False, 1, 1))
    await app.until("\n26\n")


class HiddenPaneApp(PaneApp):
    """A page to scroll, and below it a pane that is not seen yet."""

    def compose(self) -> ComposeResult:
        with VerticalScroll() as page:
            page.styles.height = 5
            yield Static("\n" * 50)
        pane = ShellPane()
        pane.display = False
        yield pane


async def test_a_pane_is_drawn_that_is_first_seen_just_after_a_page_was_scrolled(tmp_path: Path) -> None:
    app = HiddenPaneApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        page = app.query_one(VerticalScroll)
        page.scroll_to(y=3, animate=False)
        await pilot.pause()
        app.pane.display = True
        assert page.region.height == 5  # whoever asks for a region here keeps Textual from posting Show and Resize
        await app.until(":~")
