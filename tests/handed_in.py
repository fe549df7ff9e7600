"""Submissions without anybody who takes the checkpoint: a course, and files to hand in, made at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from own_lesson import NAME_STEP, NAMES, own_lesson, write_lesson

from tutor import content
from tutor.grading import envelope, forms, keys
from tutor.grading.course import Course
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.submission import Entry, Submission
from tutor.store import body_text
from tutor.store.journal import GENESIS, chain

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def small(*names: str) -> str:
    """The text of a lesson of one step."""
    return own_lesson(NAME_STEP, id="small", names=names or (*NAMES, "amber", "olive", "coral", "ivory"), nets=())


RIGHT = "ip netns add {name}"
Line = str | tuple[str, int]
"""What was typed in the one step, with the learner's parameters for ``{names}``; and the exit status, if not 0."""


def lessons(folder: Path, text: str = "") -> Path:
    """A directory for ``NETTUTOR_LESSONS``."""
    return write_lesson(folder / "lessons", text or small(), "small")


@dataclass(frozen=True)
class Pupils:
    course: Course
    checkpoint: Checkpoint
    keys: dict[str, Ed25519PrivateKey]

    @classmethod
    def found(cls, folder: Path, learners: Iterable[str], items: Sequence[Item] = (Item("small", 4),)) -> Pupils:
        made = {learner: keys.generate() for learner in learners}
        rows = [f"{learner},{learner.title()},{keys.public_text(key)}\n" for learner, key in made.items()]
        (folder / "roster.csv").write_text("id,name,key\n" + "".join(rows))
        course = Course.create(folder / "course", id="net", title="Networks", learners=folder / "roster.csv")
        course.add(Checkpoint("net", "mid", "Mid-term", course.public_key, tuple(items)))
        return cls(course, course.checkpoint("mid"), made)

    def submission(self, learner: str, *lines: Line, step: str = "name", lesson: str = "small") -> Submission:
        """As a tutor writes it whose learner typed these lines on ``host``."""
        entrant = self.checkpoint.learners[learner]
        values = content.load(lesson, seed=entrant.seed).parameters
        log = _Log()
        told = {"course": "net", "checkpoint": "mid", "learner": learner, "nonce": entrant.nonce}
        log.add("taken", told)
        attempt = log.add("begun", {"lesson": lesson, "seed": entrant.seed})
        log.add("opened", {"attempt": attempt, "step": step})
        for line in lines:
            text, status = (line, 0) if isinstance(line, str) else line
            for name, value in values.items():
                text = text.replace("{" + name + "}", value)
            body = {"attempt": attempt, "step": step, "machine": "host", "text": text, "exit_status": status}
            log.add("command", {**body, "answer": False})
        log.add("handed in", {})
        public = keys.public_text(self.keys[learner])
        at = (log.entries[0].at, log.entries[-1].at)
        return Submission("net", "mid", learner, entrant.nonce, public, "nettutor", *at, tuple(log.entries))

    def seal(self, submission: Submission, signer: str | None = None) -> bytes:
        return envelope.seal(forms.plain(submission), envelope.SUBMISSION, self.keys[signer or submission.learner])

    def file(self, folder: Path, learner: str, *lines: Line) -> Path:
        """Written into ``folder``."""
        folder.mkdir(exist_ok=True)
        path = folder / f"{learner}.submission"
        path.write_bytes(self.seal(self.submission(learner, *lines)))
        return path


class _Log:
    """A chained journal that takes ten seconds a line."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self._at = time.time_ns() - 3600 * 10**9
        self._boottime = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        self._hash = GENESIS

    def add(self, kind: str, body: Mapping[str, object]) -> int:
        seq = len(self.entries) + 1
        at, boottime = self._at + seq * 10**10, self._boottime + seq * 10**10
        text = body_text({**body, "boot": "0f", "boottime": str(boottime)})
        self._hash = chain(self._hash, seq, at, kind, text)
        self.entries.append(Entry(seq, str(at), kind, text, self._hash.hex()))
        return seq


def with_texts(submission: Submission, text: str) -> Submission:
    """``text`` in every field that holds one and that nothing else depends on."""
    return replace(
        submission,
        program=text,
        answers={text: text},
        facts={text: {text: text}},
        casts={text: {text: text}},
    )
