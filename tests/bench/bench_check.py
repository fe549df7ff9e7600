"""``nettutor check`` of a solved lesson without daemons, alone and two at once."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.harness import Figure, alternate
from tutor.content import load


def solved(lesson_id: str) -> str:
    """A script of the first solutions."""
    lesson = load(lesson_id)
    commands = [command for step in lesson.steps for command in step.solutions[0].commands]
    return "".join(f"= {c.text}\n" if c.answer else f"@{c.machine}\n{c.text}\n" for c in commands)


def figures() -> list[Figure]:
    with tempfile.TemporaryDirectory() as directory:
        script = Path(directory, "script")
        script.write_text(solved("namespaces"))
        command = [sys.executable, "-m", "tutor", "check", "namespaces", "--script", str(script)]

        def at_once(count: int) -> float:
            begin = time.monotonic()
            running = [subprocess.Popen(command, stdout=subprocess.DEVNULL) for _ in range(count)]
            assert all(process.wait() == 0 for process in running)
            return time.monotonic() - begin

        one, two = alternate(7, lambda: at_once(1), lambda: at_once(2))
    return [
        Figure("check of a solved lesson of 9 steps", one, 1, "s"),
        Figure("two checks at once / one", two / one, 1.3),
    ]
