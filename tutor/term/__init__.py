"""A terminal: the shell on its pty, the marks that bound its commands, and the screen those bytes draw.

Three parts that meet only in bytes. ``Shell`` owns one pty: it reads, cuts the marks out (``marks``), and types.
``Emulator`` turns bytes into rows of styled text in a child process of its own, because the library that does it
fast can be crashed by what a program prints. ``keys`` says which bytes a key sends.

Knows nothing of labs, lessons or Textual: a pty is a descriptor and something that waits for its process.
"""

from tutor.term.bashrc import BASHRC
from tutor.term.shell import Finished, Shell, TimedOut

__all__ = ["BASHRC", "Finished", "Shell", "TimedOut"]
