"""What every question does with what the learner typed.

The right answer is computed from the lab as it is, and read leniently. A wrong answer is told what was typed and where
to look, never the right answer.
"""

from __future__ import annotations

from collections.abc import Collection

from tutor.model.facts import Facts
from tutor.model.lesson import Check
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.validators import typed


def judged(facts: Facts, goal: str, reader: typed.Reader, right: Collection[str], asked: str, look: str) -> Verdict:
    """Compare what was typed with the right answers. ``asked`` names the thing asked for, ``look`` shows it."""
    text = facts.answers.get(goal, "")
    if not text.strip():
        return Unmet(asked, "no answer yet", Layer.ANSWER, look)
    shown = " ".join(text.split())[:40]
    meant = reader(text)
    if meant is None:
        return Unmet(asked, f"“{shown}” could not be read as one answer", Layer.ANSWER, look)
    if meant in right:
        return Met(meant)
    return Unmet(asked, f"your answer was {shown}", Layer.ANSWER, look)


def too_early(facts: Facts, when: Check | None, asked: str) -> Unmet | Unknown | None:
    """What a question says while that which it is about has not been done yet."""
    match when.judge(facts) if when else None:
        case Unmet(expected, observed, layer, look_next):
            return Unmet(f"first {expected}; then {asked}", observed, layer, look_next)
        case Unknown() as unknown:
            return unknown
        case _:
            return None
