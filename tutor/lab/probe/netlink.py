"""Netlink messages over a socket that somebody else opened: framing, attributes, dumps, single questions.

Reads only. Attribute and message layouts: linux/netlink.h, netlink(7), RFC 3549. Decoding by hand costs a fifth of a
general library's time, which matters because it runs in the loop that echoes the learner's keys.
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from typing import Self

_HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
_ERRNO = struct.Struct("=i")

_ERROR, _DONE = 2, 3
_REQUEST, _DUMP = 0x1, 0x300
_DUMP_INTERRUPTED = 0x10
_CAPPED, _ACK_HAS_TLVS = 0x100, 0x200
_EXTACK_MESSAGE = 1

_SOL_NETLINK = 270
_NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK = 11, 12

_BATCH = 32  # questions in one send, so that the answers fit the default receive buffer
_TRIES = 3  # of a dump that the kernel calls inconsistent because the table changed under it


def attribute(kind: int, value: bytes) -> bytes:
    """One attribute, padded."""
    length = 4 + len(value)
    return _ATTRIBUTE.pack(length, kind) + value + b"\0" * (-length % 4)


def attributes(data: bytes, offset: int = 0) -> dict[int, bytes]:
    """All attributes of ``data`` from ``offset``, by number without the nested and byte-order flags."""
    found: dict[int, bytes] = {}
    end = len(data)
    while offset + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4:
            break
        found[kind & 0x3FFF] = data[offset + 4 : offset + length]
        offset += (length + 3) & ~3
    return found


def text(value: bytes) -> str:
    """A C string; bytes that are not UTF-8 are shown as replacement characters."""
    return value.rstrip(b"\0").decode("utf-8", "replace")


def _messages(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    offset = 0
    while offset + _HEADER.size <= len(data):
        length, kind, flags, sequence, _ = _HEADER.unpack_from(data, offset)
        if length < _HEADER.size:
            return
        yield kind, flags, sequence, data[offset + _HEADER.size : offset + length]
        offset += (length + 3) & ~3


def _refusal(flags: int, payload: bytes) -> OSError:
    """The kernel's error with its own words, or those of ``strerror``."""
    code = -_ERRNO.unpack_from(payload)[0]
    words = os.strerror(code)
    if flags & _ACK_HAS_TLVS:
        quoted = _HEADER.size if flags & _CAPPED else _HEADER.unpack_from(payload, 4)[0]
        message = attributes(payload, 4 + ((quoted + 3) & ~3)).get(_EXTACK_MESSAGE)
        words = text(message) if message else words
    return OSError(code, words)


class Netlink:
    """Owns ``sock``. One dump or batch at a time; callers from several tasks are queued."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        for option in (_NETLINK_EXT_ACK, _NETLINK_GET_STRICT_CHK):
            sock.setsockopt(_SOL_NETLINK, option, 1)
        self.sock = sock
        self._lock = asyncio.Lock()
        self._sequence = 0

    def close(self) -> None:
        self.sock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def dump(self, kind: int, request: bytes) -> list[bytes]:
        """All messages of one table, each without its header. Raises ``OSError``."""
        async with self._lock:
            for _ in range(_TRIES):
                whole, messages = await self._dump_once(kind, request)
                if whole:
                    break
            return messages

    async def ask(self, kind: int, request: bytes) -> bytes:
        """The one message that answers. Raises ``OSError`` with the kernel's own text."""
        (answer,) = await self.ask_all(kind, [request])
        if isinstance(answer, OSError):
            raise answer
        return answer

    async def ask_all(self, kind: int, requests: Sequence[bytes]) -> list[bytes | OSError]:
        """The answer or the refusal for each request, in their order."""
        async with self._lock:
            answers: list[bytes | OSError] = []
            for start in range(0, len(requests), _BATCH):
                answers += await self._batch(kind, requests[start : start + _BATCH])
            return answers

    async def _dump_once(self, kind: int, request: bytes) -> tuple[bool, list[bytes]]:
        sequence = await self._send(kind, _REQUEST | _DUMP, [request])
        whole = True
        messages: list[bytes] = []
        while True:
            for answer, flags, number, payload in _messages(await self._receive()):
                if number != sequence:
                    continue
                if flags & _DUMP_INTERRUPTED:
                    whole = False
                if answer == _DONE:
                    if len(payload) >= 4 and _ERRNO.unpack_from(payload)[0] < 0:
                        raise _refusal(0, payload)
                    return whole, messages
                if answer == _ERROR:
                    raise _refusal(flags, payload)
                messages.append(payload)

    async def _batch(self, kind: int, requests: Sequence[bytes]) -> list[bytes | OSError]:
        first = await self._send(kind, _REQUEST, requests)
        answers: dict[int, bytes | OSError] = {}
        while len(answers) < len(requests):
            for answer, flags, number, payload in _messages(await self._receive()):
                if first <= number < first + len(requests):
                    answers[number] = _refusal(flags, payload) if answer == _ERROR else payload
        return [answers[first + position] for position in range(len(requests))]

    async def _send(self, kind: int, flags: int, requests: Sequence[bytes]) -> int:
        first = self._sequence + 1
        self._sequence += len(requests)
        parts = []
        for number, request in enumerate(requests, first):
            parts.append(_HEADER.pack(_HEADER.size + len(request), kind, flags, number, 0) + request)
            parts.append(b"\0" * (-len(request) % 4))
        await asyncio.get_running_loop().sock_sendall(self.sock, b"".join(parts))
        return first

    async def _receive(self) -> bytes:
        data = await asyncio.get_running_loop().sock_recv(self.sock, 1 << 18)
        if not data:
            raise OSError(errno.ECONNRESET, os.strerror(errno.ECONNRESET))
        return data
