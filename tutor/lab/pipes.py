"""Feed a process and hear it out, without threads, and without waiting for those who keep its pipes open."""

from __future__ import annotations

import asyncio
import contextlib
import os

_CHUNK = 1 << 16
_MOST = 16 << 20  # of each stream; the rest is thrown away
_GRACE = 0.05  # seconds for the last words of a process that ended while others hold its pipes


class _Reader:
    def __init__(self, fd: int) -> None:
        os.set_blocking(fd, False)
        self._loop = asyncio.get_running_loop()
        self._fd = fd
        self._chunks: list[bytes] = []
        self._size = 0
        self.ended: asyncio.Future[None] = self._loop.create_future()
        self._loop.add_reader(fd, self._readable)

    @property
    def data(self) -> bytes:
        return b"".join(self._chunks)

    def _readable(self) -> None:
        try:
            chunk = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk:
            self._loop.remove_reader(self._fd)
            if not self.ended.done():
                self.ended.set_result(None)
        elif self._size < _MOST:
            self._size += len(chunk)
            self._chunks.append(chunk)

    def close(self) -> None:
        self._loop.remove_reader(self._fd)
        os.close(self._fd)


def _release(writable: asyncio.Future[None]) -> None:
    if not writable.done():
        writable.set_result(None)


async def _feed(fd: int, data: bytes) -> None:
    os.set_blocking(fd, False)
    loop = asyncio.get_running_loop()
    try:
        while data:
            try:
                data = data[os.write(fd, data) :]
            except BlockingIOError:
                writable = loop.create_future()
                loop.add_writer(fd, _release, writable)
                try:
                    await writable
                finally:
                    loop.remove_writer(fd)
    except BrokenPipeError:
        pass
    finally:
        os.close(fd)


async def communicate(fds: list[int], stdin: bytes, exited: asyncio.Future[int]) -> tuple[int, bytes, bytes]:
    """``fds`` are our ends of standard input, output and error, and are closed here. Its status and what it wrote,
    at most 16 MiB of each."""
    feeding = asyncio.ensure_future(_feed(fds[0], stdin))
    readers = [_Reader(fd) for fd in fds[1:]]
    try:
        status = await asyncio.shield(exited)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*(asyncio.shield(reader.ended) for reader in readers)), _GRACE)
        return status, readers[0].data, readers[1].data
    finally:
        feeding.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await feeding
        for reader in readers:
            reader.close()
