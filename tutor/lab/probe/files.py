"""Files and sysctls of a machine, read without blocking and without following anything out of the lab."""

from __future__ import annotations

import os
import stat

from tutor.lab.channel import NamespaceGone
from tutor.lab.probe.opener import Opener
from tutor.model.facts import Gone, Namespaces, Text, Unreadable
from tutor.model.place import Place
from tutor.model.wants import FileOf, SysctlOf

_LARGEST = 64 * 1024
_SWAP = str.maketrans("./", "/.")  # sysctl(8): a dot in a link's name is written as a slash


def _text(descriptor: int) -> Text | None:
    """The start of a regular file; ``None`` for anything else. Raises ``OSError``."""
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return None
    parts: list[bytes] = []
    left = _LARGEST
    while left and (data := os.read(descriptor, left)):
        parts.append(data)
        left -= len(data)
    return Text(b"".join(parts).decode("utf-8", "replace"))


async def read_file(opener: Opener, want: FileOf) -> Text | Unreadable:
    """Raises what the opener raises."""
    try:
        descriptor = await opener.open(Place(want.machine), want.path)
    except FileNotFoundError:
        return Unreadable(Gone.NO_FILE, f"there is no file {want.path} on {want.machine}")
    except OSError as error:
        return _refused(error, f"{want.path} on {want.machine}")
    try:
        return _text(descriptor) or Unreadable(Gone.FAILED, f"{want.path} on {want.machine} is not a regular file")
    except OSError as error:
        return _refused(error, f"{want.path} on {want.machine}")
    finally:
        os.close(descriptor)


async def read_sysctl(opener: Opener, want: SysctlOf) -> Text | Unreadable:
    """The value without its end of line. Raises what the opener raises."""
    try:
        descriptor = await opener.open(want.place, f"/proc/sys/{want.key.translate(_SWAP)}")
    except NamespaceGone:
        raise
    except FileNotFoundError:
        return Unreadable(Gone.NO_FILE, f"{want.place} has no sysctl {want.key}")
    except OSError as error:
        return _refused(error, f"{want.key} of {want.place}")
    try:
        value = _text(descriptor)
        return Text(value.text.strip()) if value else Unreadable(Gone.FAILED, f"{want.key} is not a sysctl")
    except OSError as error:
        return _refused(error, f"{want.key} of {want.place}")
    finally:
        os.close(descriptor)


async def read_namespaces(opener: Opener, machine: str) -> Namespaces:
    """Raises what the opener raises."""
    return Namespaces(tuple(sorted(await opener.namespaces(machine))))


def _refused(error: OSError, what: str) -> Unreadable:
    reason = Gone.NOT_PERMITTED if isinstance(error, PermissionError) else Gone.FAILED
    return Unreadable(reason, f"reading {what} failed: {error.strerror or error}")
