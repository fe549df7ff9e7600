"""SQLite's write-ahead log: readers and a writer at once, and a file that is whole after every kill."""

from __future__ import annotations

import sqlite3
import time


def use_wal(connection: sqlite3.Connection, patience: float) -> None:
    """Switching needs the whole file for a moment, and does not wait for it by itself: it is tried for ``patience``
    seconds. Raises ``sqlite3.Error``."""
    until = time.monotonic() + patience
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)
        else:
            return
