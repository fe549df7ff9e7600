"""How the shell pane compares with tmux and with a bare Textual ``Input``, each in a pty of its own."""

from __future__ import annotations

import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pexpect

from bench.harness import Figure, quantile

TESTS = Path(__file__).resolve().parents[1]
ROWS, COLUMNS = 24, 80
ROUNDS = 5
KEYS = 200
INPUT_APP = """
from textual.app import App
from textual.widgets import Input
class Bare(App):
    def compose(self):
        yield Input()
Bare().run()
"""


def spawn(command: list[str], home: Path) -> pexpect.spawn[bytes]:
    environment = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PYTHONPATH": f"{TESTS}:{TESTS.parent}",
    }
    app: pexpect.spawn[bytes] = pexpect.spawn(
        command[0], command[1:], env=environment, dimensions=(ROWS, COLUMNS), timeout=60, cwd=str(home), maxread=65536
    )
    app.delaybeforesend = None
    return app


def pane(home: Path, backend: str | None = None) -> pexpect.spawn[bytes]:
    command = [sys.executable, str(TESTS / "pane_app.py"), str(home), *([backend] if backend else [])]
    app = spawn(command, home)
    app.expect("~[#$]")
    settle(app)
    return app


def tmux(home: Path) -> pexpect.spawn[bytes]:
    app = spawn(["tmux", "-u", "-S", str(home / "socket"), "-f", "/dev/null", "new-session", "bash --norc"], home)
    app.expect("bash-")
    settle(app)
    return app


def settle(app: pexpect.spawn[bytes], seconds: float = 0.5) -> None:
    """Read until it is quiet, or for two seconds: a cursor may blink."""
    until = time.monotonic() + 2
    with contextlib.suppress(pexpect.TIMEOUT):
        while time.monotonic() < until:
            app.read_nonblocking(65536, timeout=seconds)


def end(app: pexpect.spawn[bytes]) -> None:
    app.close(force=True)


def throughput(app: pexpect.spawn[bytes], marker: Path) -> float:
    """Seconds from Enter until ``seq`` has ended and its last line is on the screen."""
    marker.unlink(missing_ok=True)
    start = time.perf_counter()
    app.send(f"seq 1 2000000; touch {marker}; printf 'fin%s\\n' ished\r")
    app.expect("finished")
    taken = time.perf_counter() - start
    settle(app, 0.3)
    return taken


def echoes(app: pexpect.spawn[bytes]) -> list[float]:
    """Seconds from a key to the first output after it, at the pace of a typist."""
    taken = []
    for number in range(KEYS):
        settle(app, 0.03)
        key = "abcdefghij"[number % 10]
        start = time.perf_counter()
        app.send(key)
        seen = b""
        while key.encode() not in seen:
            seen += app.read_nonblocking(65536, timeout=2)
        taken.append(time.perf_counter() - start)
        if number % 40 == 39:
            app.send("\x15")
    return taken


def interrupt(app: pexpect.spawn[bytes], number: int) -> float:
    """Seconds from Ctrl-C under ``yes`` until the next command's output is on the screen."""
    app.send("yes\r")
    until = time.monotonic() + 1
    while time.monotonic() < until:
        app.read_nonblocking(65536, timeout=1)
    start = time.perf_counter()
    app.send("\x03")
    app.expect(rb"\^C")
    app.expect("~[^\r]{0,8}[#$]")
    taken = time.perf_counter() - start
    app.send(f"echo got{number}''there\r")
    app.expect(f"got{number}there")
    settle(app)
    return taken


def compare_throughput(home: Path) -> list[Figure]:
    ours, theirs = pane(home), tmux(home)
    pairs = [(throughput(ours, home / "ours"), throughput(theirs, home / "theirs")) for _ in range(ROUNDS)]
    end(ours)
    end(theirs)
    one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    return [Figure("seq 1 2000000 in the pane / tmux attached", one / other, 1.2, note=f"{one:.2f} s / {other:.2f} s")]


def compare_echo(home: Path) -> list[Figure]:
    ours = pane(home)
    mine = echoes(ours)
    end(ours)
    bare = spawn([sys.executable, "-c", INPUT_APP], home)
    settle(bare, 1.5)
    theirs = echoes(bare)
    end(bare)
    result = []
    for name, share in (("p50", 0.5), ("p95", 0.95)):
        one, other = quantile(mine, share), quantile(theirs, share)
        note = f"{one * 1e3:.1f} ms / {other * 1e3:.1f} ms"
        result.append(Figure(f"key to echo / Textual Input, {name}", one / other, 1.5, note=note))
    return result


def compare_interrupt(home: Path) -> list[Figure]:
    ours = pane(home)
    taken = [interrupt(ours, number) * 1e3 for number in range(ROUNDS)]
    end(ours)
    return [
        Figure(
            "Ctrl-C under yes to the prompt, worst", max(taken), 200, "ms", note=f"p50 {quantile(taken, 0.5):.0f} ms"
        )
    ]


def figures() -> list[Figure]:
    result = []
    for compare in (compare_throughput, compare_echo, compare_interrupt):
        with tempfile.TemporaryDirectory() as home:
            result += compare(Path(home))
            subprocess.run(["tmux", "-S", f"{home}/socket", "kill-server"], stderr=subprocess.DEVNULL, check=False)
    return result
