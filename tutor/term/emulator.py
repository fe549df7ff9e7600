"""The emulator as the tutorial sees it: bytes in, frames out, and a child process that may die at any time.

A child that dies is replaced at once. The new one is shown what was last on the screen and told the modes the
program had set, so that only history and the bytes under way are lost. One that cannot even start, or dies again and
again on its first bytes, is replaced by the slow library that cannot crash.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from tutor.term.snapshot import snapshot
from tutor.term.vt import frames
from tutor.term.vt.frames import Frame, Kind, ProtocolError, Run, message

FRAME_SECONDS = 1 / 60
_LIMITS = {"ghostty": 512 << 10, "bittty": 16 << 10}
_EARLY_BYTES = 64 << 10
_EARLY_DEATHS = 3
_STUCK_SECONDS = 5.0
_BOOT = "import sys; sys.path[:0] = sys.argv[3:]; from tutor.term.vt.child import main; main()"


def library() -> str:
    """The path of libghostty-vt, or ``bittty`` where this machine has no wheel of it."""
    spec = find_spec("pyghostty")
    if spec is not None and spec.origin is not None:
        path = Path(spec.origin).with_name("_lib") / "libghostty-vt.so"
        if path.is_file():
            return str(path)
    return "bittty"


class Emulator:
    """One terminal screen. Make it inside a running event loop; the child starts at once."""

    def __init__(self, rows: int = 24, columns: int = 80, *, backend: str | None = None) -> None:
        """``backend``: a path of libghostty-vt or ``bittty``; the best that is there if None."""
        self.backend = ""
        self.restarts = 0
        self.rows: list[tuple[Run, ...]] = []
        self.frame: Frame | None = None
        self.on_frame: Callable[[Frame], None] = lambda frame: None
        self.on_reply: Callable[[bytes], None] = lambda data: None
        self.on_pressure: Callable[[bool], None] = lambda on: None
        self.on_restart: Callable[[], None] = lambda: None
        self._size = (max(1, rows), max(1, columns))
        self._library = backend or library()
        self._loop = asyncio.get_running_loop()
        self._texts: deque[asyncio.Future[str]] = deque()
        self._early_deaths = 0
        self._pressed = False
        self._timer: asyncio.TimerHandle | None = None
        self._guard: asyncio.TimerHandle | None = None
        self._closed = False
        self._start(b"")

    @property
    def pid(self) -> int:
        return self._process.pid

    def feed(self, data: bytes) -> None:
        """Show these bytes. Whoever feeds stops while ``on_pressure`` said True."""
        if self._closed:
            return
        self._outstanding += len(data)
        self._send(message(Kind.DATA, data))
        self._press()
        self._want_frame()
        if self._guard is None:
            self._guard = self._loop.call_later(_STUCK_SECONDS, self._watch_progress, self._consumed)

    def resize(self, rows: int, columns: int) -> None:
        self._size = (max(1, min(rows, 1000)), max(1, min(columns, 2000)))
        self._send(message(Kind.RESIZE, frames.SIZE.pack(*self._size)))
        self._want_frame()

    def scroll(self, rows: int) -> None:
        """Move the view into history (negative) or back; ``frames.TO_BOTTOM`` to the newest."""
        self._send(message(Kind.SCROLL, frames.SCROLL.pack(rows)))
        self._want_frame()

    async def text(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        """Plain text between two (row, column), both included; rows count from the oldest of history."""
        if self._socket.fileno() < 0:
            return ""
        future: asyncio.Future[str] = self._loop.create_future()
        self._texts.append(future)
        self._send(message(Kind.WANT_TEXT, frames.AREA.pack(*start, *end)))
        return await future

    def close(self) -> None:
        self._closed = True
        for timer in (self._timer, self._guard):
            if timer is not None:
                timer.cancel()
        self._stop()

    def _start(self, show: bytes) -> None:
        self._timer = None
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        paths = [str(Path(__file__).resolve().parents[2])]
        if self._library == "bittty" and (spec := find_spec("bittty")) and spec.origin:
            paths.append(str(Path(spec.origin).parents[1]))
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, str(theirs.fileno()), self._library, *paths],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={"LANG": "C.UTF-8"},
                cwd="/",
                start_new_session=True,
            )
        self._socket = ours
        self._reader = frames.Reader()
        self._pending = bytearray()
        self._outstanding = self._consumed = 0
        self._asked = self._wanted = False
        self._asked_at = 0.0
        self._showing = len(show)
        self._loop.add_reader(ours, self._readable)
        self.resize(*self._size)
        if show:
            self.feed(show)
        self._press()
        if self.restarts:
            self.on_restart()

    def _stop(self) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.remove_writer(self._socket)
        self._socket.close()
        self._process.kill()
        self._process.wait()
        while self._texts:
            future = self._texts.popleft()
            if not future.done():
                future.set_result("")

    def _died(self) -> None:
        """Replace the child."""
        if self._closed:
            return
        self._early_deaths = self._early_deaths + 1 if self._consumed < _EARLY_BYTES else 0
        # What was to be shown may be what killed it.
        show = b"" if self._consumed < self._showing else self._last_screen()
        self._stop()
        if self._timer is not None:
            self._timer.cancel()
        self.restarts += 1
        if self._early_deaths >= _EARLY_DEATHS and self._library != "bittty":
            self._library = "bittty"
            self._early_deaths = 0
        if self._early_deaths >= _EARLY_DEATHS:
            # Until then nobody is there to take bytes: as good as too many of them.
            self._outstanding = 1 << 30
            self._press()
            self._timer = self._loop.call_later(1.0, self._start, show)
        else:
            self._start(show)

    def _last_screen(self) -> bytes:
        return snapshot(self.rows, self.frame) if self.frame is not None else b""

    def _send(self, data: bytes) -> None:
        self._pending += data
        self._writable()

    def _writable(self) -> None:
        if self._socket.fileno() < 0:
            self._pending.clear()
            return
        try:
            while self._pending:
                del self._pending[: self._socket.send(self._pending[: 1 << 18])]
        except BlockingIOError:
            self._loop.add_writer(self._socket, self._writable)
            return
        except OSError:
            self._pending.clear()  # the reader sees the end
        self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        try:
            data = self._socket.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._died()
            return
        try:
            for kind, payload in self._reader.feed(data):
                self._take(kind, payload)
        except ProtocolError:
            self._died()

    def _take(self, kind: Kind, payload: bytes) -> None:
        match kind:
            case Kind.READY:
                self.backend = payload.decode("ascii", "replace")
            case Kind.CONSUMED if len(payload) == frames.COUNT.size:
                count = frames.COUNT.unpack(payload)[0]
                self._outstanding = max(0, self._outstanding - count)
                self._consumed += count
                self._press()
            case Kind.REPLY:
                self.on_reply(payload)
            case Kind.FRAME:
                self._show(frames.decode_frame(payload))
            case Kind.TEXT:
                if self._texts and not (future := self._texts.popleft()).done():
                    future.set_result(payload.decode("utf-8", "replace"))
            case _:
                raise ProtocolError(f"unexpected {kind!r}")

    def _show(self, frame: Frame) -> None:
        if not (0 < frame.height <= 1000 and 0 < frame.width <= 2000):
            raise ProtocolError("absurd size")
        self._asked = False
        del self.rows[frame.height :]
        self.rows.extend(() for _ in range(frame.height - len(self.rows)))
        for y, runs in frame.rows.items():
            if not 0 <= y < frame.height:
                raise ProtocolError("row out of range")
            self.rows[y] = runs
        self.frame = frame
        if self._wanted or frame.held:
            self._want_frame()
        self.on_frame(frame)

    def _want_frame(self) -> None:
        """Ask for a frame now, or when the last one is old enough."""
        if self._asked or self._timer is not None:
            self._wanted = True
            return
        wait = self._asked_at + FRAME_SECONDS - self._loop.time()
        if wait <= 0:
            self._ask()
        else:
            self._timer = self._loop.call_later(wait, self._ask)

    def _ask(self) -> None:
        self._timer = None
        self._asked, self._wanted = True, False
        self._asked_at = self._loop.time()
        self._send(message(Kind.WANT_FRAME))

    def _press(self) -> None:
        limit = _LIMITS["bittty" if self._library == "bittty" else "ghostty"]
        pressed = self._outstanding > (limit // 2 if self._pressed else limit)
        if pressed != self._pressed:
            self._pressed = pressed
            self.on_pressure(pressed)

    def _watch_progress(self, consumed: int) -> None:
        """A library that hangs is as good as dead."""
        self._guard = None
        if self._closed or not self._outstanding:
            return
        if self._consumed == consumed and self.backend:
            with contextlib.suppress(OSError):
                os.kill(self._process.pid, 9)
            return
        self._guard = self._loop.call_later(_STUCK_SECONDS, self._watch_progress, self._consumed)
