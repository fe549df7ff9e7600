"""A lesson as the rest of the program sees it. ``content`` makes it from Markdown; no file format is known here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from tutor.model.facts import Facts
from tutor.model.topology import Topology
from tutor.model.verdict import Verdict
from tutor.model.wants import Want


@dataclass(frozen=True, slots=True)
class Source:
    """Where in which file something stands; lines count from 1."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@runtime_checkable
class Check(Protocol):
    """A validator with its parameters. Pure: the same facts give the same verdict, anywhere."""

    def wants(self) -> frozenset[Want]:
        """What must be read before ``judge``."""

    def judge(self, facts: Facts) -> Verdict:
        """Say whether it holds in these facts, and why not."""


class GoalKind(StrEnum):
    """``edge`` latches when first met after its step was opened; ``level`` must hold together with all other
    level goals of the step; ``preserve`` must hold too, and had to hold all the while the step was open."""

    EDGE = "edge"
    LEVEL = "level"
    PRESERVE = "preserve"


@dataclass(frozen=True, slots=True)
class Goal:
    """One thing to reach. ``text`` is what the learner reads; ``question`` goals are answered by typing."""

    id: str
    kind: GoalKind
    text: str
    check: Check
    source: Source
    question: bool = False
    baseline: bool = False  # a "gone" goal: it must first have been seen unmet after the step was opened


@dataclass(frozen=True, slots=True)
class Command:
    """One line typed into the shell of ``machine``, or, with ``answer``, the reply to the open question."""

    machine: str
    text: str
    answer: bool = False
    line: int = 0


@dataclass(frozen=True, slots=True)
class Solution:
    """One right way through a step. ``title`` names the way: ``ip``, ``ifconfig and route``, ``nft``."""

    title: str
    commands: tuple[Command, ...]
    source: Source


@dataclass(frozen=True, slots=True)
class Equivalent:
    """A broken line of a solution that is right all the same, and why. ``line`` is the line as it is typed, ``- LINE``
    for one that may be left out, ``= TEXT`` for an answer."""

    line: str
    reason: str
    source: Source


@dataclass(frozen=True, slots=True)
class Step:
    """``body`` is Markdown without the machine-readable blocks. Hints go from a nudge to all but the answer; the
    first solution is the last hint."""

    id: str
    title: str
    body: str
    goals: tuple[Goal, ...]
    hints: tuple[str, ...]
    solutions: tuple[Solution, ...]
    source: Source
    equivalents: tuple[Equivalent, ...] = ()


@dataclass(frozen=True, slots=True)
class Lesson:
    """``requires`` are kernel features (``veth``, ``bridge``); ``tools`` are names of the tool manifest."""

    id: str
    number: int
    title: str
    summary: str
    topology: Topology
    steps: tuple[Step, ...]
    source: Source
    introduction: str = ""
    recap: str = ""
    requires: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    language: str = "en"
    parameters: Mapping[str, str] = field(default_factory=dict)

    def index(self, step_id: str) -> int:
        """The position of a step, from 0; ``KeyError`` where there is none."""
        for position, step in enumerate(self.steps):
            if step.id == step_id:
                return position
        raise KeyError(step_id)
