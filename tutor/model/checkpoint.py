"""A checkpoint: a practical exam as an instructor hands it out, in one file for all learners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Item:
    """What earns points: steps of one lesson, all of them where ``steps`` is empty.

    The points are shared out evenly over the goals of the steps.
    """

    lesson: str
    points: float
    steps: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """``nat``, ``nat#masquerade``, ``nat#route+forward``: unique in its checkpoint."""
        return f"{self.lesson}#{'+'.join(self.steps)}" if self.steps else self.lesson


@dataclass(frozen=True, slots=True)
class Policy:
    """What the tutor allows while the checkpoint is taken."""

    hints: bool = False
    show_me: bool = False  # the solution, as the last hint
    skip: bool = True  # open another item before the one before is complete
    jumps: bool = False  # go to any step of an item


@dataclass(frozen=True, slots=True)
class Lateness:
    """After the time is over: ``grace`` minutes cost nothing, then each begun hour ``percent`` of the points; after
    ``until`` hours nothing is earned."""

    grace: int = 5
    percent: float = 10
    until: int = 24


@dataclass(frozen=True, slots=True)
class Entrant:
    """A learner of the roster. ``seed`` draws the parameters, ``nonce`` is good for one submission, and ``key`` is the
    public key in one line of OpenSSH, empty where the first submission brings it."""

    seed: int
    nonce: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``opens`` and ``closes`` are UTC as in RFC 3339 (``2026-12-01T09:00:00Z``) or empty; ``minutes`` is the time from
    the start, 0 for no limit; ``learners`` is by the id in the roster; ``instructor`` is the public key that signs."""

    course: str
    id: str
    title: str
    instructor: str
    items: tuple[Item, ...]
    learners: Mapping[str, Entrant] = field(default_factory=dict)
    minutes: int = 0
    opens: str = ""
    closes: str = ""
    policy: Policy = Policy()
    lateness: Lateness = Lateness()
    schema: int = SCHEMA

    @property
    def points(self) -> float:
        return sum(item.points for item in self.items)
