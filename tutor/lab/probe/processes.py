"""Processes of a machine, out of its own /proc (proc(5)): who they are, whose network stack they use, and which
sockets they hold.

They come and go while one looks: what is gone is left out. What may not be read is told apart from what is not there.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from tutor.lab.probe.opener import Opener
from tutor.model.facts import Gone, Process, Processes, Unreadable
from tutor.model.place import Place

_SIOCGSKNS = 0x894C  # linux/sockios.h: a descriptor of the network namespace of a socket
_SOCKET = re.compile(r"socket:\[(\d+)\]")
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Holder:
    """A process that holds a socket."""

    pid: int
    name: str


async def processes(opener: Opener, place: Place) -> Processes | Unreadable:
    """Those whose network stack is the place. Raises what the opener raises."""
    namespace = await _namespace(opener, place)
    folder = await opener.open(place, "/proc/.")
    try:
        found, hidden = await asyncio.to_thread(_of_namespace, folder, namespace)
    finally:
        os.close(folder)
    if hidden:
        return Unreadable(Gone.NOT_PERMITTED, f"some processes of {place.machine} may not be looked at")
    return Processes(found)


async def holders(opener: Opener, machine: str) -> dict[int, list[Holder]]:
    """Who holds which socket of the machine, by the socket's inode. Raises what the opener raises."""
    folder = await opener.open(Place(machine), "/proc/.")
    try:
        return await asyncio.to_thread(_holders, folder)
    finally:
        os.close(folder)


async def _namespace(opener: Opener, place: Place) -> int:
    """The inode of the place's network namespace, as ``/proc/PID/ns/net`` shows it."""
    with await opener.socket(place, socket.AF_INET, socket.SOCK_DGRAM) as sock:
        descriptor = fcntl.ioctl(sock, _SIOCGSKNS)
        try:
            return os.fstat(descriptor).st_ino
        finally:
            os.close(descriptor)


def _pids(folder: int) -> list[int]:
    return sorted(int(name) for name in os.listdir(folder) if name.isdecimal())


def _of_namespace(folder: int, namespace: int) -> tuple[tuple[Process, ...], bool]:
    """The processes, and whether there are some that may not be looked at."""
    found: list[Process] = []
    hidden = False
    for pid in _pids(folder):
        try:
            if os.readlink(f"{pid}/ns/net", dir_fd=folder) != f"net:[{namespace}]":
                continue
            words = _read(folder, f"{pid}/cmdline").split("\0")
            name = _read(folder, f"{pid}/comm").rstrip("\n")
        except OSError as error:
            hidden |= error.errno in (errno.EACCES, errno.EPERM)
            continue
        found.append(Process(pid, name, tuple(words[:-1])))
    return tuple(found), hidden


def _holders(folder: int) -> dict[int, list[Holder]]:
    found: dict[int, list[Holder]] = {}
    for pid in _pids(folder):
        with suppress(OSError):
            sockets = set(_sockets(folder, pid))
            holder = Holder(pid, _read(folder, f"{pid}/comm").rstrip("\n")) if sockets else None
            for inode in sockets if holder else ():
                found.setdefault(inode, []).append(holder)  # type: ignore[arg-type]
    return found


def _sockets(folder: int, pid: int) -> Iterator[int]:
    descriptors = os.open(f"{pid}/fd", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=folder)
    try:
        for name in os.listdir(descriptors):  # noqa: PTH208 - a descriptor has no path
            with suppress(OSError):
                if match := _SOCKET.fullmatch(os.readlink(name, dir_fd=descriptors)):
                    yield int(match[1])
    finally:
        os.close(descriptors)


def _read(folder: int, path: str) -> str:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=folder)
    try:
        return os.read(descriptor, _LARGEST).decode("utf-8", "replace")
    finally:
        os.close(descriptor)
