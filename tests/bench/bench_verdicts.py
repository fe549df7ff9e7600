"""From the end of a command to its tick on the screen, in the real program on a pty."""

from __future__ import annotations

import os
import re
import select
import sys
import tempfile
import time

from bench.harness import Figure, OnPty, quantile

ROUNDS = 40
TARGET = 50.0  # milliseconds, for 95 %


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


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as home:
        env = {"XDG_STATE_HOME": home, "XDG_DATA_HOME": os.environ.get("XDG_DATA_HOME", home)}
        with OnPty([sys.executable, "-m", "tutor", "start", "namespaces"], env=env) as app:
            app.until(b"root@host", b"not yet")
            app.drain(1.0)
            delays = []
            for _ in range(ROUNDS):
                delays.append(tick_after(app, "ip netns add red", "✔".encode()))
                app.drain(0.2)
                app.send(b"clear; ip netns del red\r")
                app.until(b"not yet")
                app.drain(0.3)
    p50, p95 = quantile(delays, 0.5) * 1000, quantile(delays, 0.95) * 1000
    return [Figure("command end to tick on screen, p95", p95, TARGET, "ms", note=f"p50 {p50:.0f} ms")]
