"""Taking a checkpoint: a journal of its own that survives a crash, the clock, and the file to hand in.

The journal is an ordinary store in a file of its own. Each entry also carries the clock that goes on while the machine
sleeps and cannot be set (``CLOCK_BOOTTIME``, clock_gettime(2)), with the boot that it belongs to.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tutor import __version__, paths
from tutor.errors import UsageError
from tutor.grading import envelope, forms, keys
from tutor.grading.inbox import TAKEN
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint, Entrant
from tutor.model.facts import Facts
from tutor.model.progress import Attempt
from tutor.model.submission import Claim, Entry, Submission
from tutor.store import Event, Store, body_text

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HANDED_IN = "handed in"
_LONGEST_FACT = 4_000  # characters of one fact as text
_LONGEST_CAST = 2 * 2**20  # bytes of one recording


@dataclass(frozen=True, slots=True)
class Clock:
    """The time that is left, in seconds: ``None`` where there is no limit, negative when it is over."""

    left: float | None
    closes: float | None


class Taking:
    """One learner's attempt at a checkpoint. Begun anew, or gone on with, by ``open``; closed like a file."""

    def __init__(self, checkpoint: Checkpoint, learner: str, folder: Path, store: Store) -> None:
        self.checkpoint = checkpoint
        self.learner = learner
        self.folder = folder
        self.store = store

    @classmethod
    def open(cls, checkpoint: Checkpoint, learner: str, *, root: Path | None = None) -> Taking:
        """Raises ``UsageError`` for a learner who is not in it, or before it opens, and ``StoreError``."""
        if learner not in checkpoint.learners:
            raise UsageError(
                tell(
                    "the checkpoint {id} knows no learner {learner}", id=repr(checkpoint.id), learner=repr(learner[:64])
                )
            )
        if checkpoint.opens and _now() < _seconds(checkpoint.opens):
            raise UsageError(
                tell("the checkpoint {id} opens at {opens}", id=repr(checkpoint.id), opens=checkpoint.opens)
            )
        name = f"{checkpoint.course}-{checkpoint.id}-{checkpoint.learners[learner].nonce}"
        folder = (root or paths.data() / "checkpoints") / name
        store = Store.open(folder / "attempt.sqlite3", stamp=_stamp)
        taking = cls(checkpoint, learner, folder, store)
        if not store.journal():
            nonce = checkpoint.learners[learner].nonce
            store.note(TAKEN, course=checkpoint.course, checkpoint=checkpoint.id, learner=learner, nonce=nonce)
        return taking

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()

    @property
    def entrant(self) -> Entrant:
        return self.checkpoint.learners[self.learner]

    @property
    def started(self) -> int:
        """Nanoseconds by the wall clock."""
        return self.store.journal()[0].at

    @property
    def handed_in(self) -> bool:
        return any(event.kind == HANDED_IN for event in self.store.journal())

    def attempts(self) -> Mapping[str, Attempt]:
        """The current attempt at each lesson of the checkpoint that was begun."""
        found = {item.lesson: self.store.current(item.lesson) for item in self.checkpoint.items}
        return {lesson: attempt for lesson, attempt in found.items() if attempt is not None}

    def clock(self) -> Clock:
        """As of now, by the clock that cannot be set where this boot saw the start, else by the wall clock."""
        limit = self.checkpoint.minutes * 60
        left = limit - self._elapsed() if limit else None
        closes = _seconds(self.checkpoint.closes) - _now() if self.checkpoint.closes else None
        return Clock(min((each for each in (left, closes) if each is not None), default=None), closes)

    def _elapsed(self) -> float:
        first, stamp = self.store.journal()[0], _stamp()
        if first.body.get("boot") == stamp["boot"]:
            return (int(str(stamp["boottime"])) - int(str(first.body["boottime"]))) / 1e9
        return (time.time_ns() - first.at) / 1e9

    def seal(
        self,
        key: Ed25519PrivateKey,
        *,
        facts: Mapping[str, Facts] | None = None,
        casts: Mapping[str, Mapping[str, str]] | None = None,
    ) -> bytes:
        """The file to hand in, of all that was done so far; ``facts`` are what was read at the end, by item."""
        public = keys.public_text(key)
        if self.entrant.key and self.entrant.key != public:
            raise UsageError(
                tell(
                    "the roster lists another key for {learner}: {fingerprint}",
                    learner=repr(self.learner),
                    fingerprint=keys.fingerprint(self.entrant.key),
                )
            )
        self.store.note(HANDED_IN)
        events = self.store.journal()
        submission = Submission(
            self.checkpoint.course,
            self.checkpoint.id,
            self.learner,
            self.entrant.nonce,
            public,
            f"nettutor {__version__}",
            str(events[0].at),
            str(events[-1].at),
            tuple(map(_entry, events)),
            tuple(self._claims()),
            dict(self._answers()),
            {item: _in_words(each) for item, each in (facts or {}).items()},
            {item: {name: _cut(text) for name, text in each.items()} for item, each in (casts or {}).items()},
        )
        return envelope.seal(forms.plain(submission), envelope.SUBMISSION, key)

    def _claims(self) -> Iterable[Claim]:
        attempts = self.attempts()
        for item in self.checkpoint.items:
            attempt = attempts.get(item.lesson)
            for (step, goal), status in attempt.goals.items() if attempt else ():
                if not item.steps or step in item.steps:
                    yield Claim(item.id, step, goal, status)

    def _answers(self) -> Iterable[tuple[str, str]]:
        for lesson, attempt in self.attempts().items():
            for command in attempt.commands:
                if command.answer:
                    yield f"{lesson}#{command.step}/{command.machine}", command.text


def _entry(event: Event) -> Entry:
    return Entry(event.seq, str(event.at), event.kind, body_text(event.body), event.hash.hex())


def _in_words(facts: Facts) -> dict[str, str]:
    return {str(want): str(fact)[:_LONGEST_FACT] for want, fact in facts.read.items()}


def _cut(cast: str) -> str:
    """Whole lines of a recording, no more than is kept of one."""
    if len(cast) <= _LONGEST_CAST:
        return cast
    return cast[: cast.rfind("\n", 0, _LONGEST_CAST) + 1]


def _stamp() -> dict[str, object]:
    boottime = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return {"boot": Path("/proc/sys/kernel/random/boot_id").read_text().strip(), "boottime": str(boottime)}


def _now() -> float:
    return time.time()


def _seconds(moment: str) -> float:
    return datetime.datetime.fromisoformat(moment).timestamp()
