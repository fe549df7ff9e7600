"""What can be wrong with a gradebook, each as an error that says what to do about it."""

from __future__ import annotations

import contextlib
import shlex
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from tutor.errors import StoreError, UsageError
from tutor.i18n import tell
from tutor.store.trouble import Trouble, trouble


class Where:
    """A gradebook's place: its file, or ``None`` for that of a server, and its name in messages (no password in it)."""

    def __init__(self, name: str, path: Path | None = None) -> None:
        self.name = name
        self.path = path

    def __str__(self) -> str:
        return self.name


def damaged(where: Where, what: str) -> StoreError:
    return StoreError(tell("the gradebook {where} is damaged: {what}", where=where, what=what), _way_out(where))


def newer(where: Where, found: str, known: str) -> StoreError:
    return StoreError(
        tell(
            "the gradebook {where} was written by a newer nettutor (schema {found}, this one knows {known})",
            where=where,
            found=found,
            known=known,
        ),
        tell("Use that nettutor; the gradebook was left as it is"),
    )


def foreign(where: Where) -> UsageError:
    return UsageError(tell("{where} is not a gradebook of nettutor; it was left as it is", where=where))


def occupied(where: Where) -> UsageError:
    return UsageError(
        tell("the database {where} holds tables of something else; give the gradebook one of its own", where=where)
    )


def unwritable(where: Where, reason: str) -> StoreError:
    return StoreError(
        tell("the gradebook {where} cannot be read and written ({reason})", where=where, reason=reason),
        tell("Make the file and its directory writable for you")
        if where.path
        else tell("Ask for the right to create tables in the database, and to write to them"),
    )


def unreachable(where: Where, reason: str) -> StoreError:
    return StoreError(
        tell("the gradebook {where} cannot be reached ({reason})", where=where, reason=reason),
        tell("Check that the server runs, and the host, port, user and database in the URL; what was written is kept"),
    )


def no_driver(reason: str) -> StoreError:
    return StoreError(
        tell("a gradebook in PostgreSQL needs psycopg ({reason})", reason=reason),
        tell("Install it with: {python} -m pip install 'psycopg[binary]'", python=sys.executable),
    )


def bad_url(url: str) -> UsageError:
    return UsageError(
        tell(
            "{url} is no place for a gradebook; give a file, or postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
            url=repr(url),
        )
    )


@contextlib.contextmanager
def refusing(where: Where) -> Iterator[None]:
    """What the database says, as one of the errors above."""
    try:
        yield
    except DBAPIError as error:
        raise _of_driver(where, error) from error
    except sqlite3.Error as error:
        raise _of_sqlite(where, error) from error
    except OSError as error:
        raise unwritable(where, (error.strerror or str(error)).lower()) from error
    except SQLAlchemyError as error:
        raise damaged(where, _first_line(error)) from error


@contextlib.contextmanager
def reading(where: Where) -> Iterator[None]:
    """As ``refusing``, where a value may be whatever a damaged record says that it is."""
    try:
        with refusing(where):
            yield
    except (ValueError, TypeError, OverflowError, MemoryError) as error:
        raise damaged(where, _first_line(error)) from error


def _of_driver(where: Where, error: DBAPIError) -> StoreError:
    origin = error.orig
    if isinstance(origin, sqlite3.Error):
        return _of_sqlite(where, origin)
    return _of_postgresql(where, getattr(origin, "sqlstate", None), _first_line(origin or error))


def _of_sqlite(where: Where, error: sqlite3.Error) -> StoreError:
    match trouble(error):
        case Trouble.FULL:
            return _full(where)
        case Trouble.HELD:
            return _held(where)
        case Trouble.DENIED:
            return unwritable(where, str(error))
        case Trouble.DISK:
            return StoreError(
                tell("the gradebook {where} could not be read or written ({error})", where=where, error=error),
                tell("Check the disk and its free space"),
            )
        case Trouble.DAMAGED:
            return damaged(where, str(error))


def _of_postgresql(where: Where, state: str | None, reason: str) -> StoreError:
    """Error codes: https://www.postgresql.org/docs/current/errcodes-appendix.html; two characters are the class."""
    if state == "53100":
        return _full(where)
    if state in ("55P03", "40P01"):
        return _held(where)
    if state in ("42501", "25006"):
        return unwritable(where, reason)
    if state is None or state[:2] in ("08", "28", "3D", "53", "57"):
        return unreachable(where, reason)
    return damaged(where, reason)


def _full(where: Where) -> StoreError:
    return StoreError(
        tell("no space left to write the gradebook {where}", where=where),
        tell("Free some disk space and try again; what was written before is kept"),
    )


def _held(where: Where) -> StoreError:
    return StoreError(
        tell("the gradebook {where} is held by another program", where=where),
        tell("Close it, or try again in a moment"),
    )


def _way_out(where: Where) -> str:
    if where.path is None:
        return tell("It was left as it is; restore the database from a backup, or grade into an empty one")
    sidecars = f'for f in {shlex.quote(str(where.path))}*; do mv "$f" "$f.aside"; done'
    return tell(
        "It was left as it is; restore a copy of it, or keep it and grade again into a new one: {command}",
        command=sidecars,
    )


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
