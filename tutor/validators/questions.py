"""What every question does with what the learner typed.

The right answer is computed from the lab as it is, and read leniently. A wrong answer is told what was typed and where
to look, never the right answer.
"""

from __future__ import annotations

from collections.abc import Collection

from tutor.i18n import tell
from tutor.model.facts import Facts
from tutor.model.lesson import Check
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.validators import typed


def judged(facts: Facts, goal: str, reader: typed.Reader, right: Collection[str], asked: str, look: str) -> Verdict:
    """Compare what was typed with the right answers. ``asked`` names the thing asked for, ``look`` shows it."""
    text = facts.answers.get(goal, "")
    if not text.strip():
        return Unmet(asked, tell("no answer yet"), Layer.ANSWER, look)
    shown = " ".join(text.split())[:40]
    meant = reader(text)
    if meant is None:
        return Unmet(asked, tell("“{shown}” could not be read as one answer", shown=shown), Layer.ANSWER, look)
    if meant in right:
        return Met(meant)
    return Unmet(asked, tell("your answer was {shown}", shown=shown), Layer.ANSWER, look)


def too_early(facts: Facts, when: Check | None, asked: str) -> Unmet | Unknown | None:
    """What a question says while that which it is about has not been done yet."""
    match when.judge(facts) if when else None:
        case Unmet(expected, observed, layer, look_next):
            return Unmet(
                tell("first {expected}; then {asked}", expected=expected, asked=asked), observed, layer, look_next
            )
        case Unknown() as unknown:
            return unknown
        case _:
            return None
