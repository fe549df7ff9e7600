"""The screen in Korean: everything is translated, lines up, and is switched at a key without touching the lab."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from tui_values import ValueApp, rows, seen

from tutor import i18n
from tutor.content import load
from tutor.i18n import tell
from tutor.model import words
from tutor.model.lesson import Lesson
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Layer, Met, Unknown, Unmet
from tutor.model.why import Broken
from tutor.store import Store
from tutor.tui import messages
from tutor.tui.pages import typed
from tutor.tui.widgets.goals import AnswerLine
from tutor.tui.widgets.lesson_pane import PageScroll
from tutor.tui.widgets.machines import Machines

SIZES = [(80, 24), (120, 35), (200, 60)]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.use_language("en")


def lesson() -> Lesson:
    return load("bridges", language="ko")


def at(step: str) -> SessionState:
    """A step with one goal of every state, as far as it has so many."""
    read = lesson()
    index = read.index(step)
    verdicts = (
        Met(tell("{link} is up", link="eth0")),
        Unmet(
            tell("{place} pings {target} and gets an answer", place="red", target="192.168.15.2"),
            tell("{place} has no link {link}", place="red", link="veth-red"),
            Layer.LINK,
            "ip -n red link",
        ),
        Unknown(tell("{place} could not be read: {detail}", place="blue", detail="EIO")),
        None,
    )
    goals = tuple(GoalState(goal, verdict) for goal, verdict in zip(read.steps[index].goals, verdicts, strict=False))
    done = frozenset(each.id for each in read.steps[:index])
    return SessionState(read, index, goals, done, hint_level=1)


@asynccontextmanager
async def running(step: str, size: tuple[int, int]) -> AsyncIterator[tuple[ValueApp, Pilot[int]]]:
    app = ValueApp(at(step))
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


def lines_up(app: ValueApp) -> None:
    """No row is wider or narrower than the screen, and frames and dividers stand in one column."""
    width = app.size.width
    drawn = rows(app)
    assert {cell_len(row) for row in drawn} == {width}
    for corner, other in (("╭", "╰"), ("╮", "╯")):
        tops = [cell_len(row[: row.index(corner)]) for row in drawn if corner in row]
        bottoms = [cell_len(row[: row.index(other)]) for row in drawn if other in row]
        assert tops == bottoms


def test_the_answers_of_a_solution_are_words_of_the_language() -> None:
    ways = [way for step in load("port-forwarding").steps for way in step.solutions]
    i18n.use_language("ko")
    told = "\n".join(typed(way, "host") for way in ways)
    for answer in ("거부", "시간 초과", "아니요", "없음", "192.168.1.3"):
        assert f"# 답: {answer}\n" in told


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("step", ["unplug", "host", "fdb", "addresses"])
async def test_the_tutorial_lines_up_in_korean(size: tuple[int, int], step: str) -> None:
    i18n.use_language("ko")
    async with running(step, size) as (app, pilot):
        screen = seen(app)
        assert "목표" in screen
        assert "F1 도움말" in screen
        assert "F10 종료" in screen
        lines_up(app)
        for key in ("f9", "f6", "f9", "f6"):
            await pilot.press(key)
            await pilot.pause()
            lines_up(app)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("key", "text"), [("f1", "이 도움말"), ("f5", "강의와 단계")])
async def test_what_opens_over_it_lines_up_in_korean(size: tuple[int, int], key: str, text: str) -> None:
    i18n.use_language("ko")
    async with running("host", size) as (app, pilot):
        await pilot.press(key)
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert text in seen(app)
        lines_up(app)


@pytest.mark.parametrize("size", SIZES)
async def test_why_lines_up_in_korean(size: tuple[int, int]) -> None:
    i18n.use_language("ko")
    state = at("host")
    places = [place for goal in state.goals for place in getattr(goal.goal.check, "wants", frozenset)()]
    red = next(want.source for want in places if hasattr(want, "source"))
    said = tell("{link} {within} is down", link="veth-red", within=tell("in {place}", place="red"))
    look = words.on("lan", "ip link")
    topology = state.lesson.topology
    shells = replace(topology, machines=tuple(replace(spec, shell=True) for spec in topology.machines))
    state = replace(state, lesson=replace(state.lesson, topology=shells))
    why = Broken(red, Layer.LINK, said, tell("no address on {link}", link="veth-red"), look, path=(red,))
    unmet = Unmet(said, said, Layer.LINK, "ip -n red link", why)
    state = replace(state, goals=(replace(state.goals[1], verdict=unmet), *state.goals[2:]))
    app = ValueApp(state)
    async with app.run_test(size=size) as pilot:
        await pilot.press("f11")
        await pilot.pause()
        assert "red의 veth-red가 꺼져 있습니다" in seen(app)
        assert "왜?" in seen(app)
        if size[1] > 24:
            assert "veth-red에 주소 없음" in seen(app)
            assert "ip link (lan에서)" in seen(app)
        lines_up(app)


@pytest.mark.parametrize("size", SIZES)
async def test_a_key_switches_the_language_and_back(size: tuple[int, int]) -> None:
    async with running("addresses", size) as (app, pilot):
        english, machines = seen(app), app.main.query_one(Machines)
        assert "Addresses, and a trap" in english
        await pilot.press("shift+f1")
        await pilot.pause()
        korean = seen(app)
        assert "주소, 그리고 함정" in korean
        assert "red에 veth-red 링크가 없습니다" in " ".join(korean.split()) or size == (80, 24)
        assert "Goals" not in korean
        assert app.main.query_one(Machines) is machines
        lines_up(app)
        await pilot.press("shift+f1")
        await pilot.pause()
        assert seen(app) == english


async def test_what_was_typed_stays_when_the_language_changes() -> None:
    async with running("fdb", (120, 35)) as (app, pilot):
        entry = app.main.query_one(AnswerLine)
        entry.focus()
        await pilot.press("v", "e")
        await pilot.press("shift+f1")
        await pilot.pause()
        assert app.main.query_one(AnswerLine) is entry
        assert (entry.value, entry.placeholder) == ("ve", "답을 입력하고 Enter")
        assert app.focused is entry


async def test_l_switches_in_the_lesson_and_in_the_help() -> None:
    async with running("host", (120, 35)) as (app, pilot):
        app.main.query_one(PageScroll).focus()
        await pilot.press("l")
        await pilot.pause()
        assert "호스트도 참여시키기" in seen(app)
        await pilot.press("f1", "l")
        await pilot.pause()
        assert "this help" in seen(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "Let the host take part" in seen(app)


async def test_notices_and_what_stands_in_place_of_the_shell_follow() -> None:
    async with running("host", (120, 35)) as (app, pilot):
        app.main.post_message(messages.LabStarting(tell("Starting the lab …")))
        app.main.post_message(messages.LabGone(tell("its first process was killed")))
        await pilot.pause()
        await pilot.pause()
        assert "Press R for a new one" in seen(app)
        await pilot.press("shift+f1")
        await pilot.pause()
        assert "첫 프로세스가 죽었습니다" in seen(app)
        assert "랩을 시작하는 중" in seen(app)


async def test_the_language_is_remembered(tmp_path: Path) -> None:
    with Store.open(tmp_path / "progress.sqlite3") as store:
        app = ValueApp(at("host"))
        async with app.run_test(size=(80, 24)) as pilot:
            app.store = store
            await pilot.press("shift+f1")
            await pilot.pause()
        assert store.language() == "ko"
    with Store.open(tmp_path / "progress.sqlite3") as store:
        assert i18n.preferred(None, store.language()) == "ko"
