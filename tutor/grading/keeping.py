"""The journal of an attempt at a checkpoint: a store that waits for its disk, and keeps within what is taken in.

While the disk is full, entries wait in memory, in their order, and are tried again with the next one: the learner goes
on, is told, and frees some space. What no instructor's program would take in is not written in the first place.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from tutor.errors import StoreError
from tutor.grading.inbox import LONGEST_COMMAND, MOST_COMMANDS
from tutor.i18n import tell
from tutor.store import Store
from tutor.store.store import Status

MOST_CHANGES = 300
"""Changes of one goal's verdict that are kept: it is advisory, and a link that flaps would fill the file."""


class PatientStore(Store):
    """``trouble`` is what the learner must know, and empty while every entry is on disk."""

    def __init__(self, *given: Any, **named: Any) -> None:
        self._backlog: list[tuple[int, str, dict[str, object]]] = []
        self._commands: Counter[int] = Counter()
        self._changes: Counter[tuple[int, str, str]] = Counter()
        self.trouble = ""
        super().__init__(*given, **named)
        for event in self.journal():
            if event.kind == "command" and isinstance(attempt := event.body.get("attempt"), int):
                self._commands[attempt] += 1

    def record_command(
        self, attempt: int, step: str, machine: str, text: str, exit_status: int | None, answer: bool = False
    ) -> None:
        self._commands[attempt] += 1
        if self._commands[attempt] > MOST_COMMANDS:
            self.trouble = tell("more than {count} commands were typed; no more are kept", count=MOST_COMMANDS)
            return
        super().record_command(attempt, step, machine, text[:LONGEST_COMMAND], exit_status, answer)

    def record_goal(self, attempt: int, step: str, goal: str, status: Status, detail: str = "") -> None:
        if self._progress.known(attempt) and self._progress.status(attempt, step, goal) == status:
            return
        self._changes[attempt, step, goal] += 1
        if self._changes[attempt, step, goal] <= MOST_CHANGES:
            super().record_goal(attempt, step, goal, status, detail)

    @property
    def waits(self) -> bool:
        """Whether there are entries that are not on disk yet."""
        return bool(self._backlog)

    def catch_up(self) -> bool:
        """Write what waits; whether all of it is on disk now."""
        while self._backlog:
            attempt, kind, body = self._backlog[0]
            try:
                super()._of(attempt, kind, **body)
            except StoreError as error:
                self.trouble = error.message
                return False
            del self._backlog[0]
            self.trouble = ""
        return True

    def require(self) -> None:
        """Raises ``StoreError`` where something still waits."""
        if not self.catch_up():
            raise StoreError(self.trouble)

    def _of(self, attempt: int, kind: str, **body: object) -> None:
        if not self._progress.known(attempt):
            raise LookupError(f"there is no attempt {attempt}")
        self._backlog.append((attempt, kind, {name: _whole(value) for name, value in body.items()}))
        self.catch_up()


def _whole(value: object) -> object:
    """Texts without halves of surrogate pairs, as file names may hold: they have no UTF-8."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
