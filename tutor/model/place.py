"""Where something is: a machine of the lab, and a named network namespace on it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A network stack. ``netns`` is a name under ``/run/netns`` of the machine, or ``None`` for its own stack.

    Written ``host`` and ``host/red`` in lessons and in messages.
    """

    machine: str
    netns: str | None = None

    @classmethod
    def parse(cls, text: str) -> Place:
        """Read ``host`` or ``host/red``; ``ValueError`` says what is wrong."""
        machine, slash, netns = text.partition("/")
        if not machine or (slash and not netns):
            raise ValueError(f"{text!r} is not a place: write a machine, or machine/namespace")
        return cls(machine, netns or None)

    def __str__(self) -> str:
        return self.machine if self.netns is None else f"{self.machine}/{self.netns}"
