"""Ways through a step of a lesson that none of its solutions shows, typed into a real lab and judged."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.content import load
from tutor.model.lesson import Command
from tutor.model.verdict import Layer, Unmet
from tutor.replay import StepReport, check


@dataclass(frozen=True)
class Way:
    """``lines`` are typed on ``host`` unless a line ``@name`` goes before; ``= TEXT`` answers."""

    lesson: str
    step: str
    name: str
    lines: str

    def __str__(self) -> str:
        return f"{self.lesson}-{self.step}-{self.name}"

    @property
    def commands(self) -> list[Command]:
        machine, commands = "host", []
        for line in self.lines.strip().splitlines():
            text = line.strip()
            if text.startswith("@"):
                machine = text[1:]
            elif text.startswith("= "):
                commands.append(Command(machine, text[2:], answer=True))
            else:
                commands.append(Command(machine, text))
        return commands


@dataclass(frozen=True)
class Wrong:
    way: Way
    goal: str
    layer: Layer
    observed: str

    def __str__(self) -> str:
        return str(self.way)


async def judged(way: Way) -> StepReport:
    lesson = load(way.lesson)
    index = lesson.index(way.step)
    before = [command for step in lesson.steps[:index] for command in step.solutions[0].commands]
    report = await check(lesson, [*before, *way.commands])
    assert all(step.completed for step in report.steps[:index])
    return report.steps[index]


async def passes(way: Way) -> None:
    """The step must be complete."""
    report = await judged(way)
    assert report.completed, [(goal.goal.id, goal.verdict) for goal in report.goals if not goal.done]


async def fails(wrong: Wrong) -> None:
    """The step must not be complete, and the goal must give the right reason."""
    report = await judged(wrong.way)
    assert not report.completed
    verdict = next(goal.verdict for goal in report.goals if goal.goal.id == wrong.goal)
    assert isinstance(verdict, Unmet)
    assert verdict.layer is wrong.layer, verdict
    assert wrong.observed in verdict.observed, verdict
