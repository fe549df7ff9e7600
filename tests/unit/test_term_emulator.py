"""The emulator child: the same conformance for both libraries, and its deaths."""

from __future__ import annotations

import asyncio
import ctypes
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hostile import hostile

from tutor.term import Emulator, emulator
from tutor.term.vt import frames, ghostty
from tutor.term.vt.frames import DEFAULT_COLOUR, RGB, TO_BOTTOM, Coding, CursorShape, Frame, Look, Mode, Run, Tracking

HAS_GHOSTTY = emulator.library() != "bittty"


class Screen:
    """An emulator that is fed with respect for its pressure."""

    def __init__(self, rows: int = 24, columns: int = 80, backend: str | None = None) -> None:
        self.emulator = Emulator(rows, columns, backend=backend)
        self.emulator.on_reply = self._reply
        self.emulator.on_pressure = self._press
        self.replies = b""
        self.free = asyncio.Event()
        self.free.set()

    def _reply(self, data: bytes) -> None:
        self.replies += data

    def _press(self, on: bool) -> None:
        if on:
            self.free.clear()
        else:
            self.free.set()

    async def show(self, data: bytes) -> None:
        await self.free.wait()
        self.emulator.feed(data)

    async def until(self, test: Callable[[], bool], seconds: float = 20) -> None:
        async with asyncio.timeout(seconds):
            while not test():  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def settle(self) -> Frame:
        """A frame that shows all that was fed."""
        await self.until(lambda: bool(self.emulator.backend) and not self.emulator._outstanding)
        seen: list[Frame] = []
        self.emulator.on_frame = seen.append
        self.emulator.scroll(0)
        await self.until(lambda: bool(seen) and not self.emulator._asked)
        assert self.emulator.frame is not None
        return self.emulator.frame

    @property
    def lines(self) -> list[str]:
        return ["".join(run.text for run in row).rstrip() for row in self.emulator.rows]

    @property
    def text(self) -> str:
        return "\n".join(self.lines).rstrip("\n")


@pytest.fixture(params=["ghostty", "bittty"])
async def screen(request: pytest.FixtureRequest) -> AsyncIterator[Screen]:
    if request.param == "ghostty" and not HAS_GHOSTTY:
        pytest.skip("unsupported: no wheel of pyghostty here")
    screen = Screen(8, 20, None if request.param == "ghostty" else "bittty")
    yield screen
    screen.emulator.close()


TEXTS = {
    "lines": (b"one\r\ntwo\r\n", "one\ntwo"),
    "wrap": (b"0123456789" * 3, "01234567890123456789\n0123456789"),
    "no wrap": (b"\x1b[?7l" + b"a" * 19 + b"bcd", "a" * 19 + "d"),
    "tab and backspace": (b"a\tb\x08c", "a       c"),
    "carriage return": (b"abc\rX", "Xbc"),
    "cursor movement": (b"\x1b[3;5Hx\x1b[A\x1b[2Dy\x1b[Bz", "\n   y\n    z"),
    "erase": (b"abcdef\x1b[3D\x1b[Kx\x1b[1;1H\x1b[1Xz", "zbcx"),
    "clear": (b"abc\x1b[2J\x1b[Hd", "d"),
    "insert and delete": (b"abcdef\x1b[1;3H\x1b[2@\x1b[1;1H\x1b[1P", "b  cdef"),
    "lines in and out": (b"1\r\n2\r\n3\x1b[2;1H\x1b[L\x1b[1;1H\x1b[M", "\n2\n3"),
    "scroll region": (b"1\r\n2\r\n3\r\n4\x1b[2;3r\x1b[3;1H\n\x1b[r", "1\n3\n\n4"),
    "reverse index": (b"1\r\n2\x1b[1;1H\x1bM", "\n1\n2"),
    "charset": (b"\x1b(0lqk\x1b(B", "┌─┐"),
    "save and restore": (b"ab\x1b7\x1b[5;5H\x1b8c", "abc"),
    "wide": ("한글ab".encode(), "한글ab"),
    "wide at the edge": (b"x" * 19 + "한".encode(), "x" * 19 + "\n한"),
    "overwritten half of wide": ("한글\x1b[1;2Hx".encode(), " x글"),
    "repeat": (b"a\x1b[3b", "aaaa"),
    "split utf-8": ("가".encode()[:1] + "가".encode()[1:], "가"),
    "bad utf-8": (b"a\xff\xc3(b", "a\ufffd\ufffd(b"),
    "alternate screen": (b"main\x1b[?1049h\x1b[Halt\x1b[?1049l", "main"),
    "osc swallowed": (b"a\x1b]52;c;aGVsbG8=\x07\x1b]0;t\x1b\\\x1b]8;;http://x\x1b\\b\x1b]8;;\x1b\\", "ab"),
    "dcs swallowed": (b"a\x1bPq#0~-\x1b\\\x1b_Gf=100;AAAA\x1b\\b", "ab"),
}


