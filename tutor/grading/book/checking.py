"""Whether a gradebook is one, and one that can be believed. Nothing is written: what is refused stays as it is."""

from __future__ import annotations

import re
import sqlite3
import stat
from pathlib import Path

from sqlalchemy import Connection, create_engine, inspect
from sqlalchemy.pool import NullPool

from tutor.grading.book import ledger, refusals, tables
from tutor.grading.book.refusals import Where
from tutor.i18n import tell

_HEADER = b"SQLite format 3\0"  # https://www.sqlite.org/fileformat.html#the_database_header


def check_file(where: Where, path: Path, seconds: float) -> None:
    """Refuse what is no gradebook, newer or damaged; a file that is not there or empty may become one.

    A connection that may write would fold the log into the file when it closes; a read-only one leaves it alone.
    """
    try:
        about = path.stat()
    except FileNotFoundError:
        return
    if not stat.S_ISREG(about.st_mode):
        raise refusals.foreign(where)
    with path.open("rb") as file:
        header = file.read(len(_HEADER))
    if not header:
        return
    if header != _HEADER:
        raise refusals.foreign(where)
    uri = f"{path.resolve().as_uri()}?mode=ro"
    engine = create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri, uri=True, timeout=seconds), poolclass=NullPool
    )
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        if not connection.exec_driver_sql("SELECT 1 FROM sqlite_schema").first():
            return
        if connection.exec_driver_sql("PRAGMA application_id").scalar_one() != tables.APPLICATION_ID:
            raise refusals.foreign(where)
        check_version(where, version(connection))
        check(connection, where)


def version(connection: Connection) -> str | None:
    """Of the schema; ``None`` where there is none yet, and empty where it is not told."""
    if not inspect(connection).has_table(tables.VERSION_TABLE):
        return None
    return connection.exec_driver_sql(f"SELECT version_num FROM {tables.VERSION_TABLE}").scalar() or ""


def check_version(where: Where, found: str | None) -> None:
    if found is None or not re.fullmatch(r"\d{4}", found):
        raise refusals.damaged(where, tell("its schema has no version"))
    if found > tables.VERSION:
        raise refusals.newer(where, found, tables.VERSION)


def check(connection: Connection, where: Where) -> None:
    """Raises ``StoreError`` where anything but the data of a file is not as it was written."""
    if where.path is not None:
        for table in tables.metadata.tables:
            if table == tables.file.name:
                continue  # large, and its data has a hash
            complaint = str(connection.exec_driver_sql(f"PRAGMA integrity_check('{table}')").scalar_one())
            if complaint != "ok":
                raise refusals.damaged(where, complaint.splitlines()[0])
    if (broken := ledger.first_broken(connection)) is not None:
        raise refusals.damaged(where, tell("entry {entry} of its journal is not what was written", entry=broken))


def data(connection: Connection, where: Where, digest: str) -> bytes:
    """The file of a submission. Raises ``StoreError`` where it is not what was written."""
    found = ledger.data(connection, digest)
    if found is None:
        raise refusals.damaged(
            where, tell("the file of submission {digest} is not what was written", digest=digest[:12])
        )
    return found
