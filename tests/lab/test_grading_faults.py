"""What a replay must not do to anybody: each deed in a worker of its own, on the real kernel.

The suite runs as root, with control groups, and as an ordinary user, without.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from handed_in import RIGHT, lessons, small
from lab_modes import processes_of, until

from tutor.grading import limits, task
from tutor.grading.isolation import Worker
from tutor.grading.limits import Limits
from tutor.grading.task import Result, Task
from tutor.model.checkpoint import Item
from tutor.model.grade import GoalResult, Outcome
from tutor.model.progress import TypedCommand

LOOP, BOMB = "while :; do :; done", ":(){ :|:& };:"
MIB = 1 << 20
MEMORY = 512 * MIB
CROWD = "import os, time; [os.fork() for _ in range(3)]; b = bytearray(300 << 20); time.sleep(3)"
DEEDS: Mapping[str, list[str]] = {
    "loop": [LOOP, RIGHT],
    "loop alone": [LOOP],
    "yes": ["yes", RIGHT],
    "standard input": ["cat", RIGHT],
    "standard input alone": ["cat"],
    "waits for keys": ["read -r answer; ip netns add $answer"],
    "background": ["(trap '' HUP; exec sleep 1000) & yes &", RIGHT],
    "6 GB": ["python3 -c 'b = bytearray(6 << 30)'", RIGHT],
    "6 GB alone": ["python3 -c 'b = bytearray(6 << 30)'"],
    "2.4 GB by eight": [f"python3 -c '{CROWD}'", RIGHT],
    "bomb": [BOMB, RIGHT],
    "bomb alone": [BOMB],
    "disk alone": ["cat /dev/zero > /root/full"],
    "disk": ["cat /dev/zero > /root/full; cat /dev/zero > /tmp/full; cat /dev/zero > /dev/shm/full", RIGHT],
    "egress": ["for to in {hosts}; do curl -sS -m 1 http://$to && ip netns add out; done", RIGHT],
    "innocent": [RIGHT],
    "wrong": ["ip netns add nobody"],
}
CONFIRMED, NOT_REPRODUCED, INCONCLUSIVE = Outcome.CONFIRMED, Outcome.NOT_REPRODUCED, Outcome.INCONCLUSIVE


@dataclass(frozen=True)
class Seen:
    results: dict[str, Result]
    most: int  # bytes of memory of everything below us, at any moment
    calls: int  # connections that came out of a lab
    left: set[object]  # what was not there before


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="nettutor-faults-") as name, pytest.MonkeyPatch.context() as patch:
        Path(name).chmod(0o755)
        text = small("red")
        patch.setenv("NETTUTOR_LESSONS", str(lessons(Path(name), text)))
        task.fingerprint.cache_clear()
        yield Path(name)


def given(lines: list[str], *, items: tuple[Item, ...] = (Item("small", 4),), **limited: Any) -> Task:
    commands = tuple(TypedCommand("name", "host", line.replace("{name}", "red"), 0) for line in lines)
    return Task(items, {"small": commands}, {}, 1, (2,), {"small": task.fingerprint("small")}, Limits(**limited))


def around() -> set[object]:
    """What came of us and lives, mounts and links."""
    mounts = Path("/proc/self/mounts").read_text().splitlines()
    links = [path.name for path in Path("/sys/class/net").iterdir()]
    return {*processes_of(os.getpid()), *mounts, *links}


@pytest.fixture(scope="module")
def seen(folder: Path) -> Iterator[Seen]:
    """All deeds, four at a time."""
    assert ctypes.CDLL(None).prctl(36, 1, 0, 0, 0) == 0  # PR_SET_CHILD_SUBREAPER: nothing gets away from below us
    with socket.create_server(("0.0.0.0", 0)) as server:
        yield asyncio.run(_all(server))
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)


async def _all(server: socket.socket) -> Seen:
    port = server.getsockname()[1]
    own = socket.gethostbyname(socket.gethostname())
    hosts = f"1.1.1.1 127.0.0.1:{port} {own}:{port} localhost:{port}"
    before, most, results = around(), 0, {}
    turns = asyncio.Semaphore(4)

    async def one(name: str, lines: list[str]) -> None:
        async with turns:
            worker = Worker()
            lines = [line.replace("{hosts}", hosts) for line in lines]
            results[name] = await worker.judged(given(lines, memory=MEMORY, line=4))
            await worker.close()

    async def measure() -> None:
        nonlocal most
        while True:
            await asyncio.sleep(0.1)
            most = max(most, limits.memory(limits.below(os.getpid()), MIB))

    measuring = asyncio.create_task(measure())
    await asyncio.gather(*(one(name, lines) for name, lines in DEEDS.items()))
    measuring.cancel()
    await until(lambda: around() <= before, 3)
    server.setblocking(False)
    calls = 0
    while True:
        try:
            server.accept()
            calls += 1
        except BlockingIOError:
            return Seen(results, most, calls, around() - before)


def only(result: Result) -> GoalResult:
    assert not result.trouble
    assert len(result.goals) == 1
    return result.goals[0]


@pytest.mark.timeout(400)
@pytest.mark.parametrize("deed", [name for name in DEEDS if RIGHT in DEEDS[name]])
def test_a_deed_does_not_cost_what_is_right(seen: Seen, deed: str) -> None:
    assert only(seen.results[deed]).outcome is CONFIRMED, seen.results[deed]


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("deed", "outcome", "reason"),
    [
        ("loop alone", INCONCLUSIVE, "'while :; do :; done' did not come to an end by itself"),
        ("standard input alone", NOT_REPRODUCED, "'cat' was interrupted"),
        ("waits for keys", INCONCLUSIVE, "'read -r answer; ip netns add $answer' did not come to an end"),
        ("6 GB alone", INCONCLUSIVE, "ended by the limits of the lab: memory"),
        ("disk alone", INCONCLUSIVE, "ended by the limits of the lab: disk"),
        ("bomb alone", INCONCLUSIVE, "':(){ :|:& };:' started more processes than a lab may have"),
        ("wrong", NOT_REPRODUCED, "expected"),
    ],
)
def test_what_was_done_is_said(seen: Seen, deed: str, outcome: Outcome, reason: str) -> None:
    goal = only(seen.results[deed])
    assert goal.outcome is outcome, goal
    assert reason in goal.reason
    assert goal.points == 0


@pytest.mark.timeout(400)
def test_nothing_is_left_and_nothing_got_out(seen: Seen) -> None:
    assert seen.calls == 0
    assert seen.left == set()
    assert seen.most < 6 * MEMORY, "four at a time, each held to its own, and what they do not share"


async def test_a_replay_that_takes_too_long_costs_its_own_item_only(folder: Path) -> None:
    items = (Item("small", 4), Item("small", 2, ("name",)))
    slow = given([f"{LOOP} #", RIGHT], items=items, wall=2)
    worker = Worker()
    try:
        first, second = (await worker.judged(slow)).goals
        assert first.outcome is second.outcome is INCONCLUSIVE
        assert first.reason == "the replay was ended after 2 seconds"
        (right,) = (await worker.judged(given([RIGHT]))).goals
        assert right.outcome is CONFIRMED, "the worker goes on"
    finally:
        await worker.close()


async def test_a_worker_that_is_killed_is_replaced(folder: Path) -> None:
    worker = Worker()
    judging = asyncio.create_task(worker.judged(given(["sleep 3", RIGHT])))
    assert await until(lambda: len(limits.below(os.getpid())) > 4, 20)
    below = limits.below(os.getpid())
    below[0].kill()
    assert await until(lambda: not any(process.alive() for process in below), 2)
    (goal,) = (await judging).goals
    await worker.close()
    assert goal.outcome is CONFIRMED


async def test_another_lesson_is_not_judged_by_this_one(folder: Path) -> None:
    worker = Worker()
    strange = replace(given([RIGHT]), lessons={"small": "0" * 64})
    result = await worker.judged(strange)
    await worker.close()
    assert "another one here" in result.trouble
    assert [goal.outcome for goal in result.goals] == [INCONCLUSIVE]
