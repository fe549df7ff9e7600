"""A worker process, what it is held to, and what is made of its end.

Whoever calls gets a result for every goal: a judge that has to be ended costs the item that it was at, with the reason,
and the next one goes on with the others.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from tutor.errors import SubmissionError
from tutor.grading import judge, limits, task
from tutor.grading.limits import Limits, Process
from tutor.grading.task import Kind, Result, Task, Word
from tutor.i18n import tell
from tutor.model.grade import GoalResult, Outcome

_WATCH = 0.1
"""Seconds between looks at what a judge uses."""
_MOST_KILLS = 40
"""Processes that are ended for their memory before the whole judge is."""
_MOST_LOSSES = 3
"""Workers that may be lost over one submission."""
_LAB_DEPTH = 5
"""How far below a worker the learner's processes begin: judge, launcher, lab and machine are above them."""
_END = 5.0
"""Seconds that everything below a judge gets to be gone."""
_PACKAGES = Path(__file__).resolve().parents[2]


@dataclass
class _Heard:
    """What one judge said until it ended. ``why`` is why it was ended, if it was."""

    goals: dict[int, tuple[GoalResult, ...]] = field(default_factory=dict)
    at: int = 0
    trouble: str = ""
    why: str = ""
    status: int | None = None
    lost: bool = False  # the worker itself is gone: somebody killed it, and not for what was typed
    forked: bool = False


class Worker:
    """One worker process, started when it is needed. It belongs to the event loop that uses it."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._said = -1  # what it writes to its standard error

    async def judged(self, given: Task) -> Result:
        """Every goal of every item, whatever happens. Raises nothing for what a submission does."""
        judged: dict[int, tuple[GoalResult, ...]] = {}
        open_items = list(range(len(given.items)))
        trouble, losses = "", 0
        while open_items and not trouble:
            heard = await self._once(replace(given, items=tuple(given.items[each] for each in open_items)))
            judged |= {open_items[number]: goals for number, goals in heard.goals.items()}
            at = open_items[min(heard.at, len(open_items) - 1)]
            losses += heard.lost
            if at not in judged and (not heard.lost or losses >= _MOST_LOSSES):
                trouble = heard.trouble
                why = trouble or heard.why or tell("the judge ended ({status})", status=heard.status)
                judged[at] = judge.all_of(given.items[at], given.seed, Outcome.INCONCLUSIVE, why)
            open_items = [each for each in open_items if each not in judged]
        for each in open_items:
            judged[each] = judge.all_of(given.items[each], given.seed, Outcome.INCONCLUSIVE, trouble)
        return Result(tuple(goal for _, goals in sorted(judged.items()) for goal in goals), trouble)

    async def close(self) -> None:
        """End the worker and everything below it. May be called again."""
        process, self._process = self._process, None
        if process is None:
            return
        os.close(self._said)
        everything = limits.below(process.pid)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
        await _gone(everything)

    async def _once(self, given: Task) -> _Heard:
        heard = _Heard()
        try:
            process = self._process or await self._start()
            assert process.stdin is not None
            process.stdin.write(task.packed(given) + b"\n")
            await asyncio.gather(self._feed(process), self._hear(process, given.limits, heard))
        except (OSError, SubmissionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            heard.lost = not heard.why
            heard.why = heard.why or tell("the worker was killed")
            if heard.lost and not heard.forked:
                words = self._last_words() or type(error).__name__
                heard.trouble = tell("a worker cannot be started: {error}", error=words)
            await self.close()
        except BaseException:
            await asyncio.shield(self.close())
            raise
        return heard

    async def _start(self) -> asyncio.subprocess.Process:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        environment["PYTHONPATH"] = os.pathsep.join([str(_PACKAGES), *filter(None, sys.path)])
        said = os.memfd_create("said")
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "tutor.grading.worker"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=said,
                limit=Limits().words,
                env=environment,
                start_new_session=True,
            )
        except BaseException:
            os.close(said)
            raise
        self._said = said
        return self._process

    def _last_words(self) -> str:
        """The last line on its standard error."""
        words = os.pread(self._said, 1 << 16, max(0, os.fstat(self._said).st_size - (1 << 16)))
        lines = words.decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else ""

    async def _feed(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        await process.stdin.drain()

    async def _hear(self, process: asyncio.subprocess.Process, limited: Limits, heard: _Heard) -> None:
        assert process.stdout is not None
        watching: asyncio.Task[None] | None = None
        guard = _Guard(process.pid, limited, heard)
        try:
            while heard.status is None:
                word = task.read_word((await process.stdout.readuntil(b"\n"))[:-1])
                if word.kind is Kind.FORKED:
                    watching = asyncio.create_task(guard.watch(word.number))
                self._note(word, heard, guard)
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.wait([watching])
        await _gone(guard.seen)

    def _note(self, word: Word, heard: _Heard, guard: _Guard) -> None:
        match word.kind:
            case Kind.BEGAN:
                heard.at = word.number
                guard.begin()
            case Kind.JUDGED:
                heard.goals[word.number] = word.goals
            case Kind.TROUBLE:
                heard.trouble = word.text
            case Kind.ENDED:
                heard.status = word.number
                if word.number == -24 or (word.number == -9 and not heard.why):
                    heard.why = tell("the replay was ended by the system: it took too much processor time or memory")
            case Kind.FORKED:
                heard.forked = True


class _Guard:
    """Looks at what is below a worker, and ends what takes too much."""

    def __init__(self, worker: int, limited: Limits, heard: _Heard) -> None:
        self._worker = worker
        self._limits = limited
        self._heard = heard
        self._since = time.monotonic()
        self._kills = 0
        self.seen: list[Process] = []

    def begin(self) -> None:
        """Another item: it has the whole time."""
        self._since = time.monotonic()

    async def watch(self, judge_pid: int) -> None:
        while True:
            await asyncio.sleep(_WATCH)
            self.seen = limits.below(self._worker)
            if time.monotonic() - self._since > self._limits.wall:
                self._end(
                    judge_pid, tell("the replay was ended after {seconds} seconds", seconds=round(self._limits.wall))
                )
            elif limits.memory(self.seen, self._limits.memory) > self._limits.memory:
                self._relieve(judge_pid)

    def _relieve(self, judge_pid: int) -> None:
        """End the largest of the learner's processes, as the kernel would, and the judge when that does not help."""
        learners = [each for each in self.seen if each.depth >= _LAB_DEPTH]
        if learners and self._kills < _MOST_KILLS:
            self._kills += 1
            max(learners, key=limits.own_memory).kill()
        else:
            most = self._limits.memory // 2**20
            self._end(judge_pid, tell("the replay was ended: it took more than {most} MiB of memory", most=most))

    def _end(self, judge_pid: int, why: str) -> None:
        self._heard.why = why
        for process in self.seen:
            if process.pid == judge_pid:
                process.kill()


async def _gone(processes: list[Process]) -> None:
    """Until none of them lives; what is still there after a while is killed by itself."""
    for process in processes:
        if process.alive():
            deadline = time.monotonic() + _END
            while process.alive() and time.monotonic() < deadline:  # noqa: ASYNC110 - the kernel tells nobody
                await asyncio.sleep(0.01)
            process.kill()
