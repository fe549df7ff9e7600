"""One shell on one pty: read it fairly, write to it without blocking, and type commands into it.

The descriptor is the master side, non-blocking, and owned from here on. Whoever made it says through ``wait`` when
the shell's process has ended and with which status.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
import struct
import termios
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tutor.errors import NettutorError
from tutor.term import foreground
from tutor.term.marks import Finished, Mark, Phase, PromptMark, Splitter, StartMark, Transcript

__all__ = ["Finished", "Shell", "TimedOut"]

_READ = 65536
_TURN_SECONDS = 0.008
_TURN_BYTES = 1 << 20
_WRITE_LIMIT = 16 << 20
_UNHEARD = 64 << 10
_GRACE = 0.5
_QUIET = 0.2
_LONG_QUIET = 1.0


@dataclass(frozen=True, slots=True)
class TimedOut:
    """A typed line that had to be stopped. Times are of ``time.monotonic``.

    ``running`` is what was in the foreground then; ``recovered`` tells whether the shell is at a prompt again.
    """

    text: str
    running: str
    started: float
    ended: float
    recovered: bool


class Shell:
    """A shell in a terminal. Make it inside a running event loop."""

    def __init__(self, name: str, fd: int, wait: Callable[[], Awaitable[int]]) -> None:
        self.name = name
        self.transcript = Transcript()
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self.closed: asyncio.Future[int] = self._loop.create_future()
        self._output: list[Callable[[bytes], None]] = []
        self._listeners: list[Callable[[bytes], None]] = []
        self._unheard = bytearray()
        self._command: list[Callable[[Finished], None]] = []
        self._start: list[Callable[[], None]] = []
        self._splitter = Splitter()
        self._pending = bytearray()
        self._reading = False
        self._ended_output = False
        self._paused = False
        self._prompts = 0
        self._last_output = ""
        self._prompter = foreground.Foreground(0, "", ())
        self._heard = time.monotonic()
        self._waiters: set[asyncio.Future[None]] = set()
        self._typing = asyncio.Lock()
        os.set_blocking(fd, False)
        self._watch(True)
        self._waiting = self._loop.create_task(self._wait(wait))

    def on_output(self, callback: Callable[[bytes], None]) -> None:
        """Call it with what is to be shown, marks cut out, at most once a turn of the loop.

        The first one also gets what was to be shown before it came, the prompt among it.
        """
        self._output.append(callback)
        if self._unheard:
            callback(bytes(self._unheard))
            self._unheard.clear()

    def listen(self, callback: Callable[[bytes], None]) -> None:
        """As ``on_output``, for one who shows nothing: what was to be shown before is left for who does."""
        self._listeners.append(callback)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns."""
        try:
            columns, rows = os.get_terminal_size(self._fd)
        except OSError:
            return 24, 80
        return rows, columns

    def on_command(self, callback: Callable[[Finished], None]) -> None:
        """Call it when a command has ended, whoever typed it."""
        self._command.append(callback)

    def on_start(self, callback: Callable[[], None]) -> None:
        """Call it when a command starts."""
        self._start.append(callback)

    def send(self, data: bytes) -> None:
        """Write keys. What the terminal does not take yet is kept, up to 16 MiB; after the end it goes nowhere."""
        if self._fd < 0 or len(self._pending) + len(data) > _WRITE_LIMIT:
            return
        self._pending += data
        self._writable()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal a size in cells; the kernel tells the foreground process (SIGWINCH)."""
        if self._fd >= 0:
            size = struct.pack("HHHH", max(1, min(rows, 0xFFFF)), max(1, min(columns, 0xFFFF)), 0, 0)
            with contextlib.suppress(OSError):
                fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def pause(self) -> None:
        """Stop reading, so that the kernel stops the writers: whoever shows the output cannot keep up."""
        self._paused = True
        self._watch(False)

    def resume(self) -> None:
        self._paused = False
        if self._fd >= 0 and not self._ended_output:
            self._watch(True)

    def close(self) -> None:
        """Hang up. Processes of the terminal get SIGHUP from the kernel."""
        self._waiting.cancel()
        self._end(-1)

    async def type(self, line: str, timeout: float) -> Finished | TimedOut:
        """Type ``line`` and Enter at the prompt, as keys, and wait for the end mark.

        Each line of a text of several lines is typed when the shell asks for it. A first part of a longer command
        (an open quote, a here-document) ends at the continuation prompt, with status 0. A shell that is closed by
        the line (``exit``) ends it with its own status. A shell without marks (``bash --norc``, ``sh``) ends it
        when it waits in the foreground and is quiet, with status 0.

        After ``timeout`` seconds: Ctrl-C, Ctrl-backslash, SIGTERM and SIGKILL to the foreground, until a prompt.
        """
        async with self._typing:
            started = time.monotonic()
            deadline = started + timeout
            in_time = await self._prompted(-1, deadline)
            self._last_output = ""
            for part in line.replace("\r\n", "\n").rstrip("\n").split("\n"):
                if not in_time or self.closed.done():
                    break
                before = self._prompts
                self.send(_as_keys(part))
                in_time = await self._prompted(before, deadline)
            if in_time:
                return Finished(line, self._status(), started, time.monotonic(), self._last_output)
            running = self.transcript.running or foreground.look(self._fd).title or line
            recovered = await self._interrupt()
            return TimedOut(line, running, started, time.monotonic(), recovered)

    def _status(self) -> int:
        """Of what was typed last; 0 where it has not ended or was not marked."""
        if self.closed.done():
            return self.closed.result()
        return self.transcript.status if self.transcript.phase is Phase.PROMPT else 0

    async def _interrupt(self) -> bool:
        """Get back to a prompt, asking more and more firmly."""
        for firmer in (b"\x03", b"\x1c", signal.SIGTERM, signal.SIGKILL):
            before = self._prompts
            if isinstance(firmer, bytes):
                self.send(firmer)
            else:
                self._signal(firmer)
            if await self._prompted(before, time.monotonic() + _GRACE):
                return not self.closed.done()
        return False

    def _signal(self, number: signal.Signals) -> None:
        """Signal the foreground process group, but never the shell that shows the prompts."""
        group = foreground.look(self._fd).group
        if group > 1 and group not in (self._prompter.group, os.getpgrp()):
            with contextlib.suppress(OSError):
                os.killpg(group, number)

    async def _prompted(self, before: int, deadline: float) -> bool:
        """Wait for a prompt later than number ``before`` (-1: that there is one) and until it reads keys."""
        sent = time.monotonic()
        while not self.closed.done():
            marked = self._prompts > before if before >= 0 else self.transcript.phase in _PROMPTS
            if marked and await self._reads_keys(deadline):
                return True
            if not marked and self._unmarked_prompt(sent):
                return True
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            await self._next_event(min(left, 0.1))
        return True

    async def _reads_keys(self, deadline: float) -> bool:
        """Wait until readline has the terminal; keys that come sooner would be echoed twice."""
        prompts = self._prompts
        patience = min(deadline, time.monotonic() + _GRACE)
        # The kernel tells nobody of a change of termios.
        while self._fd >= 0 and foreground.canonical(self._fd) and time.monotonic() < patience:  # noqa: ASYNC110
            await asyncio.sleep(0.0005)
        return self._prompts == prompts

    def _unmarked_prompt(self, sent: float) -> bool:
        """A shell without marks is at its prompt: it is in front, waits for input and has been quiet.

        So is our own when the learner took the mark out of PS2 and it asks for the next line of a command.
        """
        quiet = time.monotonic() - max(sent, self._heard)
        if quiet < _QUIET:
            return False
        front = foreground.look(self._fd)
        if front == self._prompter and (quiet < _LONG_QUIET or self.transcript.phase not in _PROMPTS):
            return False
        return foreground.is_waiting_shell(front, foreground.canonical(self._fd))

    async def _next_event(self, timeout: float) -> None:
        waiter = self._loop.create_future()
        self._waiters.add(waiter)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(waiter, timeout)
        self._waiters.discard(waiter)

    def _wake(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    def _watch(self, on: bool) -> None:
        wanted = on and not self._paused
        if wanted and not self._reading:
            self._loop.add_reader(self._fd, self._readable)
        elif self._reading and not wanted:
            self._loop.remove_reader(self._fd)
        self._reading = wanted

    def _readable(self) -> None:
        """Read for at most one short turn, so that keys and frames get theirs."""
        chunks: list[bytes] = []
        size = 0
        until = time.monotonic() + _TURN_SECONDS
        while size < _TURN_BYTES:
            try:
                chunk = os.read(self._fd, _READ)
            except BlockingIOError:
                break
            except OSError:  # EIO: the last descriptor of the other side was closed
                chunk = b""
            if not chunk:
                self._ended_output = True
                self._watch(False)
                break
            chunks.append(chunk)
            size += len(chunk)
            if time.monotonic() > until:
                break
        if chunks:
            self._heard = time.monotonic()
            self._hear(b"".join(chunks))

    def _hear(self, data: bytes) -> None:
        shown, marks = self._splitter.feed(data)
        if shown and not self._output:
            self._unheard += shown
            del self._unheard[:-_UNHEARD]
        if shown:
            for show in (*self._output, *self._listeners):
                show(shown)
        begin = 0
        for mark, place in zip(marks, self._splitter.places, strict=True):
            self.transcript.hear(shown[begin:place])
            begin = place
            self._see(mark)
        self.transcript.hear(shown[begin:])

    def _see(self, mark: Mark) -> None:
        finished = self.transcript.see(mark, time.monotonic())
        if isinstance(mark, PromptMark):
            self._prompts += 1
            self._prompter = foreground.look(self._fd)
            self._wake()
        if isinstance(mark, StartMark):
            for tell_start in self._start:
                tell_start()
        if finished is not None:
            self._last_output = finished.output
            for tell in self._command:
                tell(finished)

    def _writable(self) -> None:
        try:
            while self._pending:
                written = os.write(self._fd, self._pending[:4096])
                del self._pending[:written]
        except BlockingIOError:
            self._loop.add_writer(self._fd, self._writable)
            return
        except OSError:
            self._pending.clear()
        self._loop.remove_writer(self._fd)

    async def _wait(self, wait: Callable[[], Awaitable[int]]) -> None:
        try:
            status = await wait()
        except (NettutorError, OSError):
            status = -1
        turns = 0
        while self._fd >= 0 and not self._ended_output and turns < 64:
            # Its last words; background processes may still hold the terminal and speak on.
            heard = self._heard
            self._readable()
            turns += 1
            if self._heard == heard:
                break
            await asyncio.sleep(0)
        self._end(status)

    def _end(self, status: int) -> None:
        if self._fd < 0:
            return
        self._watch(False)
        self._loop.remove_writer(self._fd)
        os.close(self._fd)
        self._fd = -1
        if not self.closed.done():
            self.closed.set_result(status)
        self._wake()


_PROMPTS = (Phase.PROMPT, Phase.CONTINUATION)


def _as_keys(line: str) -> bytes:
    """The keys of a line and Enter. Control characters are quoted (Ctrl-V), so that Tab does not complete."""
    keys = "".join(f"\x16{char}" if char < " " or char == "\x7f" else char for char in line)
    return keys.encode("utf-8", "replace") + b"\r"
