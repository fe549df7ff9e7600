"""The exam with a real lab, real shells and a real journal, driven through Textual's pilot."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from exam_room import course_in, lessons_in, played, sitting_at
from live_app import ready, skip_without_a_lab, until
from textual.pilot import Pilot
from tui_values import seen

from tutor.grading import inbox
from tutor.grading.course import Course
from tutor.model.checkpoint import Item, Lateness, Policy
from tutor.tui.exam.app import ExamApp
from tutor.tui.exam.finish import FinishScreen, GiveAwayScreen, HandedInScreen
from tutor.tui.exam.items import ItemsScreen

ITEMS = (Item("own", 5, ("name", "other")), Item("own", 3, ("last",)))


@pytest.fixture(scope="module", autouse=True)
def _lab_works() -> None:
    skip_without_a_lab()


@pytest.fixture(autouse=True)
def lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(lessons_in(tmp_path)))


@asynccontextmanager
async def exam(course: Course, size: tuple[int, int] = (110, 36)) -> AsyncIterator[tuple[ExamApp, Pilot[int]]]:
    with sitting_at(course) as sitting:
        app = ExamApp(sitting, sitting.open(sitting.left_off()))
        async with app.run_test(size=size, notifications=True) as pilot:
            await until(pilot, lambda: ready(app))
            yield app, pilot
        if app.failure is not None:
            raise app.failure


async def on(pilot: Pilot[int], text: str) -> None:
    app = pilot.app
    assert isinstance(app, ExamApp)
    await until(pilot, lambda: text in seen(app))


async def typed(app: ExamApp, *lines: str) -> None:
    assert app.conductor is not None
    assert app.conductor.session is not None
    for line in lines:
        await app.conductor.session.shells["host"].type(line, timeout=10)


def name(app: ExamApp) -> str:
    return app.lesson.parameters["name"]


async def test_from_the_first_item_to_a_file_that_is_taken_in(tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS)
    async with exam(course) as (app, pilot):
        await on(pilot, "item 1 of 2  5 points  ◉○")
        await typed(app, f"ip netns add {name(app)}")
        await until(pilot, lambda: ready(app) and "item 1 of 2  5 points  ●◉" in seen(app))
        await on(pilot, "3. Another one")  # the step between them is done for the learner
        await typed(app, "ip netns add other")
        await on(pilot, "✔ This item is complete")
        await on(pilot, "F8 Next item")
        await pilot.press("f8")
        await until(pilot, lambda: ready(app) and "item 2 of 2" in seen(app))
        await typed(app, "ip netns | sort | tr '\\n' ,; ip netns add last")
        await on(pilot, "All items are complete")
        await pilot.press("f10")
        await on(pilot, "✔ 2. The last one")
        await pilot.press("h")
        await on(pilot, "All items are complete. ")
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, HandedInScreen))
        assert app.handed_in is not None
        assert app.handed_in.digest in seen(app)
        await pilot.press("enter")
    assert app.handed_in.path == tmp_path / "net-mid-ann.submission"
    submission = inbox.accept(app.handed_in.path.read_bytes(), course).submission
    assert {claim.status for claim in submission.claims} == {"met"}
    assert set(submission.facts) == {item.id for item in ITEMS}
    for item in ITEMS:
        recorded = [json.loads(line) for line in submission.casts[item.id]["host"].splitlines()]
        assert recorded[0]["version"] == 2
    assert "netns add last" in played(submission.casts["own#last"]["host"])
    attempts = inbox.accept(app.handed_in.path.read_bytes(), course).attempts
    assert [command.step for command in attempts["own"].commands] == ["name", "other", "last"]
    assert attempts["own"].completed == ("name", "other", "last")


async def test_one_goes_on_where_one_left_off_with_all_that_was_typed(tmp_path: Path) -> None:
    course = course_in(tmp_path, (Item("own", 5), Item("own", 3, ("last",))))
    async with exam(course) as (app, pilot):
        await typed(app, f"ip netns add {name(app)}")
        await on(pilot, "2. An address")
        await typed(app, f"ip -n {name(app)} addr add {app.lesson.parameters['net']}.1/24 dev lo")
        await on(pilot, "1 of 2 done")
    async with exam(course) as (app, pilot):
        await on(pilot, "2. An address")
        await on(pilot, "1 of 2 done")
        attempt = app.sitting.attempts()["own"]
        assert len(attempt.commands) == 2, "what was typed again was not recorded again"
        assert attempt.seed == app.sitting.taking.entrant.seed


async def test_what_had_no_verdict_yet_when_it_was_killed_counts(tmp_path: Path) -> None:
    course = course_in(tmp_path, (Item("own", 5),))
    with sitting_at(course) as sitting:
        lesson = sitting.open(0)
        attempt = sitting.attempts()["own"]
        sitting.taking.store.record_command(attempt.id, "name", "host", f"ip netns add {lesson.parameters['name']}", 0)
    async with exam(course) as (app, pilot):
        await on(pilot, "●◉○○")
        assert app.sitting.attempts()["own"].completed == ("name",)


async def test_hints_solutions_and_explanations_are_kept_back(tmp_path: Path) -> None:
    async with exam(course_in(tmp_path, ITEMS)) as (app, pilot):
        await on(pilot, "✘ not yet")
        assert "look at" not in seen(app)
        assert "F2 Hint" not in seen(app)
        await pilot.press("f2")
        await on(pilot, "allows no hints.")
        await pilot.press("f11")
        await on(pilot, "explanations.")
        assert app.sitting.attempts()["own"].hints == {}
        await typed(app, "ipp netns")
        await pilot.pause(0.3)
        assert "ipp" not in seen(app).replace("ipp netns", "").replace("ipp: command", "")
        await typed(app, f"ip netns add {name(app)}")
        await until(pilot, lambda: "3. Another one" in seen(app))
        await pilot.press("f6", "left", "left")
        await on(pilot, "1. A namespace")
        assert "One way" not in seen(app)


async def test_hints_are_given_where_they_are_allowed_but_not_the_solution(tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS, policy=Policy(hints=True))
    async with exam(course) as (app, pilot):
        await on(pilot, "look at")
        await pilot.press("f2")
        await on(pilot, "A first hint.")
        await pilot.press("f2")
        await on(pilot, "There are no more")
        assert app.sitting.attempts()["own"].hints == {"name": 1}


async def test_a_later_item_that_gives_an_earlier_one_away_closes_it(tmp_path: Path) -> None:
    async with exam(course_in(tmp_path, ITEMS)) as (app, pilot):
        await typed(app, "echo tried")
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ItemsScreen))
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(app.screen, GiveAwayScreen))
        await pilot.press("escape")
        await pilot.pause(0.1)
        assert app.sitting.item == 0
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ItemsScreen))
        await pilot.press("end", "enter")
        await until(pilot, lambda: isinstance(app.screen, GiveAwayScreen))
        await pilot.press("y")
        await until(pilot, lambda: ready(app) and "item 2 of 2" in seen(app))
        assert app.sitting.closed() == {0}
        assert not app.sitting.may_open(0)
        await pilot.press("f5")
        await on(pilot, "closed: its solution was shown")
        await pilot.press("escape")
        app._go_to(0)
        await on(pilot, "Its solution was shown")
        assert app.sitting.item == 1


async def test_the_order_is_kept_where_nothing_may_be_skipped(tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS, policy=Policy(skip=False))
    async with exam(course) as (app, pilot):
        await pilot.press("f5")
        await on(pilot, "The next item opens when the one before is complete.")
        await pilot.press("end", "enter")
        await pilot.pause(0.2)
        assert app.sitting.item == 0
        await pilot.press("escape")
        app._go_to(1)
        await on(pilot, "The items before are not")
        app._go_to(0, "other")
        await on(pilot, "The steps of an item are")
        assert app.sitting.item == 0


async def test_a_step_is_jumped_to_where_that_is_allowed(tmp_path: Path) -> None:
    course = course_in(tmp_path, (Item("own", 5),), policy=Policy(jumps=True))
    async with exam(course) as (app, pilot):
        await pilot.press("f5")
        await until(pilot, lambda: isinstance(app.screen, ItemsScreen))
        await pilot.press("end", "enter")
        await until(pilot, lambda: ready(app) and "4. The last one" in seen(app))
        await typed(app, "ip netns add last")
        await on(pilot, "✔ This step is complete")
        await pilot.press("f8")
        await until(pilot, lambda: ready(app) and "◉○○●" in seen(app) and "1. A namespace" in seen(app))


async def test_an_item_is_set_back_and_the_log_keeps_it(tmp_path: Path) -> None:
    async with exam(course_in(tmp_path, ITEMS)) as (app, pilot):
        await typed(app, f"ip netns add {name(app)}")
        await until(pilot, lambda: ready(app) and "●◉" in seen(app))
        await pilot.press("f4")
        await on(pilot, "the log keeps it")
        await pilot.press("i")
        await until(pilot, lambda: ready(app) and "◉○" in seen(app) and "0 of 1 done" in seen(app))
        assert app.sitting.attempts()["own"].commands == ()
        kinds = [event.kind for event in app.sitting.taking.store.journal()]
        assert "command" in kinds
        assert "reset" in kinds


async def test_a_lab_that_dies_comes_back_with_what_was_typed(tmp_path: Path) -> None:
    async with exam(course_in(tmp_path, (Item("own", 5, ("address",)),))) as (app, pilot):
        line = f"ip -n {name(app)} addr add {app.lesson.parameters['net']}.1/24 dev lo"
        await typed(app, line)
        await on(pilot, "1 of 2 done")
        assert app.conductor is not None
        assert app.conductor.session is not None
        await app.conductor.session.lab.close()
        await on(pilot, "■ The lab ended")
        await pilot.press("R")
        await until(pilot, lambda: ready(app) and "■ The lab ended" not in seen(app))
        await on(pilot, "1 of 2 done")
        assert [command.text for command in app.sitting.attempts()["own"].commands] == [line]


async def test_a_server_in_the_foreground_is_part_of_what_was_done(tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS)
    async with exam(course) as (app, pilot):
        assert app.conductor is not None
        assert app.conductor.session is not None
        line = f"ip netns add {name(app)}; sleep 100"
        app.conductor.session.shells["host"].send(line.encode() + b"\r")
        await until(pilot, lambda: ready(app) and "●◉" in seen(app))
        commands = app.sitting.attempts()["own"].commands
        assert [(command.text, command.exit_status) for command in commands] == [(line, None)]


@pytest.mark.parametrize(
    ("passed", "clock", "said"),
    [
        (0, " left", ""),
        (3700, "late", "that costs nothing yet"),
        (3600 + 301, "late", "10 % of the points are off, 10 % more with each hour"),
        (3600 + 25 * 3600, "late", "nothing is earned any more"),
    ],
)
async def test_the_clock_and_the_late_rule(passed: int, clock: str, said: str, tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS, lateness=Lateness(5, 10, 24))
    async with exam(course) as (app, pilot):
        app.sitting.taking._passed += passed
        await until(pilot, lambda: clock in seen(app).split("\n")[0] and said in seen(app))
        await typed(app, "echo goes-on-$((40+2))")
        await on(pilot, "goes-on-42")


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (200, 60)])
async def test_every_size_shows_the_clock_and_the_way_out(size: tuple[int, int], tmp_path: Path) -> None:
    async with exam(course_in(tmp_path, ITEMS), size) as (app, pilot):
        assert "left" in seen(app).split("\n")[0] or size[1] < 8
        assert "F10 Finish" in seen(app)
        for key, screen in (("f5", ItemsScreen), ("f10", FinishScreen)):
            await pilot.press(key)
            await until(pilot, lambda screen=screen: isinstance(app.screen, screen))  # type: ignore[misc]
            await pilot.press("escape")
        for key in ("f1", "f4"):
            await pilot.press(key)
            await pilot.pause(0.1)
            await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main)


async def test_a_hostile_title_is_shown_as_text(tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS)
    checkpoint = course.checkpoint("mid")
    from dataclasses import replace

    course.add(replace(checkpoint, title="[@click=app.leave]x[/] \x1b]52;c;aGk=\x07 \u202e"), again=True)
    async with exam(course) as (app, pilot):
        assert "[@click=app.leave]x[/] ␛]52;c;aGk=␇" in seen(app)
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, FinishScreen))
        assert not any(sign in seen(app) for sign in "\x1b\x07\u202e")


async def test_where_the_file_cannot_be_written_it_says_where_the_copy_is(tmp_path: Path) -> None:
    course = course_in(tmp_path, ITEMS)
    async with exam(course) as (app, pilot):
        app.sitting.directory = Path("/proc")
        await pilot.press("f10")
        await until(pilot, lambda: isinstance(app.screen, FinishScreen))
        await pilot.press("h", "y")
        await until(pilot, lambda: isinstance(app.screen, HandedInScreen))
        assert "The file could not be written here: /proc: " in seen(app)
        assert app.handed_in is not None
        assert inbox.accept(app.handed_in.kept.read_bytes(), course)


async def test_another_language_at_any_time(tmp_path: Path) -> None:
    from tutor import i18n

    async with exam(course_in(tmp_path, ITEMS)) as (app, pilot):
        try:
            await pilot.press("shift+f1")
            await pilot.pause(0.3)
            assert i18n.language() == "ko"
            assert "F10 마침" in seen(app)
        finally:
            i18n.use_language("en")
