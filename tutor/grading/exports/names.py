"""File names from the ids of learners, which may hold anything."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

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
