"""What is not wrong enough to refuse a lesson, but should not be published."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.content import goals, leftover, needs, published, translating
from tutor.content.lessons import read_lesson
from tutor.errors import ContentError
from tutor.i18n import cells
from tutor.model.lesson import Goal, GoalKind, Lesson, Source, Step

WIDEST_CODE = 44
WIDEST_DRAWING = 36
"""A long command can go on in the next line; a drawing cannot."""

DRAWS = range(1, 6)
"""Seeds that every lesson with parameters is read with, too."""

MAXIMUM_NUDGE = 3
"""Words of a command that may stand in the first hint, though they are a whole line of the solution."""
_LINK = re.compile(r"\[[^\]]*\]\(<?([^)\s>]+)>?[^)]*\)")
_CODE = re.compile(r"^(```|~~~).*?^\1|`[^`\n]*`", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Remark:
    """One finding."""

    source: Source
    text: str

    def __str__(self) -> str:
        return f"{self.source}: {self.text}"


def lint(path: Path) -> tuple[Remark, ...]:
    """All remarks on the lesson file; a file that cannot be loaded gives its first error as the only one."""
    try:
        lesson = read_lesson(path)
    except ContentError as error:
        return (Remark(Source(error.path, error.line), error.reason),)
    return (*_remarks(lesson), *_of_translations(path), *_of_parameters(path, lesson))


def _of_parameters(path: Path, lesson: Lesson) -> Iterator[Remark]:
    """What goes wrong with other values than the first."""
    if not lesson.parameters:
        return
    for source, text in leftover.remarks(path, *translating.files(path)):
        yield Remark(source, text)
    for seed in DRAWS:
        try:
            drawn = read_lesson(path, seed=seed)
        except ContentError as error:
            yield Remark(Source(error.path, error.line), f"with seed {seed}: {error.reason}")
            return
        wide = [remark for step in drawn.steps for remark in _wide_code(f"step {step.id!r}", step.body, step.source)]
        wide += _wide_code("the introduction", drawn.introduction, drawn.source)
        for remark in wide:
            yield Remark(remark.source, f"with seed {seed}: {remark.text}")


def _of_translations(path: Path) -> Iterator[Remark]:
    for source, text in translating.remarks(path):
        yield Remark(source, text)
    for part in translating.all_parts(path):
        yield from _wide_code("the translation", part.prose, part.source)
        yield from _dead(part.source, part.steps, part.prose, *part.hints)


def _remarks(lesson: Lesson) -> Iterator[Remark]:
    if not lesson.introduction:
        yield Remark(lesson.source, "the lesson has no introduction")
    if not lesson.recap:
        yield Remark(lesson.source, "the lesson has no recap")
    if not any(goal.question for step in lesson.steps for goal in step.goals):
        yield Remark(lesson.source, "the lesson asks no question")
    yield from _wide_code("the introduction", lesson.introduction, lesson.source)
    for step in lesson.steps:
        yield from _of_step(step)
        yield from _of_hints(step)
    for source, text in needs.undeclared(lesson):
        yield Remark(source, text)
    yield from (Remark(lesson.source, text) for text in published.lost(lesson))
    yield from _dead_links(lesson)


def _of_step(step: Step) -> Iterator[Remark]:
    if not step.body:
        yield Remark(step.source, f"step {step.id!r} has no prose")
    if not step.hints:
        yield Remark(step.source, f"step {step.id!r} has no hint")
    if all(goal.kind is GoalKind.PRESERVE for goal in step.goals):
        yield Remark(step.source, f"step {step.id!r} only preserves: nothing is to be done")
    questions = sum(goal.question for goal in step.goals)
    for solution in step.solutions:
        answers = sum(command.answer for command in solution.commands)
        if answers != questions:
            reason = f"the solution {solution.title!r} answers {answers} of {questions} questions"
            yield Remark(solution.source, reason)
    titles = [solution.title for solution in step.solutions]
    if len(set(titles)) != len(titles):
        yield Remark(step.source, f"two solutions of step {step.id!r} have the same title")
    yield from _wide_code(f"step {step.id!r}", step.body, step.source)
    for goal in step.goals:
        yield from _of_goal(goal)


def _of_hints(step: Step) -> Iterator[Remark]:
    """From a nudge to nearly the answer: the first gives no line of the solution away, and none is there twice."""
    if len(set(step.hints)) != len(step.hints):
        yield Remark(step.source, f"step {step.id!r} gives the same hint twice")
    lines = [c.text for c in step.solutions[0].commands if not c.answer and len(c.text.split()) > MAXIMUM_NUDGE]
    told = next((line for line in lines if line in " ".join(step.hints[0].split())), None) if step.hints else None
    if told and len(step.hints) > 1 and told not in " ".join(step.body.split()):
        yield Remark(step.source, f"the first hint of step {step.id!r} gives the answer away: {told}")


def _dead_links(lesson: Lesson) -> Iterator[Remark]:
    """Links to files that are not there, and to steps of this lesson that it has not."""
    steps = frozenset(step.id for step in lesson.steps)
    yield from _dead(lesson.source, steps, lesson.introduction, lesson.recap)
    for step in lesson.steps:
        yield from _dead(step.source, steps, step.body, *step.hints)


def _dead(source: Source, steps: frozenset[str], *texts: str) -> Iterator[Remark]:
    folder = Path(source.path).parent
    for text in texts:
        for target in _LINK.findall(_CODE.sub("", text)):
            path, _, anchor = target.partition("#")
            if re.match(r"[a-z][a-z0-9+.-]*:", target):
                dead = not re.match(r"https?://[^/\s]+\.[^/\s]+|mailto:\S+@\S+", target)
            elif path:
                dead = not _is_there(folder / path)
            else:
                dead = anchor not in steps
            if dead:
                yield Remark(source, f"the link to {target!r} leads nowhere")


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # no name for a file
        return False


def _of_goal(goal: Goal) -> Iterator[Remark]:
    if goal.question and goal.kind is not GoalKind.EDGE:
        yield Remark(goal.source, f"goal {goal.id!r} is a question, so it should be an edge")
    if not tuple(goals.places(goal.check)):
        yield Remark(goal.source, f"goal {goal.id!r} looks at no place")


def _wide_code(what: str, markdown: str, source: Source) -> Iterator[Remark]:
    widest = 0
    for line in markdown.split("\n"):
        if line.startswith(("```", "~~~")):
            opened = WIDEST_CODE if line.strip("`~ ") else WIDEST_DRAWING
            widest = 0 if widest else opened
        elif widest and cells(line) > widest:
            yield Remark(source, f"a line of code in {what} is wider than {widest}: {line[:20]}…")
