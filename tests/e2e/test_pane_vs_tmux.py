"""The pane and tmux show the same programs: compared cell by cell, characters, colours and looks."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest
from pane_app import PaneApp
from textual.pilot import Pilot

from tutor.term import BASHRC
from tutor.term.vt.frames import DEFAULT_COLOUR, RGB, Look, Run

Cell = tuple[str, int, int, int]
# capture-pane leaves out the cells that an erase has coloured at the end of a line.
UNTOLD: Cell = (" ", DEFAULT_COLOUR, -2, 0)
ON_BLANKS = int(Look.UNDERLINE | Look.REVERSE | Look.STRIKE | Look.OVERLINE)
LOOKS = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16, 7: 32, 8: 64, 9: 128, 53: 256}
UNLOOKS = {22: 3, 23: 4, 24: 8, 25: 16, 27: 32, 28: 64, 29: 128, 55: 256}
ACS = dict(zip("`afgjklmnopqrstuvwxyz{|}~", "◆▒°±┘┐┌└┼⎺⎻─⎼⎽├┤┴┬│≤≥π≠£·", strict=True))
TOKEN = re.compile(r"\x1b\[([\d;:]*)m|\x1b\]8;[^\x1b]*\x1b\\|([\x0e\x0f])|(.)", re.DOTALL)


def colours(codes: Iterator[int]) -> int:
    if next(codes) == 5:
        return next(codes)
    red, green, blue = next(codes), next(codes), next(codes)
    return RGB | red << 16 | green << 8 | blue


class Pen:
    """What capture-pane's SGR sequences add up to."""

    def __init__(self) -> None:
        self.foreground = self.background = DEFAULT_COLOUR
        self.look = 0

    def take(self, parameters: str) -> None:
        codes = iter(int(code.partition(":")[0] or 0) for code in parameters.split(";"))
        for code in codes:
            if code == 0:
                self.foreground = self.background = DEFAULT_COLOUR
                self.look = 0
            elif code in LOOKS:
                self.look |= LOOKS[code]
            elif code in UNLOOKS:
                self.look &= ~UNLOOKS[code]
            elif code in (38, 48):
                setattr(self, "foreground" if code == 38 else "background", colours(codes))
            elif code in (39, 49):
                setattr(self, "foreground" if code == 39 else "background", DEFAULT_COLOUR)
            else:
                base = {3: 0, 9: 8, 4: 0, 10: 8}[code // 10]
                setattr(self, "foreground" if code // 10 in (3, 9) else "background", base + code % 10)


def cell(text: str, foreground: int, background: int, look: int) -> Cell:
    if text == " " and not look & ON_BLANKS:
        return (" ", DEFAULT_COLOUR, background, 0)
    return (text, foreground, background, look)


def captured(lines: Sequence[str], columns: int) -> list[list[Cell]]:
    """The cells of ``tmux capture-pane -p -e -N``; a wide character is followed by an empty cell."""
    pen, rows = Pen(), []
    for line in lines:
        row: list[Cell] = []
        shifted = False
        for parameters, shift, char in TOKEN.findall(line):
            if char:
                drawn = ACS.get(char, char) if shifted else char
                row.append(cell(drawn, pen.foreground, pen.background, pen.look))
                if re.match("[\u1100-\u11ff\u3000-\ud7ff\uff00-\uff60]", drawn):
                    row.append(("", 0, 0, 0))
            elif shift:
                shifted = shift == "\x0e"
            elif parameters or "\x1b" in line:
                pen.take(parameters)
        rows.append(row + [UNTOLD] * (columns - len(row)))
    return rows


def drawn(rows: Sequence[Sequence[Run]]) -> list[list[Cell]]:
    """The same of the emulator's rows."""
    result = []
    for runs in rows:
        row: list[Cell] = []
        for run in runs:
            for char in (run.text,) if run.cluster else run.text:
                row.append(cell(char, run.foreground, run.background, run.look))
                if run.width == 2:
                    row.append(("", 0, 0, 0))
        result.append(row)
    return result


class Tmux:
    """A tmux server of our own with one window."""

    def __init__(self, home: Path) -> None:
        self.socket = home / "tmux"
        self.home = home

    def __call__(self, *arguments: str) -> str:
        command = ["tmux", "-u", "-S", str(self.socket), "-f", "/dev/null", *arguments]
        environment = {
            "HOME": str(self.home),
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        done = subprocess.run(command, env=environment, cwd=self.home, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self, columns: int, rows: int) -> None:
        (self.home / ".bashrc").write_text(BASHRC)
        self("new-session", "-d", "-x", str(columns), "-y", str(rows), "bash")
        self("set", "-g", "default-terminal", "xterm-256color")
        self("set", "-g", "status", "off")
        self("set", "-g", "window-size", "manual")
        self("set", "-g", "escape-time", "0")
        self("resize-window", "-x", str(columns), "-y", str(rows))
        self("respawn-pane", "-k", "bash")

    def cells(self, columns: int) -> list[list[Cell]]:
        return captured(self("capture-pane", "-p", "-e", "-N").split("\n")[:-1], columns)


class Pair:
    """The pane and tmux side by side."""

    def __init__(self, app: PaneApp, pilot: Pilot[object], tmux: Tmux) -> None:
        self.app, self.pilot, self.tmux = app, pilot, tmux
        self.size = (80, 24)

    def send(self, keys: bytes) -> None:
        self.app.shell.send(keys)
        self.tmux("send-keys", "-H", *(f"{byte:02x}" for byte in keys))

    async def resize(self, columns: int, rows: int) -> None:
        self.size = (columns, rows)
        await self.pilot.resize_terminal(columns, rows)
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def differences(self) -> str:
        emulator = self.app.pane.emulator
        assert emulator is not None
        ours, theirs = drawn(emulator.rows), self.tmux.cells(self.size[0])
        if len(ours) != len(theirs):
            return f"{len(ours)} rows, tmux has {len(theirs)}"
        for y, (our, their) in enumerate(zip(ours, theirs, strict=True)):
            for x, (one, other) in enumerate(zip(our, their, strict=False)):
                if one != other and not (other == UNTOLD and one[0] == " "):
                    text = "".join(char for char, *_ in our).rstrip()
                    return f"row {y} column {x}: {one}, tmux has {other}, in {text!r}"
        return ""

    async def same(self, shows: str, seconds: float = 15) -> None:
        """Wait until the pane shows this text and tmux the same cells."""
        await self.app.until(shows, seconds)
        for _ in range(int(seconds / 0.1)):
            if not (different := self.differences()):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(different)


@pytest.fixture(params=[None, "bittty"], ids=["ghostty", "bittty"])
async def pair(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Pair]:
    if shutil.which("tmux") is None:
        pytest.skip("unsupported: tmux is not installed")
    tmux = Tmux(tmp_path)
    tmux.start(80, 24)
    app = PaneApp(tmp_path, request.param)
    try:
        async with app.run_test(size=(80, 24)) as pilot:
            await app.until(":~")
            yield Pair(app, pilot, tmux)
    finally:
        tmux("kill-server")


def need(program: str) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"unsupported: {program} is not installed")


SOURCE = """// 한국어 주석: 이름 공간
#include <stdio.h>
int main(void) {\n\tint count = 42; /* a comment */
\tprintf("hello, %d 안녕\\n", count);\n\treturn 0;\n}
""" + "\n".join(f'static const char *line_{n} = "{"x" * n}";' for n in range(60))


async def test_vim(pair: Pair, tmp_path: Path) -> None:
    need("vim")
    (tmp_path / "main.c").write_text(SOURCE)
    pair.send(b"vim -Nu NONE -n --cmd 'set bg=dark ruler hls ls=2 nu mouse=a' -c 'syntax on' main.c\r")
    await pair.same("#include")
    pair.send(b"/line_2\r")
    await pair.same("/line_2")
    pair.send(b":split\rGzz")
    await pair.same("line_59")
    pair.send("ggOnew 텍스트\x1b".encode())
    await pair.same("new 텍스트")
    await pair.resize(200, 50)
    await pair.same("line_20")
    pair.send(b":qa!\r")
    await asyncio.sleep(1)
    pair.send(b"clear; echo do''ne\r")
    await pair.same("done\n")


async def test_less(pair: Pair, tmp_path: Path) -> None:
    need("less")
    (tmp_path / "long").write_text(SOURCE)
    pair.send(b"less long\r")
    await pair.same("#include")
    pair.send(b" /line_3\r")
    await pair.same("line_30")
    pair.send(b"G")
    await pair.same("(END)")
    await pair.resize(200, 40)
    await pair.same("(END)")
    pair.send(b"gq")
    await pair.same("less long")


async def test_watch_in_colour(pair: Pair) -> None:
    need("watch")
    pair.send(b"watch -t -c 'ip -c -br link show lo; printf \"\\033[1;33myellow\\033[0m \\033[44mblue\\033[0m\\n\"'\r")
    await pair.same("yellow")
    await pair.resize(200, 24)
    await pair.same("yellow")
    pair.send(b"\x03")


async def test_korean_text_and_looks(pair: Pair) -> None:
    for line in (
        "clear; printf '이름공간 %s\\n' 빨강 파랑",
        "printf '\\033[1m굵게\\033[0m \\033[4m밑줄\\033[7m반전\\033[0m\\n'",
        "printf '%079d한\\n' 0",
        'colours() { for i in $(seq 0 7); do printf "\\033[3${i}m$i\\033[9${i}m$i"; done; }',
        'more() { for i in $(seq 0 7); do printf "\\033[38;5;$((i*30))mX\\033[48;2;$i;20;30mY\\033[0m"; done; }',
        "colours; more; echo",
    ):
        pair.send(line.encode() + b"\r")
        await asyncio.sleep(0.3)
    await pair.same("YXY")
    pair.send("echo 한글편집\x1b[D\x1b[D\x7f\x7f나".encode())
    await pair.same("echo 나편집")


async def test_ip_in_colour(pair: Pair) -> None:
    need("ip")
    pair.send(b"clear; ip -c a show lo; ip -c route; ls --color=always -la /etc | head -5\r")
    await pair.same("LOOPBACK")
    await pair.resize(200, 30)
    pair.send(b"clear; ip -c a show lo; echo en''d\r")
    await pair.same("end\n")


async def test_scrolling_regions_and_long_lines(pair: Pair) -> None:
    pair.send(
        b"clear; seq -s ' ' 1 400; printf '\\033[5;10r\\033[10;1Hone\\ntwo\\nthree\\033[r\\033[20;1H'; echo en''d\r"
    )
    await pair.same("end\n")


async def test_htop(pair: Pair, tmp_path: Path) -> None:
    """Its figures change, so what it drew in the pane is recorded and drawn again in tmux."""
    need("htop")
    recorded: list[bytes] = []
    pair.app.shell.on_output(recorded.append)
    pair.app.shell.send(b"clear; exec htop -d 20\r")
    await pair.app.until("F10")
    await asyncio.sleep(3)
    pair.app.shell.pause()
    await asyncio.sleep(0.3)
    (tmp_path / "drawn").write_bytes(b"".join(recorded))
    pair.tmux("respawn-pane", "-k", "stty raw -echo; cat drawn; exec sleep 100")
    await pair.same("F10")
