"""Every key, as the bytes that a real terminal sends, through the app to a program on the pane's pty."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

PANE_APP = Path(__file__).parents[1] / "pane_app.py"
RECORD = """
import os, sys, tty
tty.setraw(0)
out = open(sys.argv[1], "wb", buffering=0)
os.write(1, b"read" + b"y")
while True:
    out.write(os.read(0, 4096))
"""
SAME = {
    "tab": b"\t",
    "enter": b"\r",
    "ctrl+space": b"\x00",
    "controls": bytes(number for number in range(1, 27)),
    "more controls": b"\x1c\x1d\x1e\x1f",
    "backspace": b"\x7f",
    "text": b"aZ09 ~!@#$%^&*()_+{}|:\"<>?`-=[]\\;',./",
    "korean": "한국어 ㅎㅏㄴ".encode(),
    "arrows": b"\x1b[A\x1b[B\x1b[C\x1b[D",
    "home and end": b"\x1b[H\x1b[F",
    "paging": b"\x1b[5~\x1b[6~",
    "insert and delete": b"\x1b[2~\x1b[3~",
    "f11 and f12": b"\x1b[23~\x1b[24~",
    "shift+tab": b"\x1b[Z",
    "ctrl+arrows": b"\x1b[1;5A\x1b[1;5B\x1b[1;5C\x1b[1;5D",
    "shift+arrows": b"\x1b[1;2A\x1b[1;2B\x1b[1;2C\x1b[1;2D",
    "alt+arrows": b"\x1b[1;3A\x1b[1;3B\x1b[1;3C\x1b[1;3D",
    "ctrl+delete": b"\x1b[3;5~",
    "alt+letters": b"".join(b"\x1b" + bytes([code]) for code in b"abcdefghijklmnopqrstuvwxyz"),
    "alt+capitals": b"".join(b"\x1b" + bytes([code]) for code in b"ABCDEFGHIJKLMNQRSTUVWYZ"),
    "alt+digits": b"".join(b"\x1b" + bytes([code]) for code in b"0123456789"),
    "alt+punctuation": b"".join(b"\x1b" + bytes([code]) for code in b".,<>/?-_=+*#&~`!@$%(){}|;:'\"\\"[:27]),
    "alt+backspace": b"\x1b\x7f",
    "alt+enter": b"\x1b\r",
    "alt+ctrl": b"\x1b\x01\x1b\x0c",
}
ALONE = {"escape": b"\x1b", "alt+[": b"\x1b[", "alt+O": b"\x1bO"}
OTHER = {
    "home and end of other terminals": (b"\x1b[1~\x1b[4~\x1bOH\x1bOF", b"\x1b[H\x1b[F\x1b[H\x1b[F"),
    "kitty alt+dot": (b"\x1b[46;3u", b"\x1b."),
    "kitty ctrl+c": (b"\x1b[99;5u", b"\x03"),
    "kitty escape": (b"\x1b[27u", b"\x1b"),
    "kitty alt+shift+f": (b"\x1b[102;4u", b"\x1bF"),
    "paste": (b"\x1b[200~one\ntwo\x1b[201~", b"one\rtwo"),
}


class Recorder:
    """The pane in a real terminal, with a program that writes down what it is sent."""

    def __init__(self, home: Path) -> None:
        self.log = home / "keys"
        script = home / "record.py"
        script.write_text(RECORD)
        self.app = pexpect.spawn(
            sys.executable,
            [str(PANE_APP), str(home)],
            env={**os.environ, "TERM": "xterm-256color", "PYTHONPATH": f"{PANE_APP.parent}:{PANE_APP.parents[1]}"},
            dimensions=(24, 80),
            timeout=20,
        )
        self.app.expect("~[#$]")
        self.app.send(f"{sys.executable} {script} {self.log}\r")
        self.app.expect("ready")

    def press(self, data: bytes, length: int) -> bytes:
        """Send the bytes of a key; give what arrives at the program, at least ``length`` bytes if it ever does."""
        before = self.log.stat().st_size
        self.app.send(data)
        until = time.monotonic() + 5
        while self.log.stat().st_size - before < length and time.monotonic() < until:
            self.app.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.02)
        self.app.expect([pexpect.TIMEOUT, pexpect.EOF], timeout=0.05)
        return self.log.read_bytes()[before:]


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    recorder = Recorder(tmp_path_factory.mktemp("home"))
    yield recorder
    recorder.app.close(force=True)


@pytest.mark.parametrize("name", [*SAME, *ALONE])
def test_a_key_arrives_as_it_was_sent(recorder: Recorder, name: str) -> None:
    data = SAME.get(name) or ALONE[name]
    assert recorder.press(data, len(data)) == data


@pytest.mark.parametrize("name", list(OTHER))
def test_other_codings_arrive_as_xterm_has_them(recorder: Recorder, name: str) -> None:
    data, expected = OTHER[name]
    assert recorder.press(data, len(expected)) == expected
