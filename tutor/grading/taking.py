"""Taking a checkpoint: a journal of its own that survives a crash, the clock, and the file to hand in.

The journal is an ordinary store in a file of its own. Each entry also carries the clock that goes on while the machine
sleeps and cannot be set (``CLOCK_BOOTTIME``, clock_gettime(2)), with the boot that it belongs to.
"""

from __future__ import annotations

import datetime
import fcntl
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Self

from tutor import __version__, paths
from tutor.errors import UsageError
from tutor.grading import casts as recordings
from tutor.grading import envelope, forms, keys, strict
from tutor.grading.inbox import TAKEN
from tutor.grading.keeping import PatientStore
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint, Entrant
from tutor.model.progress import Attempt
from tutor.model.submission import Claim, Entry, Submission
from tutor.store import Event, Store, body_text, refusals
from tutor.store import attempts as folded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

HANDED_IN = "handed in"
JOURNAL = "attempt.sqlite3"
_LONGEST_CAST = 2 * 2**20  # characters of one recording
_LARGEST = strict.LARGEST * 3 // 4 - 65_536
"""Bytes of a payload: base64 makes four of three."""


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
        self._lock: IO[str] | None = None
        self._seen = 0
        self._passed = 0.0

    @classmethod
    def open(cls, checkpoint: Checkpoint, learner: str, *, root: Path | None = None) -> Taking:
        """Raises ``UsageError`` for a learner who is not in it, or before it opens, and ``StoreError``."""
        if learner not in checkpoint.learners:
            raise UsageError(
                tell(
                    "the checkpoint {id} knows no learner {learner}", id=repr(checkpoint.id), learner=repr(learner[:64])
                )
            )
        check_open(checkpoint)
        folder = folder_of(checkpoint, learner, root)
        taking = cls(checkpoint, learner, folder, PatientStore.open(folder / JOURNAL, stamp=_stamp))
        if not taking.store.journal():
            nonce = checkpoint.learners[learner].nonce
            taking.store.note(TAKEN, course=checkpoint.course, checkpoint=checkpoint.id, learner=learner, nonce=nonce)
        return taking

    def hold(self) -> None:
        """Keep other programs of this machine out until ``close``. Raises ``UsageError`` where one is in already."""
        path = self.folder / "lock"
        try:
            lock = path.open("w")
        except OSError as error:
            raise refusals.of_os(path, error) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.close()
            raise UsageError(
                tell("the checkpoint {id} is open in another terminal", id=repr(self.checkpoint.id))
            ) from error
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self.store.close()
        if self._lock is not None:
            self._lock.close()

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

    def go_to(self, lesson: str, step: str) -> None:
        """From now on the learner is at this step: ``replay.resume`` leads there."""
        attempt = self.store.current(lesson)
        number = attempt.id if attempt else self.store.begin(lesson, seed=self.entrant.seed)
        if attempt is None or attempt.step != step:
            self.store.record_open(number, step)

    def clock(self) -> Clock:
        """As of now; see ``elapsed``."""
        limit = self.checkpoint.minutes * 60
        left = limit - self.elapsed() if limit else None
        closes = _seconds(self.checkpoint.closes) - _now() if self.checkpoint.closes else None
        return Clock(min((each for each in (left, closes) if each is not None), default=None), closes)

    def elapsed(self) -> float:
        """Seconds since the beginning, by the clock that cannot be set; from one boot to the next by the wall clock,
        as far as that went on."""
        events = self.store.journal()
        for before, after in zip(events[max(0, self._seen - 1) :], events[max(1, self._seen) :], strict=False):
            self._passed += _between(before.at, before.body, after.at, after.body)
        self._seen = len(events)
        return self._passed + _between(events[-1].at, events[-1].body, time.time_ns(), _stamp())

    # -- what is kept beside the journal

    def recording(self, item: int, machine: str) -> Path:
        """Where what a machine showed during an item (from 0) is recorded."""
        return self.folder / "casts" / str(item) / f"{machine}{recordings.SUFFIX}"

    def keep_facts(self, item: int, facts: Mapping[str, str]) -> None:
        """What was read of an item last. Raises ``OSError``."""
        path = self.folder / "facts" / f"{item}.json"
        path.parent.mkdir(exist_ok=True, mode=0o700)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(dict(facts)))
        fresh.rename(path)

    def facts(self) -> Mapping[str, Mapping[str, str]]:
        """By item and want; what cannot be read any more is left out."""
        found = {}
        for index, item in enumerate(self.checkpoint.items):
            try:
                read = json.loads((self.folder / "facts" / f"{index}.json").read_text())
            except (OSError, ValueError):
                continue
            found[item.id] = {str(want): str(fact) for want, fact in read.items()}
        return found

    def casts(self) -> Mapping[str, Mapping[str, str]]:
        """By item and machine."""
        names = {str(index): item.id for index, item in enumerate(self.checkpoint.items)}
        kept = recordings.read_all(self.folder / "casts")
        return {names[index]: each for index, each in kept.items() if index in names}

    # -- the end

    def check_key(self, key: Ed25519PrivateKey) -> None:
        """Raises ``UsageError`` where the roster lists another key for the learner."""
        check_key(self.checkpoint, self.learner, key)

    def seal(
        self,
        key: Ed25519PrivateKey,
        *,
        facts: Mapping[str, Mapping[str, str]] | None = None,
        casts: Mapping[str, Mapping[str, str]] | None = None,
    ) -> bytes:
        """The file to hand in, of all that was done so far: the same bytes whenever it is asked for again.

        Without ``facts`` and ``casts`` those that were kept. Raises ``UsageError`` for a key that is not the learner's,
        and ``StoreError`` where the journal does not get to the disk.
        """
        self.check_key(key)
        if isinstance(self.store, PatientStore):
            self.store.require()
        if not self.handed_in:
            self.store.note(HANDED_IN)
        facts = self.facts() if facts is None else facts
        casts = self.casts() if casts is None else casts
        submission = self._submission(keys.public_text(key), facts, casts)
        for smaller in (replace(submission, casts={}), replace(submission, casts={}, facts={})):
            if _most(submission) <= _LARGEST or len(strict.canonical(forms.plain(submission))) <= _LARGEST:
                break
            submission = smaller
        return envelope.seal(forms.plain(submission), envelope.SUBMISSION, key)

    def _submission(
        self, public: str, facts: Mapping[str, Mapping[str, str]], casts: Mapping[str, Mapping[str, str]]
    ) -> Submission:
        events = self.store.journal()
        end = next((number for number, event in enumerate(events, 1) if event.kind == HANDED_IN), len(events))
        events = events[:end]  # the screen may have looked at the lab once more
        attempts = folded(events)
        return Submission(
            self.checkpoint.course,
            self.checkpoint.id,
            self.learner,
            self.entrant.nonce,
            public,
            f"nettutor {__version__}",
            str(events[0].at),
            str(events[-1].at),
            tuple(map(_entry, events)),
            tuple(self._claims(attempts)),
            dict(_answers(attempts)),
            facts,
            {item: {name: _cut(text) for name, text in each.items()} for item, each in casts.items()},
        )

    def _claims(self, attempts: Mapping[str, Attempt]) -> Iterable[Claim]:
        for item in self.checkpoint.items:
            attempt = attempts.get(item.lesson)
            for (step, goal), status in attempt.goals.items() if attempt else ():
                if not item.steps or step in item.steps:
                    yield Claim(item.id, step, goal, status)


