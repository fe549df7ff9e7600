"""What the facts leave open is walked both ways: only what holds for every choice is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
MOST = 64
"""Walks at most; beyond, nothing is said."""


class Choices:
    """Answers ``pick`` as it was told at first, and with 0 from then on, and remembers how many there were."""

    def __init__(self, told: list[int]) -> None:
        self._told = told
        self.made: list[tuple[int, int, str]] = []

    def pick(self, count: int, why: str) -> int:
        """One of ``count`` possibilities, from 0. ``why`` says what is not known."""
        if count == 1:
            return 0
        at = len(self.made)
        taken = self._told[at] if at < len(self._told) else 0
        self.made.append((taken, count, why))
        return taken


def every(run: Callable[[Choices], T]) -> tuple[list[T], str] | None:
    """The results of all choices with the first that was open, or ``None`` where there are too many."""
    results: list[T] = []
    told: list[int] = []
    reason = ""
    while len(results) < MOST:
        choices = Choices(told)
        results.append(run(choices))
        reason = reason or next((why for _, _, why in choices.made), "")
        while choices.made and choices.made[-1][0] + 1 == choices.made[-1][1]:
            choices.made.pop()
        if not choices.made:
            return results, reason
        told = [taken for taken, _, _ in choices.made]
        told[-1] += 1
    return None
