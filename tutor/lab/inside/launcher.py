"""Between nettutor and the lab: makes the namespaces, writes the id maps, then guards the lab from outside.

It runs as the user. Its child becomes pid 1 of the lab; when that, or nettutor, ends, the launcher ends the other
and takes away what only the outside can (control groups). Sources: user_namespaces(7), clone(2), newuidmap(1).
"""

from __future__ import annotations

import _frozen_importlib_external as _external
import _socket
import marshal
import os
import select
import sys

from tutor.lab.inside import cgroups, idmap, kernel, message, rootfs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LAB_SPACES = (
    kernel.CLONE_NEWUSER | kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWNET | kernel.CLONE_NEWUTS
    | kernel.CLONE_NEWIPC
)  # fmt: skip
_BUNDLED = ("kernel", "message", "etc", "rootfs", "rtnetlink", "confine", "spawn", "network", "machine", "init")
_BOOTSTRAP = """
import marshal, os, sys
bundle, control, gate = (int(word) for word in sys.argv[1:])
with os.fdopen(bundle, "rb") as file:
    modules, plan = marshal.load(file)
for name, code in modules:
    module = sys.modules[name] = type(sys)(name)
    if code is None:
        module.__path__ = []
    else:
        exec(code, module.__dict__)
sys.modules["tutor.lab.inside.init"].main(plan, control, gate)
"""


def main(control_fd: int, plan_fd: int) -> None:
    """Never returns. ``plan_fd`` holds the marshalled plan; ``control_fd`` is our end of the control socket."""
    control = _socket.socket(fileno=control_fd)
    status = 1
    try:
        os.setsid()
        kernel.rename_process("nettutor lab")
        kernel.new_session_keyring()
        with os.fdopen(plan_fd, "rb") as file:
            plan: dict[str, Any] = marshal.load(file)
        status = _launch(plan, control)
    except OSError as error:
        message.send(control, message.failure(error, "prepare the lab"))
    finally:
        os._exit(status)


def _launch(plan: dict[str, Any], control: _socket.socket) -> int:
    maps = idmap.choose()
    plan["wide"] = maps.wide
    bundle = _bundle(plan)
    gate, go = os.pipe()
    pid = kernel.clone(_LAB_SPACES, "clone a user namespace")
    if pid == 0:
        os.close(go)
        _become_lab(plan, bundle, gate, control)
    os.close(gate)
    groups: list[str] = []
    try:
        idmap.write(maps, pid)
        os.write(go, b"!")  # it builds the root meanwhile: moving a process into a group takes the kernel a while
        groups = cgroups.confine(pid, plan["processes"] + 2 * plan["reserve"], plan["memory"])
        message.send(control, {"event": "guarded", "groups": groups})
        os.write(go, b"!")
        os.close(go)
        _guard(pid, control)
    finally:
        _kill(pid)
        cgroups.remove(groups)
    return 0


def _bundle(plan: dict[str, Any]) -> int:
    """A memory file with the code and the plan of pid 1, which has no other way to read our files."""
    folder = os.path.dirname(__file__)
    modules: list[tuple[str, object]] = [("tutor", None), ("tutor.lab", None), ("tutor.lab.inside", None)]
    for module in _BUNDLED:
        name = f"tutor.lab.inside.{module}"
        modules.append((name, _external.SourceFileLoader(name, f"{folder}/{module}.py").get_code(name)))
    fd = os.memfd_create("lab", 0)
    os.write(fd, marshal.dumps((modules, plan)))
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _become_lab(plan: dict[str, Any], bundle: int, gate: int, control: _socket.socket) -> None:
    """In the child: wait for the maps, build the root, exec pid 1."""
    try:
        if os.read(gate, 1) != b"!":
            os._exit(1)
        kernel.prctl("bind our life to the launcher's", kernel.PR_SET_PDEATHSIG, kernel.SIGKILL)
        sources = rootfs.open_sources(plan)
        if plan["wide"]:
            os.setgroups([])
            os.setresgid(0, 0, 0)
            os.setresuid(0, 0, 0)
        rootfs.build_lab(plan, sources)
        inherited = (bundle, control.fileno(), gate)
        for fd in inherited:
            os.set_inheritable(fd, True)
        arguments = [plan["interpreter"], "-I", "-S", "-c", _BOOTSTRAP, *(str(fd) for fd in inherited)]
        try:
            os.execve(plan["interpreter"], arguments, {"LANG": "C.UTF-8"})
        except OSError as error:
            raise OSError(error.errno, error.strerror, f"start {plan['interpreter']} in the lab") from None
    except OSError as error:
        message.send(control, message.failure(error, "build the root of the lab"))
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}: {error}\n")
        sys.stderr.flush()
    finally:
        os._exit(1)


def _guard(pid: int, control: _socket.socket) -> None:
    """Wait until nettutor or the lab ends; then the other ends too."""
    poll = select.poll()
    poll.register(control, 0)  # only the hang-up: what is said there is for pid 1
    poll.register(os.pidfd_open(pid), select.POLLIN)
    poll.poll()


def _kill(pid: int) -> None:
    try:
        os.kill(pid, kernel.SIGKILL)
        os.waitpid(pid, 0)
    except OSError:
        pass
