"""The schema, as ordered steps. ``PRAGMA user_version`` counts those that a file has gone through.

A step is never changed once released; a change of the schema is a new function at the end of ``MIGRATIONS``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

APPLICATION_ID = 0x6E65_7475  # "netu", https://www.sqlite.org/pragma.html#pragma_application_id


def _journal(connection: sqlite3.Connection) -> None:
    """``head`` repeats the last entry's place and hash on a page of its own, so that a lost tail is seen."""
    connection.execute(
        "CREATE TABLE event (seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL,"
        " body TEXT NOT NULL, hash BLOB NOT NULL) STRICT"
    )
    connection.execute(
        "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1), seq INTEGER NOT NULL, hash BLOB NOT NULL) STRICT"
    )
    connection.execute("INSERT INTO head VALUES (1, 0, zeroblob(32))")


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (_journal,)


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the file to the newest schema, all in one transaction; safe when two do it at once."""
    if version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in MIGRATIONS[version(connection) :]:
            step(connection)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
