"""What travels between the tutorial and its emulator child.

A message is one kind byte, a length of four bytes (big endian) and a payload. To the child: bytes to show, a size,
a scroll, a wish for a frame or for text. From the child: how much it has consumed, replies to the program's queries,
and frames: the rows that changed since the last one, as runs of text of one style.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum, IntFlag

HEADER = struct.Struct(">BI")
SIZE = struct.Struct(">HH")
SCROLL = struct.Struct(">i")
AREA = struct.Struct(">IHIH")
COUNT = struct.Struct(">I")

TO_BOTTOM = 2**31 - 1
MAX_MESSAGE = 16 << 20


class Kind(IntEnum):
    """What a message is. Those to the child are below 64."""

    DATA = 1
    RESIZE = 2
    SCROLL = 3
    WANT_FRAME = 4
    WANT_TEXT = 5
    READY = 64
    CONSUMED = 65
    REPLY = 66
    FRAME = 67
    TEXT = 68


class Look(IntFlag):
    """How a run of text looks, beside its colours."""

    BOLD = 1
    DIM = 2
    ITALIC = 4
    UNDERLINE = 8
    BLINK = 16
    REVERSE = 32
    HIDDEN = 64
    STRIKE = 128
    OVERLINE = 256


class Mode(IntFlag):
    """The terminal's modes that matter to whoever sends keys to it."""

    APPLICATION_CURSOR = 1
    APPLICATION_KEYPAD = 2
    BRACKETED_PASTE = 4
    FOCUS = 8
    ALTERNATE_SCREEN = 16
    ALTERNATE_SCROLL = 32


class Tracking(IntEnum):
    """Which mouse events the program asks for (DEC private modes 9, 1000, 1002, 1003)."""

    NONE = 0
    PRESS = 9
    NORMAL = 1000
    BUTTON = 1002
    ANY = 1003


class Coding(IntEnum):
    """How mouse events are written (0: as X10 did; else the DEC private mode)."""

    X10 = 0
    UTF8 = 1005
    SGR = 1006
    URXVT = 1015


class CursorShape(IntEnum):
    BLOCK = 0
    BAR = 1
    UNDERLINE = 2


class ProtocolError(ValueError):
    """The other side does not speak as agreed."""


DEFAULT_COLOUR = -1
RGB = 1 << 24

RawRun = tuple[str, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one style. Colours: -1 default, 0..255 palette, ``RGB | rrggbb``.

    Each character takes ``width`` cells; with ``cluster`` all of the text is one character of so many cells.
    """

    text: str
    width: int
    cluster: bool
    foreground: int
    background: int
    look: int

    @property
    def cells(self) -> int:
        return self.width if self.cluster else self.width * len(self.text)


@dataclass(frozen=True, slots=True)
class Frame:
    """The screen as it is now; ``rows`` holds only the rows that changed, by their number from the top.

    ``cursor`` is column and row in the part that is seen, or None. ``history`` rows lie above the screen, and the
    view is ``scrolled`` rows up into them. ``held``: the program draws (mode 2026), ask again.
    """

    height: int
    width: int
    rows: dict[int, tuple[Run, ...]]
    cursor: tuple[int, int] | None
    cursor_shape: CursorShape
    mode: Mode
    tracking: Tracking
    coding: Coding
    title: str
    history: int
    scrolled: int
    held: bool = False


def message(kind: Kind, payload: bytes = b"") -> bytes:
    return HEADER.pack(kind, len(payload)) + payload


class Reader:
    """Cut a stream into messages."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[Kind, bytes]]:
        """Whole messages. Raises ``ProtocolError`` on an unknown kind or an absurd length."""
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= HEADER.size:
                number, length = HEADER.unpack_from(self._buffer, at)
                if length > MAX_MESSAGE or number not in _KINDS:
                    raise ProtocolError(f"message {number} of {length} bytes")
                end = at + HEADER.size + length
                if len(self._buffer) < end:
                    break
                payload = bytes(self._buffer[at + HEADER.size : end])
                at = end
                yield _KINDS[number], payload
        finally:
            del self._buffer[:at]


_KINDS = {int(kind): kind for kind in Kind}


def encode_frame(
    size: tuple[int, int],
    rows: list[tuple[int, list[RawRun]]],
    cursor: tuple[int, int] | None,
    state: tuple[int, int, int, int],
    title: str,
    view: tuple[int, int, int],
) -> bytes:
    """``state``: cursor shape, modes, tracking, coding. ``view``: history, scrolled, held."""
    return json.dumps((size, rows, cursor, state, title, view), ensure_ascii=True, separators=(",", ":")).encode()


def decode_frame(payload: bytes) -> Frame:
    """Raises ``ProtocolError``: a crashed library may have written anything."""
    try:
        (height, width), rows, cursor, (shape, mode, tracking, coding), title, (history, scrolled, held) = json.loads(
            payload
        )
        return Frame(
            height=int(height),
            width=int(width),
            rows={int(y): tuple(_run(raw) for raw in runs) for y, runs in rows},
            cursor=None if cursor is None else (int(cursor[0]), int(cursor[1])),
            cursor_shape=CursorShape(shape),
            mode=Mode(int(mode)),
            tracking=Tracking(tracking),
            coding=Coding(coding),
            title=str(title),
            history=int(history),
            scrolled=int(scrolled),
            held=bool(held),
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise ProtocolError(f"bad frame: {error}") from error


def _run(raw: list[object]) -> Run:
    text, width, cluster, foreground, background, look = raw
    if not (
        isinstance(text, str)
        and isinstance(width, int)
        and isinstance(foreground, int)
        and isinstance(background, int)
        and isinstance(look, int)
        and 1 <= width <= 2
        and text
    ):
        raise ProtocolError("bad run")
    return Run(text, width, bool(cluster), foreground, background, look)
