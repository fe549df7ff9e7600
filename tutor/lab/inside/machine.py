"""Pid 1 of a machine: builds its root, configures its network, then serves the outer side and reaps.

Every request names an ``op`` and an ``id``; its answer carries the same ``id`` and either the result, descriptors
beside it, or ``errno`` and ``reason``; ``gone`` marks a network namespace that does not exist. Unasked, it tells
``{"event": "exit", "child", "status"}``. It holds no secrets, and ends when the outer side closes the channel.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import _socket
import errno
import fcntl
import os
import select

from tutor.lab.inside import kernel, message, network, rootfs, rtnetlink, spawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_IN_CREATE, _IN_DELETE, _IN_MOVE = 0x100, 0x200, 0xC0
_OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY
_REQUESTS_A_TURN = 64
_AF_NETLINK = 16


class Gone(Exception):
    """There is no network namespace of that name."""


class Machine:
    def __init__(self, channel: _socket.socket, limits: spawn.Confinement) -> None:
        self._channel = channel
        self._limits = limits
        self._root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
        self._children: dict[int, int] = {}  # pid -> id of the request that started it
        self._operations: dict[str, Callable[[dict[str, Any]], tuple[dict[str, object], list[int]]]] = {
            "shell": self._shell, "run": self._run, "kill": self._kill, "find": self._find, "put": self._put,
            "socket": self._socket, "open": self._open, "namespaces": self._namespaces, "watch": self._watch,
            "hub": self._hub, "connect": self._connect,
        }  # fmt: skip

    def serve(self) -> None:
        """Answer until the channel ends."""
        wake, wakes = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        _signal.set_wakeup_fd(wakes)
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        poll.register(wake, select.POLLIN)
        self._channel.setblocking(False)
        while True:
            for fd, _ in poll.poll():
                if fd == wake:
                    os.read(wake, 4096)
                    self._reap()
                elif not self._serve_some():
                    return

    def _serve_some(self) -> bool:
        for _ in range(_REQUESTS_A_TURN):
            try:
                request = message.receive(self._channel)
            except BlockingIOError:
                return True
            if request is None:
                return False
            self._answer(request)
        return True

    def _answer(self, request: dict[str, Any]) -> None:
        reply: dict[str, object] = {"id": request["id"]}
        fds: list[int] = []
        try:
            result, fds = self._operations[request["op"]](request)
            reply.update(result)
        except Gone as error:
            reply["gone"] = str(error)
        except OSError as error:
            reply.update(errno=error.errno or errno.EIO, reason=error.strerror or str(error))
        except Exception as error:
            reply.update(errno=errno.EINVAL, reason=f"{type(error).__name__}: {error}")
        self._tell(reply, fds)
        for fd in fds:
            os.close(fd)

    def _tell(self, value: dict[str, object], fds: list[int]) -> None:
        self._channel.setblocking(True)
        try:
            message.send(self._channel, value, fds)
        except OSError:
            os._exit(0)
        finally:
            self._channel.setblocking(False)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            child = self._children.pop(pid, None)
            if child is not None:
                code = os.waitstatus_to_exitcode(status)
                self._tell({"event": "exit", "child": child, "status": code if code >= 0 else 128 - code}, [])

    # The operations. Each gives the fields of the answer, and descriptors, which are closed here once they are sent.

    def _shell(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        pid, master = spawn.on_terminal(
            request["argv"], request["term"], request["rows"], request["columns"], self._limits
        )
        self._children[pid] = request["id"]
        return {"pid": pid}, [master]

    def _run(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        netns = self._open_netns(request["netns"])
        try:
            pid, fds = spawn.with_pipes(request["argv"], netns, self._limits)
        finally:
            if netns is not None:
                os.close(netns)
        self._children[pid] = request["id"]
        return {"pid": pid}, list(fds)

    def _kill(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        """Signal the session of a child that was started by request ``child``."""
        for pid, child in self._children.items():
            if child == request["child"]:
                os.killpg(pid, request["signal"])
        return {}, []

    def _socket(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        def create() -> int:
            socket = _socket.socket(request["family"], request["type"] | _socket.SOCK_CLOEXEC, request["proto"])
            return socket.detach()

        return {}, [self._in_netns(request["netns"], create)]

    def _connect(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        """A stream to the daemon that listens on the unix socket ``path`` of this machine (unix(7))."""
        socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM | _socket.SOCK_CLOEXEC | _socket.SOCK_NONBLOCK)
        try:
            socket.connect(request["path"])
        except OSError:
            socket.close()
            raise
        return {}, [socket.detach()]

    def _open(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        """A file as it is seen in the namespace: below /proc that is our own /proc, whatever was mounted over it."""
        path: str = request["path"]

        def create() -> int:
            if path.startswith("/proc/"):
                resolve = kernel.RESOLVE_BENEATH | kernel.RESOLVE_NO_MAGICLINKS
                return kernel.open_inside(self._proc, path[len("/proc/") :], _OPEN, resolve)
            return kernel.open_inside(self._root, path, _OPEN, kernel.RESOLVE_IN_ROOT | kernel.RESOLVE_NO_MAGICLINKS)

        return {}, [self._in_netns(request["netns"], create)]

    def _namespaces(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        try:
            names = sorted(os.listdir("/run/netns"))
        except OSError:
            names = []
        found = []
        for name in names:
            try:
                fd = self._open_netns(name)
            except (Gone, OSError):
                continue
            found.append(name)
            if fd is not None:
                os.close(fd)
        return {"names": found}, []

    def _watch(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        mask = _IN_CREATE | _IN_DELETE | _IN_MOVE
        return {}, [kernel.inotify({"/run": mask, "/run/netns": mask})]

    def _hub(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        """Netlink sockets of a network namespace of their own, which lives as long as they do."""
        kind = _socket.SOCK_DGRAM | _socket.SOCK_CLOEXEC
        kernel.unshare(kernel.CLONE_NEWNET, "make a network namespace")
        try:
            return {}, [_socket.socket(_AF_NETLINK, kind, protocol).detach() for protocol in request["protocols"]]
        finally:
            kernel.setns(self._home, kernel.CLONE_NEWNET)

    def _put(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        """Write a file of the machine, with the directories that lead to it."""
        path: str = request["path"]
        os.makedirs(os.path.dirname(path), exist_ok=True)
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        try:
            os.write(fd, request["text"].encode())
        finally:
            os.close(fd)
        return {}, []

    def _find(self, request: dict[str, Any]) -> tuple[dict[str, object], list[int]]:
        return {"path": spawn.find(request["program"])}, []

    def _open_netns(self, name: str | None) -> int | None:
        """The namespace bound at /run/netns/NAME (ip-netns(8)), or at NAME where that is a whole path; ``None`` for the
        machine's own."""
        if name is None:
            return None
        path = name if name.startswith("/") else f"run/netns/{name}"
        try:
            fd = kernel.open_inside(self._root, path, _OPEN, kernel.RESOLVE_IN_ROOT | kernel.RESOLVE_NO_MAGICLINKS)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
                raise Gone(name) from None
            raise
        if (
            kernel.file_system_magic(fd) != kernel.NSFS_MAGIC
            or fcntl.ioctl(fd, kernel.NS_GET_NSTYPE) != kernel.CLONE_NEWNET
        ):
            os.close(fd)
            raise Gone(name)
        return fd

    def _in_netns(self, name: str | None, create: Callable[[], int]) -> int:
        netns = self._open_netns(name)
        if netns is None:
            return create()
        try:
            kernel.setns(netns, kernel.CLONE_NEWNET)
            try:
                return create()
            finally:
                kernel.setns(self._home, kernel.CLONE_NEWNET)
        finally:
            os.close(netns)


def main(
    spec: dict[str, Any], channel: _socket.socket, fabric: _socket.socket, wired: int, limits: spawn.Confinement
) -> None:
    """Run the machine ``spec``. ``fabric`` is a netlink socket where the switches stand; ``wired`` ends when all
    cables between machines are laid."""
    try:
        _socket.sethostname(spec["name"])
        rootfs.build_machine(spec)
        rtnetlink.perform(spec["ports"], fabric)
        fabric.close()
        if len(spec["ports"]) < len(spec["interfaces"]):
            os.read(wired, 1)
        os.close(wired)
        network.configure(spec)
        machine = Machine(channel, limits)
    except OSError as error:
        message.send(channel, message.failure(error, "start the machine"))
        os._exit(1)
    message.send(channel, {"event": "up"})
    machine.serve()
