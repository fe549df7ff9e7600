"""The parent of the tutorial: it outlives it, and leaves the terminal as it was found.

Forked before anything heavy is imported, it costs a fork and a few hundred kilobytes. Signals sent to it go on to the
tutorial; a tutorial that was stopped stops it too, so that the shell's job control works; a terminal that hung up ends
both.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable

from tutor.cli import exits
from tutor.i18n import tell

GRACE = 5.0
"""Seconds that the tutorial has after a hang-up or SIGTERM before it is killed."""

# Leave the alternate screen, mouse reports, focus reports, bracketed paste, in-band resize and synchronised output;
# cursor and line wrap on, plain text, kitty keyboard flags popped. What was not on is not disturbed.
_MOUSE = "".join(f"\x1b[?{mode}l" for mode in (1000, 1002, 1003, 1005, 1006, 1015, 1016))
RESET = f"\x1b[?1049l{_MOUSE}\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[?2026l\x1b[<u\x1b[?25h\x1b[?7h\x1b[0m\r"

_ENDING = (signal.SIGHUP, signal.SIGTERM)
_WATCHED = (*_ENDING, signal.SIGQUIT, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD)
_SI_KERNEL = 0x80  # sigaction(2)
_TURN = 1.0  # seconds between looks at a terminal that hung up without a signal
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # prctl(2)
_LEFTOVERS = 1.0  # seconds


def run(tutorial: Callable[[], int], again: str = "nettutor start") -> int:
    """Run ``tutorial`` in a child on this terminal; gives its exit status, 128 + N where signal N killed it. ``again``
    is the command that goes on from there."""
    before = termios.tcgetattr(0)
    sys.stdout.flush()
    sys.stderr.flush()
    guard = os.getpid()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _WATCHED)
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        os._exit(_child(tutorial, guard))
    try:
        # What the tutorial leaves behind, such as a lab that is ending, becomes ours to wait for.
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1)
        status = _Guard(child).wait()
        _reap_leftovers()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    killed = -status if status < 0 else None
    _put_right(before, torn=killed is not None)
    if killed is None:
        return status
    if killed not in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        exits.say(
            tell(
                "the tutorial was killed by {signal}; your progress is kept: `{again}`",
                signal=signal.Signals(killed).name,
                again=again,
            )
        )
    return 128 + killed


def _child(tutorial: Callable[[], int], guard: int) -> int:
    """As the command line would run it, and not without the guard: it ends by SIGHUP when the guard is gone."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGHUP)
    if os.getppid() != guard:
        return 128 + signal.SIGHUP
    try:
        status = exits.guarded(tutorial)
    except SystemExit as request:
        status = request.code if isinstance(request.code, int) else exits.USAGE
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
        sys.stderr.flush()
    return status


class _Guard:
    """Waits for the child, and passes on what happens to us. The signals of ``_WATCHED`` must be blocked."""

    def __init__(self, child: int) -> None:
        self._child = child
        self._deadline: float | None = None

    def wait(self) -> int:
        """The exit status, or minus the signal."""
        while (status := self._reap()) is None:
            news = signal.sigtimedwait(_WATCHED, _TURN)
            if news is not None and news.si_signo != signal.SIGCHLD:
                self._pass_on(signal.Signals(news.si_signo), by_kernel=news.si_code == _SI_KERNEL)
            if self._deadline is not None and time.monotonic() > self._deadline:
                self._signal(signal.SIGKILL)
            elif self._deadline is None and _hung_up():
                self._end(signal.SIGHUP)
        return status

    def _reap(self) -> int | None:
        pid, status = os.waitpid(self._child, os.WNOHANG | os.WUNTRACED)
        if pid == 0:
            return None
        if os.WIFSTOPPED(status):
            os.kill(os.getpid(), signal.SIGSTOP)
            self._signal(signal.SIGCONT)
            return None
        return os.waitstatus_to_exitcode(status)

    def _pass_on(self, number: signal.Signals, *, by_kernel: bool) -> None:
        """A key of the terminal reached the child as well; its hang-up only the leader of the session."""
        if number in _ENDING:
            self._end(number)
        elif not by_kernel:
            self._signal(number)

    def _end(self, how: signal.Signals) -> None:
        self._signal(how)
        if self._deadline is None:
            self._deadline = time.monotonic() + GRACE

    def _signal(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._child, number)


def _reap_leftovers() -> None:
    """So that nothing of the tutorial runs any more when the shell prompts again."""
    until = time.monotonic() + _LEFTOVERS
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.005)


def _hung_up() -> bool:
    poll = select.poll()
    poll.register(0, 0)  # a hang-up is reported unasked
    return bool(poll.poll(0))


def _put_right(before: list[object], *, torn: bool) -> None:
    """Line settings always; screen modes only where the tutorial could not reset them, since they show."""
    # A shell that took the terminal back would stop us for writing to it.
    signal.signal(signal.SIGTTOU, signal.SIG_IGN)
    with contextlib.suppress(OSError, termios.error):
        if torn:
            os.write(1, RESET.encode())
        # With the discard of unread input: reports of a mouse that moved meanwhile are no commands.
        if torn or termios.tcgetattr(0) != before:
            termios.tcsetattr(0, termios.TCSAFLUSH, before)  # type: ignore[arg-type]


__all__ = ["GRACE", "RESET", "run"]
