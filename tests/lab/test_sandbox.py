"""The learner's machine is never touched: what a lab can see, reach, and change, in both modes."""

from __future__ import annotations

import asyncio
import ctypes
import fcntl
import hashlib
import os
import socket
import stat
import struct
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from lab_modes import MODES, PAIR, running, screen, sh, unix_server, use_mode

from tutor import paths
from tutor.lab import Lab, NamespaceGone
from tutor.lab.inside import rtnetlink
from tutor.model.place import Place

HOST = Place("host")


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    use_mode(request.param, monkeypatch)
    return str(request.param)


@pytest.fixture
def secret(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "secret"
    path.write_text("the host's own\n")
    yield path
    assert path.read_text() == "the host's own\n"


@pytest.fixture
def inheritable() -> Iterator[int]:
    fd = os.open("/etc/hostname", os.O_RDONLY)
    os.set_inheritable(fd, True)
    yield fd
    os.close(fd)


def packed(folder: Path) -> bytes:
    command = ["tar", "-C", str(folder.parent), "--exclude", "__pycache__", "-c", folder.name]
    return subprocess.run(command, capture_output=True, check=True).stdout


def host_state() -> dict[str, str]:
    """What a user would see changed on the host."""
    commands = {"links": "ip -o link", "names": "ls /run/netns /var/run/netns", "mounts": "cat /proc/self/mountinfo"}
    return {
        name: subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False).stdout
        for name, command in commands.items()
    }


def digest_of_usr() -> str:
    found = hashlib.sha256()
    for path in sorted(Path("/usr/sbin").iterdir()):
        status = path.lstat()
        found.update(f"{path} {status.st_size} {status.st_mtime_ns} {status.st_ino}\n".encode())
    return found.hexdigest()


async def test_a_lab_leaves_the_host_as_it_was() -> None:
    before = host_state()
    async with running(PAIR) as lab:
        assert host_state() == before
        await sh(lab, "ip netns add red; ip link add type veth; mount -t tmpfs x /mnt")
    assert host_state() == before


async def test_removing_every_file_harms_neither_the_host_nor_the_lab(secret: Path) -> None:
    before = digest_of_usr()
    async with running() as lab:
        await sh(lab, "rm -rf --no-preserve-root / 2>/dev/null")
        assert await sh(lab, "ip netns add x && ip netns exec x true && ip -n x -br link | wc -l") == "1\n"
    assert digest_of_usr() == before


async def test_root_of_the_lab_is_nobody_on_the_host(secret: Path) -> None:
    async with running() as lab:
        assert "[exit status" in await sh(lab, f"cat {secret}")
        assert "[exit status" in await sh(lab, "echo > /usr/sbin/x")
        assert "[exit status" in await sh(lab, "echo 1 > /proc/sys/kernel/panic")
        assert "[exit status" in await sh(lab, "date -s 2001-01-01")
        assert "[exit status" in await sh(lab, "echo b > /proc/sysrq-trigger")


async def test_the_hosts_interfaces_processes_and_home_are_out_of_sight() -> None:
    async with running() as lab:
        assert (await sh(lab, "ls /sys/class/net")).split() == ["lo"]
        assert (await sh(lab, "ls /.sysfs/class/net")).split() == ["lo"]
        assert (await sh(lab, "ls /home /mnt /opt /srv")).split() == ["/home:", "/mnt:", "/opt:", "/srv:"]
        pids = (await sh(lab, "ls -d /proc/[0-9]*")).split()
        assert 1 < len(pids) <= 3
        assert "docker.sock" not in await sh(lab, "find /run /var -type s")


async def test_sockets_of_the_host_cannot_be_reached(tmp_path: Path) -> None:
    name = f"nettutor-test-{os.getpid()}"
    connect = "import socket,sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1].replace('@','\\0'))"
    with unix_server(str(tmp_path / "sock")), unix_server(f"\0{name}"):
        async with running() as lab:
            for path in (str(tmp_path / "sock"), f"@{name}"):
                done = await lab.run("host", ["/usr/bin/python3", "-c", connect, path])
                assert done.status, path
                assert b"refused" in done.stderr or b"No such file" in done.stderr


