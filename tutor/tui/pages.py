"""What a page of the lesson says: a pure function of the session's state and of the step that is being read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tutor.model.lesson import Solution, Step
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Met
from tutor.tui.prose import Section, Tone

Goals = tuple[GoalState, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """Step ``index`` as it is read. ``first_hint`` is the position of the newest hint among the sections, if any."""

    index: int
    sections: tuple[Section, ...]
    goals: Goals
    newest_hint: int | None = None


def page(state: SessionState, index: int, past: Mapping[str, Goals], *, reading: bool = True) -> Page:
    """``past`` are the goals of completed steps as they were then. ``reading`` says where the way back is."""
    step = state.lesson.steps[index]
    here = index == state.step_index
    sections = list(_prose(state, index))
    if reading and not here:
        sections.insert(0, Section(Tone.HINT, f"You are reading back. Step {state.step_index + 1} is open: F8"))
    newest = None
    if here and not state.step_complete and state.hint_level:
        hints = _hints(step, state.hint_level)
        newest = len(sections) + len(hints) - 1
        sections += hints
    if step.id in state.completed:
        sections += _ways(state, step)
    if state.lesson_complete and index == len(state.lesson.steps) - 1:
        sections.append(Section(Tone.PRAISE, "✔ Lesson complete", state.lesson.recap or "All steps are done."))
        newest = newest if newest is not None else len(sections) - 1
    done = step.id in state.completed
    goals = past.get(step.id) if done else None
    if goals is None:
        goals = _as_done(step) if done and not (here and _all_done(state.goals)) else state.goals if here else ()
    return Page(index, tuple(sections), goals, newest)


def _prose(state: SessionState, index: int) -> tuple[Section, ...]:
    step = state.lesson.steps[index]
    body = Section(Tone.PROSE, f"{index + 1}. {step.title}", step.body)
    if index == 0 and state.lesson.introduction.strip():
        return (Section(Tone.PROSE, state.lesson.title, state.lesson.introduction), body)
    return (body,)


def hint_levels(step: Step) -> int:
    """How many hints there are; the first solution is the last one."""
    return len(step.hints) + bool(step.solutions)


def _hints(step: Step, level: int) -> list[Section]:
    total = hint_levels(step)
    found = [
        Section(Tone.HINT, f"Hint {number} of {total}", hint) for number, hint in enumerate(step.hints[:level], start=1)
    ]
    if level > len(step.hints) and step.solutions:
        way = step.solutions[0]
        title = f"Hint {total} of {total}: one way to do it"
        found.append(Section(Tone.HINT, title, code=typed(way, step_machine(way))))
    return found


def _ways(state: SessionState, step: Step) -> list[Section]:
    first_shell = next((spec.name for spec in state.lesson.topology.machines if spec.shell), "")
    return [
        Section(Tone.SOLUTION, f"One way: {way.title}" if way.title else "One way", code=typed(way, first_shell))
        for way in step.solutions
    ]


def step_machine(way: Solution) -> str:
    """The machine that most of a solution is typed on is the one that need not be named."""
    machines = [command.machine for command in way.commands if not command.answer]
    return machines[0] if machines and len(set(machines)) == 1 else ""


def typed(way: Solution, at: str) -> str:
    """The lines of a solution, with a comment wherever they are typed on another machine than before."""
    lines: list[str] = []
    for command in way.commands:
        if command.answer:
            lines.append(f"# answer: {command.text}")
            continue
        if command.machine and command.machine != at:
            at = command.machine
            lines.append(f"# on {at}:")
        lines.append(command.text)
    return "\n".join(lines)


def _all_done(goals: Goals) -> bool:
    return bool(goals) and all(goal.done for goal in goals)


def _as_done(step: Step) -> Goals:
    return tuple(GoalState(goal, Met(""), seen_unmet=True, latched=True) for goal in step.goals)
