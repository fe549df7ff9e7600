"""Grading: replays a second on one core and on two, the memory of one, and 1,000 submissions from files to grades."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from handed_in import RIGHT, Pupils, lessons

from bench.harness import Figure, alternate
from tutor.grading import grading, inbox, limits
from tutor.grading.engine.local import Local
from tutor.grading.isolation import Worker
from tutor.grading.limits import Limits
from tutor.grading.task import Task, packed, read_task, task_for

SUBMISSIONS = 1000
REPLAYS = 40  # submissions of one measurement; each is replayed twice, the second time with other values
ROUNDS = 3
CLUSTER = 64  # cores of the projection
MANY = 100_000


@contextlib.contextmanager
def pupils(count: int) -> Iterator[tuple[Pupils, Path]]:
    """A class, and the folder with what it handed in."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["NETTUTOR_LESSONS"] = str(lessons(folder))
        try:
            found = Pupils.found(folder, [f"learner-{number:04}" for number in range(count)])
            for learner in found.keys:
                found.file(folder / "in", learner, "ip link", RIGHT, "ip netns")
            yield found, folder / "in"
        finally:
            del os.environ["NETTUTOR_LESSONS"]


def tasks(found: Pupils, folder: Path) -> list[Task]:
    files = list(grading.files([folder]))
    return [task_for(inbox.accept(path.read_bytes(), found.course), range(8), Limits()) for path in files]


def judged(given: list[Task], cores: int) -> float:
    """Submissions a second, one at a time on each of so many cores."""
    available = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(available)[:cores])
    try:
        return asyncio.run(_judged(list(map(packed, given)), cores))
    finally:
        os.sched_setaffinity(0, available)


async def _judged(given: list[bytes], jobs: int) -> float:
    async with Local(jobs) as engine:
        await asyncio.gather(*(engine.judge(given[0]) for _ in range(jobs)))  # the workers have started
        waiting = iter(given)

        async def slot() -> None:
            for each in waiting:
                await engine.judge(each)

        begin = time.monotonic()
        await asyncio.gather(*(slot() for _ in range(jobs)))
        return len(given) / (time.monotonic() - begin)


async def memory(given: Task) -> float:
    """MiB of one worker with its judge and its lab, what is shared counted by parts, at its most."""
    worker, most = Worker(), 0
    judging = asyncio.create_task(worker.judged(read_task(packed(given))))
    while not judging.done():
        await asyncio.sleep(0.01)
        most = max(most, limits.memory(limits.below(os.getpid()), 0))
    await worker.close()
    return most / 2**20


def end_to_end() -> tuple[float, int]:
    """Seconds for all submissions, by the command; and how many were confirmed."""
    with pupils(SUBMISSIONS) as (found, folder):
        begin = time.monotonic()
        command = [sys.executable, "-m", "tutor", "grade", str(folder), "--course", str(found.course.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        rows = [line.split() for line in done.stdout.splitlines()[1:]]
        return time.monotonic() - begin, sum(row[2] == row[4] for row in rows)


def figures() -> list[Figure]:
    with pupils(REPLAYS) as (found, folder):
        given = tasks(found, folder)
        one, two = alternate(ROUNDS, lambda: judged(given, 1), lambda: judged(given, 2))
        mebibytes = asyncio.run(memory(given[0]))
    seconds, right = end_to_end()
    assert right == SUBMISSIONS, f"{right} of {SUBMISSIONS} were confirmed"
    hours = MANY / (one * CLUSTER) / 3600
    note = f"{2 * one:.1f} replays a second on one core, {2 * two:.1f} on two; {MANY:,} take {hours:.1f} h on {CLUSTER}"
    return [
        Figure("submissions judged on two cores / on one", two / one, 1.7, at_least=True, note=note),
        Figure("memory of a worker with its lab", mebibytes, 150, "MiB"),
        Figure(f"{SUBMISSIONS:,} submissions from files to grades", seconds, 600, "s"),
    ]
