"""Labs for tests, in both ways in which one can be started: as whoever runs the tests, and, when that is root, also
with the launcher running as ``nobody``, which has no other user to map but itself."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from ipaddress import ip_interface
from pathlib import Path
from typing import Any

import pytest

from tutor import paths
from tutor.lab import Lab, Terminal, launch
from tutor.model.topology import InterfaceSpec, MachineSpec, SwitchPort, Topology

AS_OURSELVES, AS_NOBODY = "as ourselves", "as nobody"
ALSO_AS_USER = bool(os.environ.get("NETTUTOR_ALSO_AS_USER"))
"""Whether an ordinary user runs the same tests beside (``.ci/test``)."""
MODES = [AS_OURSELVES, AS_NOBODY] if os.geteuid() == 0 and not ALSO_AS_USER else [AS_OURSELVES]
GUEST = pwd.getpwuid(os.geteuid()).pw_name.startswith("nettutor-")
"""The ordinary user as whom the whole suite runs once more (``.ci/test``)."""
ONE = Topology((MachineSpec("host"),))
PAIR = Topology(
    tuple(
        MachineSpec(name, (InterfaceSpec("eth0", SwitchPort("lan"), (ip_interface(f"10.0.0.{number}/24"),)),))
        for number, name in enumerate(("one", "two"), 1)
    )
)


def use_mode(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on labs start in this mode."""
    if mode != AS_NOBODY:
        return
    monkeypatch.setenv("XDG_DATA_HOME", str(_public_data()))
    nobody = pwd.getpwnam("nobody")
    folder = Path(launch.__file__).parent
    probe = subprocess.run(["test", "-r", folder / "inside" / "launcher.py"], user=nobody.pw_uid, check=False)
    if probe.returncode:
        pytest.skip(f"unsupported: {folder} is not readable for nobody")
    real = subprocess.Popen

    def popen(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        if "launcher" in str(arguments):
            options.update(user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[])
        return real(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", popen)


@functools.cache
def _public_data() -> Path:
    """A data directory with a copy of root's tools, which nobody can read."""
    data = Path(tempfile.mkdtemp(prefix="nettutor-public-"))
    atexit.register(shutil.rmtree, data, ignore_errors=True)
    data.chmod(0o755)
    if paths.tools_layer().is_dir():
        shutil.copytree(paths.tools_layer(), data / "nettutor" / "tools", symlinks=True)
    return data


@contextlib.asynccontextmanager
async def running(topology: Topology = ONE, home: Mapping[str, str] | None = None) -> AsyncIterator[Lab]:
    lab = await Lab.boot(topology, home=home)
    try:
        yield lab
    finally:
        await lab.close()


async def sh(lab: Lab, line: str, machine: str = "", timeout: float = 20) -> str:
    """What ``line`` prints in bash on the machine (by default the first), both streams, and its failure if it fails."""
    machine = machine or lab.topology.machines[0].name
    done = await lab.run(machine, ["bash", "-c", f"exec 2>&1; {line}"], timeout=timeout)
    text = done.stdout.decode("utf-8", "replace")
    return text if done.status == 0 else f"{text}[exit status {done.status}]"


async def until(condition: Callable[[], bool], seconds: float = 5) -> bool:
    """Whether it came true in time. For ends that the kernel brings about by itself."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            return False
        await asyncio.sleep(0.002)
    return True


def processes_of(launcher: int) -> list[int]:
    """Every living process below the launcher of a lab, and itself, by the host's pids."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if fields[0] not in "ZX":
                    children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = [], [launcher]
    while todo:
        pid = todo.pop()
        found.append(pid)
        todo += children.get(pid, [])
    return found


def alive(pid: int) -> bool:
    """Whether it still runs; a zombie does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] not in "ZX"
    except (OSError, IndexError):
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


async def screen(terminal: Terminal, typed: str, marker: str, seconds: float = 10) -> str:
    """Type into a terminal and give what it showed until ``marker``."""
    loop = asyncio.get_running_loop()
    os.write(terminal.fd, typed.encode())
    shown = b""
    deadline = loop.time() + seconds
    while marker.encode() not in shown:
        assert loop.time() < deadline, f"{marker!r} was not shown: {shown!r}"
        try:
            shown += os.read(terminal.fd, 65536)
        except BlockingIOError:
            await asyncio.sleep(0.005)
        except OSError:
            break
    return shown.decode("utf-8", "replace")


def unix_server(path: str) -> socket.socket:
    """A listening socket of the host; abstract where the path starts with a NUL."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen()
    return server
