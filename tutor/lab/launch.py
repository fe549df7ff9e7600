"""Start the launcher of a lab as a process of its own. It shares no thread, descriptor or environment with us."""

from __future__ import annotations

import fcntl
import marshal
import os
import re
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tutor import paths
from tutor.errors import LabError
from tutor.i18n import tell

_SYSTEM = Path("/usr/bin/python3")
_OLDEST = (3, 9)
_PACKAGE = Path(__file__).resolve().parent
_BOOTSTRAP = """
import sys
M = type(sys)
for name, path in (("tutor", sys.argv[1]), ("tutor.lab", sys.argv[2])):
    sys.modules[name] = M(name)
    sys.modules[name].__path__ = [path]
from tutor.lab.inside import launcher
launcher.main(int(sys.argv[3]), int(sys.argv[4]))
"""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python for the launcher and for the lab. ``prefix`` must be brought along when it is not below /usr."""

    path: str
    prefix: str = ""


def find_interpreter() -> Interpreter:
    """The system's Python where it is new enough, else the one that we run on."""
    match = re.fullmatch(r"/usr/bin/python3\.(\d+)", str(_SYSTEM.resolve())) if _SYSTEM.exists() else None
    if match and (3, int(match[1])) >= _OLDEST:
        return Interpreter(str(_SYSTEM))
    prefix = Path(sys.base_prefix).resolve()
    name = f"python3.{sys.version_info.minor}"
    path = prefix / "bin" / name
    if not path.exists():
        raise LabError(tell("no Python was found that could run in the lab"), tell("Install the package python3"))
    below_usr = prefix.is_relative_to("/usr")
    return Interpreter(str(path), "" if below_usr else str(prefix))


def start(plan: Mapping[str, Any], interpreter: Interpreter) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """The launcher, and our end of the control socket. ``LabError`` when it cannot even be started."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    control_fd, plan_fd = _above_standard(theirs.detach()), _above_standard(os.memfd_create("plan"))
    try:
        os.write(plan_fd, marshal.dumps(dict(plan), 2))
        os.lseek(plan_fd, 0, os.SEEK_SET)
        cache = paths.cache() / "pycache"
        arguments = [interpreter.path, "-I", "-S", "-X", f"pycache_prefix={cache}", "-c", _BOOTSTRAP]
        arguments += [str(_PACKAGE.parent), str(_PACKAGE), str(control_fd), str(plan_fd)]
        process = subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=(control_fd, plan_fd),
            env={"LANG": "C.UTF-8"},
            cwd="/",
        )
    except OSError as error:
        ours.close()
        raise LabError(
            tell("the lab's launcher could not be started: {error}", error=error.strerror or error)
        ) from error
    finally:
        os.close(control_fd)
        os.close(plan_fd)
    return process, ours


def _above_standard(fd: int) -> int:
    """The same file at a number that no standard stream takes, even where our own are closed."""
    if fd > 2:
        return fd
    moved = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3)
    os.close(fd)
    return moved
