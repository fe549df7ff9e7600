"""The learners of a course, from a CSV file as school systems export it: ``id,name`` and perhaps ``key``."""

from __future__ import annotations

import csv
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import ContentError, SubmissionError, UsageError
from tutor.grading import keys
from tutor.i18n import tell

_LARGEST = 8 * 2**20  # bytes; some 50,000 learners with keys
_COLUMNS = ("id", "name", "key")


@dataclass(frozen=True, slots=True)
class Learner:
    """``id`` is what the school knows the learner by; ``key`` is a public key in one line of OpenSSH, or empty."""

    id: str
    name: str
    key: str = ""


def read(path: Path) -> tuple[Learner, ...]:
    """The learners in the order of the file. Columns may come in any order, others are passed over.

    Raises ``ContentError`` with file and line, and ``UsageError`` where the file cannot be read.
    """
    lines = text_of(path).splitlines(keepends=True)
    reader = csv.reader(lines, strict=True)
    try:
        head = [word.strip().casefold() for word in next(reader, [])]
        for name in _COLUMNS[:2]:
            if head.count(name) != 1:
                raise ContentError(path, 1, f"the first line must name the column {name!r} once: id,name,key")
        at = {name: head.index(name) for name in _COLUMNS if name in head}
        found: dict[str, Learner] = {}
        for row in reader:
            if any(cell.strip() for cell in row):
                learner = _learner(path, reader.line_num, row, at)
                if learner.id in found:
                    raise ContentError(path, reader.line_num, f"the id {learner.id!r} is there twice")
                found[learner.id] = learner
    except csv.Error as error:
        raise ContentError(path, reader.line_num, f"it is not CSV: {error}") from error
    if not found:
        raise ContentError(path, 1, "there are no learners in it")
    return tuple(found.values())


def text_of(path: Path) -> str:
    """A CSV file as Excel writes it, too. Raises ``ContentError`` where it is not UTF-8, and ``UsageError``."""
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    if len(data) > _LARGEST:
        raise UsageError(tell("{path}: it is larger than {limit} MiB", path=path, limit=_LARGEST // 2**20))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ContentError(path, line, "it is not UTF-8; export it as CSV UTF-8") from error


def _learner(path: Path, line: int, row: list[str], at: dict[str, int]) -> Learner:
    cells = {name: row[index].strip() if index < len(row) else "" for name, index in at.items()}
    for name, longest in (("id", 64), ("name", 200)):
        cell = cells[name]
        if not cell or len(cell) > longest:
            raise ContentError(path, line, f"the {name} must have 1 to {longest} characters")
        if any(unicodedata.category(character).startswith("C") for character in cell):
            raise ContentError(path, line, f"the {name} holds a character that cannot be seen")
    key = cells.get("key", "")
    if key:
        try:
            key = keys.public_text(keys.parse_public(key))
        except SubmissionError as error:
            raise ContentError(path, line, f"the key: {error}") from error
    return Learner(cells["id"], cells["name"], key)
