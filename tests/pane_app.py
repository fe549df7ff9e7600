"""An app that is a shell pane and nothing else, with a bash of the machine in it.

Run as a program it does so in a real terminal: ``python tests/pane_app.py HOME [BACKEND]``.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

from host_pty import spawn
from textual.app import ComposeResult

from tutor.term import Emulator, Shell
from tutor.tui.driver import ShellDriver, ShellKeys
from tutor.tui.widgets.shell_pane import ShellPane


class PaneApp(ShellKeys):
    """``restarts`` counts how often the user asked for a new shell."""

    CSS = "Screen { background: #101010; color: #d0d0d0; }"

    def __init__(self, home: Path, backend: str | None = None, argv: tuple[str, ...] = ("bash",)) -> None:
        super().__init__(driver_class=ShellDriver)
        self.home = home
        self.argv = argv
        self.backend = backend
        self.restarts = 0
        self.copied: list[str] = []

    def compose(self) -> ComposeResult:
        yield ShellPane()

    @property
    def pane(self) -> ShellPane:
        return self.query_one(ShellPane)

    def on_mount(self) -> None:
        if self.backend is not None:
            ShellPane._spare = Emulator(backend=self.backend)
        self.pane.focus()
        self.shell = self.start_shell()
        self.pane.attach(self.shell)

    def start_shell(self) -> Shell:
        master, ended = spawn(self.home, self.argv)

        async def wait() -> int:
            return await asyncio.shield(ended)

        return Shell("host", master, wait)

    def on_shell_pane_restart_requested(self) -> None:
        self.restarts += 1
        self.shell = self.start_shell()
        self.pane.attach(self.shell)

    def on_unmount(self) -> None:
        self.shell.close()

    def copy_to_clipboard(self, text: str) -> None:
        self.copied.append(text)
        super().copy_to_clipboard(text)

    @property
    def text(self) -> str:
        """What the pane shows."""
        pane = self.pane
        return "\n".join(pane.render_line(y).text.rstrip() for y in range(pane.content_size.height))

    async def until(self, text: str, seconds: float = 10) -> None:
        """Wait until the pane shows ``text``."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while text not in self.text:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
        assert text in self.text, self.text


def main() -> None:
    home = Path(sys.argv[1])
    PaneApp(home, sys.argv[2] if len(sys.argv) > 2 else None).run()
    os._exit(0)


if __name__ == "__main__":
    main()
