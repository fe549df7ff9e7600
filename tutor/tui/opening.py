"""The session that the tutorial opens with. Free of Textual, so that the lab is made while Textual is loaded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tutor import replay
from tutor.content import load
from tutor.model.lesson import Lesson
from tutor.session import Session
from tutor.store import Store

Progress = Callable[[str, int, int], None]


def load_lesson(lesson_id: str, store: Store | None, language: str) -> Lesson:
    """The lesson with the parameters that the learner's attempt at it has."""
    attempt = store.current(lesson_id) if store else None
    return load(lesson_id, seed=attempt.seed if attempt else None, language=language)


class Opening:
    """A session that is being opened, and where it tells how far it is. Make it inside a running loop."""

    def __init__(self, lesson: Lesson, store: Store | None, step: str | None, *, rows: int, columns: int) -> None:
        self.on_progress: Progress = lambda text, done, total: None
        self.session = asyncio.ensure_future(
            open_session(lesson, store, step, rows=rows, columns=columns, on_progress=self._told)
        )

    @property
    def ready(self) -> Session | None:
        """The session, where it was opened already."""
        opened = self.session.done() and not self.session.cancelled() and self.session.exception() is None
        return self.session.result() if opened else None

    def _told(self, text: str, done: int, total: int) -> None:
        self.on_progress(text, done, total)


async def open_session(
    lesson: Lesson,
    store: Store | None,
    step: str | None,
    *,
    rows: int,
    columns: int,
    on_progress: Progress | None = None,
) -> Session:
    """Begin or resume a lesson; with ``step``, at the start of that step. Raises ``LabError``; leaves nothing then."""
    if store is not None:
        return await replay.resume(lesson, store, step=step, rows=rows, columns=columns, on_progress=on_progress)
    session = await Session.boot(lesson, rows=rows, columns=columns)
    await session.open_step(0)
    if step is None or session.step.id == step:
        return session
    return await replay.jump(session, lesson.index(step), rows=rows, columns=columns, on_progress=on_progress)
