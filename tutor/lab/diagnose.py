"""What a refusal of the kernel means on which kind of machine, and what the user can do about it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from tutor.errors import LabError
from tutor.i18n import tell

_CONTAINER = tell(
    "In Docker, start the container with --security-opt seccomp=unconfined "
    "--security-opt systempaths=unconfined -v /sys:/sys"
)
_APPARMOR = tell(
    "Ubuntu restricts user namespaces: as root run `sysctl kernel.apparmor_restrict_unprivileged_userns=0`, or install "
    "an AppArmor profile with `userns,` for a launcher of nettutor's own"
)

_NAMESPACES = {  # by the word in the name of their sysctl
    "user": "User",
    "mnt": "Mount",
    "pid": "PID",
    "net": "Network",
    "uts": "UTS",
    "ipc": "IPC",
    "cgroup": "Cgroup",
}


def _sysctl(path: str) -> str:
    try:
        return Path("/proc/sys", path).read_text().strip()
    except OSError:
        return ""


def in_container() -> bool:
    """Whether we run in a container of Docker or podman."""
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "container" in os.environ


def diagnose(error: OSError) -> LabError:
    """Turn ``error``, whose ``filename`` says what was tried in building a lab, into words and a fix."""
    place = str(error.filename or "a system call")
    reason = error.strerror or (os.strerror(error.errno) if error.errno else str(error))
    said = tell("the lab could not be built: {place}: {reason}", place=place, reason=reason)
    if "user namespace" in place:
        return LabError(said, _user_namespace(error.errno))
    if place.endswith("_map") or "setgroups" in place or "newuidmap" in place or "newgidmap" in place:
        return LabError(said, _identity(place))
    if place.startswith(("mount", "umount", "pivot_root", "make ")):
        return LabError(said, _mounting(place, error.errno))
    if place.startswith("open "):
        return LabError(said, tell("Make {place} and what leads to it readable for you", place=place[len("open ") :]))
    if error.errno in (errno.ENOMEM, errno.ENOSPC, errno.EAGAIN, errno.EMFILE, errno.ENFILE):
        return LabError(
            said, tell("The machine is short of memory, processes or open files: close something and try again")
        )
    if error.errno in (errno.EPERM, errno.EACCES) and in_container():
        return LabError(said, _CONTAINER)
    return LabError(said, tell("`nettutor doctor` shows what this machine can do"))


def _user_namespace(number: int | None) -> str:
    for kind, name in _NAMESPACES.items():
        if _sysctl(f"user/max_{kind}_namespaces") == "0":
            return tell(
                "{name} namespaces are switched off: as root run `sysctl user.max_{kind}_namespaces=15000`",
                name=name,
                kind=kind,
            )
    if number == errno.ENOSPC:
        return tell("Too many namespaces: end other containers, or as root raise the sysctls user.max_*_namespaces")
    if _sysctl("kernel/unprivileged_userns_clone") == "0":
        return tell("As root run `sysctl kernel.unprivileged_userns_clone=1`")
    if number == errno.EINVAL:
        return tell("This kernel was built without user namespaces; use another kernel")
    if in_container():
        return _CONTAINER
    if number == errno.EPERM:
        return tell(
            "User namespaces are not allowed here: leave the chroot, or lift the seccomp filter of this container"
        )
    return tell("The machine is short of memory or processes: close something and try again")


def _identity(place: str) -> str:
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1":
        return _APPARMOR
    if "newuidmap" in place or "newgidmap" in place:
        return tell("Look at your lines in /etc/subuid and /etc/subgid, and that newuidmap is setuid root")
    return _CONTAINER if in_container() else tell("Another security module forbids it; ask who set this machine up")


def _mounting(place: str, number: int | None) -> str:
    if _sysctl("kernel/apparmor_restrict_unprivileged_userns") == "1" and number in (errno.EPERM, errno.EACCES):
        return _APPARMOR
    if in_container():
        return _CONTAINER
    if place.startswith("make ") and number == errno.ENOSYS:
        return tell("Linux 5.12 or newer is needed")
    if number in (errno.EPERM, errno.EINVAL):
        return tell(
            "Something is mounted over parts of /proc or /sys, or this is a chroot: start nettutor outside of it"
        )
    if number in (errno.ENOMEM, errno.ENOSPC):
        return tell("The machine is short of memory: close something and try again")
    return tell("`nettutor doctor` shows what this machine can do")
