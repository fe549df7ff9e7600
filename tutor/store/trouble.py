"""What SQLite complains of, as far as there is something that a person can do about it."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto


class Trouble(Enum):
    """``DAMAGED`` is whatever is none of the others."""

    FULL = auto()
    HELD = auto()
    DENIED = auto()
    DISK = auto()
    DAMAGED = auto()


_CODES = {
    sqlite3.SQLITE_FULL: Trouble.FULL,
    sqlite3.SQLITE_BUSY: Trouble.HELD,
    sqlite3.SQLITE_LOCKED: Trouble.HELD,
    sqlite3.SQLITE_READONLY: Trouble.DENIED,
    sqlite3.SQLITE_CANTOPEN: Trouble.DENIED,
    sqlite3.SQLITE_PERM: Trouble.DENIED,
    sqlite3.SQLITE_AUTH: Trouble.DENIED,
    sqlite3.SQLITE_IOERR: Trouble.DISK,
}


def trouble(error: sqlite3.Error) -> Trouble:
    """By the result code, of which the low byte is the primary one (https://www.sqlite.org/rescode.html)."""
    return _CODES.get(getattr(error, "sqlite_errorcode", -1) & 0xFF, Trouble.DAMAGED)
