"""How the shell pane compares with tmux and with a bare Textual ``Input``. Prints figures and ratios; asserts none.

``python tests/bench/bench_terminal.py [throughput|echo|interrupt] ...`` runs each program in a pty of its own.
"""

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


def quantiles(values: list[float]) -> tuple[float, float]:
    ordered = sorted(values)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.95)]


def compare_throughput(home: Path) -> None:
    ours, theirs = pane(home), tmux(home)
    pairs = [(throughput(ours, home / "ours"), throughput(theirs, home / "theirs")) for _ in range(ROUNDS)]
    end(ours)
    end(theirs)
    one, other = (statistics.median(column) for column in zip(*pairs, strict=True))
    print(f"seq 1 2000000 at {COLUMNS}x{ROWS}: pane {one:.2f} s, tmux {other:.2f} s, ratio {one / other:.2f} (<= 1.2)")


def compare_echo(home: Path) -> None:
    ours = pane(home)
    mine = echoes(ours)
    end(ours)
    bare = spawn([sys.executable, "-c", INPUT_APP], home)
    settle(bare, 1.5)
    theirs = echoes(bare)
    end(bare)
    for name, one, other in zip(("p50", "p95"), quantiles(mine), quantiles(theirs), strict=True):
        print(
            f"key to echo {name}: pane {one * 1e3:.1f} ms, Input {other * 1e3:.1f} ms, ratio {one / other:.2f} (<= 1.5)"
        )


def compare_interrupt(home: Path) -> None:
    ours = pane(home)
    taken = [interrupt(ours, number) for number in range(ROUNDS)]
    end(ours)
    print(
        f"Ctrl-C under yes: prompt after {statistics.median(taken) * 1e3:.0f} ms, worst {max(taken) * 1e3:.0f} (<= 200)"
    )


def main() -> None:
    wanted = sys.argv[1:] or ["throughput", "echo", "interrupt"]
    parts = {"throughput": compare_throughput, "echo": compare_echo, "interrupt": compare_interrupt}
    for name in wanted:
        with tempfile.TemporaryDirectory() as home:
            parts[name](Path(home))
            subprocess.run(["tmux", "-S", f"{home}/socket", "kill-server"], stderr=subprocess.DEVNULL, check=False)


if __name__ == "__main__":
    main()
