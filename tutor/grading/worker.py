"""``python -m tutor.grading.worker``: judges the tasks that come on standard input, each in a process forked for it.

One task a line, JSON; what is said of it goes to standard output, a ``Word`` a line, with ``ENDED`` as the last. The
worker itself only waits, so that it is there to end the judge when whoever started both is gone (standard input ends),
and the kernel ends the judge when the worker is (prctl(2), PR_SET_PDEATHSIG). The lab's own guards do the rest.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import select
import signal
import sys
import traceback

from tutor.errors import MachineError, NettutorError
from tutor.grading import judge, limits, task
from tutor.grading.strict import LARGEST
from tutor.grading.task import Kind, Task, Word
from tutor.i18n import tell

_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Until standard input ends. Exit status 2 for what is no task."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started us
    lines = _Lines(0)
    while (line := lines.next()) is not None:
        try:
            given = task.read_task(line)
        except NettutorError as error:
            _say(Word(Kind.TROUBLE, text=error.message))
            return 2
        status = _judged_apart(given)
        if status is None:
            return 0
        _say(Word(Kind.ENDED, status))
    return 0


class _Lines:
    """Lines of a descriptor, with nothing kept back in a buffer that ``select`` does not know."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._rest = bytearray()

    def next(self) -> bytes | None:
        """``None`` at the end, and for a line that is longer than any task."""
        while True:
            head, feed, rest = bytes(self._rest).partition(b"\n")
            if feed:
                self._rest = bytearray(rest)
                return head
            chunk = os.read(self._fd, 1 << 20)
            self._rest += chunk
            if not chunk or len(self._rest) > 2 * LARGEST:
                return None


def _judged_apart(given: Task) -> int | None:
    """Judge in a child, and wait for its end; ``None`` where nobody waits for us any more."""
    pid = os.fork()
    if pid == 0:
        _become_judge(given)
    handle = os.pidfd_open(pid)
    _say(Word(Kind.FORKED, pid))
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(0, 0)  # only the hang-up
    ended = [fd for fd, _events in poll.poll()]
    if handle not in ended:
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    os.close(handle)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if handle in ended else None


def _become_judge(given: Task) -> None:
    """In the child, which never returns."""
    status = 1
    try:
        os.setsid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
        limits.apply(given.limits)
        asyncio.run(_judge(given))
        status = 0
    except NettutorError as error:
        _say(Word(Kind.TROUBLE, text=error.message))
    except BaseException as error:
        traceback.print_exc()
        _say(Word(Kind.TROUBLE, text=tell("a bug: {error}", error=f"{type(error).__name__}: {error}"[:1000])))
    finally:
        os._exit(status)


async def _judge(given: Task) -> None:
    task.check_lessons(given)
    attempts = given.attempts()
    for number, item in enumerate(given.items):
        _say(Word(Kind.BEGAN, number))
        arguments = (item, attempts.get(item.lesson), given.seed, given.others, given.limits)
        try:
            goals = await judge.judge_item(*arguments)
        except MachineError:
            await asyncio.sleep(1)  # something may have been short for a moment
            goals = await judge.judge_item(*arguments)
        _say(Word(Kind.JUDGED, number, goals=goals))


def _say(word: Word) -> None:
    data = task.packed(word) + b"\n"
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    sys.exit(main())
