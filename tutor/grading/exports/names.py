"""File names: from the ids of learners, which may hold anything, and such as Canvas and Moodle find a learner by.

Both take feedback for a whole class in a zip when its files are named like those that were handed in there and
downloaded. Canvas ("Upload Submissions"; app/models/assignment.rb): ``NAME_USER_ATTACHMENT_FILE``, where the first two
parts that are numbers count. Moodle ("Upload multiple feedback files in a zip", https://docs.moodle.org/en/Using_Assignment;
mod/assign/feedback/file/importziplib.php): ``NAME_PARTICIPANT_assignfeedback_file_FILE``; a file that was handed in has
``assignsubmission`` in its place, or is in a directory of that name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import PurePath

_FEEDBACK = "feedback.md"
_LONGEST = 60  # characters; of three bytes each, still below the 255 of most file systems
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def file_names(ids: Iterable[str], suffix: str, *, taken: Iterable[str] = ()) -> dict[str, str]:
    """A name for each id: letters, digits, ``-``, ``_`` and ``.``, different even where case does not count."""
    used = {name.casefold() for name in taken}
    found: dict[str, str] = {}
    for id in ids:
        stem = re.sub(r"[^\w.-]", "_", unicodedata.normalize("NFC", id))[:_LONGEST].strip(".-") or "_"
        if _RESERVED.match(stem):
            stem = f"_{stem}"
        name, number = stem + suffix, 1
        while name.casefold() in used:
            number += 1
            name = f"{stem}-{number}{suffix}"
        used.add(name.casefold())
        found[id] = name
    return found


def canvas_names(files: Mapping[str, str]) -> dict[str, str]:
    """By the roster's ids: names for feedback on ``files``, as they were downloaded from Canvas; without those that are
    not named so."""
    found = {}
    for id, file in files.items():
        parts = PurePath(file).name.split("_")
        numbers = [part for part in parts if part.isascii() and part.isdecimal()]
        if len(numbers) > 1 and not parts[0].isdecimal():
            found[id] = "_".join((_plain(parts[0]), *numbers[:2], _FEEDBACK))
    return found


def moodle_participants(files: Mapping[str, str]) -> dict[str, str]:
    """By the roster's ids: the numbers in ``files``, which are as they were downloaded from Moodle."""
    found = {}
    for id, file in files.items():
        if number := re.search(r"_(\d+)_assignsubmission_file(?:_|/|$)", file, re.ASCII):
            found[id] = number[1]
    return found


def moodle_names(names: Mapping[str, str], participants: Mapping[str, str]) -> dict[str, str]:
    """By the roster's ids: names for feedback. ``names`` are those of people, ``participants`` their numbers."""
    return {
        id: "_".join((_plain(name), participants[id], "assignfeedback", "file", _FEEDBACK))
        for id, name in names.items()
        if id in participants
    }


def _plain(name: str) -> str:
    """Without underscores, at which names are split, and what a file name cannot hold or would be hidden by."""
    return re.sub(r"[^\w ]|_", "-", name).strip(" -")[:_LONGEST] or "learner"
