"""A Dask cluster (dask.distributed): its workers are machines where nettutor is installed, and labs can be made.

Dask itself sends a task again whose worker died. A cluster believes whoever reaches it: it belongs into a network of
its own, or behind TLS (https://distributed.dask.org, "TLS/SSL").
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import sys
from types import TracebackType
from typing import Any, Self

from tutor.errors import MachineError
from tutor.grading import task
from tutor.grading.engine import remote
from tutor.i18n import tell

_CONNECT = 10  # seconds
_AHEAD = 2
"""Tasks for each thread of the cluster: one that runs, one that waits there already."""
_TRIES = 3


class Dask:
    """``address`` is the scheduler's HOST:PORT; ``jobs`` limits how many tasks it has at once."""

    def __init__(self, address: str, jobs: int | None = None) -> None:
        try:
            import distributed
        except ImportError as error:
            raise MachineError(
                tell("Dask is not installed here"),
                tell("Install it with: {python} -m pip install distributed", python=sys.executable),
            ) from error
        self.slots = jobs or 1
        self._jobs = jobs
        self._address = address
        self._distributed: Any = distributed  # which has types in part
        self._client: Any = None

    async def __aenter__(self) -> Self:
        address = self._address if "://" in self._address else f"tcp://{self._address}"
        try:
            self._client = await self._distributed.Client(
                address, asynchronous=True, timeout=_CONNECT, set_as_default=False
            )
            with contextlib.suppress(TimeoutError):
                await self._client.wait_for_workers(1, timeout=_CONNECT)
            threads = sum((await self._client.nthreads()).values())
        except (OSError, ValueError, TimeoutError) as error:
            raise MachineError(
                tell("there is no Dask scheduler at {address}", address=self._address),
                tell("Start one with: dask scheduler"),
            ) from error
        if not threads:
            await self._leave()
            raise MachineError(
                tell("the Dask cluster at {address} has no workers", address=self._address),
                tell("Start some with: dask worker {address}", address=self._address),
            )
        self.slots = self._jobs or _AHEAD * threads
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._leave()

    async def _leave(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with contextlib.suppress(OSError, TimeoutError):
                await client.close(timeout=5)

    async def judge(self, data: bytes) -> bytes:
        died = ""
        for _ in range(_TRIES):
            try:
                return bytes(await self._submitted(data))
            except self._distributed.KilledWorker as error:
                died = str(error).splitlines()[0]
            except asyncio.CancelledError:
                raise
            except (OSError, concurrent.futures.CancelledError) as error:
                raise MachineError(
                    tell("the Dask cluster at {address} is gone", address=self._address),
                    tell("Start it and say the same again: nothing that was judged is lost"),
                ) from error
            except Exception as error:  # whatever a foreign machine raised
                raise MachineError(
                    tell(
                        "a worker of the Dask cluster cannot judge: {error}", error=f"{type(error).__name__}: {error}"
                    ),
                    tell("Install the same version of nettutor on all of its machines"),
                ) from error
        return task.packed(remote.trouble(data, tell("workers of the cluster died over it: {error}", error=died)))

    async def _submitted(self, data: bytes) -> Any:
        future = self._client.submit(remote.judge, data, pure=False, retries=_TRIES)
        try:
            return await future
        except asyncio.CancelledError:
            future.release()
            raise
