"""What a process of the learner may not do. Accidents are contained here; hostile code is not (see the README).

Called between fork and exec. Sources: capabilities(7), seccomp(2), setrlimit(2), ``linux/filter.h``.
"""

from __future__ import annotations

import ctypes
import os
import struct

from tutor.lab.inside import kernel

_CAP_SYS_PTRACE = 19
_RLIMIT_FSIZE, _RLIMIT_CORE, _RLIMIT_NPROC = 1, 4, 6
_LARGEST_FILE = 1 << 30
_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER = 22, 2
_SECCOMP_RET_ALLOW, _SECCOMP_RET_ERRNO = 0x7FFF0000, 0x00050000
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_NOBODY_IN_PARTICULAR = 0xFFFFFFFF

# The numbers of the calls that change identity or ownership, with the places of their ids among the arguments.
_CALLS: dict[str, tuple[int, dict[int, tuple[int, ...] | None]]] = {
    "x86_64": (0xC000003E, {
        105: (0,), 106: (0,), 113: (0, 1), 114: (0, 1), 116: None, 117: (0, 1, 2), 119: (0, 1, 2), 122: (0,), 123: (0,),
        92: (1, 2), 93: (1, 2), 94: (1, 2), 260: (2, 3),
    }),
    "aarch64": (0xC00000B7, {
        146: (0,), 144: (0,), 145: (0, 1), 143: (0, 1), 159: None, 147: (0, 1, 2), 149: (0, 1, 2), 151: (0,), 152: (0,),
        55: (1, 2), 54: (2, 3),
    }),
}  # fmt: skip


def limit_lab(processes: int) -> None:
    """Limits of everything in the lab; after the new user namespace, so that only the lab's processes count."""
    kernel.set_limit(_RLIMIT_NPROC, processes)
    kernel.set_limit(_RLIMIT_FSIZE, _LARGEST_FILE)
    kernel.set_limit(_RLIMIT_CORE, 0)


def confine(*, processes: int, wide: bool) -> None:
    """Make this process the learner's: fewer processes than pid 1 may have, no sight of pid 1, first to be killed.

    Without CAP_SYS_PTRACE the descriptors, the environment and the memory of pid 1, which has it, are out of reach
    (ptrace(2), "Ptrace access mode checking"), while the learner's own processes stay visible to each other.
    """
    kernel.set_limit(_RLIMIT_NPROC, processes)
    kernel.prctl("drop CAP_SYS_PTRACE", kernel.PR_CAPBSET_DROP, _CAP_SYS_PTRACE)
    try:
        fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, b"500")
        os.close(fd)
    except OSError:
        pass  # the learner may have covered /proc
    if not wide:
        _pretend_to_change_identity()


def _pretend_to_change_identity() -> None:
    """Where root is the only user there is, let programs that drop privileges believe that they did.

    tcpdump, nginx and others change to a user of their own and give up when they cannot; ``chown`` to anybody else
    would fail too. Calls with root's own id, or -1, are left to the kernel.
    """
    machine = os.uname().machine
    if machine not in _CALLS:
        return
    program = _filter(*_CALLS[machine])
    instructions = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("=HxxxxxxQ", len(program) // 8, ctypes.addressof(instructions))
    pointer = ctypes.create_string_buffer(header, len(header))
    kernel.prctl("install a seccomp filter", _PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.addressof(pointer))


def _filter(architecture: int, calls: dict[int, tuple[int, ...] | None]) -> bytes:
    """The BPF program: fields of ``struct seccomp_data`` are the number at 0, arch at 4, arguments from 16 on."""
    allow, pretend = _step(_RETURN, _SECCOMP_RET_ALLOW), _step(_RETURN, _SECCOMP_RET_ERRNO)
    program = [_step(_LOAD, 4), _step(_JUMP_IF_EQUAL, architecture, 1, 0), allow, _step(_LOAD, 0)]
    for number, places in calls.items():
        block = []
        for place in places or ():
            block += [_step(_LOAD, 16 + 8 * place), _step(_JUMP_IF_EQUAL, 0, 2, 0),
                      _step(_JUMP_IF_EQUAL, _NOBODY_IN_PARTICULAR, 1, 0), pretend]  # fmt: skip
        block.append(pretend if places is None else allow)
        program += [_step(_JUMP_IF_EQUAL, number, 0, len(block)), *block]
    return b"".join([*program, allow])


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)
