"""What the probe asks of a lab: sockets and files of a place, and a process now and then."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from typing import Protocol

from tutor.lab.channel import NamespaceGone
from tutor.model.containers import Docker
from tutor.model.facts import Gone, Unreadable
from tutor.model.place import Place
from tutor.model.topology import Topology


class Completed(Protocol):
    """How a process ended, and all it wrote."""

    @property
    def status(self) -> int: ...
    @property
    def stdout(self) -> bytes: ...
    @property
    def stderr(self) -> bytes: ...


class Opener(Protocol):
    """A lab, as far as reading it goes. Every method raises ``NamespaceGone`` for a namespace and ``KeyError`` for a
    machine that is not there, ``OSError`` as the kernel says it, and ``LabEnded``."""

    @property
    def topology(self) -> Topology: ...

    async def socket(self, place: Place, family: int, kind: int, proto: int = 0) -> socket.socket:
        """A socket born in the place."""

    async def open(self, place: Place, path: str) -> int:
        """A descriptor for reading, opened non-blocking, without following anything out of the lab."""

    async def namespaces(self, machine: str) -> Sequence[str]:
        """Names of its network namespaces."""

    async def docker(self, machine: str) -> Docker:
        """What its Docker engine says of itself. ``OSError`` where there is none that answers."""

    async def run(self, machine: str, argv: Sequence[str], *, netns: str | None = None) -> Completed:
        """A process in the machine, and in that namespace of it; status 127 where there is no such program."""


def unreadable(place: Place, error: Exception) -> Unreadable:
    """The error of a lab's method, or of the kernel, as an answer."""
    match error:
        case NamespaceGone(place=gone):
            return Unreadable(Gone.NO_NAMESPACE, f"there is no namespace {gone.netns} on {gone.machine}", gone)
        case KeyError():
            return Unreadable(Gone.NO_MACHINE, f"there is no machine {place.machine}")
        case TimeoutError():
            return Unreadable(Gone.TIMED_OUT, f"{place} did not answer in time")
        case PermissionError():
            return Unreadable(Gone.NOT_PERMITTED, f"reading {place} is not permitted")
        case OSError(errno=code) if code is not None:
            words = error.strerror or os.strerror(code)
            return Unreadable(Gone.FAILED, f"reading {place} failed: {words} ({errno.errorcode.get(code, code)})")
        case _:
            return Unreadable(Gone.FAILED, f"reading {place} failed: {error or type(error).__name__}")
