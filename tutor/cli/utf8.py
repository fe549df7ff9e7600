"""UTF-8 for the screen, whatever the locale is called.

Most terminals speak UTF-8 even where the locale, lost on the way through ssh or a container, does not say so. So the
program always writes UTF-8; where the locale says otherwise the terminal itself is asked: after the two bytes of one
character the cursor (DSR 6, ECMA-48 8.3.35) has moved by one column in UTF-8 and by two elsewhere.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import sys
import termios
import time
import tty

from tutor.errors import UsageError
from tutor.i18n import tell

_REPLY = re.compile(rb"\x1b\[(\d+);(\d+)R")
_PATIENCE = 0.4  # seconds


def require() -> None:
    """Return in UTF-8, if need be by starting this program again; ``UsageError`` where the terminal has other plans."""
    if _declared():
        return
    column = _column_after("é".encode())
    if column == 3:
        raise UsageError(tell("this terminal does not show UTF-8; switch its character set to UTF-8 and start again"))
    environment = {**os.environ, "LC_CTYPE": "C.UTF-8", "PYTHONUTF8": "1"}
    if everything := environment.pop("LC_ALL", None):
        environment["LC_MESSAGES"] = everything  # the language stays
    # What the interpreter decided about encodings at its start holds for its whole life.
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], environment)


def _declared() -> bool:
    """The first of these that is set decides, setlocale(3)."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if value := os.environ.get(name):
            return "utf8" in value.lower().replace("-", "")
    return False


def _column_after(data: bytes) -> int | None:
    """Where the cursor stands after ``data`` written at the line's start (columns count from 1); ``None`` unknown."""
    source, screen = sys.stdin.fileno(), sys.stdout.fileno()
    before = termios.tcgetattr(source)
    try:
        tty.setcbreak(source, termios.TCSADRAIN)
        os.write(screen, b"\r" + data + b"\x1b[6n")
        return _reply(source)
    finally:
        with contextlib.suppress(OSError):
            os.write(screen, b"\r\x1b[K")
        termios.tcsetattr(source, termios.TCSADRAIN, before)


def _reply(source: int) -> int | None:
    heard, until = b"", time.monotonic() + _PATIENCE
    while (left := until - time.monotonic()) > 0:
        if select.select([source], [], [], left)[0]:
            heard += os.read(source, 64)
            if match := _REPLY.search(heard):
                return int(match[2])
    return None
