"""Say "look again" whenever the kernel announces a change in any network namespace of the lab.

One pair of netlink sockets hears all namespaces. They stand in a *hub*, a namespace of nobody's, which gives each of
the others an id of its own and listens to all that have one (``NETLINK_LISTEN_ALL_NSID``, netlink(7)). A socket inside
each namespace would keep it alive: ``ip netns del red`` would leave red and its cables behind. An id does not, and ids
given in the hub are not seen in the learner's ``ip netns list``.

What was announced is never read: events wake, dumps decide, so a lost event costs nothing. Neighbour entries are left
out, because every ping makes some, the tutor's own too.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket as sockets
import struct
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import suppress
from typing import Protocol

from tutor.errors import LabEnded
from tutor.lab.channel import NamespaceGone
from tutor.model.place import Place
from tutor.model.topology import Topology

_SOL_NETLINK = 270
_ADD_MEMBERSHIP, _LISTEN_ALL_NSID = 1, 8
_NETLINK_NETFILTER = 12
# linux/rtnetlink.h: links, addresses, routes, rules, settings of a link (forwarding), next hops.
_ROUTE_GROUPS = (1, 5, 7, 8, 9, 11, 19, 24, 25, 32)
_NFTABLES_GROUPS = (7,)  # linux/netfilter/nfnetlink.h

_NEWNSID, _REQUEST_AND_ACK = 88, 0x5
_NETNSA_NSID, _NETNSA_FD = 1, 3
_SIOCGSKNS = 0x894C
_EXISTS = -17

_INOTIFY_EVENT = struct.Struct("=iIII")
_CREATED = 0x100 | 0x80  # made, or moved here
_OVERFLOW = 0x4000
# ``ip netns add`` makes the file first and mounts the namespace on it a moment later, which inotify does not tell.
_MOUNTED_WITHIN = (0.0, 0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 0.6)

_SETTLE = 0.02  # seconds from the first event to the call: one command makes several
_BURST, _PER_SECOND = 4.0, 8.0
_DRAINED_AT_ONCE = 4096


class Watchable(Protocol):
    """What the watch asks of a lab. The errors are those of ``probe.Opener``."""

    @property
    def topology(self) -> Topology: ...

    async def socket(self, place: Place, family: int, kind: int, proto: int = 0) -> sockets.socket: ...

    async def namespaces(self, machine: str) -> Sequence[str]: ...

    async def hub(self, protocols: Sequence[int]) -> list[sockets.socket]:
        """Netlink sockets of these protocols, all in one new network namespace that lives as long as they do."""

    async def watch_namespaces(self, machine: str) -> int:
        """An inotify descriptor on ``/run`` and ``/run/netns`` of the machine."""


class Bell:
    """Calls back a moment after it was rung; under a storm of rings a few times a second, never less."""

    def __init__(self, callback: Callable[[], None]) -> None:
        self._callback = callback
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._calls_left, self._counted = _BURST, self._loop.time()

    def ring(self) -> None:
        """Ask for a call; rings before it are one."""
        if self._timer is None:
            self._refill()
            wait = max(0.0, 1 - self._calls_left) / _PER_SECOND
            self._timer = self._loop.call_later(max(_SETTLE, wait), self._fire)

    def silence(self) -> None:
        """Forget a call that is due."""
        if self._timer is not None:
            self._timer.cancel()

    def _refill(self) -> None:
        now = self._loop.time()
        self._calls_left = min(_BURST, self._calls_left + (now - self._counted) * _PER_SECOND)
        self._counted = now

    def _fire(self) -> None:
        self._timer = None
        self._refill()
        self._calls_left -= 1
        self._callback()


class Watch:
    """Calls ``callback`` after changes, from the loop. ``start`` once, ``close`` in the end."""

    def __init__(self, lab: Watchable, callback: Callable[[], None]) -> None:
        self._lab = lab
        self._callback = callback
        self._bell = Bell(self._tell)
        self._loop = asyncio.get_running_loop()
        self._control: sockets.socket | None = None
        self._listeners: list[sockets.socket] = []
        self._heard: list[sockets.socket] = []
        self._inotify: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen to all namespaces that are there, and from now on to those to come. ``OSError``, ``LabEnded``."""
        protocols = (sockets.NETLINK_ROUTE, sockets.NETLINK_ROUTE, _NETLINK_NETFILTER)
        self._control, routes, filters = await self._lab.hub(protocols)
        self._listeners = [routes, filters]
        for listener, groups in ((routes, _ROUTE_GROUPS), (filters, _NFTABLES_GROUPS)):
            listener.setblocking(False)
            listener.bind((0, 0))  # without a number of its own a socket is passed over
            listener.setsockopt(_SOL_NETLINK, _LISTEN_ALL_NSID, 1)
            for group in groups:
                listener.setsockopt(_SOL_NETLINK, _ADD_MEMBERSHIP, group)
            self._loop.add_reader(listener, self._on_event, listener)
        await asyncio.gather(*(self._start_machine(machine.name) for machine in self._lab.topology.machines))

    def close(self) -> None:
        """Stop; nothing is called any more."""
        self._bell.silence()
        for task in self._tasks:
            task.cancel()
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        for descriptor in self._inotify.values():
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        self._listeners, self._heard, self._inotify = [], [], {}
        if self._control is not None:
            self._control.close()
            self._control = None

    def _on_event(self, listener: sockets.socket) -> None:
        # Left unread until the bell has rung: a storm then wakes the loop as rarely as the callback.
        self._loop.remove_reader(listener)
        self._heard.append(listener)
        self._bell.ring()

    def _tell(self) -> None:
        heard, self._heard = self._heard, []
        for listener in heard:
            _drain(listener)
            self._loop.add_reader(listener, self._on_event, listener)
        self._callback()

    async def _start_machine(self, machine: str) -> None:
        with suppress(LabEnded):
            await self._watch_names(machine)
            await self._listen_to(Place(machine))

    async def _watch_again(self, machine: str) -> None:
        """The directory was made anew, and the first name in it perhaps before we heard of that."""
        await self._watch_names(machine)
        for delay in _MOUNTED_WITHIN:
            await asyncio.sleep(delay)
            await self._take_in_all(machine)

    async def _watch_names(self, machine: str) -> None:
        """Hear of names that come, and take in those that are there."""
        descriptor = await self._lab.watch_namespaces(machine)
        if (old := self._inotify.pop(machine, None)) is not None:
            self._loop.remove_reader(old)
            os.close(old)
        self._inotify[machine] = descriptor
        self._loop.add_reader(descriptor, self._on_names, machine)
        await self._take_in_all(machine)

    async def _take_in_all(self, machine: str) -> None:
        for name in await self._lab.namespaces(machine):
            await self._take_in(Place(machine, name))

    def _on_names(self, machine: str) -> None:
        try:
            data = os.read(self._inotify[machine], 1 << 16)
        except BlockingIOError:
            return
        self._bell.ring()
        for mask, name in _names(data):
            if mask & _OVERFLOW:
                self._spawn(self._take_in_all(machine))
            elif mask & _CREATED and name == "netns":  # the directory itself: what we watched is another one now
                self._spawn(self._watch_again(machine))
            elif mask & _CREATED:
                self._spawn(self._take_in(Place(machine, name)))

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        async def run() -> None:
            with suppress(LabEnded, OSError, LookupError):
                await work

        task = self._loop.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take_in(self, place: Place) -> None:
        """Listen to a namespace as soon as it is one; in vain where the name never becomes one."""
        for delay in _MOUNTED_WITHIN:
            await asyncio.sleep(delay)
            with suppress(NamespaceGone):
                await self._listen_to(place)
                self._bell.ring()
                return

    async def _listen_to(self, place: Place) -> None:
        """Give the namespace an id in the hub."""
        with await self._lab.socket(place, sockets.AF_NETLINK, sockets.SOCK_DGRAM, sockets.NETLINK_ROUTE) as inside:
            if self._control is None:
                return
            namespace = fcntl.ioctl(inside, _SIOCGSKNS)
        try:
            _give_id(self._control, namespace)
        finally:
            os.close(namespace)


