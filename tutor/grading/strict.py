"""JSON from strangers: bounded before it is parsed, and of one meaning only.

I-JSON (RFC 7493) and no more: no key twice, no NaN, no number that a double cannot hold, no half of a surrogate pair.
What is signed is the canonical form (RFC 8785), so that equal values are equal bytes.
"""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

from tutor.errors import SubmissionError

LARGEST = 32 * 1024 * 1024
"""Bytes of a file, or of a payload, that are looked at."""
DEEPEST = 24
"""Arrays and objects inside one another."""
_LARGEST_INTEGER = 2**53 - 1  # RFC 7493, section 2.2
_MOST_BRACKETS = 4_000_000
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


def read(path: Path) -> bytes:
    """The whole of a regular file that is no larger than ``LARGEST``. Raises ``SubmissionError``."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SubmissionError(f"it cannot be read: {(error.strerror or str(error)).lower()}") from error
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise SubmissionError("it is not a regular file")
        if about.st_size > LARGEST:
            raise SubmissionError(f"it is larger than {LARGEST // 2**20} MiB")
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(LARGEST + 1)
    finally:
        os.close(handle)
    if len(data) > LARGEST:
        raise SubmissionError(f"it is larger than {LARGEST // 2**20} MiB")
    return data


def parse(data: bytes) -> Any:
    """The value that ``data`` means. Raises ``SubmissionError`` with one clause on what is wrong."""
    _measure(data)
    try:
        value = json.loads(
            data.decode(), object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float
        )
        _ = json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    except UnicodeDecodeError as error:
        raise SubmissionError(f"byte {error.start} is not UTF-8") from error
    except UnicodeEncodeError as error:
        raise SubmissionError("a text holds half of a surrogate pair") from error
    except json.JSONDecodeError as error:
        raise SubmissionError(f"it is not JSON: {error.msg.lower()} at line {error.lineno}") from error
    except RecursionError as error:
        raise SubmissionError(f"it is nested deeper than {DEEPEST}") from error
    return value


def canonical(value: Any) -> bytes:
    """The one way to write ``value`` (RFC 8785)."""
    import rfc8785

    return rfc8785.dumps(value)


def parse_canonical(data: bytes) -> Any:
    """As ``parse``, and the bytes must be the canonical ones."""
    value = parse(data)
    if canonical(value) != data:
        raise SubmissionError("its payload is not in canonical form")
    return value


def _measure(data: bytes) -> None:
    """Size and depth, without building anything: strings are cut out, then innermost pairs, one layer at a time."""
    if len(data) > LARGEST:
        raise SubmissionError(f"it is larger than {LARGEST // 2**20} MiB")
    if data[:1] not in (b"{", b"["):
        raise SubmissionError("it is not a JSON object")
    brackets = _STRING.sub(b"", data).translate(None, _NO_BRACKET)
    if len(brackets) > _MOST_BRACKETS:
        raise SubmissionError("it has too many parts")
    for _ in range(DEEPEST):
        brackets = _peeled(brackets)
        if not brackets:
            return
    raise SubmissionError(f"it is nested deeper than {DEEPEST}, or a bracket is missing")


_INNERMOST = re.compile(rb"(?:\[\]|\{\})++")


def _peeled(brackets: bytes) -> bytes:
    return _INNERMOST.sub(b"", brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SubmissionError(f"the key {twice[:40]!r} stands twice in one object")
    return found


def _constant(text: str) -> NoReturn:
    raise SubmissionError(f"{text} is not a number")


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _LARGEST_INTEGER:
        raise SubmissionError(f"the number {text[:20]}… is too large")
    return int(text)


def _float(text: str) -> float:
    number = float(text) if len(text) < 40 else float("inf")
    if abs(number) == float("inf"):
        raise SubmissionError(f"the number {text[:20]}… is too large or too long")
    return number
