"""Start processes in a machine: on a terminal of its own, or with pipes. Sources: pty(7), ioctl_tty(2)."""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the module under signal, which imports enum
import fcntl
import os
import struct
import termios

from tutor.lab.inside import confine, kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_TIOCGPTPEER, _TIOCSPTLCK = 0x5441, 0x40045431
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_ENVIRONMENT = {
    "HOME": "/root",
    "LANG": "C.UTF-8",
    "LOGNAME": "root",
    "PATH": PATH,
    "SHELL": "/bin/bash",
    "USER": "root",
}


class Confinement:
    """How learners' processes of this lab are confined."""

    def __init__(self, *, processes: int, wide: bool) -> None:
        self.processes, self.wide = processes, wide


def find(program: str) -> str | None:
    """Where ``program`` is in the lab, or ``None``."""
    folders = [""] if "/" in program else [f"{folder}/" for folder in PATH.split(":")]
    return next((f"{folder}{program}" for folder in folders if os.access(f"{folder}{program}", os.X_OK)), None)


def on_terminal(argv: Sequence[str], term: str, rows: int, columns: int, limits: Confinement) -> tuple[int, int]:
    """Start ``argv`` as the leader of a session on a new terminal; its pid and the terminal's master end."""
    master = os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))  # unlock
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY)
    except OSError:
        os.close(master)
        raise
    pid = os.fork()
    if pid == 0:
        _become(argv, (slave, slave, slave), None, {"TERM": term}, limits, terminal=True)
    os.close(slave)
    return pid, master


def with_pipes(argv: Sequence[str], netns: int | None, limits: Confinement) -> tuple[int, tuple[int, int, int]]:
    """Start ``argv``; its pid and our ends of its standard input, output and error."""
    ends = [os.pipe() for _ in range(3)]
    theirs = (ends[0][0], ends[1][1], ends[2][1])
    pid = os.fork()
    if pid == 0:
        _become(argv, theirs, netns, {"TERM": "dumb"}, limits, terminal=False)
    for fd in theirs:
        os.close(fd)
    return pid, (ends[0][1], ends[1][0], ends[2][0])


def _become(argv: Sequence[str], fds: Sequence[int], netns: int | None, extra: dict[str, str], limits: Confinement,
            *, terminal: bool) -> None:  # fmt: skip
    """In the child: turn into ``argv``. Like a shell, say why on standard error and exit with 127 or 126."""
    status = 126
    try:
        _signal.set_wakeup_fd(-1)
        os.setsid()
        for target, fd in enumerate(fds):
            os.dup2(fd, target)
        if terminal:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        for number in (_signal.SIGPIPE, _signal.SIGINT, _signal.SIGCHLD, _signal.SIGXFSZ):
            _signal.signal(number, _signal.SIG_DFL)
        if netns is not None:
            kernel.setns(netns, kernel.CLONE_NEWNET)
        os.closerange(3, 65536)
        os.chdir("/root")
        confine.confine(processes=limits.processes, wide=limits.wide)
        program = find(argv[0])
        if program is None:
            status = 127
            raise OSError(2, "command not found", argv[0])
        os.execve(program, list(argv), {**_ENVIRONMENT, **extra})
    except BaseException as error:
        os.write(2, f"{argv[0]}: {getattr(error, 'strerror', None) or error}\n".encode())
    finally:
        os._exit(status)