async def test_the_callers_environment_and_descriptors_stay_outside(
    monkeypatch: pytest.MonkeyPatch, inheritable: int
) -> None:
    assert os.get_inheritable(inheritable)
    monkeypatch.setenv("NETTUTOR_SECRET", "hunter2")
    async with running() as lab:
        assert "hunter2" not in await sh(lab, "env; cat /proc/*/environ | tr '\\0' '\\n'")
        assert (await sh(lab, "ls /proc/self/fd")).split() == ["0", "1", "2", "3"]  # 3 is the directory itself


async def test_pid_1_shows_nothing_of_itself() -> None:
    async with running() as lab:
        for what in ("environ", "maps", "auxv", "fdinfo/0", "mem"):
            assert "[exit status" in await sh(lab, f"head -c 1 /proc/1/{what}"), what
        for what in ("fd/0", "exe", "root", "cwd", "ns/net", "ns/user"):
            assert "[exit status" in await sh(lab, f"readlink /proc/1/{what}"), what
        assert (await sh(lab, "tr -d '\\0' </proc/1/cmdline")) == "init"
        assert "Operation not permitted" in await sh(lab, "strace -p 1 -o /dev/null")


async def test_no_path_of_the_users_is_told_in_the_lab() -> None:
    async with running() as lab:
        told = await sh(lab, "cat /proc/self/mountinfo /proc/self/maps; cat /proc/[0-9]*/cmdline | tr '\\0' ' '")
        for path in (paths.data(), paths.cache(), Path(__file__).parents[2]):
            assert str(path) not in told


async def test_the_learners_own_processes_stay_visible_to_each_other() -> None:
    async with running() as lab:
        listening = "python3 -m http.server 8000 >/dev/null 2>&1 & sleep 0.6;"
        assert "python3" in await sh(lab, f"{listening} ss -ltnp; kill %1")
        assert "python3" in await sh(lab, f"{listening} netstat -ltnp; kill %1")
        assert "exited with 0" in await sh(lab, "strace -f true")
        assert "/usr/bin/sleep" in await sh(lab, "sleep 9 & sleep 0.3; readlink /proc/$!/exe; kill $!")


async def test_a_key_of_the_caller_cannot_be_read() -> None:
    """keyctl(2): it is in our session's keyring, and neither found nor read from inside."""
    add_key, keyctl = (248, 250) if os.uname().machine == "x86_64" else (217, 219)
    session, unlink, search, read = -3, 9, 10, 11
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    number = libc.syscall(add_key, b"user", b"nettutor-secret", b"hidden", ctypes.c_size_t(6), session)
    assert number > 0, os.strerror(ctypes.get_errno())
    ask = (
        f"import ctypes; libc = ctypes.CDLL(None); space = ctypes.create_string_buffer(9)\n"
        f"print(libc.syscall({keyctl}, {search}, {session}, b'user', b'nettutor-secret', 0))\n"
        f"print(libc.syscall({keyctl}, {read}, {number}, space, 9), space.value)"
    )
    try:
        async with running() as lab:
            done = await lab.run("host", ["/usr/bin/python3", "-c", ask])
        assert done.stdout == b"-1\n-1 b''\n", done
    finally:
        libc.syscall(keyctl, unlink, number, session)


async def test_every_writable_place_has_a_limit() -> None:
    async with running() as lab:
        for folder in ("/tmp", "/dev/shm", "/root", "/etc", "/run", "/var"):
            shown = await sh(lab, f"head -c 600M /dev/zero > {folder}/big; rm {folder}/big")
            assert "No space left" in shown or "Read-only" in shown, folder
        assert "No space left" in await sh(
            lab, "cd /tmp; for i in $(seq 20000); do echo > $i || break; done", timeout=60
        )
        assert "[exit status" in await sh(lab, "echo > /dev/x")
        assert (await sh(lab, "true")) == ""


async def test_namespaces_commands_work_as_on_a_real_machine() -> None:
    async with running() as lab:
        assert await sh(lab, "ip netns add red; ip netns add blue; ip netns list | sort") == "blue\nred\n"
        assert (await sh(lab, "ip netns exec red ls /sys/class/net")).split() == ["lo"]
        assert "LOOPBACK" in await sh(lab, "ip -n red link show lo")
        assert (await sh(lab, "ip netns exec red ip netns identify")).strip() == "red"
        assert await sh(lab, "ip netns exec red hostname") == "host\n"
        assert (await sh(lab, "ip netns del red && ip netns list")).split() == ["blue"]
        assert (
            await sh(
                lab, "ip link add v0 type veth peer name v1 && ip link set v1 netns blue && ip link set v0 netns 1"
            )
            == ""
        )
        assert await lab.namespaces("host") == ("blue",)


