"""What can be wrong with the progress file, each as a ``StoreError`` with the way out."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path

from tutor.errors import StoreError
from tutor.i18n import tell
from tutor.store.trouble import Trouble, trouble


def move_aside(path: Path) -> str:
    """The command that keeps the file (and its write-ahead log) and lets the next start begin a new one."""
    sidecars = f'for f in {shlex.quote(str(path))}*; do mv "$f" "$f.aside"; done'
    return tell("It was left as it is; to keep it and begin anew: {command}", command=sidecars)


def damaged(path: Path, what: str) -> StoreError:
    return StoreError(tell("the progress file {path} is damaged: {what}", path=path, what=what), move_aside(path))


def newer(path: Path, found: int, known: int) -> StoreError:
    return StoreError(
        tell(
            "the progress file {path} was written by a newer nettutor (schema {found}, this one knows {known})",
            path=path,
            found=found,
            known=known,
        ),
        tell("Use that nettutor. {fix}", fix=move_aside(path)),
    )


def foreign(path: Path) -> StoreError:
    return StoreError(tell("{path} is not a progress file of nettutor", path=path), move_aside(path))


def unwritable(path: Path, reason: str) -> StoreError:
    return StoreError(
        tell("the progress file {path} cannot be written ({reason})", path=path, reason=reason),
        tell("Make {parent} writable for you, or set XDG_DATA_HOME to a directory that is", parent=path.parent),
    )


def of_os(path: Path, error: OSError) -> StoreError:
    return unwritable(path, error.strerror or str(error))


def of_sqlite(path: Path, error: sqlite3.Error) -> StoreError:
    match trouble(error):
        case Trouble.FULL:
            return StoreError(
                tell("no space left to write the progress file {path}", path=path),
                tell("Free some disk space and try again"),
            )
        case Trouble.HELD:
            return StoreError(
                tell("the progress file {path} is held by another program", path=path),
                tell("Close it, or try again in a moment"),
            )
        case Trouble.DENIED:
            return unwritable(path, str(error))
        case Trouble.DISK:
            return StoreError(
                tell("the progress file {path} could not be read or written ({error})", path=path, error=error),
                tell("Check the disk and its free space"),
            )
        case Trouble.DAMAGED:
            return damaged(path, str(error))
