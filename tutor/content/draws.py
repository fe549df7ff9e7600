"""What many seeds draw in one lesson: who has which values."""

from __future__ import annotations

from collections.abc import Iterable

from tutor import paths
from tutor.content import parameters
from tutor.content import source as sources
from tutor.content.document import front_matter


def draws(lesson: str, seeds: Iterable[int]) -> list[dict[str, str]]:
    """The parameters of a lesson for each of ``seeds``, as ``Lesson.parameters`` has them; nothing for a lesson that is
    not there. ``ContentError`` where its front matter is wrong."""
    files = sorted(path for path in paths.lessons().glob("[0-9]*/lesson.md") if _id(path.parent.name) == lesson)
    if not files:
        return [{} for _ in seeds]
    source = sources.read(files[0])
    front, _ = front_matter(source)
    declared = parameters.declared(source, front)
    found = (parameters.draw(declared, files[0].parent.name, seed) for seed in seeds)
    return [{name: value for name, value in values.items() if "." not in name} for values in found]


def _id(directory: str) -> str:
    return directory.partition("-")[2]
