"""``start --watch``: whoever writes a lesson sees it as it is saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from tutor import paths
from tutor.errors import NettutorError
from tutor.model.lesson import Lesson

PAUSE = 0.3
"""Seconds between looks at the files. Editors write in several steps: what is read has rested for one look."""

Seen = dict[str, tuple[int, int, int]]


class Watching:
    """Reads the lesson that is open again whenever a file in its directory was saved.

    ``current`` gives it, ``read`` reads one by its id, ``changed`` takes the new one, and ``wrong`` says what is wrong
    with a file; the old lesson stays then. ``wrong`` gets an empty text once it is right again.
    """

    def __init__(
        self,
        current: Callable[[], Lesson],
        read: Callable[[str], Lesson],
        changed: Callable[[Lesson], Awaitable[None]],
        wrong: Callable[[str], None],
    ) -> None:
        self._current = current
        self._read = read
        self._changed = changed
        self._wrong = wrong

    async def run(self) -> None:
        """Until it is cancelled."""
        lesson_id, shown = self._current().id, self._look(self._current().id)
        before = shown
        while True:
            await asyncio.sleep(PAUSE)
            if self._current().id != lesson_id:
                lesson_id = self._current().id
                shown = before = self._look(lesson_id)
                self._wrong("")
                continue
            now = self._look(lesson_id)
            if now == before and now != shown:
                shown = now
                await self._reload(lesson_id)
            before = now

    async def _reload(self, lesson_id: str) -> None:
        try:
            lesson = self._read(lesson_id)
        except NettutorError as error:
            self._wrong(error.message)
            return
        self._wrong("")
        await self._changed(lesson)

    def _look(self, lesson_id: str) -> Seen:
        """Every file of the lesson, translations included, with what changes when it is saved."""
        found: Seen = {}
        for directory in paths.lessons().glob(f"[0-9]*-{lesson_id}"):
            for path in sorted(directory.iterdir()):
                if status := _status(path):
                    found[path.name] = status
        return found


def _status(path: Path) -> tuple[int, int, int] | None:
    """``None`` for what was just taken away: editors put a new file in the place of the old one."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
