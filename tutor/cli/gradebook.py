"""The gradebook that a command means: the one in the course's directory, or the one at ``--book``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tutor.errors import UsageError
from tutor.i18n import tell

if TYPE_CHECKING:
    from tutor.grading.book import Book
    from tutor.grading.course import Course


def opened(course: Course, url: str | None) -> Book:
    """To be closed like a file. ``UsageError`` where there is none yet: a command that reads makes no new one."""
    from tutor.grading.book import Book

    if url is not None:
        if "://" not in url and not Path(url).exists():
            raise UsageError(tell("there is no gradebook {path}", path=url))
        return Book.open(url)
    if not course.gradebook.exists():
        raise UsageError(
            tell(
                "nothing was graded yet in {course}; the way is: nettutor grade SUBMISSIONS --course {course}",
                course=course.path,
            )
        )
    return Book.open(course.gradebook)
