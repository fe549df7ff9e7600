"""What the shells showed, as asciicasts (v2, https://docs.asciinema.org/manual/asciicast/v2/), on disk as it happens.

A recording survives the program: it is gone on with where it broke off. It is bounded in size and in pace, so that
``yes`` costs neither the disk nor the screen anything; what is left out is said in its place. Where it cannot be
written the exam goes on without it.
"""

from __future__ import annotations

import codecs
import contextlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path

LARGEST = 768 * 1024
"""Bytes of one recording."""
ALL = 3 * 2**20
"""Characters of all recordings that are handed in together."""
PACE = 16 * 1024
"""Bytes of output a second that are recorded in the long run."""
BURST = 256 * 1024
IDLE = 3
"""Seconds: a player need not show a longer pause."""
SUFFIX = ".cast"
_ENDS_HERE = "\r\n[the recording ends here: it is too long]\r\n"


class Recorder:
    """Appends to one recording. ``size`` is rows and columns; times are seconds since it began, without the time in
    which nothing was recorded because the program was not running."""

    def __init__(self, path: Path, title: str, size: tuple[int, int]) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._started = time.monotonic()
        self._tokens = float(BURST)
        self._refilled = self._started
        self._left_out = 0
        self._size = size
        self._written = 0
        self._handle = -1
        try:
            self._open(path, title)
        except OSError:
            self.close()

    def _open(self, path: Path, title: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        before = path.read_bytes()
        whole = before[: before.rfind(b"\n") + 1]  # the last line may have been torn by a crash
        os.ftruncate(self._handle, len(whole))
        self._written = len(whole)
        if not whole:
            rows, columns = self._size
            head = {"version": 2, "width": columns, "height": rows, "timestamp": int(time.time()), "title": title}
            self._write(json.dumps({**head, "idle_time_limit": IDLE}))
            return
        if whole.endswith(json.dumps(_ENDS_HERE).encode() + b"]\n"):
            self.close()
            return
        self._started -= _last_time(whole) + 1
        self._event("m", "resumed")
        self._event("r", f"{self._size[1]}x{self._size[0]}")

    def output(self, data: bytes, size: tuple[int, int]) -> None:
        """What the terminal was told to show, when it is of ``size``. Never raises."""
        if self._handle < 0:
            return
        now = time.monotonic()
        self._tokens = min(float(BURST), self._tokens + (now - self._refilled) * PACE)
        self._refilled = now
        if self._tokens < len(data):
            self._left_out += len(data)
            return
        self._tokens -= len(data)
        if size != self._size:
            self._size = size
            self._event("r", f"{size[1]}x{size[0]}")
        if self._left_out:
            self._event("o", f"\r\n[{self._left_out} bytes of output are left out]\r\n")
            self._left_out = 0
            self._decoder.reset()
        if text := self._decoder.decode(data):
            self._event("o", text)

    def close(self) -> None:
        handle, self._handle = self._handle, -1
        if handle >= 0:
            with contextlib.suppress(OSError):
                os.close(handle)

    def _event(self, kind: str, text: str) -> None:
        self._write(json.dumps([round(time.monotonic() - self._started, 6), kind, text]))

    def _write(self, line: str) -> None:
        """A line of ASCII; where it would be too much, the last one, which says so."""
        if self._handle < 0:
            return
        full = self._written + len(line) + 1 > LARGEST
        if full:
            line = json.dumps([round(time.monotonic() - self._started, 6), "o", _ENDS_HERE])
        try:
            whole = os.write(self._handle, line.encode() + b"\n") == len(line) + 1
        except OSError:
            whole = False
        self._written += len(line) + 1
        if full or not whole:
            self.close()


def read_all(folder: Path) -> Mapping[str, Mapping[str, str]]:
    """All recordings under ``folder``: by the name of the directory and that of the machine, within ``ALL``."""
    texts = {path: _text(path) for path in sorted(folder.glob(f"*/*{SUFFIX}"))}
    limit = LARGEST + 4096
    while sum(min(len(text), limit) for text in texts.values()) > ALL:
        limit //= 2
    found: dict[str, dict[str, str]] = {}
    for path, text in texts.items():
        found.setdefault(path.parent.name, {})[path.stem] = text[: text.rfind("\n", 0, limit) + 1]
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")
    except OSError:
        return ""


def _last_time(whole: bytes) -> float:
    """Of the last event; 0 where there is none."""
    last = whole[whole.rfind(b"\n", 0, len(whole) - 1) + 1 :]
    with contextlib.suppress(ValueError, TypeError, IndexError, KeyError):
        return float(json.loads(last)[0])
    return 0.0