@pytest.mark.parametrize("name", list(TEXTS))
async def test_text(screen: Screen, name: str) -> None:
    data, expected = TEXTS[name]
    for at in range(len(data)):
        await screen.show(data[at : at + 1])
    await screen.settle()
    assert screen.text == expected


LOOKS = {
    "bold red": (b"\x1b[1;31mX", Run("X", 1, False, 1, DEFAULT_COLOUR, Look.BOLD)),
    "bright": (b"\x1b[92;104mX", Run("X", 1, False, 10, 12, 0)),
    "256": (b"\x1b[38;5;200;48;5;100mX", Run("X", 1, False, 200, 100, 0)),
    "rgb": (b"\x1b[38;2;1;2;3;48:2::4:5:6mX", Run("X", 1, False, RGB | 0x010203, RGB | 0x040506, 0)),
    "looks": (b"\x1b[2;3;4;5;7;8;9;53mX", Run("X", 1, False, DEFAULT_COLOUR, DEFAULT_COLOUR, 0b111111110)),
    "looks off": (b"\x1b[1;2;3;4;5;7;8;9m\x1b[22;23;24;25;27;28;29mX", Run("X", 1, False, -1, -1, 0)),
    "wide": ("\x1b[4m한".encode(), Run("한", 2, False, -1, -1, Look.UNDERLINE)),
}


@pytest.mark.parametrize("name", list(LOOKS))
async def test_looks(screen: Screen, name: str) -> None:
    data, expected = LOOKS[name]
    await screen.show(data)
    await screen.settle()
    run = screen.emulator.rows[0][0]
    assert replace(run, text=run.text.rstrip()) == expected


async def test_erased_cells_keep_the_background(screen: Screen) -> None:
    await screen.show(b"\x1b[44m\x1b[K\x1b[0m")
    await screen.settle()
    assert screen.emulator.rows[0] == (Run(" " * 20, 1, False, DEFAULT_COLOUR, 4, 0),)


async def test_modes_cursor_and_title(screen: Screen) -> None:
    frame = await screen.settle()
    assert not frame.mode & ~Mode.ALTERNATE_SCROLL
    assert frame.cursor == (0, 0)
    await screen.show(
        b"\x1b[?1h\x1b=\x1b[?2004h\x1b[?1004h\x1b[?1049h\x1b[?1002h\x1b[?1006h\x1b]2;a title\x07\x1b[5 q\x1b[3;4H"
    )
    frame = await screen.settle()
    wanted = (
        Mode.APPLICATION_CURSOR | Mode.APPLICATION_KEYPAD | Mode.BRACKETED_PASTE | Mode.FOCUS | Mode.ALTERNATE_SCREEN
    )
    assert frame.mode & wanted == wanted
    assert (frame.tracking, frame.coding) == (Tracking.BUTTON, Coding.SGR)
    assert (frame.cursor, frame.cursor_shape, frame.title) == ((3, 2), CursorShape.BAR, "a title")
    await screen.show(b"\x1b[?25l")
    assert (await screen.settle()).cursor is None


async def test_queries_are_answered_but_not_the_dangerous(screen: Screen) -> None:
    await screen.show(b"\x1b[2;3H\x1b[6n\x1b[5n\x1b[c\x1b[?2004$p\x1b[18t")
    await screen.settle()
    assert b"\x1b[2;3R\x1b[0n\x1b[?" in screen.replies
    assert b"\x1b[?2004;2$y" in screen.replies
    assert b"\x1b[8;8;20t" in screen.replies
    screen.replies = b""
    await screen.show(b"\x1b]2;rm -rf /\x07\x1b[21t\x1b[?u\x1b]52;c;?\x07")
    await screen.settle()
    assert b"rm" not in screen.replies
    assert not screen.replies.endswith(b"u")
    assert b"52" not in screen.replies


async def test_history_scrolls_and_is_copied(screen: Screen) -> None:
    await screen.show(b"".join(b"line %d\r\n" % number for number in range(100)) + "한글 end".encode())
    frame = await screen.settle()
    assert (frame.history, frame.scrolled, screen.lines[-1]) == (93, 0, "한글 end")
    screen.emulator.scroll(-10)
    frame = await screen.settle()
    assert (frame.scrolled, screen.lines[0]) == (10, "line 83")
    assert frame.cursor is None
    screen.emulator.scroll(-(1 << 20))
    await screen.settle()
    assert screen.lines[0] == "line 0"
    assert await screen.emulator.text((2, 0), (4, 3)) == "line 2\nline 3\nline"
    assert await screen.emulator.text((100, 0), (100, 19)) == "한글 end"
    screen.emulator.scroll(TO_BOTTOM)
    await screen.settle()
    assert screen.lines[-1] == "한글 end"


