"""The ids under which learners have progress: once published, an id stays.

``published.txt`` beside the lessons has one line for each step: ``lesson#step`` and the ids of its goals.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from tutor import paths
from tutor.content import source as sources
from tutor.content.catalogue import catalogue
from tutor.errors import UsageError
from tutor.i18n import tell
from tutor.model.lesson import Lesson

FILE = "published.txt"


def lost(lesson: Lesson) -> Iterator[str]:
    """What was published of this lesson and is no longer there."""
    path = Path(lesson.source.path).parent.parent / FILE
    if not path.is_file():
        return
    steps = {step.id: {goal.id for goal in step.goals} for step in lesson.steps}
    for line in sources.read(path).lines:
        name, *goals = line.split() or [""]
        lesson_id, _, step = name.partition("#")
        if lesson_id != lesson.id or not step:
            continue
        if step not in steps:
            yield f"step {step!r} was published and is gone: learners have progress under this id"
        for goal in goals:
            if step in steps and goal not in steps[step]:
                yield f"goal {goal!r} of step {step!r} was published and is gone: learners have progress under this id"


def publish() -> Path:
    """Write the ids of all lessons that there are; gives the file."""
    path = paths.lessons() / FILE
    try:
        path.write_text(listing(catalogue()), "utf-8")
    except OSError as error:
        raise UsageError(tell("{path} cannot be written: {error}", path=path, error=error.strerror)) from error
    return path


def listing(lessons: Iterable[Lesson]) -> str:
    """The file for these lessons."""
    head = "# Ids that learners have progress under; made by `nettutor author lint --publish`.\n"
    return head + "".join(
        f"{lesson.id}#{step.id} {' '.join(goal.id for goal in step.goals)}\n"
        for lesson in lessons
        for step in lesson.steps
    )
