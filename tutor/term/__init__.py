"""A terminal: the shell on its pty, the marks that bound its commands, and the screen those bytes draw.

Three parts that meet only in bytes. ``Shell`` owns one pty: it reads, cuts the marks out (``marks``), and types.
``Emulator`` turns bytes into rows of styled text in a child process of its own (``vt``), because the library that
does it fast can be crashed by what a program prints. ``keys`` says which bytes a key sends.

Knows nothing of labs, lessons or Textual: a pty is a descriptor and something that waits for its process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.term.bashrc import BASHRC
    from tutor.term.emulator import Emulator
    from tutor.term.shell import Finished, Shell, TimedOut

__all__ = ["BASHRC", "Emulator", "Finished", "Shell", "TimedOut"]

_HOMES = {"BASHRC": "bashrc", "Emulator": "emulator", "Finished": "shell", "Shell": "shell", "TimedOut": "shell"}


def __getattr__(name: str) -> object:
    """Import on first use: the emulator child imports this package too, and must not wait for asyncio."""
    if name not in _HOMES:
        raise AttributeError(name)
    from importlib import import_module

    return getattr(import_module(f"tutor.term.{_HOMES[name]}"), name)
