"""A course on disk with real keys, and submissions that were really taken, for tests of what comes after."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from own_lesson import NAMES, NETS, own_lesson, write_lesson

from tutor.grading import inbox, keys
from tutor.grading.course import Course, read_handout
from tutor.grading.inbox import TAKEN, Accepted
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item, Lateness
from tutor.store import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LESSON = own_lesson(
    names=(*NAMES, "amber", "ivory"),
    nets=(*NETS, "10.88.2", "10.99.3"),
    opening="Look with `ip netns list`, as in the violet one.",
)
HOUR = 3600.0
START = 1_796_000_000.0
"""The wall clock when an attempt begins, in seconds since the epoch."""


def lessons(directory: Path) -> Path:
    """A directory for ``NETTUTOR_LESSONS`` with ``LESSON`` in it."""
    return write_lesson(directory, LESSON)


@dataclass
class Clocks:
    """Both clocks of a machine, in seconds, as hands that a test moves."""

    wall: float = START
    boottime: float = 1000.0
    boot: str = "7d1c1b5e-0000-4000-8000-000000000001"

    def now(self) -> int:
        return round(self.wall * 1e9)

    def stamp(self) -> Mapping[str, object]:
        return {"boot": self.boot, "boottime": str(round(self.boottime * 1e9))}

    def wait(self, seconds: float) -> None:
        """Time passes, asleep or not: neither clock can tell."""
        self.wall += seconds
        self.boottime += seconds

    def reboot(self, seconds: float) -> None:
        self.wall += seconds
        self.boottime = 20.0
        self.boot = self.boot[:-1] + str(int(self.boot[-1]) + 1)


@dataclass
class Classroom:
    """A course whose learners hand in; ``keys`` are theirs, also of those that the roster lists without one."""

    course: Course
    keys: Mapping[str, Ed25519PrivateKey]
    root: Path
    clocks: Clocks = field(default_factory=Clocks)

    @classmethod
    def open(
        cls,
        root: Path,
        learners: Sequence[str] = ("ann", "ben", "eve"),
        *,
        items: Sequence[Item] = (Item("own", 9),),
        without_key: Iterable[str] = (),
        minutes: int = 60,
        closes: str = "",
        lateness: Lateness = Lateness(),  # noqa: B008
    ) -> Classroom:
        made = {learner: keys.generate() for learner in learners}
        rows = [
            f"{learner},{learner.title()},{'' if learner in without_key else keys.public_text(made[learner])}\n"
            for learner in learners
        ]
        root.mkdir(parents=True, exist_ok=True)
        (root / "roster.csv").write_text("id,name,key\n" + "".join(rows))
        course = Course.create(root / "net", id="net", title="Networks", learners=root / "roster.csv")
        checkpoint = Checkpoint(
            "net",
            "mid",
            "Mid-term",
            course.public_key,
            tuple(items),
            minutes=minutes,
            closes=closes,
            lateness=lateness,
        )
        course.add(checkpoint)
        return cls(course, made, root)

    @property
    def checkpoint(self) -> Checkpoint:
        return self.course.checkpoint("mid")

    def values(self, learner: str, lesson: str = "own") -> Mapping[str, str]:
        from tutor import content

        return content.load(lesson, seed=self.checkpoint.learners[learner].seed).parameters

    def hand_in(
        self,
        learner: str,
        work: Callable[[Typing], None],
        *,
        casts: Mapping[str, Mapping[str, str]] | None = None,
        facts: Mapping[str, Mapping[str, str]] | None = None,
    ) -> bytes:
        """The file of a learner who did ``work``, in a journal with these clocks."""
        checkpoint = read_handout(self.course.handouts / "mid.checkpoint")
        entrant = checkpoint.learners[learner]
        folder = self.root / learner
        store = Store.open(folder / "attempt.sqlite3", clock=self.clocks.now, stamp=self.clocks.stamp)
        with Taking(checkpoint, learner, folder, store) as taking:
            store.note(TAKEN, course="net", checkpoint="mid", learner=learner, nonce=entrant.nonce)
            work(Typing(self, taking))
            return taking.seal(self.keys[learner], casts=casts, facts=facts)

    def accepted(self, learner: str, work: Callable[[Typing], None]) -> Accepted:
        return inbox.accept(self.hand_in(learner, work), self.course)


class Typing:
    """What a learner does; each line takes ``pace`` seconds for a character, and two to think."""

    def __init__(self, room: Classroom, taking: Taking) -> None:
        self.room = room
        self.store = taking.store
        self.clocks = room.clocks
        self.values: Mapping[str, str] = {}
        self._attempt = 0
        self._step = ""
        self._taking = taking

    def begin(self, lesson: str = "own", step: str = "name") -> None:
        self._attempt = self.store.begin(lesson, seed=self._taking.entrant.seed)
        self.values = self.room.values(self._taking.learner, lesson)
        self.open(step)

    def open(self, step: str) -> None:
        self._step = step
        self.store.record_open(self._attempt, step)

    def line(self, text: str, *, seconds: float | None = None, status: int = 0, machine: str = "host") -> None:
        self.clocks.wait(2 + len(text) * 0.15 if seconds is None else seconds)
        self.store.record_command(self._attempt, self._step, machine, text, status)

    def answer(self, goal: str, text: str) -> None:
        self.clocks.wait(3)
        self.store.record_command(self._attempt, self._step, goal, text, 0, answer=True)

    def goal(self, goal: str, status: str, detail: str = "") -> None:
        self.store.record_goal(self._attempt, self._step, goal, status, detail)  # type: ignore[arg-type]

    def solve(self) -> None:
        """All of the lesson ``own``, by its solutions."""
        self.begin()
        self.line("ip netns add {name}".format(**self.values))
        self.goal("there", "met")
        self.open("address")
        self.line("ip -n {name} addr add {net}.1/24 dev lo".format(**self.values))
        self.goal("carried", "met")
        self.answer("links", "1")


def cast(lines: Sequence[str], *, width: int = 80, height: int = 24, pause: float = 1.0) -> str:
    """An asciicast v2 of a shell: each line ``pause`` seconds after the one before."""
    head = json.dumps({"version": 2, "width": width, "height": height})
    events = [json.dumps([round(pause * number, 3), "o", text]) for number, text in enumerate(lines)]
    return "\n".join([head, *events]) + "\n"
