"""Who is in the foreground of a pty, seen from its master side (tcgetpgrp(3), termios(3), proc(5))."""

from __future__ import annotations

import os
import termios
from dataclasses import dataclass
from pathlib import Path

_READLINE_SHELLS = {"bash", "rbash", "zsh", "fish"}
_PLAIN_SHELLS = {"sh", "dash", "ash", "busybox"}


@dataclass(frozen=True, slots=True)
class Foreground:
    """A foreground process group: its id (0: unknown), and its leader's name and arguments."""

    group: int
    name: str
    arguments: tuple[str, ...]

    @property
    def title(self) -> str:
        return " ".join(self.arguments) or self.name


def look(fd: int) -> Foreground:
    """The foreground of the terminal behind master ``fd``; empty when it has none or is closed."""
    try:
        group = os.tcgetpgrp(fd)
    except OSError:
        return Foreground(0, "", ())
    process = Path(f"/proc/{group}")
    try:
        name = (process / "comm").read_text(errors="replace").strip()
        raw = (process / "cmdline").read_bytes()[:4096]
    except OSError:
        return Foreground(group, "", ())
    return Foreground(group, name, tuple(word.decode("utf-8", "replace") for word in raw.split(b"\0") if word))


def canonical(fd: int) -> bool:
    """Whether the terminal collects lines by itself, that is, no line editor reads keys."""
    try:
        return bool(termios.tcgetattr(fd)[3] & termios.ICANON)
    except (termios.error, OSError):
        return False


def is_waiting_shell(front: Foreground, line_mode: bool) -> bool:
    """Whether ``front`` is an interactive shell that waits for a line."""
    if not front.group or any(not word.startswith("-") for word in front.arguments[1:]):
        return False
    if front.name in _READLINE_SHELLS:
        return not line_mode
    return front.name in _PLAIN_SHELLS and line_mode and _sleeps_alone(front.group)


def _sleeps_alone(process: int) -> bool:
    """No child of it runs (proc(5): ``stat`` field 3, ``task/N/children``)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text(errors="replace").rpartition(")")[2].split()[0]
        children = Path(f"/proc/{process}/task/{process}/children").read_text()
    except (OSError, IndexError):
        return False
    return state == "S" and not children.strip()
