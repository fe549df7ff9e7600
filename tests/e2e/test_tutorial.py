"""The program in a real terminal (tmux): start, type, see the tick, quit, go on."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tutor import paths

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30


class Terminal:
    """A tmux server of our own with one window."""

    def __init__(self, directory: Path) -> None:
        self.socket = directory / "tmux"
        self.data = directory / "data"
        (self.data / "nettutor").mkdir(parents=True)
        if paths.tools_layer().is_dir():
            (self.data / "nettutor" / "tools").symlink_to(paths.tools_layer())

    def tmux(self, *arguments: str) -> str:
        command = ["tmux", "-S", str(self.socket), "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout

    def start(self, *arguments: str, size: tuple[int, int] = (100, 30), environment: str = "") -> None:
        program = shlex.join([sys.executable, "-m", "tutor", "start", *arguments])
        line = (
            f"cd {shlex.quote(str(ROOT))}; export XDG_DATA_HOME={shlex.quote(str(self.data))} {environment}; "
            f"LC_ALL=C.UTF-8 {program}; echo left with $?; exec sleep 600"
        )
        columns, rows = size
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "sh", "-c", line)

    def type(self, line: str) -> None:
        self.tmux("send-keys", "-l", line)
        self.keys("Enter")

    def keys(self, *names: str) -> None:
        self.tmux("send-keys", *names)

    @property
    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def until(self, wanted: str | Callable[[str], bool]) -> str:
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self.screen
            if wanted in screen if isinstance(wanted, str) else wanted(screen):
                return screen
            if time.monotonic() > deadline:
                pytest.fail(f"{wanted!r} never came; on the screen is\n{screen}")
            time.sleep(0.05)

    def again(self) -> None:
        """Another terminal on the same data."""
        self.close()
        self.socket = self.socket.with_name(self.socket.name + "+")

    def close(self) -> None:
        subprocess.run(["tmux", "-S", str(self.socket), "kill-server"], capture_output=True, check=False, timeout=20)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("unsupported: no tmux")
    made = Terminal(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_start_type_tick_quit_and_go_on(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    assert "step 1 of" in terminal.screen
    terminal.type("ip netns add red")
    terminal.until("✔ done")
    terminal.type("ip netns add blue")
    terminal.until("step 2 of")
    terminal.keys("F10")
    terminal.until("left with 0")
    terminal.again()

    terminal.start()
    terminal.until("root@host:~#")
    assert "step 2 of" in terminal.until("2. Look inside")
    terminal.type("ip netns | sort | tr '\\n' ,")
    terminal.until(lambda screen: "blue,red," in screen)


def test_it_comes_back_after_being_killed(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    terminal.type("ip netns add red")
    terminal.until("✔ done")
    shell = terminal.tmux("display", "-p", "#{pane_pid}").strip()
    guard = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=True).stdout.split()[0]
    child = subprocess.run(["pgrep", "-P", guard], capture_output=True, text=True, check=True).stdout.split()[0]
    os.kill(int(child), 9)
    terminal.until("left with 137")
    assert "Goals" not in terminal.screen
    terminal.again()
    terminal.start("namespaces")
    terminal.until("✔ done")


def test_all_of_it_fits_80_by_24(terminal: Terminal) -> None:
    terminal.start("namespaces", size=(80, 24))
    screen = terminal.until("root@host:~#")
    for text in ("Network namespaces", "step 1 of", "Goals", "F1 Help", "F10 Quit"):
        assert text in screen
    assert all(len(row) <= 80 for row in screen.split("\n"))


def test_without_colour_nothing_is_lost(terminal: Terminal) -> None:
    terminal.start("namespaces", environment="NO_COLOR=1")
    terminal.until("root@host:~#")
    terminal.until("✘ not yet")
    escaped = terminal.tmux("capture-pane", "-p", "-e")
    for red, green, blue in re.findall(r"\x1b\[[34]8;2;(\d+);(\d+);(\d+)m", escaped):
        assert max(map(int, (red, green, blue))) - min(map(int, (red, green, blue))) < 12


def test_a_terminal_that_is_resized_all_the_time(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    for turn in range(100):
        terminal.tmux("resize-window", "-x", str(20 + turn * 7 % 150), "-y", str(5 + turn * 3 % 40))
    terminal.tmux("resize-window", "-x", "100", "-y", "30")
    terminal.type("echo still-$((40+2))")
    terminal.until("still-42")


def test_20_columns_and_5_rows(terminal: Terminal) -> None:
    terminal.start("namespaces", size=(20, 5), environment="COLUMNS=90 LINES=40")
    terminal.until(lambda screen: "root@host" in screen and "F10 Quit" in screen)
    terminal.keys("F6")
    terminal.until(lambda screen: "root@host" not in screen)
    terminal.keys("F10")
    terminal.until("left with 0")


def test_help_and_contents(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    terminal.keys("F1")
    terminal.until("the next hint; the last one is a solution")
    terminal.keys("Escape")
    terminal.until(lambda screen: "the next hint" not in screen)
    terminal.keys("F5")
    terminal.until("Lessons and steps")
    terminal.keys("Escape")
    terminal.until(lambda screen: "Lessons and steps" not in screen)
    terminal.type("echo typed-$((40+2))")
    terminal.until("typed-42")
