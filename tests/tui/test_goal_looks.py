"""Every state of a goal has its own shape and word, and says why."""

from __future__ import annotations

from dataclasses import replace

import tui_values as values

from tutor.model.lesson import GoalKind
from tutor.model.state import GoalState
from tutor.model.verdict import Layer, Unknown, Unmet
from tutor.tui.widgets.goals import GoalCard, look_of, reasons

EDGE = values.goal("a", "`eth0` is up")
PRESERVE = values.goal("b", "it stays", kind=GoalKind.PRESERVE)
QUESTION = values.goal("q", "How many?", question=True)
ASKED = Unmet("an answer", "no answer yet", Layer.ANSWER, "type your answer below the question")
WRONG = Unmet("the number of links", "5 is not it", Layer.ANSWER, "count again")

STATES = {
    "done": GoalState(EDGE, values.MET, seen_unmet=True, latched=True),
    "not yet": GoalState(EDGE, values.NO_ADDRESS),
    "checking": GoalState(EDGE),
    "could not check": GoalState(EDGE, Unknown("the lab did not answer")),
    "was so before": GoalState(EDGE, values.MET),
    "broken": GoalState(PRESERVE, values.MET, broken=True),
    "your answer": GoalState(QUESTION, ASKED),
}


def text(state: GoalState, width: int = 60, *, brief: bool = False) -> str:
    return GoalCard(state, brief=brief).lines(width).plain


def test_every_state_has_its_word() -> None:
    for word, state in STATES.items():
        assert look_of(state)[1] == word
        assert word in text(state)


def test_shape_or_word_tell_states_apart_without_colour() -> None:
    looks = [look_of(state)[:2] for state in STATES.values()]
    assert len(set(looks)) == len(looks)


def test_an_unmet_goal_says_what_was_expected_what_was_seen_and_where_to_look() -> None:
    shown = text(STATES["not yet"])
    assert "192.168.15.2/24 on veth-blue in blue" in shown
    assert "no IPv4 address on it" in shown
    assert "ip -n blue address show veth-blue" in shown


def test_a_brief_goal_says_what_was_seen() -> None:
    shown = text(STATES["not yet"], brief=True)
    assert "no IPv4 address on it" in shown
    assert "expected" not in shown


def test_a_wrong_answer_is_told_and_an_open_question_is_not_scolded() -> None:
    assert reasons(STATES["your answer"], brief=False) == []
    assert "5 is not it" in text(GoalState(QUESTION, WRONG))


def test_an_edge_that_fell_again_stays_done() -> None:
    assert look_of(replace(STATES["done"], verdict=values.NO_ADDRESS))[1] == "done"


def test_lines_hang_below_the_text() -> None:
    rows = text(STATES["not yet"], 30).split("\n")
    assert rows[0].startswith("✘ not yet")
    assert all(row.startswith("  ") for row in rows[1:])


def test_hostile_verdicts_are_text() -> None:
    hostile = Unmet("[@click=app.leave]x[/]", "\x1b]52;c;eA==\x07", Layer.LINK, "[/foo]")
    shown = text(GoalState(EDGE, hostile))
    assert "[@click=app.leave]x[/]" in shown
    assert "␛]52" in shown
    assert "[/foo]" in shown
    assert "\x1b" not in shown