async def test_a_wrapped_line_is_copied_as_one(screen: Screen) -> None:
    await screen.show(b"0123456789" * 5)
    await screen.settle()
    assert await screen.emulator.text((0, 15), (2, 9)) == "5678901234567890123456789012345" + "6789"


async def test_resizing_tells_the_size_and_keeps_text(screen: Screen) -> None:
    await screen.show(b"some text\r\n")
    for rows, columns in ((1, 1), (60, 200), (3, 40), (24, 80)):
        screen.emulator.resize(rows, columns)
        frame = await screen.settle()
        assert (frame.height, frame.width, len(screen.emulator.rows)) == (rows, columns, rows)
        assert all(sum(run.cells for run in row) == columns for row in screen.emulator.rows)
    await screen.show(b"\x1b[2J\x1b[Hfine")
    await screen.settle()
    assert screen.text == "fine"


async def test_a_frame_is_held_while_a_program_draws(screen: Screen) -> None:
    await screen.show(b"before\r")
    await screen.settle()
    await screen.show(b"\x1b[?2026hafter!")
    await asyncio.sleep(0.05)
    assert screen.lines[0] == "before"
    await screen.until(lambda: screen.lines[0] == "after!")


async def test_a_killed_child_is_replaced_with_screen_and_modes(screen: Screen) -> None:
    await screen.show(
        b"\x1b[?1049h\x1b[?1h\x1b[?1002h\x1b[?1006h\x1b[2;3H\x1b[1;31mred\x1b[0m \xed\x95\x9c\x1b[44m\x1b[K\x1b[5;6H"
    )
    before = await screen.settle()
    rows = list(screen.emulator.rows)
    for _ in range(2):
        os.kill(screen.emulator.pid, signal.SIGKILL)
        restarts = screen.emulator.restarts
        await screen.until(lambda seen=restarts: screen.emulator.restarts > seen)  # type: ignore[misc]
        after = await screen.settle()
        assert screen.emulator.rows == rows
        assert (after.mode, after.tracking, after.coding, after.cursor) == (
            before.mode,
            before.tracking,
            before.coding,
            before.cursor,
        )


async def test_a_child_that_hangs_is_replaced(screen: Screen, monkeypatch: pytest.MonkeyPatch) -> None:
    await screen.settle()
    monkeypatch.setattr(emulator, "_STUCK_SECONDS", 0.3)
    os.kill(screen.emulator.pid, signal.SIGSTOP)
    await screen.show(b"lost")
    await screen.until(lambda: screen.emulator.restarts == 1)
    await screen.show(b"\x1b[2J\x1b[Hfound")
    await screen.settle()
    assert screen.text == "found"


async def test_the_child_has_its_socket_and_nothing_else(screen: Screen) -> None:
    await screen.settle()
    process = Path(f"/proc/{screen.emulator.pid}")
    assert (process / "environ").read_bytes() in (b"LANG=C.UTF-8\0", b"")
    targets = [str(entry.readlink()) for entry in (process / "fd").iterdir()]
    assert sum(target.startswith("socket:") for target in targets) == 1
    assert {target for target in targets if not target.startswith("socket:")} == {"/dev/null"}


