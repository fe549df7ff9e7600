"""The review on a real gradebook of really sealed submissions: looked at, sorted, played back and marked."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import grading_class
import pytest
import review_class
from rich.cells import cell_len
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Input

from tutor import i18n
from tutor.errors import StoreError
from tutor.grading.book import Book
from tutor.grading.course import Course
from tutor.model.grade import Grade, Late
from tutor.tui.review.app import ReviewApp
from tutor.tui.review.desk import Desk, Row, Show, Sort, arranged
from tutor.tui.review.screens.submission import SubmissionScreen
from tutor.tui.review.screens.table import ClassScreen
from tutor.tui.review.widgets.player import Player
from tutor.tui.review.widgets.rows import Rows

SIZES = [(80, 24), (120, 35), (200, 60)]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    i18n.use_language("en")
    yield
    i18n.use_language("en")


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A graded class, to be copied."""
    root = tmp_path_factory.mktemp("review")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETTUTOR_LESSONS", str(grading_class.lessons(root / "lessons")))
        with review_class.graded(root / "class"):
            pass
        yield root / "class" / "net"


@pytest.fixture
def desk(shelf: Path, tmp_path: Path) -> Iterator[Desk]:
    shutil.copytree(shelf, tmp_path / "net")
    course = Course.open(tmp_path / "net")
    with Book.open(course.gradebook, who="ada") as book:
        yield Desk(course, book, "ada")


@asynccontextmanager
async def running(desk: Desk, size: tuple[int, int] = (120, 35)) -> AsyncIterator[tuple[ReviewApp, Pilot[Any]]]:
    app = ReviewApp(desk, "mid")
    async with app.run_test(size=size) as pilot:
        await settled(app, pilot)
        yield app, pilot


async def settled(app: ReviewApp, pilot: Pilot[Any]) -> None:
    await app.workers.wait_for_complete()
    await pilot.pause()
    await app.workers.wait_for_complete()
    await pilot.pause()


async def press(app: ReviewApp, pilot: Pilot[Any], *keys: str) -> str:
    for key in keys:
        await pilot.press(key)
        await settled(app, pilot)
    return seen(app)


async def opened(app: ReviewApp, pilot: Pilot[Any], learner: str) -> str:
    table = app.main
    table.query_one("#class", Rows).move_to([row.learner for row in table.listed].index(learner))
    return await press(app, pilot, "enter")


def rows(app: ReviewApp) -> list[str]:
    return [strip.text for strip in app.screen._compositor.render_strips()]


def seen(app: ReviewApp) -> str:
    return "\n".join(rows(app))


def order(app: ReviewApp) -> list[str]:
    return [row.learner for row in app.main.listed]


# -- the class


@pytest.mark.parametrize("size", SIZES)
async def test_the_class_at_a_glance(size: tuple[int, int], desk: Desk) -> None:
    async with running(desk, size) as (app, _):
        screen = seen(app)
        assert "Networks" in screen
        assert "Mid-term" in screen
        assert "11 of 12 handed in" in screen
        assert "2 doubtful" in screen
        assert order(app)[:3] == ["mal", "ben", "eve"]
        assert order(app)[-1] == "zoe"
        ben = next(row for row in rows(app) if "Ben (ben)" in row)
        assert re.search(r"\? Ben \(ben\) +3/10 +1 +1 +1 ", ben)
        assert "not graded yet" in next(row for row in rows(app) if "Eve" in row)
        assert re.search("2[01] min", next(row for row in rows(app) if "Dan" in row))  # each begun minute counts
        assert "alike" in next(row for row in rows(app) if "Gus" in row)
        assert "nothing handed in" in next(row for row in rows(app) if "Zoe" in row)
        assert {cell_len(row) for row in rows(app)} == {size[0]}


