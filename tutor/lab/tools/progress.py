"""How an installation tells where it is."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    def __call__(self, stage: str, fraction: float | None) -> None:
        """``stage`` is a short phrase; ``fraction`` of the whole stage from 0 to 1, ``None`` where it is not known."""


def silent(stage: str, fraction: float | None) -> None:
    """Tells nobody."""
