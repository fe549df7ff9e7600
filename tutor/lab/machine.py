"""One machine of a running lab, seen from outside: what it does for us, and how its processes end."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket as sockets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tutor.errors import LabEnded
from tutor.i18n import tell
from tutor.lab import pipes
from tutor.lab.channel import Channel, Message, NamespaceGone, close_all
from tutor.model.containers import container_of, container_place
from tutor.model.place import Place

_SHELL = ("bash",)


@dataclass(frozen=True, slots=True)
class Terminal:
    """A shell on a terminal of its machine. ``fd`` is the master end, non-blocking, and the caller's to close."""

    machine: str
    fd: int
    pid: int  # on its machine
    _exit: asyncio.Future[int] = field(repr=False)

    async def wait(self) -> int:
        """Its exit status, as a shell tells it (128 + signal). ``LabEnded`` when its machine died."""
        return await asyncio.shield(self._exit)


@dataclass(frozen=True, slots=True)
class Completed:
    """A process that ended. ``status`` as a shell tells it: 126 and 127 not started, 128 + signal."""

    status: int
    stdout: bytes
    stderr: bytes


class Machine:
    """``up`` ends when the machine has its network, with the ``OSError`` that prevented it where one did; ``ended``
    gives the reason when its pid 1 died."""

    def __init__(self, name: str, end: sockets.socket, *, engine: bool = False) -> None:
        loop = asyncio.get_running_loop()
        self.name = name
        self._engine = engine  # whether Docker runs here
        self.up: asyncio.Future[None] = loop.create_future()
        self.up.add_done_callback(lambda up: up.cancelled() or up.exception())  # the first failure is enough
        self.ended: asyncio.Future[str] = loop.create_future()
        self._exits: dict[int, asyncio.Future[int]] = {}
        self._channel = Channel(end, name, self._heard, self._channel_ended)

    async def shell(self, rows: int, columns: int, term: str, argv: Sequence[str] = _SHELL) -> Terminal:
        message, fds = await self._channel.call("shell", argv=list(argv), rows=rows, columns=columns, term=term)
        return Terminal(self.name, fds[0], message["pid"], self._exit_of(message["id"]))

    async def run(self, argv: Sequence[str], netns: str | None, stdin: bytes, timeout: float) -> Completed:
        """``TimeoutError`` after ``timeout`` seconds; then its session was killed."""
        message, fds = await self._in(Place(self.name, netns), "run", argv=list(argv))
        exited = self._exit_of(message["id"])
        try:
            return Completed(*await asyncio.wait_for(pipes.communicate(fds, stdin, exited), timeout))
        except BaseException:
            self._kill(message["id"])
            raise
        finally:
            self._exits.pop(message["id"], None)

    async def start(self, argv: Sequence[str], netns: str | None) -> tuple[asyncio.Future[int], list[int]]:
        """A daemon: the future of its exit status, and our ends of its pipes, which the caller closes."""
        message, fds = await self._in(Place(self.name, netns), "run", argv=list(argv))
        return self._exit_of(message["id"]), fds

    async def socket(self, place: Place, family: int, kind: int, proto: int) -> sockets.socket:
        _, fds = await self._in(place, "socket", family=int(family), type=int(kind), proto=int(proto))
        return sockets.socket(family, kind, proto, fileno=fds[0])

    async def open(self, place: Place, path: str) -> int:
        _, fds = await self._in(place, "open", path=path)
        return fds[0]

    async def connect(self, path: str) -> sockets.socket:
        """A non-blocking stream to the unix socket at ``path``."""
        _, fds = await self._channel.call("connect", path=path)
        return sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM, fileno=fds[0])

    async def namespaces(self) -> tuple[str, ...]:
        message, _ = await self._channel.call("namespaces")
        names: tuple[str, ...] = tuple(message["names"])
        if not self._engine:
            return names
        from tutor.lab import engine

        return names + tuple(str(container_place("", name).netns) for name in await engine.running(self))

    async def _in(self, place: Place, op: str, **arguments: Any) -> tuple[Message, list[int]]:
        """An operation in a place; that of a container lies where Docker's engine says. ``NamespaceGone``."""
        container = container_of(place)
        if container is None or not self._engine:
            return await self._channel.call(op, place, **arguments)
        from tutor.lab import engine

        path = await engine.sandbox(self, container)
        if path is None:
            raise NamespaceGone(place)
        try:
            return await self._channel.call(op, Place(self.name, path), **arguments)
        except NamespaceGone:
            raise NamespaceGone(place) from None

    async def watch(self) -> int:
        _, fds = await self._channel.call("watch")
        return fds[0]

    async def hub(self, protocols: Sequence[int]) -> list[sockets.socket]:
        _, fds = await self._channel.call("hub", protocols=list(protocols))
        return [sockets.socket(fileno=fd) for fd in fds]

    async def put(self, path: str, text: str) -> None:
        await self._channel.call("put", path=path, text=text)

    async def find(self, program: str) -> str | None:
        message, _ = await self._channel.call("find", program=program)
        path: str | None = message["path"]
        return path

    def close(self) -> None:
        self._channel.close()
        self._lose_children()

    def end(self, reason: str) -> None:
        """Its pid 1 is dead."""
        if not self.ended.done():
            self.ended.set_result(reason)
        self.close()

    def _kill(self, child: int) -> None:
        """Ask for the death of a child's session; nobody waits for the answer."""
        exited = self._exits.get(child)
        if exited is None or not exited.done():
            task = asyncio.ensure_future(self._channel.call("kill", child=child, signal=int(signal.SIGKILL)))
            task.add_done_callback(lambda done: done.cancelled() or done.exception())

    def _exit_of(self, child: int) -> asyncio.Future[int]:
        return self._exits.setdefault(child, asyncio.get_running_loop().create_future())

    def _heard(self, message: Message, fds: list[int]) -> None:
        close_all(fds)
        match message["event"]:
            case "up":
                self.up.set_result(None)
            case "failed":
                self.up.set_exception(OSError(message["errno"], message["reason"], message["place"]))
            case "exit":
                exited = self._exit_of(message["child"])
                if not exited.done():
                    exited.set_result(message["status"])

    def _channel_ended(self) -> None:
        """Usually pid 1 of the lab says why a moment later; the machine is unusable from now on."""
        if not self.up.done():
            self.up.set_exception(OSError(0, "it died while it started", self.name))
        self._lose_children()

    def _lose_children(self) -> None:
        for exited in self._exits.values():
            if not exited.done():
                exited.set_exception(LabEnded(tell("{name} is no longer running", name=self.name)))
                with contextlib.suppress(LabEnded):
                    exited.exception()  # nobody has to wait for it