def _answers(attempts: Mapping[str, Attempt]) -> Iterable[tuple[str, str]]:
    for lesson, attempt in attempts.items():
        for command in attempt.commands:
            if command.answer:
                yield f"{lesson}#{command.step}/{command.machine}", command.text


def _entry(event: Event) -> Entry:
    return Entry(event.seq, str(event.at), event.kind, body_text(event.body), event.hash.hex())


def check_open(checkpoint: Checkpoint) -> None:
    """Raises ``UsageError`` before it opens."""
    if checkpoint.opens and _now() < _seconds(checkpoint.opens):
        raise UsageError(
            tell(
                "the checkpoint {id} opens at {opens} (UTC)", id=repr(checkpoint.id), opens=repr(checkpoint.opens[:40])
            )
        )


def check_key(checkpoint: Checkpoint, learner: str, key: Ed25519PrivateKey) -> None:
    """Raises ``UsageError`` where the roster lists another key for the learner."""
    listed = checkpoint.learners[learner].key
    if listed and listed != keys.public_text(key):
        raise UsageError(
            tell(
                "the roster lists another key for {learner}: {fingerprint}; give yours with --key FILE",
                learner=repr(learner),
                fingerprint=keys.fingerprint(listed),
            )
        )


def folder_of(checkpoint: Checkpoint, learner: str, root: Path | None = None) -> Path:
    """Where the attempt of a learner of the checkpoint is kept on this machine."""
    nonce = checkpoint.learners[learner].nonce
    return (root or paths.data() / "checkpoints") / f"{checkpoint.course}-{checkpoint.id}-{nonce}"


def begun_here(checkpoint: Checkpoint) -> tuple[str, ...]:
    """The learners who took it up on this machine, under this account."""
    return tuple(learner for learner in checkpoint.learners if (folder_of(checkpoint, learner) / JOURNAL).exists())


def _between(at: int, body: Mapping[str, object], later: int, stamp: Mapping[str, object]) -> float:
    """Seconds from one entry to the next."""
    if "boot" in body and body["boot"] == stamp.get("boot"):
        return max(0.0, (int(str(stamp["boottime"])) - int(str(body["boottime"]))) / 1e9)
    return max(0.0, (later - at) / 1e9)


def _most(submission: Submission) -> int:
    """Bytes that it can have at most: of ASCII, as bodies and recordings are, one in two may be escaped."""
    ascii_texts = [entry.body for entry in submission.entries]
    ascii_texts += [text for each in submission.casts.values() for text in each.values()]
    others = [text for each in submission.facts.values() for text in (*each, *each.values())]
    rest = 300 * (len(submission.entries) + len(submission.claims)) + 65_536
    return 2 * sum(map(len, ascii_texts)) + 6 * sum(map(len, others)) + rest


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
