"""What a worker of a cluster runs: the function by its name, so that nothing but bytes travels.

It runs in the event loop of the Dask worker. The workers that judge are kept for the next task, and end with it.
"""

from __future__ import annotations

from dataclasses import replace

from tutor.grading import judge as judging
from tutor.grading import task
from tutor.grading.isolation import Worker
from tutor.grading.limits import Limits
from tutor.grading.task import Result
from tutor.model.grade import Outcome

_idle: list[Worker] = []


async def judge(data: bytes) -> bytes:
    """A packed ``Task`` to a packed ``Result``."""
    from distributed import get_worker

    given = task.read_task(data)
    memory = min(given.limits.memory, Limits.shared(get_worker().state.nthreads).memory)
    worker = _idle.pop() if _idle else Worker()
    try:
        result = await worker.judged(replace(given, limits=replace(given.limits, memory=memory)))
    finally:
        _idle.append(worker)
    return task.packed(result)


def trouble(data: bytes, reason: str) -> Result:
    """Everything inconclusive for this reason."""
    given = task.read_task(data)
    goals = [judging.all_of(item, given.seed, Outcome.INCONCLUSIVE, reason) for item in given.items]
    return Result(tuple(goal for each in goals for goal in each), reason)
