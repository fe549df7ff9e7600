"""The state machine of goals: edge, level, preserve, "gone"."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tutor.model.facts import Facts
from tutor.model.lesson import Goal, GoalKind, Source
from tutor.model.state import GoalState
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import NamespacesOf, Want
from tutor.validators import goals

MET = Met("it is there")
UNMET = Unmet("it is there", "it is not", Layer.LINK, "ip link")
UNKNOWN = Unknown("nobody could look")


@dataclass(frozen=True)
class Always:
    verdict: Verdict

    def wants(self) -> frozenset[Want]:
        return frozenset({NamespacesOf("host")})

    def judge(self, facts: Facts) -> Verdict:
        return self.verdict


def goal(kind: GoalKind, *, baseline: bool = False, question: bool = False) -> Goal:
    return Goal("g", kind, "a goal", Always(MET), Source("lesson.md", 1), question=question, baseline=baseline)


def after(state: GoalState, *verdicts: Verdict) -> GoalState:
    for verdict in verdicts:
        state = goals.advance(state, verdict)
    return state


def test_an_edge_that_held_before_its_step_was_opened_does_not_count() -> None:
    edge = GoalState(goal(GoalKind.EDGE))
    assert not after(edge, MET).done
    assert not after(edge, UNKNOWN, MET).done
    assert after(edge, MET, UNMET, MET).done


def test_an_edge_stays_latched() -> None:
    assert after(GoalState(goal(GoalKind.EDGE)), UNMET, MET, UNMET, UNKNOWN).done


def test_an_answered_question_is_new_by_itself() -> None:
    assert after(GoalState(goal(GoalKind.EDGE, question=True)), MET).done


def test_a_level_holds_only_while_it_holds() -> None:
    level = GoalState(goal(GoalKind.LEVEL))
    assert after(level, MET).done
    assert not after(level, MET, UNMET).done
    assert not after(level, MET, UNKNOWN).done


def test_a_preserve_goal_that_broke_stays_broken() -> None:
    preserve = GoalState(goal(GoalKind.PRESERVE))
    assert after(preserve, MET).done
    assert after(preserve, MET, UNKNOWN, MET).done
    assert not after(preserve, MET, UNMET, MET).done


def test_a_preserve_goal_may_begin_unmet() -> None:
    assert after(GoalState(goal(GoalKind.PRESERVE)), UNMET, MET).done


def test_gone_needs_to_have_been_there() -> None:
    gone = GoalState(goal(GoalKind.LEVEL, baseline=True))
    assert not after(gone, MET).done
    assert not after(gone, UNKNOWN, MET).done
    assert after(gone, UNMET, MET).done


def test_a_question_without_an_answer_is_unmet_and_not_read() -> None:
    asked = goal(GoalKind.EDGE, question=True)
    assert isinstance(goals.judge(asked, Facts()), Unmet)
    assert goals.judge(asked, Facts(answers={"g": "42"})) == MET


@given(st.sampled_from(GoalKind), st.booleans(), st.lists(st.sampled_from([MET, UNMET, UNKNOWN])))
def test_unknown_never_scores_and_never_breaks(kind: GoalKind, baseline: bool, verdicts: list[Verdict]) -> None:
    """With every unknown taken out, the goal ends as it would have, but for what it says last."""
    start = GoalState(goal(kind, baseline=baseline))
    path = [start]
    for verdict in verdicts:
        path.append(goals.advance(path[-1], verdict))
    for before, later in pairwise(path):
        if later.verdict == UNKNOWN:
            assert (later.latched, later.seen_unmet, later.broken) == (before.latched, before.seen_unmet, before.broken)
            assert not later.done or later.latched
