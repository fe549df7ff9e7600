"""What a proof found, as values and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What can be wrong with a lesson."""

    DONE_AT_START = "complete at the start"
    NOT_COMPLETED = "a solution does not complete it"
    DISTURBED = "the checks changed the lab"
    UNSTEADY = "twice gives not the same"
    SURVIVED = "a broken solution completes it"
    MISLED = "the reason names another layer"
    STALE = "declared equivalent, but it is not"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``script`` reproduces it with ``nettutor check``; it may be empty."""

    kind: Kind
    lesson: str
    step: str
    where: str
    text: str
    script: str = ""

    def to_json(self) -> dict[str, object]:
        return {
            "kind": self.kind.value,
            "lesson": self.lesson,
            "step": self.step,
            "source": self.where,
            "text": self.text,
            "script": self.script,
        }


@dataclass(frozen=True, slots=True)
class Declared:
    """A mutant that completes its step, as the lesson says that it may."""

    step: str
    line: str
    reason: str

    def to_json(self) -> dict[str, object]:
        return {"step": self.step, "line": self.line, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class LessonProof:
    """``operators`` counts the mutants that were killed, by the way in which they were broken."""

    lesson: str
    steps: int
    solutions: int
    operators: tuple[tuple[str, int], ...]
    equivalent: tuple[Declared, ...]
    findings: tuple[Finding, ...]

    @property
    def killed(self) -> int:
        return sum(count for _, count in self.operators)

    @property
    def survived(self) -> int:
        return sum(finding.kind is Kind.SURVIVED for finding in self.findings)

    def to_json(self) -> dict[str, object]:
        return {
            "lesson": self.lesson,
            "steps": self.steps,
            "solutions": self.solutions,
            "killed": self.killed,
            "survived": self.survived,
            "operators": dict(self.operators),
            "equivalent": [declared.to_json() for declared in self.equivalent],
            "findings": [finding.to_json() for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Proof:
    lessons: tuple[LessonProof, ...]

    @property
    def killed(self) -> int:
        return sum(lesson.killed for lesson in self.lessons)

    @property
    def survived(self) -> int:
        return sum(lesson.survived for lesson in self.lessons)

    @property
    def equivalent(self) -> int:
        return sum(len(lesson.equivalent) for lesson in self.lessons)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(finding for lesson in self.lessons for finding in lesson.findings)

    @property
    def proven(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, object]:
        return {
            "proven": self.proven,
            "killed": self.killed,
            "survived": self.survived,
            "equivalent": self.equivalent,
            "lessons": [lesson.to_json() for lesson in self.lessons],
        }
