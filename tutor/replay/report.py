"""What a script did to a lesson, as values and as the JSON of the command line's contract."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from tutor.model.lesson import Goal, Lesson, Step
from tutor.model.verdict import Met, Unknown, Unmet, Verdict
from tutor.model.why import Broken, CannotTell, Outcome, Works
from tutor.replay.typing import TypedLine


def why_json(outcome: Outcome) -> dict[str, object]:
    """A walk along the way of packets: ``outcome`` is works, broken or unknown, with ``sentence`` as the reason of the
    last; ``path`` and ``back`` are places in order. What an outcome does not have is ``null``."""
    told: dict[str, object] = dict.fromkeys(
        ("outcome", "hop", "layer", "sentence", "evidence", "command", "path", "back")
    )
    match outcome:
        case Works(path, back):
            told |= {"outcome": "works", "path": list(map(str, path)), "back": list(map(str, back))}
        case Broken(path=path, back=back):
            told |= {
                "outcome": "broken",
                "hop": str(outcome.hop),
                "layer": outcome.layer.value,
                "sentence": outcome.sentence,
                "evidence": outcome.evidence,
                "command": outcome.command,
                "path": list(map(str, path)),
                "back": list(map(str, back)),
            }
        case CannotTell(why):
            told |= {"outcome": "unknown", "sentence": why}
        case _:
            assert_never(outcome)
    return told


@dataclass(frozen=True, slots=True)
class GoalReport:
    goal: Goal
    verdict: Verdict
    done: bool

    def to_json(self) -> dict[str, object]:
        """The object of the ``check --json`` contract; fields that a verdict does not have are ``null``."""
        verdict = self.verdict
        told: dict[str, object] = dict.fromkeys(("status", "expected", "observed", "layer", "look_next", "why"))
        match verdict:
            case Met():
                told |= {"status": "met", "observed": verdict.observed}
            case Unmet():
                told |= {
                    "status": "unmet",
                    "expected": verdict.expected,
                    "observed": verdict.observed,
                    "layer": verdict.layer.value,
                    "look_next": verdict.look_next,
                    "why": None if verdict.why is None else why_json(verdict.why),
                }
            case Unknown():
                told |= {"status": "unknown", "observed": verdict.cause}
        return {"id": self.goal.id, "kind": self.goal.kind.value, **told}


@dataclass(frozen=True, slots=True)
class StepReport:
    step: Step
    completed: bool
    goals: tuple[GoalReport, ...]

    def to_json(self) -> dict[str, object]:
        return {
            "id": self.step.id,
            "completed": self.completed,
            "goals": [goal.to_json() for goal in self.goals],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """What a script did to a lesson. ``lab_ended`` says why the lab died before the end, if it did."""

    lesson: Lesson
    seed: int | None
    steps: tuple[StepReport, ...]
    typed: tuple[TypedLine, ...] = ()
    lab_ended: str | None = None

    @property
    def completed(self) -> bool:
        return all(step.completed for step in self.steps)

    def to_json(self) -> dict[str, object]:
        return {
            "lesson": self.lesson.id,
            "seed": self.seed,
            "completed": self.completed,
            "steps": [step.to_json() for step in self.steps],
        }
