"""Reading a text file that somebody wrote: its size, its encoding, its line ends. Nothing is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import ContentError
from tutor.i18n import tell

MAXIMUM_BYTES = 256 * 1024
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class SourceText:
    """The lines of a file without their ends. ``shown`` is how messages call it; line numbers count from 1."""

    shown: str
    lines: tuple[str, ...]

    def error(self, line: int, reason: str) -> ContentError:
        return ContentError(self.shown, line, reason)


def read(path: Path, *, maximum: int = MAXIMUM_BYTES, pipe: bool = False) -> SourceText:
    """Read a UTF-8 text file of at most ``maximum`` bytes.

    A byte order mark and Windows line ends are accepted. ``ContentError`` for anything that is not a regular file,
    too large, not UTF-8, or holds control characters (which could also talk to the terminal). With ``pipe`` it may be
    a pipe or a terminal, too.
    """
    shown = str(path)
    try:
        if not (path.is_file() or (pipe and (path.is_fifo() or path.is_char_device()))):
            reason = tell("it is not a regular file") if path.exists() else tell("there is no such file")
            raise ContentError(shown, 1, reason)
        with path.open("rb") as file:
            data = file.read(maximum + 1)
    except OSError as error:
        raise ContentError(shown, 1, tell("it cannot be read: {error}", error=error.strerror)) from error
    if len(data) > maximum:
        raise ContentError(shown, 1, tell("it is larger than {limit} KiB", limit=maximum // 1024))
    return from_text(shown, _decoded(shown, data))


def from_text(shown: str, text: str) -> SourceText:
    """The same for text that was not read from a file."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    if match := _CONTROL.search(text):
        line = text.count("\n", 0, match.start()) + 1
        code = f"U+{ord(match[0]):04X}"
        raise ContentError(shown, line, tell("the control character {code} is not allowed", code=code))
    return SourceText(shown, tuple(text.split("\n")))


def _decoded(shown: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ContentError(
            shown, line, tell("byte {byte} is not UTF-8 text", byte=f"0x{data[error.start]:02x}")
        ) from error
