"""A pool of workers on this machine."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from types import TracebackType
from typing import Self

from tutor.grading import task
from tutor.grading.isolation import Worker
from tutor.grading.limits import Limits


class Local:
    """``jobs`` replays at once; by default as many as there are cores for us."""

    def __init__(self, jobs: int | None = None) -> None:
        self.slots = jobs or len(os.sched_getaffinity(0))
        self._limits = Limits.shared(self.slots)
        self._idle: list[Worker] = []
        self._workers: list[Worker] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        workers, self._workers, self._idle = self._workers, [], []
        await asyncio.gather(*(worker.close() for worker in workers))

    async def judge(self, data: bytes) -> bytes:
        given = task.read_task(data)
        memory = min(given.limits.memory, self._limits.memory)
        worker = self._idle.pop() if self._idle else self._new()
        try:
            result = await worker.judged(replace(given, limits=replace(given.limits, memory=memory)))
        finally:
            self._idle.append(worker)
        return task.packed(result)

    def _new(self) -> Worker:
        worker = Worker()
        self._workers.append(worker)
        return worker
