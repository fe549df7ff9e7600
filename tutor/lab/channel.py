"""Requests to one process of the lab, and what it tells unasked. Everything happens in one asyncio loop.

Datagrams over a unix(7) ``SOCK_SEQPACKET``: marshalled dicts inwards, JSON outwards with descriptors beside it.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import marshal
import os
import socket
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from tutor.errors import LabEnded
from tutor.i18n import tell
from tutor.model.place import Place

Message = dict[str, Any]
_LARGEST = 1 << 20
_MOST_FDS = 8
_MARSHAL_VERSION = 2  # understood by every Python


class NamespaceGone(FileNotFoundError, LookupError):
    """There is no network namespace of that name on the machine. ``place`` says which."""

    def __init__(self, place: Place) -> None:
        super().__init__(errno.ENOENT, "there is no such network namespace", str(place))
        self.place = place


class Channel:
    """One end of the socket. ``on_event`` hears what is not an answer; ``on_end`` hears once that the peer is gone."""

    def __init__(
        self,
        end: socket.socket,
        name: str,
        on_event: Callable[[Message, list[int]], None],
        on_end: Callable[[], None],
    ) -> None:
        self._socket = end
        self._name = name
        self._on_event = on_event
        self._on_end = on_end
        self._next = 0
        self._waiting: dict[int, asyncio.Future[tuple[Message, list[int]]]] = {}
        self._unsent: deque[bytes] = deque()
        self._closed = False
        end.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(end.fileno(), self._readable)

    async def call(self, op: str, place: Place | None = None, **arguments: object) -> tuple[Message, list[int]]:
        """Ask, and give the answer with its descriptors (now the caller's).

        ``NamespaceGone`` for a namespace of ``place`` that does not exist, ``OSError`` as the kernel said it,
        ``LabEnded`` when nobody is there to answer.
        """
        if self._closed:
            raise LabEnded(tell("{name} is no longer running", name=self._name))
        self._next += 1
        number = self._next
        request = {"id": number, "op": op, "netns": place.netns if place else None, **arguments}
        future: asyncio.Future[tuple[Message, list[int]]] = self._loop.create_future()
        self._waiting[number] = future
        self._send(marshal.dumps(request, _MARSHAL_VERSION))
        try:
            message, fds = await future
        finally:
            self._waiting.pop(number, None)
        if "gone" in message and place is not None:
            raise NamespaceGone(place)
        if "errno" in message:
            raise OSError(message["errno"], message["reason"], arguments.get("path"))
        return message, fds

    def close(self) -> None:
        """Let go of the peer. Those who still wait get ``LabEnded``."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket.fileno())
        self._loop.remove_writer(self._socket.fileno())
        self._socket.close()
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(LabEnded(tell("{name} is no longer running", name=self._name)))

    def _send(self, data: bytes) -> None:
        self._unsent.append(data)
        if len(self._unsent) == 1:
            self._flush()

    def _flush(self) -> None:
        while self._unsent:
            try:
                self._socket.send(self._unsent[0], socket.MSG_NOSIGNAL)
            except BlockingIOError:
                self._loop.add_writer(self._socket.fileno(), self._flush)
                return
            except OSError:
                self._end()
                return
            self._unsent.popleft()
        self._loop.remove_writer(self._socket.fileno())

    def _readable(self) -> None:
        while not self._closed:
            try:
                data, fds = receive(self._socket)
            except BlockingIOError:
                return
            except OSError:
                data, fds = b"", []
            if not data:
                self._end()
                return
            self._take(json.loads(data), fds)

    def _take(self, message: Message, fds: list[int]) -> None:
        if "event" in message:
            self._on_event(message, fds)
            return
        future = self._waiting.get(message.get("id", 0))
        if future is None or future.done():
            close_all(fds)
        else:
            future.set_result((message, fds))

    def _end(self) -> None:
        if not self._closed:
            self.close()
            self._on_end()


def receive(end: socket.socket) -> tuple[bytes, list[int]]:
    """One datagram and its descriptors, which are not inherited by children."""
    data, ancillary, _, _ = end.recvmsg(_LARGEST, socket.CMSG_LEN(4 * _MOST_FDS), socket.MSG_CMSG_CLOEXEC)
    fds: list[int] = []
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            fds += [int.from_bytes(content[at : at + 4], "little") for at in range(0, len(content) // 4 * 4, 4)]
    return data, fds


def close_all(fds: Sequence[int]) -> None:
    for fd in fds:
        with contextlib.suppress(OSError):
            os.close(fd)
