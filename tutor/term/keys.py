"""Which bytes a key, a mouse event or a paste sends, as xterm does it (ctlseqs: "PC-Style Function Keys", "Mouse
Tracking", "Bracketed Paste Mode").

Keys are named as ``ctrl+a``, ``alt+full_stop``, ``shift+f5``: modifiers, then a name, which for a character is the
character itself or its Unicode name in lower case with underscores.
"""

from __future__ import annotations

import re
import unicodedata
from enum import Enum, auto

from tutor.term.vt.frames import Coding, Mode, Tracking

_ARROWS = {"up": "A", "down": "B", "right": "C", "left": "D", "home": "H", "end": "F"}
_TILDES = {"insert": 2, "delete": 3, "pageup": 5, "pagedown": 6}
_TILDES |= {f"f{number}": code for number, code in zip(range(5, 13), (15, 17, 18, 19, 20, 21, 23, 24), strict=True)}
_LETTERS = {"f1": "P", "f2": "Q", "f3": "R", "f4": "S"}
_PLAIN = {"enter": "\r", "tab": "\t", "escape": "\x1b", "backspace": "\x7f", "space": " "}
_SHORT_NAMES = {
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "plus": "+",
    "underscore": "_",
    "hyphen_minus": "-",
    "less_than_sign": "<",
    "greater_than_sign": ">",
}
_SHIFTED = dict(zip("`1234567890-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', strict=True))
_CONTROLS = {" ": 0, "2": 0, "3": 27, "4": 28, "5": 29, "6": 30, "7": 31, "8": 127, "/": 31, "?": 127, "-": 31}
_UNSAFE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def encode_key(key: str, character: str | None, mode: Mode) -> bytes:
    """The bytes of a key; empty for one that a terminal has no bytes for (a lone modifier, a media key).

    ``character`` is what the real terminal sent for a key without Alt, where it is known: it is passed on.
    """
    *modifiers, name = key.split("+") if key != "+" else ["plus"]
    alt, ctrl, shift = ("alt" in modifiers or "meta" in modifiers), "ctrl" in modifiers, "shift" in modifiers
    special = _special(name, 1 + shift + 2 * alt + 4 * ctrl, mode)
    if special:
        return special.encode()
    if character and not alt:
        return character.encode("utf-8", "replace")
    if name in _PLAIN and not (name == "space" and ctrl):
        text = _PLAIN[name]
        if name == "tab" and shift:
            text = "\x1b[Z"
        elif name == "backspace" and ctrl:
            text = "\x08"
    else:
        text = _character(name)
        if shift:
            text = _SHIFTED.get(text) or text.upper()
        if ctrl:
            text = _control(text)
    if not text:
        return b""
    return ("\x1b" + text if alt else text).encode("utf-8", "replace")


def _special(name: str, modifier: int, mode: Mode) -> str:
    if name[:1] == "f" and name[1:].isdecimal() and 13 <= int(name[1:]) <= 24:
        name, modifier = f"f{int(name[1:]) - 12}", 2  # what terminals send for Shift+F1 and on
    if name in _ARROWS:
        if modifier > 1:
            return f"\x1b[1;{modifier}{_ARROWS[name]}"
        return f"\x1b{'O' if mode & Mode.APPLICATION_CURSOR else '['}{_ARROWS[name]}"
    if name in _LETTERS:
        return f"\x1b[1;{modifier}{_LETTERS[name]}" if modifier > 1 else f"\x1bO{_LETTERS[name]}"
    if name in _TILDES:
        return f"\x1b[{_TILDES[name]};{modifier}~" if modifier > 1 else f"\x1b[{_TILDES[name]}~"
    return ""


def _character(name: str) -> str:
    if len(name) == 1:
        return name
    if name in _SHORT_NAMES:
        return _SHORT_NAMES[name]
    try:
        return unicodedata.lookup(name.replace("_", " "))
    except KeyError:
        return ""


def _control(character: str) -> str:
    if character in _CONTROLS:
        return chr(_CONTROLS[character])
    code = ord(character.upper()) if len(character) == 1 else 0
    return chr(code & 0x1F) if 0x40 <= code < 0x60 else ""


class Act(Enum):
    """What the mouse did."""

    PRESS = auto()
    RELEASE = auto()
    MOVE = auto()
    UP = auto()
    DOWN = auto()
    LEFT = auto()
    RIGHT = auto()


_WHEEL = {Act.UP: 64, Act.DOWN: 65, Act.LEFT: 66, Act.RIGHT: 67}


def encode_mouse(
    act: Act,
    button: int,
    column: int,
    row: int,
    *,
    tracking: Tracking,
    coding: Coding,
    shift: bool = False,
    meta: bool = False,
    ctrl: bool = False,
) -> bytes:
    """The report of a mouse event, empty where the program did not ask for it.

    ``button``: 1 left, 2 middle, 3 right, 0 none; ``column`` and ``row`` count from 0.
    """
    if tracking is Tracking.NONE or column < 0 or row < 0:
        return b""
    if tracking is Tracking.PRESS and act is not Act.PRESS:
        return b""
    if act is Act.MOVE and (tracking is Tracking.NORMAL or (tracking is Tracking.BUTTON and not button)):
        return b""
    code = _WHEEL.get(act, (button - 1) & 3)
    if act is Act.MOVE:
        code += 32
    if tracking is not Tracking.PRESS:
        code += 4 * shift + 8 * meta + 16 * ctrl
    if coding is Coding.SGR:
        return f"\x1b[<{code};{column + 1};{row + 1}{'m' if act is Act.RELEASE else 'M'}".encode()
    if act is Act.RELEASE:
        code |= 3
    if coding is Coding.URXVT:
        return f"\x1b[{code + 32};{column + 1};{row + 1}M".encode()
    numbers = (code + 32, column + 33, row + 33)
    if coding is Coding.UTF8:
        return b"\x1b[M" + "".join(map(chr, numbers)).encode()
    return b"\x1b[M" + bytes(min(number, 255) for number in numbers)


def encode_paste(text: str, mode: Mode) -> bytes:
    """Pasted text, without control characters, so that it cannot end the paste or press keys by itself."""
    safe = _UNSAFE.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\n", "\r")
    if mode & Mode.BRACKETED_PASTE:
        safe = f"\x1b[200~{safe}\x1b[201~"
    return safe.encode("utf-8", "replace")


def encode_focus(focused: bool) -> bytes:
    return b"\x1b[I" if focused else b"\x1b[O"
