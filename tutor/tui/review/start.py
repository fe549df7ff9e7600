"""From the words of the command line to a running review."""

from __future__ import annotations

import asyncio
import getpass
import os
from pathlib import Path

from tutor.errors import UsageError
from tutor.grading.book import Book
from tutor.grading.course import Course
from tutor.i18n import preferred, tell, use_language
from tutor.store import Store
from tutor.tui.review.desk import Desk


def start(path: Path, checkpoint: str | None, where: str | None, who: str | None, asked_language: str | None) -> int:
    """See ``tutor.tui.review.run``."""
    with Store.open() as store:
        use_language(preferred(asked_language, store.language()))
    course = Course.open(path)
    name = (who or _login()).strip()
    if not name or len(name) > 100 or not name.isprintable():
        raise UsageError(tell("--who is a name of 1 to 100 characters that can be seen"))
    with Book.open(where or course.gradebook, who=name) as book:
        desk = Desk(course, book, name)
        chosen = checkpoint or _last(desk)
        course.checkpoint(chosen)  # says which there are
        return asyncio.run(_run(desk, chosen))


async def _run(desk: Desk, checkpoint: str) -> int:
    for stale in ("COLUMNS", "LINES"):  # Textual believes them rather than the terminal, also after a resize
        os.environ.pop(stale, None)
    from tutor.tui.review.app import ReviewApp

    app = ReviewApp(desk, checkpoint)
    asyncio.get_running_loop().set_exception_handler(lambda _, context: app.fail_in_background(context))
    code = await app.run_async()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else app.return_code or 0


def _last(desk: Desk) -> str:
    """The checkpoint of which a submission came last; else the first there is."""
    known = desk.course.checkpoint_ids()
    if not known:
        raise UsageError(
            tell("the course {course} has no checkpoint yet: nettutor checkpoint add", course=repr(desk.course.id))
        )
    if len(known) == 1:
        return known[0]
    newest = {each: max((grade.received for grade in desk.book.grades(each)), default="") for each in known}
    return max(known, key=lambda each: newest[each])


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
