"""Which users exist in the lab: a whole range where we may give one away, else root alone. user_namespaces(7)."""

from __future__ import annotations

import os

_RANGE = 65536
_BASE = 0x6FFF0000  # the last block of the range that systemd reserves for containers: nobody's
_TOOLS = ("/usr/bin/newuidmap", "/usr/bin/newgidmap")


class Maps:
    """``wide`` when more users than root are mapped; lines of ``uid_map``, or arguments for the newuidmap tools."""

    def __init__(self, uid: str, gid: str, *, wide: bool, through_tools: bool) -> None:
        self.uid, self.gid, self.wide, self.through_tools = uid, gid, wide, through_tools


def choose() -> Maps:
    """As root a range that belongs to nobody; as a user the subordinate ids where there are any; else ourselves."""
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0 and _is_free("/proc/self/uid_map") and _is_free("/proc/self/gid_map"):
        line = f"0 {_BASE} {_RANGE}"
        return Maps(line, line, wide=True, through_tools=False)
    if uid != 0 and all(os.access(tool, os.X_OK) for tool in _TOOLS):
        uids, gids = _subordinate("/etc/subuid", uid), _subordinate("/etc/subgid", uid)
        if uids and gids:
            return Maps(f"0 {uid} 1 1 {uids}", f"0 {gid} 1 1 {gids}", wide=True, through_tools=True)
    return Maps(f"0 {uid} 1", f"0 {gid} 1", wide=False, through_tools=False)


def write(maps: Maps, pid: int) -> None:
    """Write the maps of ``pid``'s new user namespace."""
    if maps.through_tools:
        for tool, arguments in zip(_TOOLS, (maps.uid, maps.gid)):  # noqa: B905 - Python 3.9 has no strict
            _run(tool, str(pid), *arguments.split())
        return
    if not maps.wide:
        _write(f"/proc/{pid}/setgroups", "deny")
    _write(f"/proc/{pid}/uid_map", maps.uid)
    _write(f"/proc/{pid}/gid_map", maps.gid)


def _is_free(path: str) -> bool:
    """Whether our own user namespace has the range that we would give away."""
    with open(path, encoding="ascii") as file:
        extents = [[int(word) for word in line.split()] for line in file]
    return any(first <= _BASE and first + count >= _BASE + _RANGE for first, _, count in extents)


def _subordinate(path: str, uid: int) -> str | None:
    """``first count`` of a user's subordinate ids (subuid(5)), at most 65535 of them."""
    names = {str(uid)}
    try:
        with open("/etc/passwd", encoding="utf-8", errors="replace") as file:
            names |= {line.split(":")[0] for line in file if line.split(":")[2:3] == [str(uid)]}
        with open(path, encoding="utf-8", errors="replace") as file:
            for line in file:
                owner, first, count = line.strip().split(":")
                if owner in names and int(count) > 0:
                    return f"{first} {min(int(count), _RANGE - 1)}"
    except (OSError, ValueError):
        pass
    return None


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    except OSError as error:
        raise OSError(error.errno, error.strerror, f"write {path.rpartition('/')[2]}") from None
    finally:
        os.close(fd)


def _run(tool: str, *arguments: str) -> None:
    status = os.waitstatus_to_exitcode(os.waitpid(os.posix_spawn(tool, [tool, *arguments], {}), 0)[1])
    if status:
        raise OSError(1, f"exit status {status}", tool)
