"""The main screen, drawn from values."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import tui_values as values
from textual.geometry import Size
from textual.message import Message
from textual.pilot import Pilot
from tui_values import ValueApp, rows, seen

from tutor.i18n import tell as told
from tutor.mistakes import Remark
from tutor.model.lesson import Command
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Layer, Unmet
from tutor.tui import messages
from tutor.tui.pages import page
from tutor.tui.screens.tutorial import TutorialScreen
from tutor.tui.widgets.bars import Key, KeyBar, fitting
from tutor.tui.widgets.goals import AnswerLine, GoalList
from tutor.tui.widgets.lesson_pane import LessonPane, PageScroll
from tutor.tui.widgets.machines import Machines

SIZES = [(80, 24), (120, 35), (200, 60)]


@asynccontextmanager
async def running(
    state: SessionState | None = None, size: tuple[int, int] = (120, 35)
) -> AsyncIterator[tuple[ValueApp, Pilot[int]]]:
    app = ValueApp(state or values.at_cable())
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def tell(app: ValueApp, pilot: Pilot[int], *told: object) -> None:
    for message in told:
        assert isinstance(message, Message)
        app.main.post_message(message)
    await pilot.pause()
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
async def test_lesson_goals_and_keys_are_on_the_screen(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, _):
        screen = seen(app)
        for text in ("Network namespaces", "step 3 of 8", "●●◉○○○○○", "3. A cable", "2 of 4 done", "✘ not yet"):
            assert text in screen
        for text in ("F1 Help", "F2 Hint", "F10 Quit", "host"):
            assert text in screen


async def test_a_small_terminal_has_the_shell_in_full_width() -> None:
    async with running(size=(80, 24)) as (app, _):
        assert app.main.query_one(Machines).size.width == 80
        assert app.main.query_one(Machines).size.height >= 10


async def test_a_wide_terminal_has_them_side_by_side() -> None:
    async with running(size=(120, 35)) as (app, _):
        lesson, shell = app.main.query_one(LessonPane).region, app.main.query_one(Machines).region
        assert lesson.y == shell.y
        assert lesson.right < shell.x


@pytest.mark.parametrize("width", [1, 2, 5, 20, 39, 69, 99, 300])
@pytest.mark.parametrize("height", [1, 3, 5, 13, 60])
async def test_any_size_is_drawn(width: int, height: int) -> None:
    async with running(size=(width, height)) as (app, pilot):
        assert len(rows(app)) == height
        for key in ("f6", "f9", "f6", "f9", "f7"):
            await pilot.press(key)
        assert len(rows(app)) == height


async def test_20_columns_5_rows_show_one_side_and_how_to_leave() -> None:
    async with running(size=(20, 5)) as (app, pilot):
        assert "F10 Quit" in seen(app)
        await pilot.press("f6")
        await pilot.pause()
        assert "3. A cable" in seen(app)


async def test_resized_a_hundred_times_in_a_row() -> None:
    async with running() as (app, pilot):
        for turn in range(100):
            await pilot.resize_terminal(20 + turn * 7 % 180, 5 + turn * 3 % 50)
        await pilot.resize_terminal(120, 35)
        await pilot.pause()
        assert "3. A cable" in seen(app)
        assert app.size == Size(120, 35)


async def test_a_new_verdict_changes_its_goal_only() -> None:
    async with running() as (app, pilot):
        before = rows(app)
        state = app.main.state
        blue = replace(state.goals[2], verdict=values.MET)
        await tell(app, pilot, messages.StateShown(replace(state, goals=(*state.goals[:2], blue, state.goals[3]))))
        assert "3 of 4 done" in seen(app)
        assert before[:10] == rows(app)[:10]


async def test_a_completed_step_is_praised_then_the_next_one_opens() -> None:
    async with running() as (app, pilot):
        goals = tuple(GoalState(each.goal, values.MET, latched=True) for each in app.main.state.goals)
        await tell(app, pilot, messages.StepDone(values.CABLE, goals), messages.StateShown(values.at_question()))
        assert "✔ Step 3 complete: A cable between red and blue" in seen(app)
        assert "4 of 4 done" in seen(app)
        await pilot.press("f8")
        await pilot.pause()
        assert "4. How many links?" in seen(app)
        assert "step 4 of 8" in seen(app)


async def test_praise_ends_by_itself() -> None:
    async with running() as (app, pilot):
        await tell(app, pilot, messages.StepDone(values.CABLE, app.main.state.goals))
        await tell(app, pilot, messages.StateShown(values.at_question()))
        async with asyncio.timeout(20):
            while "4. How many links?" not in seen(app):
                await pilot.pause(0.1)


async def test_who_is_reading_is_not_torn_away() -> None:
    async with running() as (app, pilot):
        app.main.query_one(PageScroll).focus()
        await tell(app, pilot, messages.StepDone(values.CABLE, app.main.state.goals))
        await tell(app, pilot, messages.StateShown(values.at_question()))
        await app.main._praise_over()
        await pilot.pause()
        assert "3. A cable" in seen(app)
        assert "F8 Step 4" in seen(app)


async def test_earlier_steps_are_read_back_with_their_solutions() -> None:
    async with running() as (app, pilot):
        await pilot.press("f6", "left", "left")
        await pilot.pause()
        screen = seen(app)
        assert "You are reading back. Step 3 is open: F8" in screen
        assert "so is this lesson." in screen
        assert "One way: ip" in screen
        await pilot.press("left", "right", "right", "right", "right")
        await pilot.pause()
        assert app.main.viewed == 2


async def test_hints_come_level_by_level_and_the_last_is_a_solution() -> None:
    async with running(size=(120, 60)) as (app, pilot):
        for level, text in enumerate(("Hint 1 of 3", "Hint 2 of 3", "Hint 3 of 3: one way to do it"), start=1):
            assert text not in seen(app)
            await tell(app, pilot, messages.StateShown(replace(app.main.state, hint_level=level)))
            assert text in seen(app)
        assert "# on lan:" in seen(app)


async def test_a_key_that_was_pressed_before_the_screen_is_there_does_nothing() -> None:
    app = ValueApp(values.at_cable())
    assert not app.main.check_action("switch", ())
    await app.action_next_language()
    await app.action_next_language()
    async with app.run_test() as pilot:
        await pilot.press("f6")
        assert isinstance(app.focused, PageScroll)


@pytest.mark.parametrize("machine", ["host", "lan"])
def test_the_last_hint_names_the_machine_unless_it_is_the_learners_own(machine: str) -> None:
    state = replace(values.at_cable(), hint_level=3)
    elsewhere = replace(state.step.solutions[0], commands=(Command(machine, "ip route"),))
    step = replace(state.step, solutions=(elsewhere,))
    hint = page(replace(state, lesson=replace(state.lesson, steps=(step,)), step_index=0), 0, {}).sections[-1]
    assert hint.code == ("ip route" if machine == "host" else "# on lan:\nip route")


@pytest.mark.parametrize(("index", "said"), [(0, "reading back"), (2, "reading ahead")])
def test_the_way_back_to_the_open_step_is_said(index: int, said: str) -> None:
    assert said in page(replace(values.at_cable(), step_index=1), index, {}).sections[0].title


async def test_a_new_hint_is_scrolled_to() -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await tell(app, pilot, messages.StateShown(replace(app.main.state, hint_level=1)))
        await pilot.pause()
        assert "Hint 1 of 3" in seen(app)


async def test_a_question_is_answered_in_its_line() -> None:
    asked: list[tuple[str, str]] = []

    class Listener:
        session = object()

        def answer(self, goal_id: str, text: str) -> None:
            asked.append((goal_id, text))

        async def close(self) -> None: ...

    async with running(values.at_question()) as (app, pilot):
        app.conductor = Listener()  # type: ignore[assignment]
        app.main.query_one(AnswerLine).focus()
        await pilot.press(*"2[/x]", "enter")
        await pilot.pause()
        assert asked == [("links", "2[/x]")]


def questions_and_an_act() -> SessionState:
    """Two questions, something to do, and one more question."""
    state = values.at_question()
    first, asked = state.step.goals[0], state.goals[0].verdict
    ids = ("one", "two", "act", "three")
    goals = tuple(replace(first, id=name, question=name != "act") for name in ids)
    step = replace(state.step, goals=goals)
    steps = (*state.lesson.steps[: state.step_index], step, *state.lesson.steps[state.step_index + 1 :])
    shown = tuple(GoalState(goal, asked if goal.question else values.NO_REPLY) for goal in goals)
    return replace(state, lesson=replace(state.lesson, steps=steps), goals=shown)


async def test_after_an_answer_the_next_question_has_the_focus_and_then_the_shell() -> None:
    state = questions_and_an_act()
    async with running(state) as (app, pilot):
        app.main.set_focus(app.main.query_one(AnswerLine))
        for done, focus in ((1, "two"), (2, None)):
            goals = tuple(
                replace(each, verdict=values.MET, latched=True) if n < done else each
                for n, each in enumerate(state.goals)
            )
            await tell(app, pilot, messages.StateShown(replace(state, goals=goals)))
            await pilot.pause()
            assert (app.focused.goal_id if isinstance(app.focused, AnswerLine) else None) == focus


async def test_where_only_questions_are_left_f6_leads_to_the_answer_the_lesson_and_back() -> None:
    async with running(values.at_question()) as (app, pilot):
        was = []
        for _ in range(3):
            await pilot.press("f6")
            was.append(type(app.focused))
        assert was[:2] == [AnswerLine, PageScroll]
        assert was[2] not in (AnswerLine, PageScroll)


async def test_from_a_page_that_is_read_to_its_end_f6_leads_to_the_question() -> None:
    async with running(values.at_question()) as (app, pilot):
        app.main.query_one(PageScroll).focus()
        await pilot.pause()
        assert "F6 Answer" in seen(app)
        await pilot.press("f6")
        assert isinstance(app.focused, AnswerLine)
        assert "F6 Shell" in seen(app)


async def test_f6_says_where_it_leads_while_a_remark_takes_room_from_the_page() -> None:
    async with running(values.at_cable(), (80, 24)) as (app, pilot):
        app.main.query_one(PageScroll).scroll_end(animate=False)
        await pilot.pause()
        assert "F6 Lesson" in seen(app)
        await tell(app, pilot, messages.RemarkShown(Remark("ip adr", (told("word " * 100),))))
        assert "F6 More" in seen(app)


async def test_the_answer_line_stays_in_sight_when_the_reason_under_its_goal_grows() -> None:
    async with running(values.at_question(), (80, 24)) as (app, pilot):
        entry = app.main.query_one(AnswerLine)
        entry.focus()
        await pilot.pause()
        state = values.at_question()
        wrong = Unmet(told("word " * 40), told("word " * 40), Layer.ANSWER, "ip link")
        goals = tuple(replace(each, verdict=wrong) for each in state.goals)
        await tell(app, pilot, messages.StateShown(replace(state, goals=goals)))
        await pilot.pause()
        assert app.main.query_one(GoalList).region.contains_region(entry.region)


async def test_a_question_that_was_answered_is_asked_anew_when_the_step_starts_again() -> None:
    async with running(values.at_question()) as (app, pilot):
        fresh = values.at_question()
        done = tuple(replace(each, verdict=values.MET, latched=True) for each in fresh.goals)
        await tell(app, pilot, messages.StateShown(replace(fresh, goals=done)))
        assert not app.main.query(AnswerLine)
        await tell(app, pilot, messages.StateShown(fresh))
        await pilot.press("f6", "7")
        assert app.main.query_one(AnswerLine).value == "7"


async def test_a_wrong_answer_is_replaced_by_the_next() -> None:
    async with running(values.at_question()) as (app, pilot):
        entry = app.main.query_one(AnswerLine)
        entry.focus()
        await pilot.press("7", "enter", "1")
        assert entry.value == "1"


async def test_a_lab_that_died_says_so_and_r_is_its_key() -> None:
    async with running() as (app, pilot):
        assert not app.main.check_action("revive", ())
        await tell(app, pilot, messages.LabGone("its first process was [/killed]"))
        assert "■ The lab ended: its first process was [/killed]. Press R for a new one." in seen(app)
        assert app.main.check_action("revive", ())


async def test_the_lesson_is_done() -> None:
    everything = frozenset(step.id for step in values.LESSON.steps)
    goals = tuple(GoalState(goal, values.MET, latched=True) for goal in values.LESSON.steps[7].goals)
    async with running(SessionState(values.LESSON, 7, goals, everything)) as (app, _):
        assert "You can make a network of namespaces now." in seen(app)
        assert "F8 Next lesson" in seen(app)


async def test_the_last_step_is_not_all_of_the_lesson() -> None:
    goals = tuple(GoalState(goal, values.MET, latched=True) for goal in values.LESSON.steps[7].goals)
    for completed, said in ((frozenset({"s8"}), "F5 shows which are left"), (None, "all steps done")):
        everything = frozenset(step.id for step in values.LESSON.steps) if completed is None else completed
        async with running(SessionState(values.LESSON, 7, goals, everything)) as (app, pilot):
            await tell(app, pilot, messages.LessonDone())
            assert said in seen(app)


@pytest.mark.parametrize("size", [(20, 5), *SIZES])
async def test_help_reset_and_back(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await pilot.press("f1")
        assert "Help" in seen(app)
        await pilot.press("escape")
        assert isinstance(app.screen, TutorialScreen)


async def test_the_look_is_toggled() -> None:
    async with running() as (app, pilot):
        was = app.theme
        await pilot.press("f6", "t")
        assert app.theme != was
        await pilot.press("t")
        assert app.theme == was


async def test_zoom_shows_one_side_and_gives_the_other_back() -> None:
    async with running() as (app, pilot):
        await pilot.press("f9")
        await pilot.pause()
        assert "3. A cable" not in seen(app)
        assert "F9 Both" in seen(app)
        await pilot.press("f6")
        await pilot.pause()
        assert "3. A cable" in seen(app)
        assert not app.main.query_one(Machines).display
        await pilot.press("f9")
        await pilot.pause()
        assert app.main.query_one(Machines).display


async def test_lesson_text_that_is_hostile_is_shown_as_text() -> None:
    evil = "[@click=app.leave]x[/] \x1b]52;c;aGk=\x07 \u202e"
    step = replace(values.CABLE, title=evil, body=evil, goals=(values.goal("g", evil),))
    lesson = replace(values.LESSON, title=evil, steps=(step,), topology=values.topology("a\x1b[2Jb"))
    state = SessionState(lesson, 0, (GoalState(step.goals[0], values.NO_REPLY),))
    async with running(state) as (app, pilot):
        screen = seen(app)
        assert "[@click=app.leave]x[/] ␛]52;c;aGk=␇" in screen
        assert not any(sign in screen for sign in "\x1b\x07\u202e")
        await pilot.click(LessonPane, offset=(4, 3))
        assert app.is_running


KEYS = (Key("F1", "Help", "help", 9), Key("F3", "Check", "check", 2), Key("F10", "Quit", "leave", 9))


def test_the_key_bar_keeps_what_matters_most() -> None:
    assert [key.key for key in fitting(KEYS, 19)] == ["F1", "F10"]
    assert fitting(KEYS, 200) == KEYS
    assert fitting(KEYS, 3) == ()


async def test_all_keys_fit_in_80_columns() -> None:
    async with running(size=(80, 24)) as (app, _):
        bar = app.main.query_one(KeyBar)
        assert "F7 Machine" in seen(app)
        assert len(fitting(bar.keys, 78)) >= 8
