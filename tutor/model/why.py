"""Why packets of a flow do not arrive: what the walk of ``tutor.diagnosis`` answers."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import Address


@dataclass(frozen=True, slots=True)
class Works:
    """The request arrives and is answered. ``path`` are the places it passes, ``back`` those of the answer."""

    path: tuple[Place, ...]
    back: tuple[Place, ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first thing that is wrong, at ``hop``. ``sentence`` is for a beginner, ``evidence`` is what the kernel says,
    and ``command`` shows it.

    ``path`` are the places that the request has come to, its sender first, and ``back`` those of the answer, which is
    empty where the request does not arrive. ``gateway`` is the router whose MAC address nobody tells, if that is it.
    """

    hop: Place
    layer: Layer
    sentence: str
    evidence: str
    command: str
    path: tuple[Place, ...] = ()
    back: tuple[Place, ...] = ()
    gateway: Address | None = None


@dataclass(frozen=True, slots=True)
class CannotTell:
    """The facts do not decide it, or something is beyond this walk."""

    why: str


Outcome = Works | Broken | CannotTell
