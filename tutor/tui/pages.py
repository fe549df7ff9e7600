"""What a page of the lesson says: a pure function of the session's state and of the step that is being read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from tutor.i18n import _, tell
from tutor.model import words
from tutor.model.lesson import Solution, Step
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Met, Unmet
from tutor.tui.prose import Section, Tone

Goals = tuple[GoalState, ...]

_ANSWERS = frozenset(
    (tell("yes"), tell("no"), tell("none"), tell("accepted"), tell("refused"), tell("timed out"))
)  # may be typed in any language


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
        number = state.step_index + 1
        back = tell("You are reading back. Step {number} is open: F8", number=number)
        ahead = tell("You are reading ahead. Step {number} is open: F8", number=number)
        sections.insert(0, Section(Tone.HINT, back if index < state.step_index else ahead))
    newest = None
    if here and not state.step_complete and state.hint_level:
        hints = _hints(state, step)
        newest = len(sections) + len(hints) - 1
        sections += hints
    if step.id in state.completed:
        sections += _ways(state, step)
    if state.lesson_complete and index == len(state.lesson.steps) - 1:
        sections.append(
            Section(Tone.PRAISE, tell("✔ Lesson complete"), state.lesson.recap or tell("All steps are done."))
        )
        newest = newest if newest is not None else len(sections) - 1
    done = step.id in state.completed
    goals = past.get(step.id) if done else None
    if goals is None:
        goals = _as_done(step) if done and not (here and _all_done(state.goals)) else state.goals if here else ()
    shells = state.lesson.topology.shells
    return Page(index, tuple(sections), tuple(in_reach(goal, shells) for goal in goals), newest)


def _prose(state: SessionState, index: int) -> tuple[Section, ...]:
    step = state.lesson.steps[index]
    body = Section(Tone.PROSE, tell("{number}. {title}", number=index + 1, title=step.title), step.body)
    if index == 0 and state.lesson.introduction.strip():
        return (Section(Tone.PROSE, state.lesson.title, state.lesson.introduction), body)
    return (body,)


def hint_levels(step: Step) -> int:
    """How many hints there are; the first solution is the last one."""
    return len(step.hints) + bool(step.solutions)


def _hints(state: SessionState, step: Step) -> list[Section]:
    total, level = hint_levels(step), state.hint_level
    found = [
        Section(Tone.HINT, tell("Hint {number} of {total}", number=number, total=total), hint)
        for number, hint in enumerate(step.hints[:level], start=1)
    ]
    if level > len(step.hints) and step.solutions:
        way = step.solutions[0]
        title = tell("Hint {total} of {total}: one way to do it", total=total)
        found.append(Section(Tone.HINT, title, code=typed(way, _unnamed(state, way))))
    return found


def _ways(state: SessionState, step: Step) -> list[Section]:
    return [
        Section(
            Tone.SOLUTION,
            tell("One way: {title}", title=way.title) if way.title else tell("One way"),
            code=typed(way, _first_shell(state)),
        )
        for way in step.solutions
    ]


def _first_shell(state: SessionState) -> str:
    return next(iter(state.lesson.topology.shells), "")


def _unnamed(state: SessionState, way: Solution) -> str:
    """The machine that a hint need not name: the learner's own, where all of it is typed there."""
    first = _first_shell(state)
    return first if all(command.machine in ("", first) for command in way.commands if not command.answer) else ""


def typed(way: Solution, at: str) -> str:
    """The lines of a solution, with a comment wherever they are typed on another machine than before."""
    lines: list[str] = []
    for command in way.commands:
        if command.answer:
            lines.append(_("# answer: {text}", text=_(command.text) if command.text in _ANSWERS else command.text))
            continue
        if command.machine and command.machine != at:
            at = command.machine
            lines.append(_("# on {machine}:", machine=at))
        lines.append(command.text)
    return "\n".join(lines)


def in_reach(state: GoalState, shells: Collection[str]) -> GoalState:
    """Without a place to look at where the learner, who has these shells, cannot go."""
    verdict = state.verdict
    if not isinstance(verdict, Unmet) or words.in_reach(verdict.look_next, shells) == verdict.look_next:
        return state
    return replace(state, verdict=replace(verdict, look_next=""))


def _all_done(goals: Goals) -> bool:
    return bool(goals) and all(goal.done for goal in goals)


def _as_done(step: Step) -> Goals:
    return tuple(GoalState(goal, Met(""), seen_unmet=True, latched=True) for goal in step.goals)
