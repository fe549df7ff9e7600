"""All lessons that there are: ``NN-id/lesson.md`` below ``paths.lessons()``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from tutor import paths
from tutor.content.lessons import Header, read_header, read_lesson
from tutor.content.tree import nearest
from tutor.errors import ContentError, UsageError
from tutor.i18n import tell
from tutor.model.lesson import Lesson


def catalogue() -> tuple[Lesson, ...]:
    """Every lesson in the order of the numbers; ``ContentError`` for the first thing that is wrong in any."""
    return tuple(read_lesson(header.path) for header in headers())


def headers() -> tuple[Header, ...]:
    """What a list shows, from the front matter alone."""
    found = sorted((_header(path, _stamp(path)) for path in _files()), key=lambda header: (header.number, header.id))
    first: dict[object, Header] = {}
    for header in found:
        for key in (header.id, header.number):
            if key in first:
                what = f"the id {key!r}" if isinstance(key, str) else f"the number {key:02}"
                raise ContentError(header.path, 1, f"{what} is also that of {first[key].path.parent.name}")
            first[key] = header
    return tuple(found)


@lru_cache(maxsize=64)
def _header(path: Path, stamp: tuple[int, int]) -> Header:
    """Read once for each state of the file: a start asks for all of them more than once."""
    return read_header(path)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:  # reading it says so in words
        return 0, 0
    return status.st_mtime_ns, status.st_size


def load(lesson_id: str, *, seed: int | None = None, cases: int | None = None, language: str = "en") -> Lesson:
    """One lesson, with its parameters drawn by ``seed`` (None or 0: the first of each); those with cases are drawn by
    ``cases``, where that is given.

    Its texts are English, and ``i18n.shown`` translates them. ``UsageError`` where there is no such lesson, naming the
    nearest; ``ContentError`` where its file, or its translation into ``language``, is wrong. Where there is none,
    ``Lesson.language`` stays English.
    """
    by_id = {path.parent.name.partition("-")[2]: path for path in _files()}
    path = by_id.get(lesson_id)
    if path is None:
        raise UsageError(
            tell(
                "there is no lesson {lesson}{nearest}",
                lesson=repr(lesson_id[:60]),
                nearest=nearest(lesson_id, by_id),
            )
        )
    return read_lesson(path, seed=seed, cases=cases, language=language)


def _files() -> Iterator[Path]:
    root = paths.lessons()
    try:
        directories = sorted(entry for entry in root.iterdir() if entry.is_dir() and entry.name[:1].isdigit())
    except OSError as error:
        raise UsageError(
            tell("the lessons in {root} cannot be read: {error}", root=root, error=error.strerror)
        ) from error
    if not directories:
        raise UsageError(tell("there are no lessons in {root}", root=root))
    return (directory / "lesson.md" for directory in directories)
