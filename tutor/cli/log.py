"""The log file: where tracebacks go, so that the terminal gets one line."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime
from pathlib import Path

from tutor import __version__, paths
from tutor.i18n import tell

_LIMIT = 1_000_000


def write_traceback(error: BaseException) -> str:
    """Append the error; gives the sentence that says where it is."""
    entry = _entry(error)
    for attempt in (_append, _scratch):
        try:
            return tell("The log is {path}", path=attempt(entry))
        except OSError:
            continue
    return tell("No log could be written")


def _entry(error: BaseException) -> str:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    trace = "".join(traceback.format_exception(error))
    return f"{now} nettutor {__version__} python {sys.version.split()[0]} {sys.argv}\n{trace}\n"


def _append(entry: str) -> Path:
    path = paths.log_file()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists() and path.stat().st_size > _LIMIT:
        path.replace(path.with_suffix(".log.1"))
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(entry)
    return path


def _scratch(entry: str) -> Path:
    with tempfile.NamedTemporaryFile(
        "w", prefix="nettutor-", suffix=".log", delete=False, encoding="utf-8", errors="backslashreplace"
    ) as file:
        file.write(entry)
    return Path(file.name)
