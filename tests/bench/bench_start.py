"""``nettutor start`` to the first prompt and the lesson on screen, against a bare Textual app."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from bench.harness import Figure, OnPty, alternate
from tutor import paths

HELLO = """
from textual.app import App, ComposeResult
from textual.widgets import Static

class Hello(App[None]):
    def compose(self) -> ComposeResult:
        yield Static("hello, world")

Hello().run()
"""
NETTUTOR = [sys.executable, "-m", "tutor", "start", "namespaces", "--lang", "en"]


def hello() -> float:
    with OnPty([sys.executable, "-c", HELLO]) as app:
        return max(app.until(b"hello, world").values()) - app.started


def start() -> float:
    """Of a learner who has the tools, and no progress yet."""
    with tempfile.TemporaryDirectory() as home:
        data = Path(home) / "nettutor"
        data.mkdir()
        if paths.tools_layer().is_dir():
            (data / "tools").symlink_to(paths.tools_layer())
        with OnPty(NETTUTOR, env={"XDG_DATA_HOME": home}) as app:
            seen = app.until(b"root@host", b"namespace")
            return max(seen.values()) - app.started


def figures() -> list[Figure]:
    bare, ours = alternate(9, hello, start)
    return [
        Figure("start to first prompt and lesson / Textual hello", ours / bare, 2, note=f"{ours:.2f} s / {bare:.2f} s")
    ]
