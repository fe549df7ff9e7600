"""Files that a command was asked to write."""

from __future__ import annotations

from pathlib import Path

from tutor.errors import UsageError


def write(path: Path, data: bytes) -> None:
    """Write a file, and make the directory that it is in. Raises ``UsageError``."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise UsageError(f"{path}: {(error.strerror or str(error)).lower()}") from error
