"""Anything the learner does, in any order: no exception, and what is shown is what the session says (FAULTS 25)."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from live_app import skip_without_a_lab
from textual.pilot import Pilot
from tui_values import seen

from tutor.store import Store
from tutor.tui.app import NettutorApp
from tutor.tui.opening import load_lesson
from tutor.tui.widgets.machines import Machines

KEYS = ("f1", "f2", "f3", "f5", "f6", "f7", "f8", "f9", "f12", "escape", "left", "right", "up", "down", "tab", "t", "q")
SIZES = ((20, 5), (80, 24), (120, 35), (1, 1), (200, 60))
LINES = (
    "ip netns add red",
    "ip netns add blue",
    "ip netns del red",
    "exit",
    "echo ☃",
    "kill -9 $$",
    "printf '\\033[?1049h'",
)

acts = st.one_of(
    st.tuples(st.just("keys"), st.lists(st.sampled_from(KEYS), min_size=1, max_size=6)),
    st.tuples(st.just("line"), st.sampled_from(LINES)),
    st.tuples(st.just("bytes"), st.binary(min_size=1, max_size=200)),
    st.tuples(st.just("size"), st.sampled_from(SIZES)),
    st.tuples(st.just("jump"), st.integers(0, 4)),
    st.tuples(st.just("reset"), st.sampled_from(("s", "l", "n"))),
    st.tuples(st.just("kill"), st.none()),
    st.tuples(st.just("resume"), st.none()),
)


@pytest.fixture(scope="module", autouse=True)
def _lab_works() -> None:
    skip_without_a_lab()


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(acts, min_size=3, max_size=10))
def test_any_order_of_acts(script: list[tuple[str, object]]) -> None:
    with tempfile.TemporaryDirectory() as home:
        asyncio.run(_act_all(Path(home) / "progress.sqlite3", script))


async def _act_all(path: Path, script: list[tuple[str, object]]) -> None:
    rest = list(script)
    while True:
        with Store.open(path) as store:
            app = NettutorApp(load_lesson("namespaces", store, "en"), store)
            async with app.run_test(size=(100, 30)) as pilot:
                await _settled(app, pilot)
                while rest:
                    act, what = rest.pop(0)
                    if act == "resume":
                        break
                    await _do(app, pilot, act, what)
                    await pilot.pause(0.05)
                    _holds(app, store)
                await _settled(app, pilot)
                _holds(app, store)
            assert app.failure is None
        if not rest:
            return


async def _settled(app: NettutorApp, pilot: Pilot[int]) -> None:
    async with asyncio.timeout(60):
        while not app.main.gone and (app.conductor is None or app.conductor.session is None):
            await pilot.pause(0.02)


async def _do(app: NettutorApp, pilot: Pilot[int], act: str, what: object) -> None:
    session = app.conductor.session if app.conductor else None
    shells = list(session.shells.values()) if session else []
    match act, what:
        case "keys", list():
            await pilot.press(*what)
        case "line", str():
            for shell in shells[:1]:
                if not shell.closed.done():
                    shell.send(what.encode() + b"\n")
        case "bytes", bytes():
            for shell in shells[:1]:
                if not shell.closed.done():
                    shell.send(what)
        case "size", (int(width), int(height)):
            await pilot.resize_terminal(width, height)
        case "jump", int():
            if app.conductor is not None and session is not None:
                app._move(app.conductor.jump(what))
        case "reset", str():
            await pilot.press("f4")
            await pilot.press(what)
        case "kill", _:
            if session is not None:
                await session.lab.close()


def _holds(app: NettutorApp, store: Store) -> None:
    state = app.main.state
    assert 0 <= app.main.viewed < len(state.lesson.steps)
    assert [goal.goal.id for goal in state.goals] == [goal.id for goal in state.step.goals]
    attempt = store.current("namespaces")
    if attempt is not None:  # what is shown as done is kept
        assert state.completed <= set(attempt.completed) | set()
    assert app.main.query_one(Machines).current in app.main.query_one(Machines).names
    assert not any(character in seen(app) for character in "\x1b\x07\x9b")
