"""Edge, level, preserve and "gone": how verdicts become a finished step. Pure.

* An *edge* latches when it is first met after its step was opened, and stays. What was met already when the step
  was opened was an earlier act, so a state must be seen unmet before it counts; an answer that the learner types is
  new by itself.
* A *level* must hold at the same moment as all other levels.
* A *preserve* goal must hold, and is broken for good once it was met and then was not.
* A *baseline* goal ("it is gone") must first have been seen unmet.

An unknown verdict changes nothing: it neither latches, nor arms, nor breaks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from tutor.i18n import tell
from tutor.model.facts import Facts
from tutor.model.lesson import Goal, GoalKind, Step
from tutor.model.state import GoalState
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Traffic, Want
from tutor.validators.flow import Flow, walked


def opened(step: Step) -> tuple[GoalState, ...]:
    """The goals of a step at the moment it is opened: nothing said, nothing reached."""
    return tuple(GoalState(goal) for goal in step.goals)


def uses_traffic(goal: Goal) -> bool:
    """Whether the goal sends packets, so that it may need time to settle."""
    return any(isinstance(want, Traffic) for want in goal.check.wants())


def wants_of(goals: Iterable[Goal]) -> frozenset[Want]:
    """Everything that must be read to judge these goals."""
    return frozenset(want for goal in goals for want in goal.check.wants())


def unanswered(goal: Goal, answers: Mapping[str, str]) -> bool:
    """Whether the goal is a question without a reply, about which nothing needs to be read."""
    return goal.question and goal.id not in answers


def judge(goal: Goal, facts: Facts) -> Verdict:
    """The verdict of a goal; a question that was not answered yet is unmet without a reading. Where packets of the
    goal's ``flow`` did not do as they should, it carries the walk along their way."""
    if unanswered(goal, facts.answers):
        return Unmet(
            tell("an answer"), tell("no answer yet"), Layer.ANSWER, tell("type your answer below the question")
        )
    verdict = goal.check.judge(facts)
    if (
        isinstance(verdict, Unmet)
        and verdict.why is None
        and isinstance(flow := getattr(goal.check, "flow", None), Flow)
    ):
        return replace(verdict, why=walked(flow, facts))
    return verdict


def advance(state: GoalState, verdict: Verdict) -> GoalState:
    """The goal after one more verdict."""
    goal = state.goal
    match verdict:
        case Unknown():
            return replace(state, verdict=verdict)
        case Unmet():
            broken = state.broken or (goal.kind is GoalKind.PRESERVE and isinstance(state.verdict, Met))
            return replace(state, verdict=verdict, seen_unmet=True, broken=broken)
        case Met():
            fresh = state.seen_unmet or goal.question
            latched = state.latched or (goal.kind is GoalKind.EDGE and fresh)
            return replace(state, verdict=verdict, latched=latched)


def complete(states: Iterable[GoalState]) -> bool:
    """Whether every edge is latched and every other goal holds in these verdicts, which must be of one moment."""
    return all(state.done for state in states)