async def test_files_in_etc_can_be_edited_and_count() -> None:
    async with running() as lab:
        assert "192.0.2.7" in await sh(lab, "echo 192.0.2.7 shop >> /etc/hosts; getent hosts shop")
        assert (
            await sh(lab, "echo nameserver 192.0.2.1 > /etc/resolv.conf; cat /etc/resolv.conf")
            == "nameserver 192.0.2.1\n"
        )
        table = "echo 100 mine >> /etc/iproute2/rt_tables; ip rule add from 10.0.0.1 table mine; ip rule"
        assert " mine" in await sh(lab, table)
        assert "[exit status" not in await sh(lab, "sed -i s/localhost/here/ /etc/hosts; getent hosts here")


@pytest.mark.parametrize("options", ["", "-w /tmp/x.pcap"])
async def test_tcpdump_captures(options: str) -> None:
    async with running() as lab:
        shown = await sh(
            lab, f"(sleep 0.5; ping -c 3 -i 0.1 127.0.0.1 >/dev/null) & timeout 5 tcpdump -ni lo -c 1 {options} icmp"
        )
        assert "1 packet captured" in shown
        if options:
            assert "echo request" in await sh(lab, "tcpdump -nr /tmp/x.pcap")


@pytest.mark.parametrize(
    "line",
    [
        "ping -c 1 -W 2 127.0.0.1",
        "iptables -t nat -A POSTROUTING -j MASQUERADE && iptables-save | grep MASQ",
        "nft add table ip t && nft list ruleset",
        "brctl addbr b0 && brctl show",
        "ps aux",
        "sysctl -w net.ipv4.ip_forward=1",
        "conntrack -L",
        "id && df && mount",
        "vim --version && less --version",
        "TERM=xterm-256color tput colors",
        "chown nobody /tmp",
    ],
)
async def test_the_usual_tools_work(line: str) -> None:
    program = line.split()[0]
    async with running() as lab:
        shown = await sh(lab, line)
        if "[exit status 127]" in shown:
            pytest.skip(f"unsupported: {program} is not installed")
        assert "[exit status" not in shown


async def test_a_shell_has_a_terminal_of_its_own() -> None:
    async with running(home={".bashrc": "PS1='$ '\n"}) as lab:
        terminal = await lab.shell("host", rows=33, columns=101)
        assert "/dev/pts/0" in await screen(terminal, "tty; echo en''d\n", "end\r")
        assert "33 101" in await screen(terminal, "stty size; echo en''d\n", "end\r")
        assert "root host /root end" in await screen(terminal, "echo $USER $(hostname) $PWD en''d\n", "end\r")
        await screen(terminal, "sleep 100 &\n", "[1]")
        assert "Running" in await screen(terminal, "jobs; echo en''d\n", "end\r")
        await screen(terminal, "echo run''ning; cat\n", "running\r")
        await asyncio.sleep(0.3)
        assert "Stopped" in await screen(terminal, "\x1a", "Stopped")
        await screen(terminal, "kill %1 %2; exit 7\n", "exit")
        os.write(terminal.fd, b"exit 7\n")
        assert await asyncio.wait_for(terminal.wait(), 5) == 7
        os.close(terminal.fd)


