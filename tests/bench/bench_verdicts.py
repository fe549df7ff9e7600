"""From the end of a command to its tick on the screen, in the real program on a pty."""

from __future__ import annotations

import os
import re
import select
import sys
import tempfile
import time
from pathlib import Path

from bench.harness import Figure, OnPty, quantile
from tutor import paths

ROUNDS = 40
TARGET, CROWDED_TARGET = 50.0, 250.0  # milliseconds, for 95 %
CROWD = (
    "for i in $(seq 200); do echo netns add n$i; echo link add v$i type veth peer name w$i; "
    "echo link set w$i netns n$i; echo link set v$i up; done | ip -batch -"
)


def tick_after(app: OnPty, command: str, tick: bytes) -> float:
    """Seconds from the moment at which bash had run ``command`` to the moment at which ``tick`` is drawn."""
    app.send(f"{command}; echo T${{EPOCHREALTIME}}T\r".encode())
    output, seen, end = b"", 0.0, time.monotonic() + 10
    while not (seen and re.search(rb"T(\d+\.\d+)T", output)):
        if not select.select([app.fd], [], [], end - time.monotonic())[0]:
            raise TimeoutError(f"no {tick!r} in {output[-800:]!r}")
        output += os.read(app.fd, 65536)
        if not seen and tick in output:
            seen = time.time()
    said = re.search(rb"T(\d+\.\d+)T", output)
    assert said
    return seen - float(said[1])


def delays(*before: str) -> list[float]:
    """Of many ticks, after ``before`` was typed."""
    with tempfile.TemporaryDirectory() as home:
        Path(home, "nettutor").mkdir()
        Path(home, "nettutor", "tools").symlink_to(paths.tools_layer())  # no progress, but the tools
        env = {"XDG_STATE_HOME": home, "XDG_DATA_HOME": home}
        with OnPty([sys.executable, "-m", "tutor", "start", "namespaces"], env=env) as app:
            app.until(b"root@host", b"not yet")
            app.drain(1.0)
            for line in before:
                app.send(f"{line}; clear; echo made\r".encode())
                app.until(b"made", timeout=60)
                app.drain(3.0)
            found = []
            for _ in range(ROUNDS):
                found.append(tick_after(app, "ip netns add red", "✔".encode()))
                app.drain(0.2)
                app.send(b"clear; ip netns del red\r")
                app.until(b"named red")  # the first goal that is not met is told in full
                app.drain(0.3)
            return found


def figures() -> list[Figure]:
    result = []
    crowd = (" with 200 namespaces", CROWDED_TARGET, (CROWD,))
    for where, target, before in (("", TARGET, ()), crowd):
        found = delays(*before)
        p50, p95 = quantile(found, 0.5) * 1000, quantile(found, 0.95) * 1000
        name = f"command end to tick on screen{where}, p95"
        result.append(Figure(name, p95, target, "ms", note=f"p50 {p50:.0f} ms"))
    return result
