"""Which bytes keys, mouse and pastes send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.term.keys import Act, encode_key, encode_mouse, encode_paste
from tutor.term.vt.frames import Coding, Mode, Tracking

NONE = Mode(0)


@pytest.mark.parametrize(
    ("key", "character", "expected"),
    [
        ("a", "a", b"a"),
        ("한", "한", "한".encode()),
        ("ctrl+c", "\x03", b"\x03"),
        ("ctrl+c", None, b"\x03"),
        ("ctrl+at", None, b"\x00"),
        ("ctrl+space", None, b"\x00"),
        ("ctrl+backslash", None, b"\x1c"),
        ("ctrl+right_square_bracket", None, b"\x1d"),
        ("ctrl+underscore", None, b"\x1f"),
        ("ctrl+slash", None, b"\x1f"),
        ("alt+full_stop", None, b"\x1b."),
        ("alt+b", None, b"\x1bb"),
        ("alt+shift+b", None, b"\x1bB"),
        ("alt+greater_than_sign", None, b"\x1b>"),
        ("alt+shift+comma", None, b"\x1b<"),
        ("alt+backspace", None, b"\x1b\x7f"),
        ("alt+enter", None, b"\x1b\r"),
        ("alt+ctrl+a", None, b"\x1b\x01"),
        ("shift+tab", None, b"\x1b[Z"),
        ("shift+enter", None, b"\r"),
        ("ctrl+backspace", None, b"\x08"),
        ("backspace", "\x7f", b"\x7f"),
        ("shift+a", None, b"A"),
        ("f1", None, b"\x1bOP"),
        ("f5", None, b"\x1b[15~"),
        ("f12", None, b"\x1b[24~"),
        ("f13", None, b"\x1b[1;2P"),
        ("shift+f5", None, b"\x1b[15;2~"),
        ("ctrl+shift+left", None, b"\x1b[1;6D"),
        ("ctrl+pageup", None, b"\x1b[5;5~"),
        ("delete", None, b"\x1b[3~"),
        ("left_shift", None, b""),
        ("caps_lock", None, b""),
    ],
)
def test_keys(key: str, character: str | None, expected: bytes) -> None:
    assert encode_key(key, character, NONE) == expected


def test_arrows_follow_the_cursor_mode() -> None:
    assert encode_key("up", None, NONE) == b"\x1b[A"
    assert encode_key("up", None, Mode.APPLICATION_CURSOR) == b"\x1bOA"
    assert encode_key("home", None, Mode.APPLICATION_CURSOR) == b"\x1bOH"
    assert encode_key("ctrl+up", None, Mode.APPLICATION_CURSOR) == b"\x1b[1;5A"


@given(st.text(max_size=20), st.none() | st.text(max_size=2))
def test_any_key_name_gives_bytes(key: str, character: str | None) -> None:
    assert isinstance(encode_key(key, character, NONE), bytes)


@pytest.mark.parametrize(
    ("act", "button", "tracking", "coding", "expected"),
    [
        (Act.PRESS, 1, Tracking.NONE, Coding.SGR, b""),
        (Act.PRESS, 1, Tracking.NORMAL, Coding.SGR, b"\x1b[<0;5;3M"),
        (Act.RELEASE, 1, Tracking.NORMAL, Coding.SGR, b"\x1b[<0;5;3m"),
        (Act.RELEASE, 3, Tracking.NORMAL, Coding.X10, b"\x1b[M#%#"),
        (Act.PRESS, 2, Tracking.PRESS, Coding.X10, b"\x1b[M!%#"),
        (Act.RELEASE, 2, Tracking.PRESS, Coding.X10, b""),
        (Act.MOVE, 1, Tracking.NORMAL, Coding.SGR, b""),
        (Act.MOVE, 0, Tracking.BUTTON, Coding.SGR, b""),
        (Act.MOVE, 1, Tracking.BUTTON, Coding.SGR, b"\x1b[<32;5;3M"),
        (Act.MOVE, 0, Tracking.ANY, Coding.SGR, b"\x1b[<35;5;3M"),
        (Act.UP, 0, Tracking.NORMAL, Coding.SGR, b"\x1b[<64;5;3M"),
        (Act.DOWN, 0, Tracking.NORMAL, Coding.URXVT, b"\x1b[97;5;3M"),
    ],
)
def test_mouse(act: Act, button: int, tracking: Tracking, coding: Coding, expected: bytes) -> None:
    assert encode_mouse(act, button, 4, 2, tracking=tracking, coding=coding) == expected


def test_a_far_cell_does_not_overflow_the_old_coding() -> None:
    assert encode_mouse(Act.PRESS, 1, 500, 2, tracking=Tracking.NORMAL, coding=Coding.X10) == b"\x1b[M \xff#"
    utf8 = encode_mouse(Act.PRESS, 1, 500, 2, tracking=Tracking.NORMAL, coding=Coding.UTF8)
    assert utf8.decode() == "\x1b[M " + chr(533) + "#"


@given(st.text())
def test_a_paste_cannot_end_itself_or_press_control_keys(text: str) -> None:
    sent = encode_paste(text, Mode.BRACKETED_PASTE)
    assert sent.startswith(b"\x1b[200~")
    assert sent.endswith(b"\x1b[201~")
    inner = sent[6:-6].decode()
    assert not [char for char in inner if char < " " and char not in "\t\r"]
    assert b"\x1b" not in encode_paste(text, NONE)


def test_lines_of_a_paste_end_as_enter_does() -> None:
    assert encode_paste("a\r\nb\nc\rd", NONE) == b"a\rb\rc\rd"