async def test_a_window_that_changes_size_is_told() -> None:
    async with running(home={".bashrc": "PS1='$ '; trap 'stty size' WINCH\n"}) as lab:
        terminal = await lab.shell("host", rows=24, columns=80)
        await screen(terminal, "echo rea''dy\n", "ready\r")
        fcntl.ioctl(terminal.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
        assert "50 200" in await screen(terminal, "\n", "50 200")
        os.close(terminal.fd)
        assert await asyncio.wait_for(terminal.wait(), 5) == 129


async def test_sockets_are_born_in_their_namespace() -> None:
    async with running() as lab:
        await sh(lab, "ip netns add red; ip -n red link set lo up; ip -n red addr add 10.9.8.7/32 dev lo")
        red = Place("host", "red")
        with await lab.socket(red, socket.AF_INET, socket.SOCK_DGRAM) as datagram:
            datagram.bind(("10.9.8.7", 0))
        with (
            await lab.socket(HOST, socket.AF_INET, socket.SOCK_DGRAM) as datagram,
            pytest.raises(OSError, match="assign"),
        ):
            datagram.bind(("10.9.8.7", 0))
        with await lab.socket(red, socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP):
            pass
        with await lab.socket(red, socket.AF_PACKET, socket.SOCK_RAW, 0):
            pass
        with pytest.raises(NamespaceGone):
            await lab.socket(Place("host", "green"), socket.AF_INET, socket.SOCK_DGRAM)
        with pytest.raises(KeyError):
            await lab.socket(Place("nowhere"), socket.AF_INET, socket.SOCK_DGRAM)


async def test_a_netlink_socket_from_inside_writes_from_outside() -> None:
    async with running() as lab:
        await sh(lab, "ip netns add red")
        with await lab.socket(Place("host", "red"), socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
            rtnetlink.perform([("lo up", rtnetlink.set_up(1))], netlink)
        assert ",UP" in await sh(lab, "ip -n red link show lo")


async def read(lab: Lab, place: Place, path: str) -> bytes:
    fd = await lab.open(place, path)
    with os.fdopen(fd, "rb") as file:
        return file.read(100)


async def test_a_sysctl_is_that_of_its_namespace() -> None:
    async with running() as lab:
        await sh(
            lab, "ip netns add red; ip netns exec red sysctl -w net.ipv4.ip_forward=1; sysctl -w net.ipv4.ip_forward=0"
        )
        assert await read(lab, Place("host", "red"), "/proc/sys/net/ipv4/ip_forward") == b"1\n"
        assert await read(lab, HOST, "/proc/sys/net/ipv4/ip_forward") == b"0\n"
        await sh(lab, "mkdir /tmp/p; echo 9 > /tmp/9; mount -t tmpfs x /proc/sys")
        await sh(lab, "mount -t tmpfs x /proc")
        with pytest.raises(FileNotFoundError):
            await lab.open(HOST, "/proc/sys/net/ipv4/nonsense")


async def test_files_are_opened_within_the_machine_and_never_block(secret: Path) -> None:
    async with running() as lab:
        await sh(lab, f"ln -s {secret} /tmp/link; ln -s /proc/1/root{secret} /tmp/magic; mkfifo /tmp/fifo; "
            "ln -s /etc/hostname /tmp/fine; echo hi > /tmp/file")  # fmt: skip
        assert await read(lab, HOST, "/tmp/file") == b"hi\n"
        assert await read(lab, HOST, "/tmp/fine") == b"host\n"
        for path in ("/tmp/link", "/tmp/magic", "/tmp/none", f"/../../..{secret}"):
            with pytest.raises((FileNotFoundError, PermissionError, OSError)):
                await lab.open(HOST, path)
        fifo = await asyncio.wait_for(lab.open(HOST, "/tmp/fifo"), 2)
        assert stat.S_ISFIFO(os.fstat(fifo).st_mode)
        os.close(fifo)


INNER = """
import asyncio
from tutor.lab import Lab
from tutor.model.topology import MachineSpec, Topology

async def main():
    lab = await Lab.boot(Topology((MachineSpec("inner"),)))
    done = await lab.run("inner", ["sh", "-c", "hostname; ip netns add x; ip netns exec x ip link"])
    print(done.stdout.decode(), done.stderr.decode())
    await lab.close()

asyncio.run(main())
"""


async def test_a_lab_in_a_lab() -> None:
    version = subprocess.run(["/usr/bin/python3", "-V"], capture_output=True, text=True, check=True).stdout  # noqa: ASYNC221
    if tuple(int(part) for part in version.split()[1].split(".")[:2]) < (3, 11):
        pytest.skip("unsupported: the system's Python is too old to run the outer side")
    async with running() as lab:
        for folder in (Path(paths.__file__).parent, Path(platformdirs.__file__).parent):
            await lab.run("host", ["tar", "-C", "/tmp", "-x"], stdin=packed(folder))
        done = await lab.run("host", ["env", "PYTHONPATH=/tmp", "python3", "-c", INNER], timeout=30)
        assert b"inner\n" in done.stdout, done.stderr.decode()
        assert b"LOOPBACK" in done.stdout
