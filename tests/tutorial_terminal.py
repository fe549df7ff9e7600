"""The program in a real terminal: a tmux server of our own, and a window to type into and to look at."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tutor import paths

ROOT = Path(__file__).resolve().parents[1]
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
        self.run("start", *arguments, size=size, environment=environment)

    def run(self, *arguments: str, size: tuple[int, int] = (100, 30), environment: str = "") -> None:
        """Any command of the program."""
        program = shlex.join([sys.executable, "-m", "tutor", *arguments])
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