def test_the_child_ends_with_its_parent() -> None:
    program = (
        "import asyncio, os, signal\n"
        "from tutor.term import Emulator\n"
        "async def main():\n"
        "    emulator = Emulator()\n"
        "    print(emulator.pid, flush=True)\n"
        "    await asyncio.sleep(1)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=False)
    child = Path(f"/proc/{int(done.stdout)}")
    for _ in range(200):
        if not child.exists() or ") Z " in (child / "stat").read_text():
            return
        subprocess.run(["sleep", "0.01"], check=True)
    raise AssertionError("the emulator outlived its parent")


async def test_a_library_that_cannot_start_gives_way_to_the_other() -> None:
    screen = Screen(backend="/nonexistent.so")
    await screen.show(b"shown all the same")
    await screen.until(lambda: screen.emulator.backend == "bittty")
    await screen.show(b"\x1b[2J\x1b[Hhello")
    await screen.settle()
    assert screen.text == "hello"
    screen.emulator.close()


@pytest.mark.skipif(not HAS_GHOSTTY, reason="unsupported: no wheel of pyghostty here")
async def test_100_megabytes_of_hostile_bytes_cost_nothing_but_history() -> None:
    size = int(os.environ.get("NETTUTOR_HOSTILE_BYTES", 100_000_000))
    screen = Screen()
    blocks = list(hostile(8 << 20, seed=7))
    fed = 0
    while fed < size:
        block = blocks[(fed >> 16) % len(blocks)]
        await screen.show(block)
        fed += len(block)
        await asyncio.sleep(0)
        if fed % (1 << 20) < 65536:
            screen.emulator.resize(1 + fed % 61, 1 + fed % 203)
    screen.emulator.resize(24, 80)
    await screen.show(b"\x18\x1b\\\x1bc\x1b[2J\x1b[Halive")
    await screen.settle()
    assert screen.text == "alive"
    assert screen.emulator.backend == "ghostty"
    screen.emulator.close()


async def test_hostile_bytes_do_not_end_the_slow_one() -> None:
    screen = Screen(backend="bittty")
    for block in hostile(1 << 17, seed=8):
        await screen.show(block)
    await screen.show(b"\x18\x1b\\\x1bc\x1b[2J\x1b[Halive")
    await screen.until(lambda: not screen.emulator._outstanding, 60)
    await screen.settle()
    assert screen.text == "alive"
    screen.emulator.close()


@pytest.mark.skipif(not HAS_GHOSTTY, reason="unsupported: no wheel of pyghostty here")
def test_the_declarations_are_those_of_the_library() -> None:
    library = ctypes.CDLL(emulator.library())
    library.ghostty_type_json.restype = ctypes.c_char_p
    types = json.loads(library.ghostty_type_json())["types"]
    for ours, theirs in {
        ghostty.Style: "GhosttyStyle",
        ghostty.StyleColour: "GhosttyStyleColor",
        ghostty.CellsView: "GhosttyCellsView",
        ghostty.String: "GhosttyString",
        ghostty.Scrollbar: "GhosttyTerminalScrollbar",
        ghostty.ModeConfig: "GhosttyTerminalModeConfig",
        ghostty.RenderCursor: "GhosttyRenderStateCursor",
        ghostty.SizeReport: "GhosttySizeReportSize",
        ghostty.ScrollViewport: "GhosttyTerminalScrollViewport",
        ghostty.Point: "GhosttyPoint",
        ghostty.GridRef: "GhosttyGridRef",
        ghostty.Selection: "GhosttySelection",
        ghostty.FormatOptions: "GhosttyTerminalSelectionFormatOptions",
    }.items():
        assert ctypes.sizeof(ours) == types[theirs]["size"], theirs
        for name, field in types[theirs]["fields"].items():
            if hasattr(ours, name):
                assert getattr(ours, name).offset == field["offset"], f"{theirs}.{name}"
    bits = types["GhosttyCell"]["bits"]
    assert (bits["content_tag"]["lsb"], bits["content"]["lsb"]) == (0, 2)
    assert (bits["style_id"]["lsb"], bits["style_id"]["width"], bits["wide"]["lsb"]) == (26, 16, 42)
    for prefix, constants in {
        "GhosttyTerminalOption": {"WRITE_PTY": ghostty._WRITE_PTY, "SCROLLBACK_MAX_BYTES": ghostty._SCROLLBACK_BYTES},
        "GhosttyTerminalData": {"SCROLLBAR": ghostty._SCROLLBAR, "MODE": ghostty._MODE, "TITLE": ghostty._TITLE},
        "GhosttyRenderStateData": {"CURSOR": ghostty._CURSOR, "ROW_ITERATOR": ghostty._ROW_ITERATOR},
        "GhosttyRenderStateRowData": {"CELLS": ghostty._ROW_CELLS, "CELLS_RAW": ghostty._ROW_CELLS_RAW},
    }.items():
        for name, value in constants.items():
            assert types[prefix]["values"][name] == value, name


def test_frames_survive_the_way_and_nonsense_is_refused() -> None:
    rows: list[tuple[int, list[frames.RawRun]]] = [(3, [("a한", 2, 0, -1, 5, 1), ("\ud800", 1, 1, -1, -1, 0)])]
    encoded = frames.encode_frame((24, 80), rows, (1, 2), (1, 4, 1002, 1006), "title", (7, 3, 0))
    frame = frames.decode_frame(encoded)
    assert frame.rows[3][0] == Run("a한", 2, False, -1, 5, 1)
    assert (frame.cursor, frame.tracking, frame.history, frame.scrolled) == ((1, 2), Tracking.BUTTON, 7, 3)
    for broken in (b"", b"[]", b"null", b'[[1,2],[],null,[0,0,7,0],"",[0,0,0]]', encoded[:-5], b"[" * 100000, b"\xff"):
        with pytest.raises(frames.ProtocolError):
            frames.decode_frame(broken)
    with pytest.raises(frames.ProtocolError):
        list(frames.Reader().feed(b"\xff\xff\xff\xff\xff"))
