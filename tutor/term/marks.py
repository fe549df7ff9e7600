"""Cut OSC 133 marks out of what a pty says, and make a transcript of them.

Anybody may print a mark. A forged, broken or endless one costs bounded memory, and the worst that it does is to name
a command that was not typed: nothing is judged by it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

_START = b"\x1b]133;"
_LIMIT = 64 * 1024
_OUTPUT = 4 * 1024
_END = re.compile(rb"[\x07\x1b\x18\x1a]")
_HISTORY = re.compile(r"\s*(\d+)[* ] ?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PromptMark:
    """A prompt, or with ``continuation`` the prompt for the next line of an unfinished command."""

    continuation: bool = False


@dataclass(frozen=True, slots=True)
class StartMark:
    """A command starts. ``number`` is its history number; ``text`` is empty where the shell keeps no history."""

    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class EndMark:
    """A command ended. ``new``: it did not really, but a new shell inside it shows its first prompt."""

    status: int
    new: bool


Mark = PromptMark | StartMark | EndMark


class Splitter:
    """Feed it what was read, in any pieces; get the same without marks, and the marks.

    ``places`` says where each of the marks stood in what the last call gave to be shown."""

    def __init__(self) -> None:
        self.places: tuple[int, ...] = ()
        self._held = b""

    def feed(self, data: bytes) -> tuple[bytes, tuple[Mark, ...]]:
        """Bytes to show, and the marks among them in order. At most 64 KiB of an unfinished mark is held back."""
        places: list[int] = []
        shown, marks = self._cut(data, places)
        self.places = tuple(places)
        return shown, marks

    def _cut(self, data: bytes, places: list[int]) -> tuple[bytes, tuple[Mark, ...]]:
        if self._held:
            data = self._held + data
            self._held = b""
        at = data.find(_START)
        if at < 0:
            return self._keep_tail(data), ()
        shown: list[bytes] = []
        marks: list[Mark] = []
        begin = length = 0
        while at >= 0:
            shown.append(data[begin:at])
            length += at - begin
            end = _END.search(data, at + len(_START))
            if end is None or (end[0] == b"\x1b" and end.end() == len(data)):
                if len(data) - at <= _LIMIT:
                    self._held = data[at:]
                    return b"".join(shown), tuple(marks)
                begin = len(data)
                break
            begin = end.end()
            whole = end[0] == b"\x07"
            if end[0] == b"\x1b":
                whole = data[begin : begin + 1] == b"\\"
                begin = begin + 1 if whole else end.start()
            mark = _parse(data[at + len(_START) : end.start()]) if whole else None
            if mark is not None:
                marks.append(mark)
                places.append(length)
            at = data.find(_START, begin)
        shown.append(self._keep_tail(data[begin:]))
        return b"".join(shown), tuple(marks)

    def _keep_tail(self, data: bytes) -> bytes:
        """Hold back an end that may be the beginning of a mark."""
        for length in range(min(len(_START) - 1, len(data)), 0, -1):
            if data.endswith(_START[:length]):
                self._held = data[-length:]
                return data[:-length]
        return data


def _parse(raw: bytes) -> Mark | None:
    kind, _, rest = raw.partition(b";")
    if kind == b"A":
        return PromptMark()
    if kind == b"P":
        return PromptMark(continuation=b"k=s" in rest)
    if kind == b"D":
        status, _, flags = rest.partition(b";")
        return EndMark(int(status) & 0xFF if status.isdigit() and len(status) < 10 else 0, new=flags == b"new")
    if kind == b"C":
        # The tty has written CR LF for each newline of a command of several lines.
        text = rest[:_LIMIT].decode("utf-8", "replace").replace("\r\n", "\n")
        history = _HISTORY.fullmatch(text)
        if history is None or len(history[1]) > 12:
            return StartMark(None, "")
        return StartMark(int(history[1]), history[2].rstrip("\n"))
    return None


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that ended. Times are of ``time.monotonic``; ``text`` is empty where it could not be known.
    ``output`` is the end of what the terminal showed while it ran, escape sequences among it."""

    text: str
    exit_status: int
    started: float
    ended: float
    output: str = ""


class Phase(Enum):
    """What the shell is doing, as far as its marks tell."""

    UNMARKED = auto()
    PROMPT = auto()
    CONTINUATION = auto()
    RUNNING = auto()


class Transcript:
    """Follow the marks of one terminal.

    A nested shell ends the command that started it at its first prompt; its own end then ends its ``exit``. So one
    pending command is enough, however deep shells are nested.
    """

    def __init__(self) -> None:
        self.phase = Phase.UNMARKED
        self.status = 0
        self._last: StartMark | None = None
        self._text = ""
        self._started = 0.0
        self._output = b""

    def hear(self, data: bytes) -> None:
        """What is shown between two marks; the end of it is kept while a command runs."""
        if self.phase is Phase.RUNNING and data:
            self._output = (self._output + data[-_OUTPUT:])[-_OUTPUT:]

    @property
    def running(self) -> str:
        """The text of the running command; empty when none runs or it is unknown."""
        return self._text if self.phase is Phase.RUNNING else ""

    def see(self, mark: Mark, now: float) -> Finished | None:
        match mark:
            case PromptMark(continuation=True):
                if self.phase is not Phase.RUNNING:
                    self.phase = Phase.CONTINUATION
            case PromptMark():
                self.phase = Phase.PROMPT
            case StartMark():
                # With HISTCONTROL=ignorespace the newest entry is that of the command before.
                stale = mark.number is not None and mark == self._last
                self._last = mark
                self._text = "" if stale else mark.text
                self._started = now
                self._output = b""
                self.phase = Phase.RUNNING
            case EndMark():
                self.status = mark.status
                if mark.new:
                    self._last = None
                if self.phase is Phase.RUNNING:
                    self.phase = Phase.PROMPT
                    output = self._output.decode("utf-8", "replace")
                    return Finished(self._text, mark.status, self._started, now, output)
        return None
