"""Handing in: the one file, written where the learner wants it, and a copy that stays with the attempt."""

from __future__ import annotations

import contextlib
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.errors import StoreError, SubmissionError
from tutor.grading import envelope, keys, strict, whole
from tutor.grading.taking import Taking
from tutor.i18n import tell
from tutor.store import refusals

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SUFFIX = ".submission"
_LONGEST_NAME = 120  # bytes of a learner's id in a file name
_MOST = 100


@dataclass(frozen=True, slots=True)
class HandedIn:
    """``path`` is the file to give to the instructor, or ``None`` where it could not be written, and ``trouble`` says
    why; ``kept`` is the copy. ``digest`` is the SHA-256 of the file, as ``sha256sum`` prints it."""

    path: Path | None
    kept: Path
    digest: str
    size: int
    trouble: str = ""


def hand_in(taking: Taking, key: Ed25519PrivateKey, directory: Path) -> HandedIn:
    """End the attempt, and write its submission into ``directory``; done again, the same file.

    No other file is ever written over. Raises ``UsageError`` for a key that is not the learner's, and ``StoreError``
    where the attempt itself cannot be kept; nothing is lost then, and it can be tried again.
    """
    name = file_name(taking)
    kept = taking.folder / name
    data = _sealed_before(taking, key, kept) or taking.seal(key)
    try:
        if not _holds(kept, data):
            whole.replace(kept, data)
    except OSError as error:
        raise _unkept(kept, error) from error
    digest = hashlib.sha256(data).hexdigest()
    try:
        return HandedIn(_place(directory.resolve(), name, data), kept, digest, len(data))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        return HandedIn(None, kept, digest, len(data), f"{directory.resolve()}: {reason}")


def file_name(taking: Taking) -> str:
    """``COURSE-CHECKPOINT-LEARNER.submission``, whatever characters the learner's id has."""
    learner = "".join(sign if sign.isalnum() or sign in "._-@" else "_" for sign in taking.learner)
    short = learner.encode()[:_LONGEST_NAME].decode("utf-8", "ignore")
    return f"{taking.checkpoint.course}-{taking.checkpoint.id}-{short}{SUFFIX}"


def _sealed_before(taking: Taking, key: Ed25519PrivateKey, kept: Path) -> bytes:
    """The copy of what was handed in already; empty where there is none that this key has signed."""
    if not taking.handed_in:
        return b""
    try:
        data = strict.read(kept)
        signed = envelope.opened(data, envelope.SUBMISSION).signed_by(keys.public_text(key))
    except SubmissionError:
        return b""
    return data if signed else b""


def _unkept(path: Path, error: OSError) -> StoreError:
    if error.errno is not None and error.errno in (28, 122):  # ENOSPC, EDQUOT
        return StoreError(
            tell("no space left to write {path}; nothing is lost", path=path),
            tell("Free some disk space and hand in again"),
        )
    return refusals.of_os(path, error)


def _place(directory: Path, name: str, data: bytes) -> Path:
    """Under its name, or the name with a number where that is another file's."""
    stem = name.removesuffix(SUFFIX)
    for number in range(1, _MOST):
        path = directory / (name if number == 1 else f"{stem}-{number}{SUFFIX}")
        if _holds(path, data):
            return path
        if not os.path.lexists(path):
            with contextlib.suppress(FileExistsError):
                _create(path, data)
                return path
    raise FileExistsError(17, tell("there are too many files of that name"))


def _holds(path: Path, data: bytes) -> bool:
    try:
        return path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data
    except OSError:
        return False


def _create(path: Path, data: bytes) -> None:
    """The whole file, or none; ``FileExistsError`` where one came meanwhile."""
    fresh = whole.beside(path, data)
    try:
        try:
            os.link(fresh, path)
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            if os.path.lexists(path):
                raise FileExistsError(17, "it exists") from None
            fresh.rename(path)
    finally:
        fresh.unlink(missing_ok=True)
