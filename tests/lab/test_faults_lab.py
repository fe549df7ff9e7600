"""What must do no harm: fork bombs, full disks, kills at any time, refusals of the kernel. In both modes."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from lab_modes import MODES, ONE, PAIR, alive, kill, processes_of, running, screen, sh, until, use_mode

from tutor.errors import LabEnded, LabError
from tutor.lab import Lab

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    use_mode(request.param, monkeypatch)
    return str(request.param)


def launcher_of(lab: Lab) -> int:
    assert lab._process is not None
    return lab._process.pid


def groups() -> list[Path]:
    """Control groups of labs."""
    return [path for path in Path("/sys/fs/cgroup").glob("**/nettutor-*") if path.is_dir()]


async def gone(pids: list[int]) -> bool:
    return await until(lambda: not any(alive(pid) for pid in pids), 2)


async def test_a_fork_bomb_is_bounded_and_the_lab_can_be_closed() -> None:
    crowd = [subprocess.Popen(["sleep", "100"]) for _ in range(50)]  # noqa: ASYNC220
    try:
        async with running() as lab:
            terminal = await lab.shell("host", rows=24, columns=80)
            await screen(terminal, "b() { b | b & }; b 2>/tmp/said\n", "b")
            await asyncio.sleep(1.5)
            assert subprocess.run(["true"], check=True).returncode == 0  # noqa: ASYNC221
            fd = await asyncio.wait_for(
                lab.open(__import__("tutor.model.place").model.place.Place("host"), "/tmp/said"), 5
            )
            assert b"Resource temporarily unavailable" in os.read(fd, 4096)
            os.close(fd)
            os.close(terminal.fd)
            pids = processes_of(launcher_of(lab))
            await lab.close()
        assert await gone(pids)
    finally:
        for process in crowd:
            process.kill()
            process.wait()


async def test_without_the_outer_side_nothing_is_left(mode: str) -> None:
    script = (
        "import asyncio, sys, pwd, subprocess\n"
        f"sys.path[:0] = [{str(ROOT)!r}, {str(ROOT / 'tests')!r}]\n"
        "from lab_modes import *\n"
        f"use_mode({mode!r}, pytest.MonkeyPatch())\n"
        "async def main():\n"
        "    lab = await Lab.boot(PAIR)\n"
        "    await lab.run('one', ['sh', '-c', 'sleep 1000 & ip netns add red; sleep 0.1'])\n"
        "    print(lab._process.pid, flush=True)\n"
        "    await asyncio.sleep(1000)\n"
        "asyncio.run(main())\n"
    )
    outer = await asyncio.create_subprocess_exec(sys.executable, "-c", script, stdout=subprocess.PIPE)
    assert outer.stdout is not None
    launcher = int(await outer.stdout.readline())
    pids = processes_of(launcher)
    assert len(pids) >= 4
    outer.kill()
    await outer.wait()
    assert await gone(pids)
    assert await until(lambda: not [path for path in groups() if path.name == f"nettutor-{launcher}"])


@pytest.mark.parametrize("victim", ["launcher", "pid 1"])
async def test_a_lab_that_was_killed_says_so(victim: str) -> None:
    lab = await Lab.boot(PAIR)
    terminal = await lab.shell("one", rows=24, columns=80)
    pids = processes_of(launcher_of(lab))
    kill(pids[0] if victim == "launcher" else next(pid for pid in pids if pid != pids[0]))
    assert await asyncio.wait_for(lab.ended, 2)
    assert "lab ended" in await asyncio.wait_for(lab.machine_ended("two"), 2)
    with pytest.raises(LabEnded):
        await terminal.wait()
    with pytest.raises(LabEnded):
        await lab.run("one", ["true"])
    with pytest.raises(LabEnded):
        await lab.shell("two", rows=24, columns=80)
    await lab.close()
    os.close(terminal.fd)
    assert await gone(pids)
    assert not [path for path in groups() if path.name == f"nettutor-{pids[0]}"]


@pytest.mark.parametrize(("line", "reason"), [("reboot -f", "rebooted"), ("poweroff -f", "switched off")])
async def test_a_machine_that_reboots_ends_alone(line: str, reason: str) -> None:
    async with running(PAIR) as lab:
        call = {"reboot -f": 0x1234567, "poweroff -f": 0x4321FEDC}[line]
        command = f"import ctypes; ctypes.CDLL(None).reboot({call})"
        with pytest.raises(LabEnded):
            await lab.run("one", ["/usr/bin/python3", "-c", command])
        assert reason in await asyncio.wait_for(lab.machine_ended("one"), 2)
        assert await sh(lab, "hostname", "two") == "two\n"
        assert not lab.ended.done()


async def test_killing_everything_ends_the_shells_only() -> None:
    async with running() as lab:
        first, second = [await lab.shell("host", rows=24, columns=80) for _ in range(2)]
        os.write(first.fd, b"kill -9 1; kill -9 -1; exit 3\n")
        assert await asyncio.wait_for(first.wait(), 5) == 3
        assert await asyncio.wait_for(second.wait(), 5) == 128 + signal.SIGKILL
        assert await sh(lab, "hostname") == "host\n"
        for terminal in (first, second):
            os.close(terminal.fd)


def test_the_thread_that_booted_the_lab_may_end() -> None:
    loop = asyncio.new_event_loop()
    labs: list[Lab] = []
    thread = threading.Thread(target=lambda: labs.append(loop.run_until_complete(Lab.boot(ONE))))
    thread.start()
    thread.join()
    assert loop.run_until_complete(sh(labs[0], "sleep 0.2; hostname")) == "host\n"
    loop.run_until_complete(labs[0].close())
    loop.close()


async def test_a_full_disk_does_not_stop_the_tutor() -> None:
    async with running() as lab:
        await sh(lab, "cat /dev/zero > /tmp/big; cat /dev/zero > /dev/shm/big; cat /dev/zero > /root/big")
        assert await sh(lab, "ip netns add x 2>/dev/null; hostname") == "host\n"
        terminal = await lab.shell("host", rows=24, columns=80)
        assert "alive" in await screen(terminal, "echo al''ive\n", "alive\r")
        os.close(terminal.fd)


async def test_two_labs_at_once_do_not_meet() -> None:
    async with running(PAIR) as first, running(PAIR) as second:
        await sh(first, "ip netns add red; ip link set eth0 mtu 1400")
        assert await second.namespaces("one") == ()
        assert "mtu 1500" in await sh(second, "ip link show eth0")
        assert "1 received" in await sh(second, "ping -c 1 -W 2 10.0.0.2")


async def test_a_process_that_does_not_end_is_ended() -> None:
    async with running() as lab:
        with pytest.raises(TimeoutError):
            await lab.run("host", ["sleep", "1234"], timeout=0.2)
        assert "1234" not in await sh(lab, "sleep 0.1; ps -o args | grep -v grep")
        done = await lab.run("host", ["sh", "-c", "sleep 50 & echo hi"])
        assert (done.status, done.stdout) == (0, b"hi\n")
        assert (await lab.run("host", ["no-such-program"])).status == 127
        assert len((await lab.run("host", ["head", "-c", "20000000", "/dev/zero"])).stdout) <= (16 << 20) + (1 << 16)
        assert (await lab.run("host", ["cat"], stdin=b"x" * 1_000_000)).stdout == b"x" * 1_000_000


async def test_a_thousand_namespaces_links_and_requests_at_once() -> None:
    async with running() as lab:
        await sh(lab, "for i in $(seq 200); do echo netns add n$i; done | sed 's/^/ip /' | sh", timeout=60)
        assert len(await lab.namespaces("host")) == 200
        answers = await asyncio.gather(*(lab.namespaces("host") for _ in range(300)))
        assert all(len(names) == 200 for names in answers)


# The system calls by which a lab is set up, and which of their turns is refused. `strace` stands between us and the
# launcher, and counts the turns of each process by itself.
CALLS = {
    "clone": 1, "unshare": 1, "mount": 28, "umount2": 2, "pivot_root": 2, "mount_setattr": 3, "keyctl": 1, "sendto": 3,
    "prctl": 3, "mkdir": 5, "symlink": 3, "openat": 40, "socket": 3, "socketpair": 1, "sendmsg": 3, "sethostname": 1,
    "memfd_create": 1, "pipe2": 2, "execve": 2, "setsid": 1, "setgroups": 1, "setresuid": 1, "prlimit64": 2, "write": 6,
    "read": 40, "chdir": 2, "pidfd_open": 1, "poll": 2, "ioctl": 2, "mmap": 30, "newfstatat": 20, "close": 10,
}  # fmt: skip
REFUSALS = [
    (call, number, turn)
    for call, turns in CALLS.items()
    for number in ("EPERM", "ENOSPC", "ENOMEM", "EINVAL")
    for turn in ({1, 2, turns} if number == "EPERM" else {turns})
]


def refuse(monkeypatch: pytest.MonkeyPatch, call: str, number: str, turn: int) -> None:
    real = subprocess.Popen
    inject = ["-e", f"trace={call}", "-e", f"inject={call}:error={number}:when={turn}"]

    def popen(arguments: list[str], **options: Any) -> subprocess.Popen[bytes]:
        return real(["strace", "-f", "-qq", "-o", "/dev/null", *inject, *arguments], **options)

    monkeypatch.setattr(subprocess, "Popen", popen)


@pytest.mark.parametrize(("call", "number", "turn"), REFUSALS)
async def test_a_refusal_while_booting_is_one_line(
    call: str, number: str, turn: int, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either the lab does without, or one line says what failed; nothing is left in both cases."""
    if shutil.which("strace") is None:
        pytest.skip("unsupported: strace is not installed")
    before = set(processes_of(os.getpid()))
    refuse(monkeypatch, call, number, turn)
    said = ""
    try:
        lab = await asyncio.wait_for(Lab.boot(ONE), 20)
    except LabError as error:
        said = str(error)
    else:
        await lab.close()
    assert "\n" not in said
    assert "Traceback" not in said
    assert await until(lambda: set(processes_of(os.getpid())) <= before)
