"""System calls that Python 3.9 does not offer, each raising ``OSError`` whose ``filename`` says what was tried.

Sources: the manual page of each call in section 2, ``linux/sched.h``, ``linux/mount.h``, ``linux/openat2.h``.
"""

from __future__ import annotations

import ctypes
import os

CLONE_NEWNS = 0x00020000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REMOUNT = 32
MS_BIND = 4096
MS_REC = 16384
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

MOUNT_ATTR_RDONLY = 1
MOUNT_ATTR_NOSUID = 2
MOUNT_ATTR_NODEV = 4
AT_EMPTY_PATH = 0x1000
AT_RECURSIVE = 0x8000

RESOLVE_NO_MAGICLINKS = 0x02
RESOLVE_BENEATH = 0x08
RESOLVE_IN_ROOT = 0x10

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_NAME = 15
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38

SIGCHLD = 17
SIGKILL = 9
NSFS_MAGIC = 0x6E736673
NS_GET_NSTYPE = 0xB703

_ARM = os.uname().machine != "x86_64"  # every newer architecture shares one table of numbers
_NR_CLONE = 220 if _ARM else 56
_NR_PIVOT_ROOT = 41 if _ARM else 155
_NR_KEYCTL = 219 if _ARM else 250
_NR_SETNS = 268 if _ARM else 308
_NR_UNSHARE = 97 if _ARM else 272
_NR_OPENAT2 = 437
_NR_MOUNT_SETATTR = 442

# PyDLL keeps the interpreter's lock across the call, so that the child of a raw clone still holds it.
_libc = ctypes.PyDLL(None, use_errno=True)
_syscall = _libc.syscall
_syscall.argtypes = [ctypes.c_long] * 7
_syscall.restype = ctypes.c_long


def failure(what: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number), what)


def _call(what: str, number: int, *arguments: int) -> int:
    padded = arguments + (0,) * (6 - len(arguments))
    result: int = _syscall(number, *padded)
    if result < 0:
        raise failure(what)
    return result


def _address(buffer: ctypes.Array[ctypes.c_char]) -> int:
    return ctypes.addressof(buffer)


def clone(flags: int, what: str) -> int:
    """``fork`` into new namespaces: 0 in the child, its pid in the parent (clone(2)). Only when single-threaded."""
    return _call(what, _NR_CLONE, flags | SIGCHLD)


def unshare(flags: int, what: str) -> None:
    _call(what, _NR_UNSHARE, flags)


def setns(fd: int, kind: int) -> None:
    _call("setns", _NR_SETNS, fd, kind)


def mount(source: str | None, target: str, kind: str | None, flags: int = 0, data: str | None = None) -> None:
    """mount(2)."""
    encoded = [None if text is None else os.fsencode(text) for text in (source, target, kind, data)]
    if _libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(flags), encoded[3]) < 0:
        raise failure(f"mount {kind or 'bind'} on {target}")


def unmount(target: str) -> None:
    """Detach now, free when the last user is gone (umount2(2))."""
    if _libc.umount2(os.fsencode(target), MNT_DETACH) < 0:
        raise failure(f"umount {target}")


def make_read_only(path: str, *, recursive: bool = True) -> None:
    """Read-only, nosuid and nodev for a mount and what is mounted below it (mount_setattr(2), Linux 5.12)."""
    name = ctypes.create_string_buffer(os.fsencode(path))
    attributes = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV
    request = ctypes.create_string_buffer(attributes.to_bytes(8, "little") + bytes(24), 32)
    flags = AT_RECURSIVE if recursive else 0
    _call(f"make {path} read-only", _NR_MOUNT_SETATTR, -100, _address(name), flags, _address(request), 32)


def enter_root(path: str) -> None:
    """Make ``path``, a mount, the root of this mount namespace and let go of the old one (pivot_root(2))."""
    os.chdir(path)
    dot = ctypes.create_string_buffer(b".")
    _call("pivot_root", _NR_PIVOT_ROOT, _address(dot), _address(dot))
    unmount(".")
    os.chdir("/")


def open_inside(root: int, path: str, flags: int, resolve: int) -> int:
    """openat2(2) below ``root``; the descriptor is close-on-exec."""
    name = ctypes.create_string_buffer(os.fsencode(path))
    how = (flags | os.O_CLOEXEC).to_bytes(8, "little") + bytes(8) + resolve.to_bytes(8, "little")
    buffer = ctypes.create_string_buffer(how, 24)
    return _call(path, _NR_OPENAT2, root, _address(name), _address(buffer), 24)


def new_session_keyring() -> None:
    """Leave the caller's keyring behind (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING). Kernels without keys are fine."""
    if _syscall(_NR_KEYCTL, 1, 0, 0, 0, 0, 0) < 0 and ctypes.get_errno() != 38:
        raise failure("join a new session keyring")


def prctl(what: str, option: int, value: int = 0, second: int = 0) -> None:
    """prctl(2)."""
    if _libc.prctl(option, ctypes.c_ulong(value), ctypes.c_ulong(second), ctypes.c_ulong(0), ctypes.c_ulong(0)) < 0:
        raise failure(what)


def set_limit(resource: int, value: int) -> None:
    """Soft and hard limit, as far as the present hard limit allows (setrlimit(2))."""
    limits = (ctypes.c_ulong * 2)()
    _libc.getrlimit(resource, limits)
    value = min(value, limits[1])
    if _libc.setrlimit(resource, (ctypes.c_ulong * 2)(value, value)) < 0:
        raise failure(f"limit resource {resource}")


def file_system_magic(fd: int) -> int:
    """The ``f_type`` of fstatfs(2); ``os.fstatvfs`` does not tell it."""
    buffer = ctypes.create_string_buffer(256)
    if _libc.fstatfs(fd, buffer) < 0:
        raise failure("fstatfs")
    return int.from_bytes(buffer.raw[:4], "little")


def inotify(paths_and_masks: dict[str, int]) -> int:
    """A non-blocking inotify(7) descriptor that watches these paths; a path that is not there is left out."""
    fd: int = _libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
    if fd < 0:
        raise failure("inotify_init1")
    for path, mask in paths_and_masks.items():
        _libc.inotify_add_watch(fd, os.fsencode(path), ctypes.c_uint32(mask))
    return fd


def rename_process(title: str) -> None:
    """Make ``ps`` show ``title`` in place of the interpreter's long command line."""
    name = ctypes.create_string_buffer(title.encode()[:15])  # a variable, so that it lives until the call is over
    prctl("name the process", PR_SET_NAME, _address(name))
    with open("/proc/self/stat", "rb") as file:
        fields = file.read().rpartition(b")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, proc(5) fields 48 and 49
    room = end - start
    if 0 < room < 65536:
        ctypes.memmove(start, title.encode()[: room - 1].ljust(room, b"\0"), room)
