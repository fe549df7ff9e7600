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
from tutor.i18n import tell

LARGEST = 16 * 1024 * 1024
"""Bytes of a file, or of a payload, that are looked at."""
DEEPEST = 24
"""Arrays and objects inside one another."""
MOST_PARTS = 400_000
"""Members and elements, of all arrays and objects together."""
_LARGEST_INTEGER = 2**53 - 1  # RFC 7493, section 2.2
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"', re.DOTALL)
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


def read(path: Path) -> bytes:
    """The whole of a regular file that is no larger than ``LARGEST``. Raises ``SubmissionError``."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise SubmissionError(
            tell("it cannot be read: {error}", error=(error.strerror or str(error)).lower())
        ) from error
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise SubmissionError(tell("it is not a regular file"))
        if about.st_size > LARGEST:
            raise _too_large()
        with os.fdopen(os.dup(handle), "rb") as file:
            data = file.read(LARGEST + 1)
    finally:
        os.close(handle)
    if len(data) > LARGEST:
        raise _too_large()
    return data


def _too_large() -> SubmissionError:
    return SubmissionError(tell("it is larger than {size} MiB", size=LARGEST // 2**20))


def parse(data: bytes, *, parts: int = MOST_PARTS, fractions: bool = True) -> Any:
    """The value that ``data`` means, of at most so many ``parts``, and only with ``fractions`` of numbers that are not
    whole. Raises ``SubmissionError`` with one clause on what is wrong."""
    _measure(data, parts)
    try:
        value = json.loads(
            data.decode(),
            object_pairs_hook=_object,
            parse_constant=_constant,
            parse_int=_integer,
            parse_float=_float if fractions else _fraction,
        )
        if b"\\u" in data:
            _ = json.dumps(value, ensure_ascii=False).encode()  # half a surrogate pair has no UTF-8
    except UnicodeDecodeError as error:
        raise SubmissionError(tell("byte {position} is not UTF-8", position=error.start)) from error
    except UnicodeEncodeError as error:
        raise SubmissionError(tell("a text holds half of a surrogate pair")) from error
    except json.JSONDecodeError as error:
        raise SubmissionError(
            tell("it is not JSON: {error} at line {line}", error=error.msg.lower(), line=error.lineno)
        ) from error
    except RecursionError as error:
        raise SubmissionError(tell("it is nested deeper than {depth}", depth=DEEPEST)) from error
    return value


def canonical(value: Any) -> bytes:
    """The one way to write ``value`` (RFC 8785)."""
    import rfc8785

    return rfc8785.dumps(value)


def parse_canonical(data: bytes, *, fractions: bool = True) -> Any:
    """As ``parse``, and the bytes must be the canonical ones."""
    value = parse(data, fractions=fractions)
    if fractions:
        if canonical(value) != data:
            raise SubmissionError(tell("its payload is not in canonical form"))
        return value
    # Without fractions Python's own encoder, which is faster by far, writes the canonical form as well, where the keys
    # are in the order of UTF-16 (RFC 8785, section 3.2.3).
    order = _in_order(value) if _ASTRAL.search(data.decode()) else value
    found = json.dumps(order, ensure_ascii=False, sort_keys=order is value, separators=(",", ":"))
    if found.encode() != data:
        raise SubmissionError(tell("its payload is not in canonical form"))
    return value


def _in_order(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _in_order(value[key]) for key in sorted(value, key=lambda key: key.encode("utf-16-be"))}
    return [_in_order(each) for each in value] if isinstance(value, list) else value


def _measure(data: bytes, parts: int) -> None:
    """Size and depth, without building anything: strings are cut out, then innermost pairs, one layer at a time."""
    if len(data) > LARGEST:
        raise _too_large()
    if data[:1] not in (b"{", b"["):
        raise SubmissionError(tell("it is not a JSON object"))
    # Each string has at least one quote that no backslash stands before, and each part at most two strings.
    if data.count(b'"') - data.count(b'\\"') > 4 * parts:
        raise SubmissionError(tell("it has too many parts"))
    bare = _STRING.sub(b"", data)
    brackets = bare.translate(None, _NO_BRACKET)
    if bare.count(b",") + len(brackets) // 2 > parts:
        raise SubmissionError(tell("it has too many parts"))
    for _ in range(DEEPEST):
        brackets = _peeled(brackets)
        if not brackets:
            return
    raise SubmissionError(tell("it is nested deeper than {depth}, or a bracket is missing", depth=DEEPEST))


_INNERMOST = re.compile(rb"(?:\[\]|\{\})++")


def _peeled(brackets: bytes) -> bytes:
    return _INNERMOST.sub(b"", brackets)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise SubmissionError(tell("the key {key} stands twice in one object", key=repr(twice[:40])))
    return found


def _constant(text: str) -> NoReturn:
    raise SubmissionError(tell("{text} is not a number", text=text))


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _LARGEST_INTEGER:
        raise SubmissionError(tell("the number {text}… is too large", text=text[:20]))
    return int(text)


def _fraction(text: str) -> NoReturn:
    raise SubmissionError(tell("the number {text} is not written as a whole one", text=text[:20]))


def _float(text: str) -> float:
    number = float(text) if len(text) < 40 else float("inf")
    if abs(number) == float("inf"):
        raise SubmissionError(tell("the number {text}… is too large or too long", text=text[:20]))
    return number
