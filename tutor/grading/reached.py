"""What one run says of each goal, and what several runs come to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from tutor.i18n import tell
from tutor.model.grade import Outcome
from tutor.model.lesson import Goal
from tutor.model.state import GoalState
from tutor.model.verdict import Met, Unknown, Unmet


@dataclass(frozen=True, slots=True)
class Reached:
    """What one run says of a goal."""

    outcome: Outcome
    reason: str = ""


Found = dict[tuple[str, str], Reached]
"""By step and goal."""


def said(goal: Goal, state: GoalState | None, trouble: str, waited: str) -> Reached:
    """Of a goal after the last line. With ``trouble`` it is not held against the learner."""
    if state is not None and state.done:
        return Reached(Outcome.CONFIRMED)
    match state.verdict if state else None:
        case Unmet(expected, observed):
            reason = tell("expected {expected}; seen: {observed}", expected=expected, observed=observed)
        case Unknown(cause):
            return Reached(Outcome.INCONCLUSIVE, _joined(trouble, cause))
        case Met() | None:
            reason = tell("it was not reached together with the rest of its step")
    if trouble:
        return Reached(Outcome.INCONCLUSIVE, _joined(trouble, reason))
    if goal.question and getattr(goal.check, "differs", False):
        return Reached(Outcome.INCONCLUSIVE, tell("the right answer is another one in every lab"))
    return Reached(Outcome.NOT_REPRODUCED, _joined(reason, waited))


def earned(goals: dict[str, Reached], before: Collection[str], trouble: str) -> dict[str, Reached]:
    """What held ``before`` anything was typed is to be kept while the rest is done: by itself it earns nothing."""
    if any(confirmed(reached) and goal not in before for goal, reached in goals.items()):
        return goals
    outcome = Outcome.INCONCLUSIVE if trouble else Outcome.NOT_REPRODUCED
    kept = Reached(outcome, _joined(trouble, tell("it held before, and nothing else of its step was reached")))
    return {goal: kept if confirmed(reached) else reached for goal, reached in goals.items()}


def _joined(first: str, second: str) -> str:
    return tell("{first}; {second}", first=first, second=second) if first and second else first or second


def falls(own: Found, other: Found) -> bool:
    """Whether something holds with the learner's values only."""
    return any(confirmed(each) and not confirmed(other[key]) for key, each in own.items())


def unsure(reached: Reached, part: str) -> Reached:
    """Not held against a learner: the replay could not put all values in the place of theirs."""
    if confirmed(reached):
        return reached
    doubt = tell(
        "{part} may be a part of an address that could not be replaced; {reason}", part=part, reason=reached.reason
    )
    return replace(reached, outcome=Outcome.INCONCLUSIVE, reason=doubt)


def confirmed(reached: Reached) -> bool:
    return reached.outcome is Outcome.CONFIRMED


def either(first: Found, second: Found) -> Found:
    """What one of two runs reached can be reached."""
    return {key: second[key] if confirmed(second[key]) else each for key, each in first.items()}


def both(own: Found, other: Found) -> Found:
    """What holds with the learner's values has to hold with others, too."""
    found = dict(own)
    for key, first in own.items():
        second = other[key]
        if confirmed(first) and not confirmed(second):
            found[key] = replace(
                second, reason=tell("with other values in its place it fails: {reason}", reason=second.reason)
            )
    return found
