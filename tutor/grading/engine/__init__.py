"""Where replays run: on the cores of this machine, or on a Dask cluster. The same function of the same bytes on both.

It must not know the gradebook, nor the secret of a course: it gets tasks and gives results.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from tutor.errors import UsageError
from tutor.i18n import tell


class Engine(Protocol):
    """Used as an asynchronous context manager; what still runs then is ended at the exit."""

    slots: int
    """How many tasks are worth giving at once; known after it was entered."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None: ...

    async def judge(self, task: bytes) -> bytes:
        """A packed ``Task`` to a packed ``Result``. ``MachineError`` where nothing can be judged any more."""
        ...


def chosen(name: str, jobs: int | None) -> Engine:
    """``local``, or ``dask://HOST:PORT``, the address of a scheduler. ``UsageError`` for another, ``MachineError``
    where what it takes is not installed."""
    if name == "local":
        from tutor.grading.engine.local import Local

        return Local(jobs)
    if name.startswith("dask://") and name.removeprefix("dask://"):
        from tutor.grading.engine.dask import Dask

        return Dask(name.removeprefix("dask://"), jobs)
    raise UsageError(tell("{name} is no engine; there are local and dask://HOST:PORT", name=repr(name)))
