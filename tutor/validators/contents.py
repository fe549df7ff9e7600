"""What validators of files share: the text of a file, or why there is none."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.model.facts import Facts, Gone, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unknown, Unmet
from tutor.model.wants import FileOf
from tutor.validators import say

LARGEST = 64 * 1024
"""Bytes of a file that are read; of a longer one, the rest is not known."""


def text_of(facts: Facts, place: Place, path: str, expected: str, layer: Layer) -> str | Unmet | Unknown:
    """A file that is not there is the learner's own state."""
    found = facts.of(FileOf(place.machine, path))
    if not isinstance(found, Unreadable):
        return found.text
    if found.reason is Gone.NO_FILE:
        observed = tell("there is no file {file}", file=path)
        return Unmet(expected, observed, layer, say.on(place.machine, f"ls -l {path}"))
    return Unknown(tell("{file} could not be read: {detail}", file=path, detail=found.detail))


def is_cut(text: str) -> bool:
    """Whether there may be more of the file than was read."""
    return len(text.encode("utf-8", "replace")) >= LARGEST
