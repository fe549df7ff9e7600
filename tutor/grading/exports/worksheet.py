"""Which participant of a Moodle assignment is which learner, by the grading worksheet that the assignment offers.

Its columns are ``Identifier`` (``Participant 123``), ``Full name``, whatever else the site shows of a person (``ID
number``, ``Email address``, ``Username``), and more that does not matter here
(https://docs.moodle.org/en/Using_Assignment; mod/assign/gradingtable.php has the columns).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from tutor.errors import ContentError
from tutor.grading.roster import Learner, text_of

_KNOWN_BY = ("id number", "email address", "username")


def participants(path: Path, learners: Sequence[Learner]) -> dict[str, str]:
    """Numbers of participants by the roster's ids; a learner who is not found is not in it. A name finds a learner only
    where it is the name of one.

    Raises ``ContentError`` with file and line, and ``UsageError`` where the file cannot be read.
    """
    reader = csv.DictReader(text_of(path).splitlines(keepends=True), strict=True)
    ids = {learner.id: learner.id for learner in learners}
    names: dict[str, list[str]] = {}
    for learner in learners:
        names.setdefault(learner.name, []).append(learner.id)
    found: dict[str, str] = {}
    try:
        fields = [(name or "").strip().casefold() for name in reader.fieldnames or ()]
        if "identifier" not in fields:
            raise ContentError(
                path, 1, "the first line has no column 'Identifier': it is no grading worksheet of Moodle"
            )
        reader.fieldnames = fields
        for row in reader:
            number = re.search(r"(\d+)\s*$", row.get("identifier") or "")
            same = names.get((row.get("full name") or "").strip(), [])
            by_id = next((ids[cell] for name in _KNOWN_BY if (cell := (row.get(name) or "").strip()) in ids), None)
            learner_id = by_id or (same[0] if len(same) == 1 else None)
            if number and learner_id:
                found[learner_id] = number[1]
    except csv.Error as error:
        raise ContentError(path, reader.line_num, f"it is not CSV: {error}") from error
    return found
