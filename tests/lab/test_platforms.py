"""Machines that cannot run a lab, made for the test: each gets its own message and fix."""

from __future__ import annotations

import asyncio
import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tutor.lab import diagnose

ROOT = Path(__file__).parents[2]
BOOT = """
import asyncio, sys
from tutor.errors import LabError
from tutor.lab import Lab
from tutor.model.topology import MachineSpec, Topology

async def main():
    lab = await Lab.boot(Topology((MachineSpec("host"),)))
    print((await lab.run("host", ["hostname"])).stdout.decode())
    await lab.close()

try:
    asyncio.run(main())
except LabError as error:
    print(error.reason, "|", error.fix)
"""


async def boot_under(line: str) -> str:
    """What a boot says under the shell line, in which ``$@`` is the command that boots."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = await asyncio.create_subprocess_exec(
        "unshare", "--user", "--map-root-user", "--mount", "sh", "-c", line, "sh", sys.executable, "-c", BOOT,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment,
    )  # fmt: skip
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    return said.decode()


async def test_it_boots_where_nothing_forbids_it() -> None:
    assert "host" in (await boot_under('exec "$@"')).splitlines()


async def test_user_namespaces_are_switched_off() -> None:
    said = await boot_under('echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"')
    assert "sysctl user.max_user_namespaces=15000" in said
    assert len(said.splitlines()) == 1


async def test_network_namespaces_are_switched_off() -> None:
    said = await boot_under('echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"')
    assert "sysctl user.max_net_namespaces=15000" in said
    assert len(said.splitlines()) == 1


async def test_in_a_chroot(tmp_path: Path) -> None:
    said = await boot_under(f'mount --rbind / {tmp_path} && exec /usr/sbin/chroot {tmp_path} "$@"')
    assert "Operation not permitted" in said
    assert "chroot" in said or "Docker" in said
    assert len(said.splitlines()) == 1


async def test_where_parts_of_proc_are_hidden() -> None:
    said = await boot_under('mount -t tmpfs none /proc/bus 2>/dev/null || mount -t tmpfs none /proc/fs; exec "$@"')
    assert "mount proc" in said
    assert "/proc" in said or "systempaths=unconfined" in said


async def test_with_standard_streams_closed() -> None:
    said = await boot_under('exec "$@" <&-')
    assert "host" in said.splitlines()


@pytest.mark.parametrize(
    ("number", "place", "fix"),
    [
        (errno.ENOSPC, "clone a user namespace", "user.max_*_namespaces"),
        (errno.EINVAL, "clone a user namespace", "kernel"),
        (errno.ENOSYS, "make /tmp/machine/usr read-only", "Linux 5.12"),
        (errno.ENOMEM, "mount tmpfs on /tmp", "memory"),
        (errno.EACCES, "open /home/me/tools", "readable"),
        (errno.EMFILE, "start the machines", "open files"),
    ],
)
def test_every_refusal_has_a_fix(monkeypatch: pytest.MonkeyPatch, number: int, place: str, fix: str) -> None:
    monkeypatch.setattr(sys.modules["tutor.lab.diagnose"], "in_container", bool)
    said = diagnose(OSError(number, os.strerror(number), place))
    assert fix in said.fix
    assert place in said.reason
