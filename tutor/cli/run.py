"""``nettutor run``: one command in a fresh lab."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import sys
import termios
import threading
import tty
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from tutor.errors import UsageError
from tutor.i18n import tell

if TYPE_CHECKING:
    from tutor.lab import Lab
    from tutor.model.topology import Topology

_EXAMPLES = tell("""\
examples:
  nettutor run -- ip address             in an empty lab
  nettutor run nat -- ping -c 1 8.8.8.8  on the first machine of a lesson, as the lesson begins
  nettutor run -- bash                   a shell, thrown away afterwards

Exit status: that of the command (128 + N where signal N ended it); 3 where no lab could be built.
""")
_CHUNK = 65536
_LINGER = 0.3  # seconds for output that is still on its way


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary.capitalize() + ".",
        examples=_EXAMPLES,
        usage="nettutor run [-h] [LESSON] -- COMMAND [ARGUMENT ...]",
    )
    parser.add_argument("words", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    before, command = _split(arguments.words)
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    topology, wanted = _network(before[0] if before else None)
    with Bar() as bar:
        tools.ensure(wanted, bar)
    return asyncio.run(_in_lab(topology, command))


def _split(words: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    if "--" not in words:
        raise UsageError(tell("write `--` before the command: nettutor run [LESSON] -- COMMAND"))
    at = words.index("--")
    before, command = words[:at], words[at + 1 :]
    if not command:
        raise UsageError(tell("which command? nettutor run [LESSON] -- COMMAND"))
    if len(before) > 1:
        raise UsageError(tell("one lesson, please, and not {words}", words=repr(" ".join(before))))
    return before, command


def _network(lesson: str | None) -> tuple[Topology, Sequence[str]]:
    from tutor.model.topology import MachineSpec, Topology

    if lesson is None:
        return Topology((MachineSpec("host"),)), ("iproute2",)
    from tutor import content

    loaded = content.load(lesson)
    return loaded.topology, loaded.tools


async def _in_lab(topology: Topology, command: Sequence[str]) -> int:
    from tutor.lab import Lab

    lab = await Lab.boot(topology)
    try:
        machine = topology.machines[0].name
        if sys.stdin.isatty() and sys.stdout.isatty():
            return await _on_terminal(lab, machine, command)
        return await _with_pipes(lab, machine, command)
    finally:
        await lab.close()


async def _on_terminal(lab: Lab, machine: str, command: Sequence[str]) -> int:
    """The command's terminal is a new one inside; ours passes bytes and its size on, and interprets nothing."""
    columns, rows = os.get_terminal_size(0)
    terminal = await lab.terminal(
        machine, command, rows=rows, columns=columns, term=os.environ.get("TERM", "xterm-256color")
    )
    loop = asyncio.get_running_loop()
    keys = bytearray()

    def resize() -> None:
        columns, rows = os.get_terminal_size(0)
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def type_on() -> None:
        with contextlib.suppress(BlockingIOError, OSError):
            del keys[: os.write(terminal.fd, keys)]
        if not keys:
            loop.remove_writer(terminal.fd)

    def heard() -> None:
        data = os.read(0, _CHUNK)
        if not data:
            loop.remove_reader(0)
        keys.extend(data)
        loop.add_writer(terminal.fd, type_on)

    with _raw(0):
        loop.add_signal_handler(signal.SIGWINCH, resize)
        loop.add_reader(0, heard)
        showing = _copy(terminal.fd, 1)
        try:
            status = await terminal.wait()
            await asyncio.wait([showing], timeout=_LINGER)
            return status
        finally:
            showing.cancel()
            loop.remove_reader(0)
            loop.remove_writer(terminal.fd)
            loop.remove_signal_handler(signal.SIGWINCH)
            os.close(terminal.fd)


@contextlib.contextmanager
def _raw(descriptor: int) -> Iterator[None]:
    before = termios.tcgetattr(descriptor)
    tty.setraw(descriptor, termios.TCSADRAIN)
    try:
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSADRAIN, before)


async def _with_pipes(lab: Lab, machine: str, command: Sequence[str]) -> int:
    exited, (stdin, stdout, stderr) = await lab.start(machine, command)
    # A thread, as our input may be a file, which no loop can wait for; a daemon, as it may never end.
    threading.Thread(target=_feed, args=(stdin,), daemon=True).start()
    copies = [_copy(stdout, 1), _copy(stderr, 2)]
    waiting: set[asyncio.Future[Any]] = {exited, *copies}
    try:
        while not exited.done():
            _, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for copy in copies:
                if copy.done():
                    copy.result()
        # What it left running in the background may hold the pipes for ever.
        await asyncio.wait(copies, timeout=_LINGER)
        return await exited
    finally:
        for copy in copies:
            copy.cancel()
        os.close(stdout)
        os.close(stderr)


def _feed(target: int) -> None:
    """Our standard input to its end, and then the end."""
    try:
        while data := os.read(0, _CHUNK):
            _write_all(target, data)
    except OSError:
        pass
    finally:
        os.close(target)


def _copy(source: int, target: int) -> asyncio.Future[None]:
    """Until the end, or, on a terminal, until its other side is closed (EIO); fails where ``target`` does."""
    os.set_blocking(source, False)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()

    def some() -> None:
        try:
            data = os.read(source, _CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        try:
            _write_all(target, data)
        except OSError as error:
            done.set_exception(error)
        if not data and not done.done():
            done.set_result(None)
        if done.done():
            loop.remove_reader(source)

    loop.add_reader(source, some)
    done.add_done_callback(lambda _: loop.remove_reader(source))
    return done


def _write_all(target: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
