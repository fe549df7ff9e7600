"""Where things lie: what ships with the program, and what belongs to the user (XDG).

Lessons and assets stand at the top of the source tree and inside the wheel; ``NETTUTOR_LESSONS`` points to
another set of lessons. The user's directories honour ``XDG_DATA_HOME``, ``XDG_STATE_HOME`` and ``XDG_CACHE_HOME``.
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

_PACKAGE = Path(__file__).resolve().parent
_DIRS = PlatformDirs("nettutor", appauthor=False)


def _shipped(name: str) -> Path:
    in_wheel = _PACKAGE / "_data" / name
    return in_wheel if in_wheel.is_dir() else _PACKAGE.parent / name


def lessons() -> Path:
    """The directory of ``NN-id/lesson.md``."""
    override = os.environ.get("NETTUTOR_LESSONS")
    return Path(override).expanduser().resolve() if override else _shipped("lessons")


def assets() -> Path:
    """The directory of the theme, the tool manifest and the screenshots."""
    return _shipped("assets")


def data() -> Path:
    """Progress and fetched tools: what must not be lost. Not created here."""
    return Path(_DIRS.user_data_dir)


def state() -> Path:
    """The log. Not created here."""
    return Path(_DIRS.user_state_dir)


def cache() -> Path:
    """Downloads that can be made again. Not created here."""
    return Path(_DIRS.user_cache_dir)


def runtime() -> Path:
    """The sockets of tutorials that are open. Not created here."""
    given = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(given) / "nettutor" if Path(given).is_absolute() and Path(given).is_dir() else state() / "run"


def progress_file() -> Path:
    return data() / "progress.sqlite3"


def tools_layer() -> Path:
    """The tree of fetched tools that is laid over ``/usr`` in the lab (its ``usr`` subdirectory)."""
    return data() / "tools"


def log_file() -> Path:
    return state() / "nettutor.log"
