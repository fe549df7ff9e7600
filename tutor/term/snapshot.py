"""Write a screen as the bytes that draw it again, for an emulator that has to start anew."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.term.vt import frames
from tutor.term.vt.frames import CursorShape, Frame, Look, Mode, Run

_CODES = (
    (Look.BOLD, "1"),
    (Look.DIM, "2"),
    (Look.ITALIC, "3"),
    (Look.UNDERLINE, "4"),
    (Look.BLINK, "5"),
    (Look.REVERSE, "7"),
    (Look.HIDDEN, "8"),
    (Look.STRIKE, "9"),
    (Look.OVERLINE, "53"),
)
_MODES = (
    (Mode.APPLICATION_CURSOR, 1),
    (Mode.APPLICATION_KEYPAD, 66),
    (Mode.BRACKETED_PASTE, 2004),
    (Mode.FOCUS, 1004),
)
_SHAPES = {CursorShape.BLOCK: 0, CursorShape.UNDERLINE: 4, CursorShape.BAR: 6}


def snapshot(rows: Sequence[Sequence[Run]], frame: Frame) -> bytes:
    """Control sequences (ECMA-48, xterm ctlseqs) that give an empty terminal these rows, modes and cursor."""
    parts = ["\x1b[?1049h" if frame.mode & Mode.ALTERNATE_SCREEN else "", "\x1b[?7l"]
    for y, runs in enumerate(rows):
        parts.append(f"\x1b[{y + 1};1H")
        parts += [f"\x1b[{style(run)}m{printable(run.text)}" for run in runs]
    parts.append("\x1b[0m\x1b[?7h")
    parts += [f"\x1b[?{number}h" for mode, number in _MODES if frame.mode & mode]
    parts += [f"\x1b[?{int(number)}h" for number in (frame.tracking, frame.coding) if number]
    parts.append(f"\x1b[{_SHAPES[frame.cursor_shape]} q")
    if frame.cursor is None:
        parts.append("\x1b[?25l")
    else:
        parts.append(f"\x1b[{frame.cursor[1] + 1};{frame.cursor[0] + 1}H")
    return "".join(parts).encode("utf-8", "replace")


def style(run: Run) -> str:
    """The SGR parameters of a run, from a reset on."""
    codes = ["0", *(code for look, code in _CODES if run.look & look)]
    for lead, colour in (("38", run.foreground), ("48", run.background)):
        if colour >= frames.RGB:
            codes.append(f"{lead};2;{colour >> 16 & 0xFF};{colour >> 8 & 0xFF};{colour & 0xFF}")
        elif colour >= 0:
            codes.append(f"{lead};5;{colour}")
    return ";".join(codes)


def printable(text: str) -> str:
    """The text without what a terminal or a screen would obey: controls, bidi overrides, lone surrogates."""
    if text.isprintable():
        return text
    return "".join(_safe(char) for char in text)


def _safe(char: str) -> str:
    if char.isprintable():
        return char
    if char in "\u200d\u200c" or char in "\u00a0\u3000":
        return char if char != "\u00a0" else " "
    return "" if "\u200b" <= char <= "\u206f" or char == "\ufeff" else "\ufffd"
