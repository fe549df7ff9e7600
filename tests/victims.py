"""Processes to kill. One that has everything imported forks them, so that a hundred are killed in seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_NURSERY = """
import importlib, json, os, sys
sys.path[:0] = {path!r}
work = getattr(importlib.import_module({module!r}), {function!r})
for line in sys.stdin:
    if (pid := os.fork()) == 0:
        work(*json.loads(line))
        os._exit(0)
    print(pid, flush=True)
    print(os.waitpid(pid, 0)[1], flush=True)
"""


@dataclass(frozen=True)
class Nursery:
    process: subprocess.Popen[str]

    def born(self, *arguments: object) -> int:
        """The pid of a new victim that runs the function with these arguments (JSON values)."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def killed(self, pid: int) -> None:
        """Kill the victim that was born last; nothing of it runs any more when this returns."""
        assert self.process.stdout is not None
        os.kill(pid, signal.SIGKILL)
        status = int(self.process.stdout.readline())
        assert os.WIFSIGNALED(status), "it ended by itself"


@contextmanager
def nursery(module: str, function: str) -> Iterator[Nursery]:
    """Victims that run ``module.function``, which goes on for ever."""
    script = _NURSERY.format(path=sys.path, module=module, function=function)
    argv = [sys.executable, "-c", script]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Nursery(process)
        assert process.stdin is not None
        process.stdin.close()
