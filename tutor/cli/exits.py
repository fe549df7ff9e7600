"""Exit codes, and the one line that explains each that is not 0.

0 done; 1 not all complete; 2 usage or bad input; 3 this machine cannot; 4 a bug. As the shell has it, 130 after
Ctrl-C and 141 when the reader of our output went away.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable

from tutor.errors import NettutorError
from tutor.i18n import shown, tell

DONE, INCOMPLETE, USAGE, MACHINE, BUG = 0, 1, 2, 3, 4
INTERRUPTED, BROKEN_PIPE = 130, 141


def say(message: str) -> None:
    """A line for the user on standard error, which may itself be gone."""
    with contextlib.suppress(OSError, ValueError):
        print(f"nettutor: {shown(message)}", file=sys.stderr, flush=True)


def guarded(call: Callable[[], int]) -> int:
    """What ``call`` gives, or the exit code of what it raised, said on standard error."""
    _tolerate_unencodable()
    try:
        status = call()
        sys.stdout.flush()
    except BrokenPipeError:
        # What is left in the buffer would fail once more when the interpreter ends.
        with contextlib.suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BaseException as error:
        return _explain(error)
    return status


def _explain(error: BaseException) -> int:
    if isinstance(error, SystemExit):
        raise error
    known = _deliberate(error)
    if known is not None:
        say(known.message)
        return known.exit_code
    from tutor.cli import log

    where = log.write_traceback(error)
    summary = f"{type(error).__name__}: {error}".splitlines()[0]
    say(tell("a bug: {summary}. {where}", summary=summary, where=where))
    return BUG


def _deliberate(error: BaseException) -> NettutorError | None:
    """The error that was raised on purpose; of a group, the first, if all of them were."""
    if isinstance(error, NettutorError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [_deliberate(inner) for inner in error.exceptions]
        return found[0] if all(found) else None
    return None


def _tolerate_unencodable() -> None:
    """In a locale without UTF-8 a tick becomes ``?`` rather than a traceback."""
    import io

    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace" if stream is sys.stdout else "backslashreplace")
