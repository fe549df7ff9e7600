"""A class of forty that takes a checkpoint, by script: how each of them worked, and what they hand in.

Those who work type into real labs; what happened on the machines of the others (another clock, an editor, a crash, a
changed file) is done to their journals and files as it would be there.
"""

from __future__ import annotations

import asyncio
import base64
import json
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor import content, replay
from tutor.grading import envelope, forms, keys, seeds, strict
from tutor.grading.course import Course, read_handout
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.lesson import Command, Lesson
from tutor.model.submission import Submission
from tutor.session.session import PATIENCE
from tutor.store import Store

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

LESSON = "namespaces"
ITEMS = (Item(LESSON, 6, ("create",)), Item(LESSON, 4, ("inside",)))
MINUTES = 60
HOUR = 3600


@dataclass(frozen=True)
class School:
    """A course, where its learners' machines are, and the keys that they made."""

    course: Course
    homes: Path
    keys: dict[str, Ed25519PrivateKey]

    @classmethod
    def found(cls, folder: Path, learners: Iterable[str]) -> School:
        made = {learner: keys.generate() for learner in learners}
        rows = [f"{learner},{learner.title()} of the class,{keys.public_text(key)}\n" for learner, key in made.items()]
        (folder / "roster.csv").write_text("id,name,key\n" + "".join(rows))
        course = Course.create(folder / "course", id="net", title="Networks", learners=folder / "roster.csv")
        course.add(Checkpoint("net", "mid", "Mid-term", course.public_key, ITEMS, minutes=MINUTES))
        return cls(course, folder / "homes", made)

    def checkpoint(self) -> Checkpoint:
        return read_handout(self.course.handouts / "mid.checkpoint")

    def taking(self, learner: str, *, shift: float = 0.0, machine: str = "") -> Taking:
        """Begun, or gone on with. ``shift`` seconds later than it is, by every clock of the machine."""
        if not shift:
            return Taking.open(self.checkpoint(), learner, root=self.homes / (machine or learner))
        with Taking.open(self.checkpoint(), learner, root=self.homes / learner) as begun:
            folder, boot = begun.folder, begun.store.journal()[0].body["boot"]

        def stamp() -> dict[str, object]:
            now = time.clock_gettime_ns(time.CLOCK_BOOTTIME) + int(shift * 1e9)
            return {"boot": boot, "boottime": str(now)}

        store = Store.open(folder / "attempt.sqlite3", clock=lambda: time.time_ns() + int(shift * 1e9), stamp=stamp)
        return Taking(self.checkpoint(), learner, folder, store)

    def lesson(self, learner: str) -> Lesson:
        seed = seeds.seed(self.course.secret, "mid", learner)
        return content.load(LESSON, seed=seed)


def solution(lesson: Lesson, step: str, position: int = 0) -> list[Command]:
    return list(lesson.steps[lesson.index(step)].solutions[position].commands)


def all_of(lesson: Lesson, position: int = 0) -> list[Command]:
    return solution(lesson, "create", position) + solution(lesson, "inside", position)


async def work(taking: Taking, lesson: Lesson, commands: Sequence[Command], seed: int) -> None:
    """Type into a lab of one's own, with the tutor looking on and keeping the journal."""
    session = await replay.begin(lesson, taking.store, seed=seed)
    try:
        await replay.type_all(session, commands, [], None)
        await session.look(patience=PATIENCE)
    finally:
        await session.close()


def noted(taking: Taking, typed: Sequence[tuple[str, str, int | None]]) -> None:
    """What the journal of a machine holds after these lines: (step, line, exit status)."""
    store = taking.store
    attempt = store.begin(LESSON, seed=taking.entrant.seed)
    opened = ""
    for step, line, status in typed:
        if step != opened:
            store.record_open(attempt, step)
            opened = step
        if line.startswith("= "):
            store.record_command(attempt, step, "links-in-red", line[2:], 0, answer=True)
        else:
            store.record_command(attempt, step, "host", line, status)


def as_noted(lesson: Lesson, step: str) -> list[tuple[str, str, int | None]]:
    return [(step, f"= {c.text}" if c.answer else c.text, 0) for c in solution(lesson, step)]


async def honest(school: School, learner: str, commands: Sequence[Command], *, shift: float = 0.0) -> bytes:
    with school.taking(learner, shift=shift) as taking:
        await work(taking, school.lesson(learner), commands, taking.entrant.seed)
        return taking.seal(school.keys[learner])


def by_journal(school: School, learner: str, typed: Sequence[tuple[str, str, int | None]]) -> bytes:
    with school.taking(learner) as taking:
        noted(taking, typed)
        return taking.seal(school.keys[learner])


def crashed_and_resumed(school: School, learner: str) -> bytes:
    """The program is killed after the first step, and the checkpoint gone on with."""
    process = multiprocessing.get_context("fork").Process(target=_until_killed, args=(school, learner))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL
    return asyncio.run(_gone_on(school, learner))


def _until_killed(school: School, learner: str) -> None:
    async def half() -> None:
        taking, lesson = school.taking(learner), school.lesson(learner)
        session = await replay.begin(lesson, taking.store, seed=taking.entrant.seed)
        await replay.type_all(session, solution(lesson, "create"), [], None)
        await session.look(patience=PATIENCE)
        os.kill(os.getpid(), signal.SIGKILL)

    asyncio.run(half())


async def _gone_on(school: School, learner: str) -> bytes:
    with school.taking(learner) as taking:
        lesson = school.lesson(learner)
        session = await replay.resume(lesson, taking.store)
        assert session.step.id == "inside", "what was done before is done"
        await replay.type_all(session, solution(lesson, "inside"), [], None)
        await session.close()
        return taking.seal(school.keys[learner])


# -- files that were changed


def opened(data: bytes) -> dict[str, Any]:
    raw = json.loads(data)
    payload: dict[str, Any] = json.loads(base64.b64decode(raw["payload"]))
    return payload


def changed(data: bytes, change: Callable[[dict[str, Any]], None]) -> bytes:
    """With the signature of before."""
    raw, payload = json.loads(data), opened(data)
    change(payload)
    raw["payload"] = base64.b64encode(strict.canonical(payload)).decode()
    return strict.canonical(raw)


def signed_again(data: bytes, key: Ed25519PrivateKey, change: Callable[[dict[str, Any]], None]) -> bytes:
    payload = opened(data)
    change(payload)
    return envelope.seal(payload, envelope.SUBMISSION, key)


def other_commands(payload: dict[str, Any]) -> None:
    """A line of the log says something else; its hash stays."""
    entry = next(each for each in payload["entries"] if each["kind"] == "command")
    body = json.loads(entry["body"])
    body["text"] = "ip netns add other"
    entry["body"] = json.dumps(body, sort_keys=True, separators=(",", ":"))


def all_met(payload: dict[str, Any]) -> None:
    payload["claims"] = [{**each, "status": "met"} for each in payload["claims"]]


def in_the_name_of(learner: str, key: str) -> Callable[[dict[str, Any]], None]:
    def change(payload: dict[str, Any]) -> None:
        payload["learner"], payload["key"] = learner, key

    return change


def unchained(school: School, learner: str) -> Submission:
    """A submission without a log."""
    entrant = school.checkpoint().learners[learner]
    return Submission("net", "mid", learner, entrant.nonce, entrant.key, "nettutor", "1", "2", ())


def sealed(submission: Submission, key: Ed25519PrivateKey) -> bytes:
    return envelope.seal(forms.plain(submission), envelope.SUBMISSION, key)
