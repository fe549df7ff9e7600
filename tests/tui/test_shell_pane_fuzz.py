"""Random bytes, resizes, keys and mouse into the pane: no exception, and the pane goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pane_app import PaneApp
from textual import events

from tutor.tui.widgets.cells import strip_of
from tutor.tui.widgets.shell_pane import ShellPane

SEQUENCES = [
    b"\x1b[?1049h",
    b"\x1b[?1049l",
    b"\x1b[2J",
    b"\x1b[99;99H",
    b"\x1b[?1003h\x1b[?1006h",
    b"\x1b[?25l",
    b"\x1bc",
]
ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("bytes"), st.binary(max_size=200) | st.sampled_from(SEQUENCES)),
        st.tuples(st.just("text"), st.text(max_size=60)),
        st.tuples(st.just("size"), st.tuples(st.integers(1, 120), st.integers(1, 50))),
        st.tuples(
            st.just("key"), st.sampled_from(["a", "shift+pageup", "shift+pagedown", "up", "alt+b", "f5", "ctrl+q"])
        ),
        st.tuples(st.just("mouse"), st.tuples(st.integers(0, 119), st.integers(0, 49))),
    ),
    max_size=12,
)


@pytest.mark.parametrize("backend", [None, "bittty"], ids=["ghostty", "bittty"])
async def test_random_input(backend: str | None, tmp_path: Path) -> None:
    app = PaneApp(tmp_path, backend, argv=("cat",))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause(0.3)
        loop = asyncio.get_running_loop()

        async def act(kind: str, value: object) -> None:
            pane = app.pane
            match kind, value:
                case "bytes", bytes(data):
                    pane._hear(app.shell, data)
                case "text", str(text):
                    pane._hear(app.shell, text.encode("utf-8", "surrogatepass"))
                case "size", (int(columns), int(rows)):
                    await pilot.resize_terminal(columns, rows)
                case "key", str(key):
                    pane.post_message(events.Key(key, None))
                case "mouse", (int(x), int(y)):
                    width, height = app.size
                    at = (min(x, width - 1), min(y, height - 1))
                    await pilot.mouse_down(offset=at)
                    await pilot.hover(offset=(0, 0))
                    await pilot.mouse_up(offset=at)
            await pilot.pause()

        async def check(actions: list[tuple[str, object]]) -> None:
            for kind, value in actions:
                await act(kind, value)
            await asyncio.sleep(0.02)
            pane = app.pane
            width, height = pane.content_size
            for y in range(height):
                strip = pane.render_line(y)
                assert strip.cell_length == width
                assert all(char.isprintable() for segment in strip for char in segment.text)
            emulator = pane.emulator
            assert emulator is not None
            for row in emulator.rows:
                strip = strip_of(row, sum(run.cells for run in row), pane._base)
                assert sum(segment.cell_length for segment in strip) == strip.cell_length

        @settings(
            max_examples=40 if backend is None else 15,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(ACTIONS)
        def examples(actions: list[tuple[str, object]]) -> None:
            asyncio.run_coroutine_threadsafe(check(actions), loop).result(60)

        await asyncio.to_thread(examples)
        assert app.is_running
        assert isinstance(app.focused, ShellPane)
