"""What a replay may use, and how it is held to that with or without control groups, as root or as anybody.

The lab limits processes, files and disk by itself, and memory where a control group may be made. Everywhere else
somebody has to look: at the processes below a worker, by what proc(5) says of them.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_GiB = 1 << 30
_PAGE = os.sysconf("SC_PAGE_SIZE")
_ADDRESS_ROOM = 2
"""How many times the memory of a lab one process may map for writing: programs reserve more than they use."""


@dataclass(frozen=True, slots=True)
class Limits:
    """For one item of one submission: seconds of ``wall`` and of one typed ``line``, bytes of ``memory`` of all its
    processes together, seconds of processor time of each process, and bytes of the judge's own words."""

    wall: float = 600.0
    line: float = 10.0
    memory: int = 2 * _GiB
    cpu: int = 300
    words: int = 4 << 20

    @classmethod
    def shared(cls, jobs: int) -> Limits:
        """For one of so many that run at once on this machine."""
        half = os.sysconf("SC_PHYS_PAGES") * _PAGE // 2
        return cls(memory=max(_GiB // 4, min(2 * _GiB, half // jobs)))


def apply(limits: Limits) -> None:
    """Hold this process to the limits, and all that it will start. Nobody without CAP_SYS_RESOURCE in the first user
    namespace raises them again (setrlimit(2))."""
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_CPU, limits.cpu)
    _lower(resource.RLIMIT_DATA, _ADDRESS_ROOM * limits.memory)


def _lower(kind: int, amount: int) -> None:
    _soft, hard = resource.getrlimit(kind)
    amount = amount if hard == resource.RLIM_INFINITY else min(amount, hard)
    resource.setrlimit(kind, (amount, amount))


@dataclass(frozen=True, slots=True)
class Process:
    """``depth`` is 1 for a child; ``started`` tells it from a later one of the same ``pid``."""

    pid: int
    depth: int
    started: str

    def kill(self) -> bool:
        """Whether there was something to kill."""
        with contextlib.suppress(OSError):
            handle = os.pidfd_open(self.pid)
            try:
                if _started(self.pid) == self.started:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    return True
            finally:
                os.close(handle)
        return False

    def alive(self) -> bool:
        """A zombie is not."""
        return _started(self.pid) == self.started


def below(pid: int) -> list[Process]:
    """The living descendants of a process, parents before children."""
    found: list[Process] = []
    layer = [pid]
    depth = 0
    while layer:
        depth += 1
        layer = [child for parent in layer for child in _children(parent)]
        found += [Process(child, depth, started) for child in layer if (started := _started(child))]
    return found


def crowd() -> int:
    """How many processes there are below this one."""
    count, layer = 0, [os.getpid()]
    while layer:
        layer = [child for parent in layer for child in _children(parent)]
        count += len(layer)
    return count


def memory(processes: list[Process], limit: int) -> int:
    """Bytes that they use together. What they share is counted once where that matters, near the limit: it takes the
    kernel longer to find out."""
    resident = sum(_resident(process.pid) for process in processes)
    return resident if resident <= limit else sum(own_memory(process) for process in processes)


def own_memory(process: Process) -> int:
    """Bytes of one process, with its part of what is shared (``Pss``)."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return _resident(process.pid)


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, ValueError, IndexError):
        return 0


def _children(pid: int) -> Iterator[int]:
    try:
        for task in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208 - many times a second
            with open(f"/proc/{pid}/task/{task}/children") as file:  # noqa: PTH123
                yield from map(int, file.read().split())
    except OSError:
        return


def _started(pid: int) -> str:
    """When a process was started, in ticks since the boot; empty where it is dead."""
    try:
        with open(f"/proc/{pid}/stat", errors="replace") as file:  # noqa: PTH123
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return ""
    return fields[19] if len(fields) > 19 and fields[0] not in "ZX" else ""
