"""The store as the session and the command line use it."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Literal, Self

from tutor import paths
from tutor.model.progress import Attempt, LessonProgress
from tutor.store.fold import Progress
from tutor.store.journal import Event, Journal

Status = Literal["met", "unmet", "unknown"]


class Store:
    """Progress of one learner. Every ``record_*`` is one synced transaction (milliseconds), done when it returns.

    Everything here raises ``StoreError`` where the file cannot be used; what was recorded before stays as it was.
    Any number of stores may be open on the file; each sees what the others recorded. Not for use from two threads.
    """

    def __init__(self, journal: Journal, stamp: Callable[[], Mapping[str, object]] = dict) -> None:
        self._journal = journal
        self._stamp = stamp
        self._progress = Progress()
        self._events: list[Event] = []
        self._take(journal.news())

    @classmethod
    def open(
        cls,
        path: Path | None = None,
        *,
        clock: Callable[[], int] = time.time_ns,
        stamp: Callable[[], Mapping[str, object]] = dict,
    ) -> Self:
        """Open or create the file (default ``paths.progress_file()``). ``clock`` gives nanoseconds since the epoch, and
        ``stamp`` what is added to the body of every entry."""
        journal = Journal(path if path is not None else paths.progress_file(), clock)
        try:
            return cls(journal, stamp)
        except BaseException:
            journal.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._journal.close()

    def begin(self, lesson: str, *, seed: int) -> int:
        """A new attempt, which is the lesson's current one from now on. Gives its id."""
        return self._record("begun", lambda seq: {"lesson": lesson, "seed": seed}).seq

    def record_open(self, attempt: int, step: str) -> None:
        """The learner is now at this step."""
        self._of(attempt, "opened", step=step)

    def record_goal(self, attempt: int, step: str, goal: str, status: Status, detail: str = "") -> None:
        """A verdict. Said again with the same status it is not written again."""
        if self._progress.known(attempt) and self._progress.status(attempt, step, goal) == status:
            return
        self._of(attempt, "goal", step=step, goal=goal, status=status, detail=detail)

    def record_step(self, attempt: int, step: str) -> None:
        """The step is completed."""
        self._of(attempt, "completed", step=step)

    def record_command(
        self, attempt: int, step: str, machine: str, text: str, exit_status: int | None, answer: bool = False
    ) -> None:
        """A line typed at ``machine``; with ``answer`` a reply to the goal of id ``machine``."""
        self._of(attempt, "command", step=step, machine=machine, text=text, exit_status=exit_status, answer=answer)

    def record_hint(self, attempt: int, step: str, level: int) -> None:
        """Hints up to ``level`` (from 1) were shown."""
        self._of(attempt, "hint", step=step, level=level)

    def reset(self, attempt: int, steps: tuple[str, ...] | None = None) -> None:
        """Forget commands, verdicts and completion of these steps; of all, and where the learner is, with ``None``.

        The order of steps is the lesson's, which the store does not know: "from here on" is for the caller to list.
        """
        self._of(attempt, "reset", steps=None if steps is None else list(steps))

    def current(self, lesson: str) -> Attempt | None:
        self._take(self._journal.news())
        return self._progress.current(lesson)

    def progress(self) -> Mapping[str, LessonProgress]:
        """By lesson id, of all lessons ever begun."""
        self._take(self._journal.news())
        return self._progress.lessons()

    def last(self) -> tuple[str, str] | None:
        """The lesson and step of the newest entry; the step is empty where none was opened."""
        self._take(self._journal.news())
        return self._progress.last()

    def record_language(self, code: str) -> None:
        """The learner wants this language from now on."""
        self._record("language", lambda seq: {"code": code})

    def language(self) -> str | None:
        """The language that the learner chose last, if any."""
        self._take(self._journal.news())
        return self._progress.language

    def journal(self) -> tuple[Event, ...]:
        """All entries, oldest first, the chain verified."""
        self._take(self._journal.news())
        return tuple(self._events)

    def clock_went_back(self) -> tuple[int, ...]:
        """The ``seq`` of each entry whose time is before that of the entry it follows."""
        events = self.journal()
        return tuple(late.seq for early, late in itertools.pairwise(events) if late.at < early.at)

    def note(self, kind: str, **body: object) -> None:
        """An entry that is no progress: the fold leaves it alone."""
        self._record(kind, lambda seq: body)

    def _of(self, attempt: int, kind: str, **body: object) -> None:
        if not self._progress.known(attempt):
            raise LookupError(f"there is no attempt {attempt}")
        self._record(kind, lambda seq: {"attempt": attempt, **body})

    def _record(self, kind: str, body: Callable[[int], Mapping[str, object]]) -> Event:
        events = self._journal.append(kind, lambda seq: {**self._stamp(), **body(seq)})
        self._take(events)
        return events[-1]

    def _take(self, events: tuple[Event, ...]) -> None:
        self._events.extend(events)
        self._progress.add(events)