def _give_id(control: sockets.socket, namespace: int) -> None:
    """RTM_NEWNSID with an id of the kernel's choice; one that has an id keeps it. Raises ``OSError``."""
    attributes = struct.pack("=HHiHHI", 8, _NETNSA_NSID, -1, 8, _NETNSA_FD, namespace)
    control.send(struct.pack("=IHHII4x", 20 + len(attributes), _NEWNSID, _REQUEST_AND_ACK, 0, 0) + attributes)
    (code,) = struct.unpack_from("=i", control.recv(4096), 16)  # the kernel has answered when send returns
    if code not in (0, _EXISTS):
        raise OSError(-code, os.strerror(-code))


def _drain(listener: sockets.socket) -> None:
    """Throw away what was announced. ENOBUFS says that some of it was lost, which is as good."""
    byte = bytearray(1)
    for _ in range(_DRAINED_AT_ONCE):
        try:
            listener.recv_into(byte)
        except BlockingIOError:
            return
        except OSError:
            continue


def _names(data: bytes) -> Iterator[tuple[int, str]]:
    """The mask and the name of each event (inotify(7))."""
    offset = 0
    while offset + _INOTIFY_EVENT.size <= len(data):
        _, mask, _, length = _INOTIFY_EVENT.unpack_from(data, offset)
        offset += _INOTIFY_EVENT.size
        yield mask, os.fsdecode(data[offset : offset + length].rstrip(b"\0"))
        offset += length
