"""What is asked of a walk and what it answers."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import Address


@dataclass(frozen=True, slots=True)
class Flow:
    """A conversation that ``source`` begins. ``protocol`` is icmp (an echo request), tcp or udp; the latter two have a
    ``port``. ``end`` is the place that should have ``target`` in the end, where that is known."""

    source: Place
    target: Address
    protocol: str = "icmp"
    port: int | None = None
    end: Place | None = None


@dataclass(frozen=True, slots=True)
class Works:
    """The request arrives and is answered. ``path`` are the places it passes, ``back`` those of the answer."""

    path: tuple[Place, ...]
    back: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that is wrong, at ``hop``. ``sentence`` is for a beginner, ``evidence`` is what the kernel says,
    and ``command`` shows it."""

    hop: Place
    layer: Layer
    sentence: str
    evidence: str
    command: str


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The facts do not decide it, or something is beyond this walk."""

    why: str


Outcome = Works | Broken | CannotTell


class Stop(Exception):
    """The walk ends here; inside this package only."""

    def __init__(self, outcome: Broken | CannotTell) -> None:
        super().__init__(outcome)
        self.outcome = outcome


def unsure(why: str) -> Stop:
    return Stop(CannotTell(why))
