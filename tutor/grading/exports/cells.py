"""CSV that a spreadsheet cannot be harmed by.

RFC 4180, in UTF-8. A spreadsheet takes a cell that begins with ``=``, ``+``, ``-`` or ``@`` for a formula, quoted or
not (CWE-1236, OWASP "CSV Injection"): a text gets an apostrophe before it then. Numbers are written as numbers. Ids
have to be found again by the system that loads the file, so one that no spreadsheet can be harmed by (``+8210…``,
``@kim``, ``-17``) stays as it is, and only the others get the apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

from tutor import inert
from tutor.grading import saying

_FORMULA = tuple("=+-@＝＋－＠")
_HARMLESS_ID = re.compile(r"[+@-]?[\w.@-]*")

Cell = str | Decimal


def text(value: str) -> str:
    """On one line, with nothing invisible in it."""
    return _quelled(inert.line(value).strip())


def prose(value: str) -> str:
    """As ``text``, but lines stay lines."""
    return _quelled(inert.shown(value).strip())


def identity(value: str) -> str:
    """An id of the roster."""
    return value if _HARMLESS_ID.fullmatch(value) else text(value)


def number(value: float | None) -> Cell:
    """Two decimals at most; an empty text for ``None``."""
    return "" if value is None else Decimal(saying.points(value))


def table(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, excel: bool) -> bytes:
    """A header and rows of the same length. Texts are quoted, so that no semicolon begins a cell of its own where a
    spreadsheet splits at them."""
    file = io.StringIO(newline="")
    csv.writer(file).writerow(header)
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return file.getvalue().encode("utf-8-sig" if excel else "utf-8")


def _quelled(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value
