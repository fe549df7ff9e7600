"""SIGKILL of the program that owns a lab, to the moment at which no process of the lab is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from bench.bench_lab import BOOT
from bench.harness import Figure, quantile

ROUNDS = 20
TARGET = 100.0  # milliseconds

STAY = BOOT.replace("await lab.close()", "print('up', flush=True); await asyncio.sleep(60)")


def descendants(root: int) -> list[tuple[int, str]]:
    """(pid, start time) of every process below ``root``; proc(5)."""
    parents: dict[int, list[tuple[int, str]]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append((int(entry.name), fields[19]))
    below, todo = [], [root]
    while todo:
        children = parents.get(todo.pop(), [])
        below += children
        todo += [pid for pid, _ in children]
    return below


def alive(process: tuple[int, str]) -> bool:
    try:
        fields = Path(f"/proc/{process[0]}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return fields[19] == process[1] and fields[0] != "Z"


def teardown() -> float:
    with subprocess.Popen([sys.executable, "-c", STAY, "3"], stdout=subprocess.PIPE) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"up\n"
        lab = descendants(owner.pid)
        assert len(lab) >= 4, "the lab is not there"
        begin = time.monotonic()
        os.kill(owner.pid, signal.SIGKILL)
        while any(alive(process) for process in lab):
            time.sleep(0.0005)
        return time.monotonic() - begin


def figures() -> list[Figure]:
    times = [teardown() * 1000 for _ in range(ROUNDS)]
    note = f"p50 {quantile(times, 0.5):.0f} ms, {ROUNDS} times"
    return [Figure("SIGKILL to no process of the lab left, worst", max(times), TARGET, "ms", note=note)]
