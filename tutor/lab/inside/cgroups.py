"""Limits on the lab as a whole, where control groups may be made: as root, or below a delegated one. cgroups(7).

Without them the lab runs all the same, on process limits and file system sizes alone. Both versions are served; in
version 2 a group with processes may have no children with controllers, so that we may have to be a sibling of our own.
"""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PREFIX = "nettutor-"
_LIMITS = {"pids": ("pids.max", "pids.max"), "memory": ("memory.max", "memory.limit_in_bytes")}
_UNIFIED = "unified"
_TRIES, _PAUSE = 20, 0.002


def confine(pid: int, processes: int, memory: int) -> list[str]:
    """Put ``pid``, and so all that it will start, into new groups with these limits; the directories to remove."""
    amounts = {"pids": processes, "memory": memory}
    own, mounts = _memberships(), _mounts()
    if _UNIFIED in mounts:
        made = _try(
            mounts[_UNIFIED], own.get(_UNIFIED, "/"), pid, {_LIMITS[kind][0]: amounts[kind] for kind in amounts}
        )
        if made:
            return made
    made = []
    for kind, amount in amounts.items():
        if kind in mounts and kind in own:
            made += _try(mounts[kind], own[kind], pid, {_LIMITS[kind][1]: amount})
    return made


def remove(folders: list[str]) -> None:
    """Remove the groups; the last process of a group leaves it a moment after it died."""
    for folder in folders:
        for _ in range(_TRIES):
            if _remove_one(folder):
                break
            time.sleep(_PAUSE)


def _remove_one(folder: str) -> bool:
    """Whether it is gone; not so when it still has processes, or is not ours."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def _try(mount: str, path: str, pid: int, limits: dict[str, int]) -> list[str]:
    for parent in _upwards(mount, path):
        _sweep(parent)
        folder = f"{parent}/{_PREFIX}{os.getpid()}"
        try:
            os.mkdir(folder)
        except OSError:
            continue
        try:
            for name, amount in limits.items():
                _write(f"{folder}/{name}", str(amount))
            _write(f"{folder}/cgroup.procs", str(pid))
        except OSError:
            os.rmdir(folder)
            continue
        return [folder]
    return []


def _upwards(mount: str, path: str) -> Iterator[str]:
    path = path.rstrip("/")
    while path:
        yield mount + path
        path = path.rpartition("/")[0]
    yield mount


def _sweep(parent: str) -> None:
    """Remove groups of launchers that were killed before they could."""
    try:
        names = [name for name in os.listdir(parent) if name.startswith(_PREFIX)]
    except OSError:
        return
    for name in names:
        if not os.path.exists(f"/proc/{name[len(_PREFIX) :]}"):
            _remove_one(f"{parent}/{name}")


def _memberships() -> dict[str, str]:
    """Controller -> our own path in its hierarchy."""
    found = {}
    for line in _lines("/proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        for controller in controllers.split(",") if number != "0" else [_UNIFIED]:
            found[controller] = path
    return found


def _mounts() -> dict[str, str]:
    """Controller -> where its hierarchy is mounted whole."""
    found = {}
    for line in _lines("/proc/self/mountinfo"):
        before, _, after = line.partition(" - ")
        kind, _, options = after.split(" ", 2)
        root, target = before.split(" ")[3:5]
        if root != "/":
            continue
        if kind == "cgroup2":
            found[_UNIFIED] = target
        elif kind == "cgroup":
            found.update({option: target for option in options.split(",") if option in _LIMITS})
    return found


def _lines(path: str) -> list[str]:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().splitlines()
    except OSError:
        return []


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)
