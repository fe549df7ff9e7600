"""A shell on a pty of the machine itself, for tests of the terminal that need no lab."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import subprocess
import termios
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

from tutor.term import BASHRC, Shell


def spawn(
    home: Path, argv: Sequence[str] = ("bash",), *, term: str = "xterm-256color"
) -> tuple[int, asyncio.Future[int]]:
    """Start ``argv`` on a new pty with ``home`` as its home; give the master and its exit status to come."""
    (home / ".bashrc").write_text(BASHRC)
    master, slave = pty.openpty()
    environment: Mapping[str, str] = {
        "HOME": str(home),
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "TERM": term,
        "LANG": "C.UTF-8",
    }

    def control() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        list(argv),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        cwd=home,
        env=environment,
        start_new_session=True,
        preexec_fn=control,
    )
    os.close(slave)
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[int] = loop.create_future()
    pidfd = os.pidfd_open(process.pid)

    def reap() -> None:
        loop.remove_reader(pidfd)
        os.close(pidfd)
        status = process.wait()
        if not ended.done():
            ended.set_result(status if status >= 0 else 128 - status)

    loop.add_reader(pidfd, reap)
    return master, ended


@contextlib.asynccontextmanager
async def host_shell(
    home: Path, argv: Sequence[str] = ("bash",), *, rows: int = 24, columns: int = 80
) -> AsyncIterator[Shell]:
    """A marked bash of the machine in a ``Shell``; it and what it started end with the block."""
    master, ended = spawn(home, argv)

    async def wait() -> int:
        return await asyncio.shield(ended)

    shell = Shell("host", master, wait)
    shell.resize(rows, columns)
    try:
        yield shell
    finally:
        shell.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(ended), 5)
