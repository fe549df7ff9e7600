"""From a file or a URL to a connection that may be written: inspected first, so that what is not ours stays as it is.

SQLite in WAL mode with ``synchronous=FULL``, which syncs the log at each commit
(https://www.sqlite.org/pragma.html#pragma_synchronous); PostgreSQL through psycopg.
"""

from __future__ import annotations

import contextlib
import os
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from tutor.grading.book import checking, ledger, refusals, tables
from tutor.grading.book.refusals import Where
from tutor.store.wal import use_wal

BUSY_SECONDS = 30.0
_MIGRATING = 0x6E65_7475_746F_7267  # the key of an advisory lock; only has to be nobody else's


def connect(where: Path | str) -> tuple[Engine, Where]:
    """A gradebook with the newest schema, made where there is none yet. The way to write is ``writing``."""
    url, place = _located(where)
    if place.path is not None:
        with refusals.reading(place):
            checking.check_file(place, place.path, BUSY_SECONDS)
    try:
        engine = _sqlite(url) if place.path is not None else _postgresql(url)
    except ImportError as error:
        raise refusals.no_driver(str(error)) from error
    try:
        with refusals.reading(place):
            _migrate(engine, place)
    except BaseException:
        engine.dispose()
        raise
    return engine, place


@contextlib.contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction, which has the right to write from its start: what it reads is what it changes."""
    with engine.connect() as connection:
        connection = connection.execution_options(immediate=True)
        with connection.begin():
            yield connection


@contextlib.contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One transaction that sees the book as it is at one moment."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection = connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _located(where: Path | str) -> tuple[URL, Where]:
    if isinstance(where, Path) or "://" not in where:
        return _file(Path(where))
    shown = re.sub(r"(?<=://)[^@/]*@", "…@", where)
    try:
        url = make_url(where)
    except (ArgumentError, ValueError) as error:
        raise refusals.bad_url(shown) from error
    kind = url.get_backend_name()
    if kind == "sqlite" and url.database:
        return _file(Path(url.database))
    if kind not in ("postgresql", "postgres"):
        raise refusals.bad_url(shown)
    url = url.set(drivername="postgresql+psycopg")
    return url, Where(url.set(drivername="postgresql", username=url.username, password=None).render_as_string())


def _file(path: Path) -> tuple[URL, Where]:
    return URL.create("sqlite", database=str(path)), Where(str(path), path)


def _sqlite(url: URL) -> Engine:
    path = Path(url.database or "")
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def opened(connection: sqlite3.Connection, _record: Any) -> None:
        connection.isolation_level = None  # BEGIN is ours to say
        use_wal(connection, BUSY_SECONDS)
        for pragma in ("synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        immediate = connection.get_execution_options().get("immediate")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    with refusals.refusing(Where(str(path), path)), contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600))
    return engine


def _postgresql(url: URL) -> Engine:
    """Nothing is set for longer than a transaction, and nothing prepared: there may be a pooler in between."""
    engine = create_engine(url, connect_args={"connect_timeout": 10, "prepare_threshold": None}, pool_pre_ping=True)

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {round(BUSY_SECONDS * 1000)}")

    return engine


def _migrate(engine: Engine, where: Where) -> None:
    """To the newest schema, all in one transaction; safe when two do it at once."""
    with reading(engine) as connection:
        found = checking.version(connection)
        if found is not None:
            checking.check_version(where, found)
        if found == tables.VERSION:
            if where.path is None:  # a file was checked before
                checking.check(connection, where)
            return
    with writing(engine) as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
        found = checking.version(connection)
        if found == tables.VERSION:
            return
        if found is None and {*tables.metadata.tables} & {*inspect(connection).get_table_names()}:
            raise refusals.occupied(where)
        _upgrade(connection)
        if found is None:
            ledger.begin(connection)
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql(f"PRAGMA application_id = {tables.APPLICATION_ID}")


def _upgrade(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "tutor.grading.book:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, tables.VERSION)
