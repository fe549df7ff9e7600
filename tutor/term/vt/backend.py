"""The interface of an emulator library, as the child process uses it."""

from __future__ import annotations

from typing import Protocol


class Backend(Protocol):
    """One terminal. Rows and columns are at least 1."""

    name: str
    step: int
    """How many bytes it may be fed at once, so that a turn stays short."""

    def feed(self, data: bytes) -> None: ...

    def resize(self, rows: int, columns: int) -> None: ...

    def scroll(self, rows: int) -> None:
        """Move the view so many rows down (negative: up into history); ``TO_BOTTOM`` to the newest."""

    def replies(self) -> bytes:
        """What the program is to be told since the last call."""

    def frame(self, everything: bool) -> bytes:
        """An encoded frame with the rows that changed since the last one, or with all."""

    def text(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """Plain text between two (row, column), both included; rows count from the oldest of history."""
