"""Why: the way of the packets is drawn up to its broken hop, fits every size, and Esc is the way back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
import tui_values as values
from textual.pilot import Pilot
from tui_values import ValueApp, seen

from tutor.model import words
from tutor.model.place import Place
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Layer, Unmet
from tutor.model.why import Broken, CannotTell, Outcome, Works
from tutor.tui.screens.tutorial import TutorialScreen
from tutor.tui.widgets.goals import GoalCard

RED, HOST, LAN = Place("host", "red"), Place("host"), Place("lan")
SIZES = [(40, 14), (80, 24), (120, 35), (200, 60)]
SENTENCE = "lan (192.168.1.3/24) has no way back to 192.168.15.2: Network is unreachable"
NO_WAY_BACK = Broken(
    LAN,
    Layer.ROUTE,
    SENTENCE,
    "Network is unreachable",
    "ip route get 192.168.15.2 (on lan)",
    path=(RED, HOST, LAN),
    back=(LAN,),
)


def at_ping(why: Outcome | None) -> SessionState:
    state = values.at_cable()
    ping = replace(state.goals[3], verdict=Unmet("an echo reply", "it was lost", Layer.ROUTE, "ip route", why))
    return replace(state, goals=(*state.goals[:3], ping))


@asynccontextmanager
async def running(state: SessionState, size: tuple[int, int] = (120, 35)) -> AsyncIterator[tuple[ValueApp, Pilot[Any]]]:
    app = ValueApp(state)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


@pytest.mark.parametrize("size", SIZES)
async def test_the_walk_is_drawn_to_its_broken_hop(size: tuple[int, int]) -> None:
    async with running(at_ping(NO_WAY_BACK), size) as (app, pilot):
        await pilot.press("f11")
        await pilot.pause()
        screen = seen(app)
        assert "Why?" in screen
        assert "● red" in screen
        if size[1] > 20:
            assert screen.index("● red") < screen.index("● host") < screen.index("✘ lan   here the answer ends")
            assert "has no way back to 192.168.15.2" in screen
            assert "ip route get 192.168.15.2 (on lan)" in screen
        await pilot.press("escape")
        assert isinstance(app.screen, TutorialScreen)


async def test_a_place_that_was_not_reached_is_drawn_apart() -> None:
    down = Broken(LAN, Layer.LINK, "eth0 on lan is down", "eth0: state DOWN", "ip link (on lan)", path=(RED, HOST))
    async with running(at_ping(down)) as (app, pilot):
        await pilot.press("f11")
        await pilot.pause()
        screen = seen(app)
        assert "┆" in screen
        assert "here something is wrong" in screen
        assert "because" in screen


async def test_where_to_look_is_where_the_learner_has_a_shell() -> None:
    hidden = replace(NO_WAY_BACK, hop=Place("internet"), command="ip route get 192.168.15.2 (on internet)")
    async with running(at_ping(hidden)) as (app, pilot):
        await pilot.press("f11")
        await pilot.pause()
        assert "look at   ip route" in seen(app)
        assert "(on internet)" not in seen(app)


@pytest.mark.parametrize("machine", ["lan", "nowhere"])
async def test_nobody_is_sent_where_there_is_no_shell(machine: str) -> None:
    state = values.at_cable()
    assert ("lan" in state.lesson.topology.shells, "nowhere" in state.lesson.topology.shells) == (True, False)
    look = words.on(machine, "tcpdump -ni any")
    goals = tuple(replace(each, verdict=Unmet("one", "another", Layer.LINK, look)) for each in state.goals)
    async with running(replace(state, goals=goals)) as (app, pilot):
        assert ("tcpdump" in seen(app)) == (machine == "lan")
        await pilot.press("f11")
        await pilot.pause()
        assert ("tcpdump" in seen(app)) == (machine == "lan")


async def test_the_first_goal_that_sends_packets_is_told_and_a_click_tells_another() -> None:
    state = at_ping(NO_WAY_BACK)
    async with running(state) as (app, pilot):
        assert "F11 Why" in seen(app)
        card = list(app.main.query(GoalCard))[3]
        await pilot.click(card, offset=(4, 0))
        await pilot.pause()
        assert SENTENCE[:40] in seen(app)
        await pilot.press("q", "f6", "w")
        await pilot.pause()
        assert SENTENCE[:40] in seen(app)


@pytest.mark.parametrize(
    ("why", "said"),
    [
        (CannotTell("a rule depends on the hour"), "it cannot be told: a rule depends on the hour"),
        (Works((RED, LAN), (LAN, RED)), "the settings let packets there"),
        (None, "192.168.15.2/24 on veth-blue"),
    ],
)
async def test_what_is_not_broken_on_its_way(why: Outcome | None, said: str) -> None:
    async with running(at_ping(why)) as (app, pilot):
        await pilot.press("f11")
        await pilot.pause()
        assert said in seen(app)


async def test_a_question_without_an_answer_is_not_explained() -> None:
    async with running(values.at_question()) as (app, pilot):
        await pilot.press("f11")
        await pilot.pause()
        assert isinstance(app.screen, TutorialScreen)
        assert "nothing to explain" in next(iter(app._notifications)).message


async def test_there_may_be_nothing_to_explain() -> None:
    done = tuple(GoalState(each.goal, values.MET, latched=True) for each in values.at_cable().goals)
    async with running(replace(values.at_cable(), goals=done)) as (app, pilot):
        assert "F11" not in seen(app)
        await pilot.press("f11")
        await pilot.pause()
        assert isinstance(app.screen, TutorialScreen)
        assert "nothing to explain" in next(iter(app._notifications)).message
