"""From the words of the command line to a running application."""

from __future__ import annotations

import difflib

from tutor.content import headers
from tutor.errors import UsageError
from tutor.model.lesson import Lesson
from tutor.store import Store


def start(lesson: str | None, step: str | None, language: str) -> int:
    """See ``tutor.tui.run``."""
    from tutor.tui.app import NettutorApp, load_lesson

    with Store.open() as store:
        chosen = lesson or _left_off(store)
        loaded = load_lesson(chosen, store, language)
        _known(loaded, step)
        app = NettutorApp(loaded, store, step=step, language=language)
        code = app.run()
        if app.failure is not None:
            raise app.failure
        return code if code is not None else app.return_code or 0


def _left_off(store: Store) -> str:
    """The lesson that the learner was at; the next one where that is complete; the first one otherwise."""
    ids = [header.id for header in headers()]
    if not ids:
        raise UsageError("there are no lessons here")
    last = store.last()
    return last[0] if last is not None and last[0] in ids else ids[0]


def _known(lesson: Lesson, step: str | None) -> None:
    ids = [each.id for each in lesson.steps]
    if step is not None and step not in ids:
        near = difflib.get_close_matches(step, ids, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(ids)}"
        raise UsageError(f"lesson {lesson.id!r} has no step {step!r}; {hint}")