async def test_it_is_sorted_filtered_and_searched(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await press(app, pilot, "s")
        assert order(app) == sorted(order(app))
        await press(app, pilot, "s")
        assert order(app)[:2] == ["cem", "mal"]
        shown = {}
        for _ in range(5):
            await press(app, pilot, "f")
            shown[app.main._show] = sorted(order(app))
        assert shown[Show.DOUBTFUL] == ["ben", "mal"]
        assert set(shown[Show.FLAGGED]) == {"dan", "fay", "gus", "hal", "mal"}
        assert shown[Show.LATE] == ["dan"]
        assert shown[Show.WAITING] == ["eve"]
        assert shown[Show.MISSING] == ["zoe"]
        await press(app, pilot, "escape", "slash", *"JO")
        assert order(app) == ["joe"]
        assert "1 listed" in seen(app)
        await press(app, pilot, "enter", "enter")
        assert isinstance(app.screen, SubmissionScreen)
        await press(app, pilot, "escape", "escape")
        assert len(order(app)) == 12


async def test_the_refused_files_have_their_reasons(desk: Desk) -> None:
    async with running(desk, (80, 24)) as (app, pilot):
        screen = await press(app, pilot, "r")
        assert "late one.submission" in screen
        assert "its signature does not hold" in screen
        await press(app, pilot, "down")
        assert "it is not JSON" in seen(app)
        await press(app, pilot, "escape")
        assert isinstance(app.screen, ClassScreen)


async def test_three_thousand_rows_cost_no_more_to_draw(desk: Desk) -> None:
    """A move redraws what is seen, and nothing is done for each of the others."""
    many = [Row(f"l{number}", f"Learner {number}", None) for number in range(3000)]
    async with running(desk) as (app, pilot):
        table = app.main
        table._all = (*table._all, *many)
        table._arrange()
        drawn: list[int] = []
        widget = table.query_one("#class", Rows)
        draw = widget._draw

        def counted(index: int, width: int) -> Content:
            drawn.append(index)
            return draw(index, width)

        widget._draw = counted
        await press(app, pilot, "end")
        assert "Learner 999" in seen(app)
        assert len(set(drawn)) < 100
        await press(app, pilot, "slash", *"2345")
        assert order(app) == ["l2345"]


def test_doubtful_ones_come_first_and_missing_ones_last() -> None:
    def row(learner: str, *, judged: bool = True, late: float = 0) -> Row:
        return Row(learner, "", Grade("d", "mid", learner, "f", "", "", "", judged, late=Late(late)))

    here = [row("a"), row("b", judged=False), Row("c", "", None), row("d", late=3)]
    assert [each.learner for each in arranged(here, Sort.DOUBTFUL, Show.ALL)] == ["b", "a", "d", "c"]
    assert [each.learner for each in arranged(here, Sort.LATE, Show.ALL)] == ["d", "a", "b", "c"]


# -- a submission


@pytest.mark.parametrize("size", SIZES)
async def test_a_submission_and_its_goals(size: tuple[int, int], desk: Desk) -> None:
    async with running(desk, size) as (app, pilot):
        screen = await opened(app, pilot, "ben")
        assert "Ben (ben)" in screen
        assert "3 of 10 points" in screen
        assert "doubtful" in screen
        assert "inconclusive" in screen
        assert "vim was used" in screen
        screen = await press(app, pilot, "down")
        assert "confirmed" in screen
        assert "said the learner's own tutor" in screen
        screen = await press(app, pilot, "2")
        assert "Remarks" in screen
        screen = await press(app, pilot, "3")
        assert "the checkpoint was begun" in screen
        assert "ip netns ad " in screen
        assert "255" in screen
        assert "hint 1 was read" in screen
        screen = await press(app, pilot, "5")
        assert "══ host veth-red-br" in screen
        assert "sockets: none" in screen
        await press(app, pilot, "n")
        assert "Ben (ben)" not in seen(app)
        await press(app, pilot, "p")
        assert "Ben (ben)" in seen(app)


async def test_flags_name_the_others(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "gus")
        screen = await press(app, pilot, "2")
        assert "94 % in the same order" in screen
        assert "hal" in screen
        await press(app, pilot, "escape")
        await opened(app, pilot, "dan")
        screen = await press(app, pilot, "2")
        assert "set back by 1 h" in screen
        assert "90 % of the points are kept" in screen


async def test_a_recording_is_played_sought_and_left(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "ann")
        await press(app, pilot, "4")
        player = app.screen.query_one(Player)
        assert player.playing is False
        await press(app, pilot, "end")
        assert "끝났다" in await until(app, pilot, "끝났다")
        assert "at its end" in seen(app)
        await press(app, pilot, "home")
        await until(app, pilot, lambda screen: "끝났다" not in screen)
        assert "root@host" in seen(app)
        await press(app, pilot, "right")
        assert player.position == pytest.approx(5)
        assert "LOOPBACK" in await until(app, pilot, "LOOPBACK")
        await press(app, pilot, "plus", "plus")
        assert "4×" in seen(app)
        await pilot.press("space")
        assert "끝났다" in await until(app, pilot, "끝났다")
        await until(app, pilot, "at its end")
        assert player.playing is False
        emulator = player._emulator
        assert emulator is not None
        pid = emulator.pid
        await press(app, pilot, "right_square_bracket")
        assert "own#address / host (2/2)" in seen(app)
        await press(app, pilot, "escape")
        assert not _runs(pid)


def _runs(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def until(app: ReviewApp, pilot: Pilot[Any], wanted: Any) -> str:
    for _ in range(400):
        screen = seen(app)
        if wanted in screen if isinstance(wanted, str) else wanted(screen):
            return screen
        await pilot.pause(0.02)
    raise AssertionError(f"{wanted!r} never came:\n{seen(app)}")


# -- points by hand


async def test_points_are_kept_with_name_comment_and_history(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "ben")
        await press(app, pilot, "m")
        assert "points, from 0 to 4" in seen(app)
        for text, comment in (("2,5", "half of it"), ("4", "looked again")):
            if text == "4":
                await press(app, pilot, "m")
            app.screen.query_one("#points", Input).value = text
            await press(app, pilot, "enter")
            app.screen.query_one("#comment", Input).value = comment
            screen = await press(app, pilot, "enter")
            assert "kept" in screen
        assert "7 of 10 points" in screen
        assert "half of it" in screen
        assert "looked again" in screen
        assert "ada" in screen
        assert "doubtful" not in screen
        marks = desk.book.marks(review_class.digest(desk, "ben"))
        assert [(mark.points, mark.comment, mark.who) for _, mark in marks] == [
            (2.5, "half of it", "ada"),
            (4.0, "looked again", "ada"),
        ]
        screen = await press(app, pilot, "escape")
        assert "1 doubtful" in screen
        assert "7/10*" in next(row for row in rows(app) if "Ben" in row)
    assert desk.book.first_broken() is None


@pytest.mark.parametrize("text", ["", "x", "-1", "4.5", "nan", "inf", "1e9"])
async def test_what_are_no_points_is_said(text: str, desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "ben")
        await press(app, pilot, "m")
        app.screen.query_one("#points", Input).value = text
        screen = await press(app, pilot, "enter", "ctrl+s")
        assert "no number from 0 to 4" in screen
        await press(app, pilot, "escape")
    assert desk.book.marks(review_class.digest(desk, "ben")) == ()


async def test_a_remark_on_the_whole(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "ann")
        await press(app, pilot, "w", *"well", "enter", "2")
        assert "well" in seen(app)
    assert [comment.text for comment in desk.book.comments(review_class.digest(desk, "ann"))] == ["well"]


async def test_what_cannot_be_written_stays_typed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "ben")
        await press(app, pilot, "m")
        app.screen.query_one("#points", Input).value = "3"
        gradebook = desk.course.gradebook

        def full(*unused: object) -> None:
            raise StoreError(f"{gradebook}: no space left on the device")

        monkeypatch.setattr(desk.book, "mark", full)
        screen = await press(app, pilot, "ctrl+s")
        assert "no space left" in screen
        assert app.screen.query_one("#points", Input).value == "3"
        monkeypatch.undo()
        assert "kept" in await press(app, pilot, "ctrl+s")


async def test_nothing_is_marked_before_it_is_graded(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        screen = await opened(app, pilot, "eve")
        assert "not graded yet" in screen
        await press(app, pilot, "m")
        assert isinstance(app.screen, SubmissionScreen)


# -- everything from a file is text


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_a_hostile_submission_is_text_everywhere(size: tuple[int, int], desk: Desk) -> None:
    async with running(desk, size) as (app, pilot):
        await opened(app, pilot, "mal")
        for pane in "12345":
            await press(app, pilot, pane)
            harmless(app)
            await pilot.press("down", "down", "down", "down")
            await pilot.pause()
            harmless(app)
        await press(app, pilot, "1")
        assert "[/foo]" in seen(app)
        assert "abc<U+202E>gpj.exe" in seen(app)
        await press(app, pilot, "m")
        harmless(app)
        await press(app, pilot, "escape", "escape", "r", "down")
        harmless(app)


async def test_a_hostile_recording_plays_to_its_end(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "mal")
        await press(app, pilot, "4")
        for _ in range(3):
            await press(app, pilot, "end", "home", "right", "space", "space")
            harmless(app)
            await press(app, pilot, "right_square_bracket")
        assert app.failure is None


async def test_markup_does_not_act(desk: Desk) -> None:
    async with running(desk, (200, 60)) as (app, pilot):
        await opened(app, pilot, "mal")
        for y, row in enumerate(rows(app)):
            if "app.leave" in row:
                await pilot.click(offset=(row.index("app.leave"), y))
                await settled(app, pilot)
        assert isinstance(app.screen, SubmissionScreen)
        assert not app._exit


def harmless(app: ReviewApp) -> None:
    """No control, bidirectional or invisible character is in what goes to the terminal."""
    for strip in app.screen._compositor.render_strips():
        for segment in strip:
            assert not segment.control
            assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]", segment.text), segment
            assert segment.style is None or segment.style.link is None


# -- languages and sizes


@pytest.mark.parametrize("size", SIZES)
async def test_it_lines_up_in_korean(size: tuple[int, int], desk: Desk) -> None:
    i18n.use_language("ko")
    async with running(desk, size) as (app, pilot):
        assert "점수" in seen(app)
        assert "학습자" in seen(app)
        await opened(app, pilot, "ben")
        for key in ("2", "3", "4", "5", "1", "m"):
            await press(app, pilot, key)
            assert {cell_len(row) for row in rows(app)} == {size[0]}
        await press(app, pilot, "escape", "f1")
        assert "도움말" in seen(app)


async def test_flags_are_told_in_korean(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "dan")
        screen = await press(app, pilot, "2", "l")
        assert "벽시계를 1 h 뒤로" in screen
        assert "set back by" not in screen
        assert "set back by 1 h" in await press(app, pilot, "l")


async def test_the_language_is_switched_in_place(desk: Desk) -> None:
    async with running(desk) as (app, pilot):
        await opened(app, pilot, "ben")
        screen = await press(app, pilot, "l")
        assert "목표" in screen
        await press(app, pilot, "escape")
        assert "학습자" in seen(app)
        await press(app, pilot, "l", "t", "f1")
        assert "What a submission claims is not believed" in seen(app)


@pytest.mark.parametrize("size", [(20, 5), (50, 14)])
async def test_a_small_terminal_breaks_nothing(size: tuple[int, int], desk: Desk) -> None:
    async with running(desk, size) as (app, pilot):
        await opened(app, pilot, "ben")
        for key in ("2", "3", "4", "5", "1", "m", "escape", "f1", "escape", "escape", "r"):
            await press(app, pilot, key)
        await pilot.resize_terminal(100, 30)
        await settled(app, pilot)
        assert {cell_len(row) for row in rows(app)} == {100}


async def test_a_file_that_cannot_be_read_any_more_leaves_its_grade(desk: Desk) -> None:
    digest = review_class.digest(desk, "ben")
    data = desk.book.data(digest)
    whole = desk.open(digest)
    assert whole.submission is not None
    desk.book.data = lambda digest: data[: len(data) // 2]  # type: ignore[method-assign]
    torn = desk.open(digest)
    assert torn.submission is None
    assert torn.wrong
    assert replace(torn.grade) == whole.grade
    async with running(desk) as (app, pilot):
        screen = await opened(app, pilot, "ben")
        assert torn.wrong[:30] in screen
        assert "3 of 10 points" in screen
        for key in ("2", "3", "4", "5"):
            await press(app, pilot, key)
