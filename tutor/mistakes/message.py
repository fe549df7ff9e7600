"""A message that a tool prints, and what it means."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tutor.i18n import Told


@dataclass(frozen=True, slots=True)
class Message:
    """``sentence`` is Markdown; its place-holders are the named groups of the pattern. ``always``: also when the exit
    status was 0, as that of a program which reports and does not fail."""

    pattern: re.Pattern[str]
    sentence: Told
    always: bool = False


def message(pattern: str, sentence: Told, *, always: bool = False) -> Message:
    return Message(re.compile(pattern, re.MULTILINE), sentence, always)
