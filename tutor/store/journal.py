"""The journal file: SQLite in WAL mode, one table of chained entries, and every failure as a ``StoreError``.

``synchronous=FULL`` syncs the log at each commit, so that a committed entry outlives SIGKILL and a power cut
(https://www.sqlite.org/pragma.html#pragma_synchronous).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tutor.errors import StoreError
from tutor.store import refusals
from tutor.store.migrations import APPLICATION_ID, MIGRATIONS, migrate, version
from tutor.store.wal import use_wal

BUSY_SECONDS = 5.0
GENESIS = bytes(32)
_HEADER = 100  # https://www.sqlite.org/fileformat.html#the_database_header


@dataclass(frozen=True, slots=True)
class Event:
    """One entry. ``seq`` counts from 1 and is the order; ``at`` is the wall clock in nanoseconds, and may go back."""

    seq: int
    at: int
    kind: str
    body: Mapping[str, object]
    hash: bytes


def chain(previous: bytes, seq: int, at: int, kind: str, body: str) -> bytes:
    """The hash of an entry over the one before it and its own columns."""
    return hashlib.sha256(previous + f"{seq}\n{at}\n{kind}\n{body}".encode()).digest()


def body_text(body: Mapping[str, object]) -> str:
    """The text of a body that is hashed and kept."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))


def first_broken(entries: Iterable[tuple[int, int, str, str, str]]) -> int | None:
    """The number of the first entry, as (seq, at, kind, body, hash in hexadecimal), that does not follow from those
    before it; ``None`` where the chain holds from its beginning."""
    digest = GENESIS
    for expected, (seq, at, kind, body, found) in enumerate(entries, 1):
        digest = chain(digest, seq, at, kind, body)
        if seq != expected or digest.hex() != found:
            return expected
    return None


class Journal:
    """An open journal. Entries written by another process are seen by the next ``news`` or ``append``."""

    def __init__(self, path: Path, clock: Callable[[], int] = time.time_ns) -> None:
        self.path = path
        self._clock = clock
        self._seq = 0
        self._hash = GENESIS
        self._connection = _connect(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        with contextlib.suppress(sqlite3.Error):
            self._connection.close()

    def news(self) -> tuple[Event, ...]:
        """Entries since the last look, oldest first; ``StoreError`` where the chain does not hold."""
        with _refusing(self.path):
            return self._read()

    def append(self, kind: str, body: Callable[[int], Mapping[str, object]]) -> tuple[Event, ...]:
        """Add an entry whose body may need its own ``seq``; gives it, after what others wrote meanwhile."""
        with _refusing(self.path), self._writing():
            before = self._read()
            seq, at = self._seq + 1, self._clock()
            content = body(seq)
            text = body_text(content)
            digest = chain(self._hash, seq, at, kind, text)
            self._connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?)", (seq, at, kind, text, digest))
            self._connection.execute("UPDATE head SET seq = ?, hash = ?", (seq, digest))
        self._seq, self._hash = seq, digest
        return (*before, Event(seq, at, kind, content, digest))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        """One transaction, with the writer's lock from its start; what was read in it is forgotten if it fails."""
        place = self._seq, self._hash
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._connection.execute("COMMIT")
        except BaseException:
            self._seq, self._hash = place
            with contextlib.suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise

    def _read(self) -> tuple[Event, ...]:
        events, self._seq, self._hash = _verified(self._connection, self.path, self._seq, self._hash)
        return events


def _verified(
    connection: sqlite3.Connection, path: Path, seq: int, digest: bytes
) -> tuple[tuple[Event, ...], int, bytes]:
    """The entries after ``seq``, checked against the chain and against ``head``, and where the chain now ends."""
    events = []
    # One statement, so that the head and the entries are of one snapshot.
    rows = connection.execute(
        "SELECT head.seq, head.hash, event.seq, at, kind, body, event.hash"
        " FROM head LEFT JOIN event ON event.seq > ? ORDER BY event.seq",
        (seq,),
    ).fetchall()
    if len(rows) == 0:
        raise refusals.damaged(path, "its head is missing")
    for _, _, number, at, kind, body, found in rows:
        if number is None:
            break
        if number != seq + 1 or chain(digest, number, at, kind, body) != found:
            raise refusals.damaged(path, f"entry {seq + 1} is not what was written")
        seq, digest = number, found
        events.append(Event(number, at, kind, json.loads(body), found))
    if rows[0][:2] != (seq, digest):
        raise refusals.damaged(path, f"it should end at entry {rows[0][0]}, but entry {seq} is the last that holds")
    return tuple(events), seq, digest


@contextlib.contextmanager
def _refusing(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise refusals.of_sqlite(path, error) from error
    except OSError as error:
        raise refusals.of_os(path, error) from error
    except (UnicodeDecodeError, ValueError, OverflowError, MemoryError, TypeError) as error:
        # SQLite hands over whatever a damaged record says it is.
        raise refusals.damaged(path, str(error) or type(error).__name__) from error


def _connect(path: Path) -> sqlite3.Connection:
    with _refusing(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if path.exists():
            _inspect(path)
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
        try:
            use_wal(connection, BUSY_SECONDS)
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA trusted_schema = OFF")
            migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection


def _inspect(path: Path) -> None:
    """Refuse a file that is not ours, newer or damaged before anything could write to it.

    A connection that may write would fold the log into the file when it closes; a read-only one leaves it alone.
    """
    with path.open("rb") as file:
        header = file.read(_HEADER)
    if not header:
        return
    if not header.startswith(b"SQLite format 3\0"):
        raise refusals.foreign(path)
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)
    try:
        found = version(connection)
        application = connection.execute("PRAGMA application_id").fetchone()[0]
        if found == 0 and not connection.execute("SELECT 1 FROM sqlite_schema").fetchone():
            return
        if application != APPLICATION_ID:
            raise refusals.foreign(path)
        if found > len(MIGRATIONS):
            raise refusals.newer(path, found, len(MIGRATIONS))
        complaint = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if complaint != "ok":
            raise refusals.damaged(path, complaint)
        _verified(connection, path, 0, GENESIS)
    finally:
        connection.close()


__all__ = ["Event", "Journal", "StoreError", "chain"]
