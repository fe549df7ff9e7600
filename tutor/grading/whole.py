"""Files that are there whole or not at all: written beside their place, synced, and moved into it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """The whole file or the one before it; on disk when this returns. Raises ``OSError``."""
    fresh = beside(path, data, mode)
    try:
        fresh.rename(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def beside(path: Path, data: bytes, mode: int = 0o644) -> Path:
    """A new file in the directory of ``path``, on disk when this returns. Raises ``OSError``."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name[:40]}-", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        fresh.chmod(mode)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh
