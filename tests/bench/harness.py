"""A program on a pty, and the clock; and how a figure is printed."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True)
class Figure:
    """One line of the report. ``target`` is in the unit of ``value``, which should stay at or below it."""

    name: str
    value: float
    target: float
    unit: str = "x"
    at_least: bool = False
    note: str = ""

    @property
    def reached(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        sign = ">=" if self.at_least else "<="
        mark = "ok  " if self.reached else "MISS"
        value, target = f"{self.value:.2f} {self.unit}", f"{sign} {self.target:g} {self.unit}"
        return f"{mark}  {self.name:<52} {value:>12}   target {target:<10} {self.note}"


class OnPty:
    """A program on a pty of its own, killed with its whole session at the end."""

    def __init__(
        self, argv: Sequence[str], *, env: Mapping[str, str] | None = None, rows: int = 35, columns: int = 120
    ) -> None:
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], list(argv), {**os.environ, "TERM": "xterm-256color", **(env or {})})
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.seen = b""

    def __enter__(self) -> OnPty:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        os.close(self.fd)
        os.waitpid(self.pid, 0)

    def send(self, data: bytes) -> None:
        os.write(self.fd, data)

    def until(self, *patterns: bytes, timeout: float = 20) -> dict[bytes, float]:
        """Read until all patterns were in the output since the last call; gives when each was first seen."""
        found: dict[bytes, float] = {}
        self.seen = b""
        end = time.monotonic() + timeout
        while missing := [pattern for pattern in patterns if pattern not in found]:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(f"not seen: {missing}; the end of the output is {self.seen[-600:]!r}")
            self.seen += os.read(self.fd, 65536)
            now = time.monotonic()
            found |= {pattern: now for pattern in missing if pattern in self.seen}
        return found

    def drain(self, seconds: float) -> None:
        """Read and drop what comes for so long."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.fd], [], [], left)[0]:
                os.read(self.fd, 65536)


def alternate(times: int, *runs: Callable[[], float]) -> list[float]:
    """The medians of some measurements, taken in turn so that a busy moment hits all of them."""
    samples: list[list[float]] = [[] for _ in runs]
    for _ in range(times):
        for run, into in zip(runs, samples, strict=True):
            into.append(run())
    return [statistics.median(sample) for sample in samples]


def quantile(sample: Sequence[float], share: float) -> float:
    """The value that ``share`` of the sample does not exceed."""
    ordered = sorted(sample)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
