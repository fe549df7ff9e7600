"""``nettutor doctor``: what this machine can do, each capability proved by using it."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from tutor.cli import exits
from tutor.errors import LabEnded, MachineError
from tutor.i18n import _, padded, shown, tell
from tutor.model import words

_EXAMPLES = tell("""\
examples:
  nettutor doctor
  nettutor doctor --json | jq '.[] | select(.works | not)'

Exit status: 0 where the tutorial can run (a line marked - is only a loss), 3 where it cannot.
""")


@dataclass(frozen=True, slots=True)
class Finding:
    """One capability. ``essential``: without it the tutorial cannot run. ``fix`` is empty where it works."""

    name: str
    works: bool
    detail: str
    fix: str = ""
    essential: bool = True


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument("--json", action="store_true", help=_("as a JSON array on standard output"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    findings = []
    for finding in _examine():
        findings.append(finding)
        if not arguments.json:
            _tell(finding)
    if arguments.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    blockers = [finding.name for finding in findings if finding.essential and not finding.works]
    if blockers:
        exits.say(tell("the tutorial cannot run here: {blockers}", blockers=words.joined(blockers)))
        return exits.MACHINE
    return exits.DONE


def _tell(finding: Finding) -> None:
    mark = "✓" if finding.works else "✗" if finding.essential else "-"
    print(f"{mark} {padded(shown(finding.name), 24)} {shown(finding.detail)}", flush=True)
    if finding.fix:
        print(f"  {'':24} {_('fix')}: {shown(finding.fix)}", flush=True)


def _examine() -> Iterator[Finding]:
    yield _system()
    yield _python()
    yield _terminal_emulator()
    yield _tools()
    yield _data_directory()
    yield _progress()
    with asyncio.Runner() as runner:
        yield from _lab(runner)


def _system() -> Finding:
    kernel = f"{platform.system()} {platform.release()}"
    if platform.system() != "Linux":
        return Finding("Linux", False, kernel, tell("No Linux kernel: use WSL2, Lima or Multipass"))
    if "microsoft" in platform.release().lower() and "wsl2" not in platform.release().lower():
        return Finding(
            "Linux",
            False,
            f"{kernel} (WSL1)",
            tell("No Linux kernel: use WSL2 (`wsl --set-version NAME 2`)"),
        )
    return Finding("Linux", True, tell("{kernel} on {machine}", kernel=kernel, machine=platform.machine()))


def _python() -> Finding:
    return Finding(
        tell("Python 3.11 or newer"), sys.version_info >= (3, 11), f"{platform.python_version()}, {sys.executable}"
    )


def _terminal_emulator() -> Finding:
    from tutor.term.emulator import library

    if library() == "bittty":
        return Finding(
            tell("fast terminal emulator"),
            False,
            tell("none for this machine; bittty, in pure Python, does its work"),
            tell("Only speed is lost; wheels of pyghostty exist for x86_64 and aarch64 with glibc"),
            essential=False,
        )
    return Finding(tell("fast terminal emulator"), True, "libghostty-vt")


def _tools() -> Finding:
    from tutor.lab import tools

    lacking = tools.missing()
    if not lacking:
        return Finding(tell("lab tools"), True, tell("all {count} are there", count=len(tools.manifest())))
    names = ", ".join(tool.name for tool in lacking)
    needed = _needed_by_lessons()
    essential = not tools.fetchable() and any(tool.name in needed and not tool.release for tool in lacking)
    return Finding(
        tell("lab tools"), False, tell("missing: {names}", names=names), tools.how_to_get(lacking), essential=essential
    )


def _needed_by_lessons() -> set[str]:
    from tutor import content

    return {name for header in content.headers() for name in header.tools}


def _data_directory() -> Finding:
    from tutor import paths

    directory = paths.data()
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=directory) as file:
            file.write(b"nettutor")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        fix = tell("Make room there, make it writable for you, or set XDG_DATA_HOME to a directory that is")
        return Finding(tell("data directory"), False, f"{directory}: {error.strerror}", fix)
    return Finding(tell("data directory"), True, str(directory))


def _progress() -> Finding:
    from tutor import paths
    from tutor.store import Store

    path = paths.progress_file()
    if not path.exists():
        return Finding(tell("progress file"), True, tell("none yet"))
    try:
        with Store.open() as store:
            entries = len(store.journal())
            back = len(store.clock_went_back())
    except MachineError as error:
        return Finding(tell("progress file"), False, error.reason, error.fix)
    said = tell("{path}, {entries} entries, the chain holds", path=path, entries=entries)
    if back:
        said = tell("{said}; the clock went back {times} times", said=said, times=back)
    return Finding(tell("progress file"), True, said)


# In the lab: what is tried, in this order, each on what the ones before have left.
_TRIALS: tuple[tuple[str, str, str, bool], ...] = (
    (tell("network namespaces"), "ip netns add doctor && ip netns list", "", True),
    (
        "ip netns exec",
        "ip netns exec doctor true",
        tell("Something is mounted over /sys; in Docker add -v /sys:/sys"),
        True,
    ),
    (
        tell("veth pairs"),
        "ip link add doc0 type veth peer name doc1 netns doctor && ip addr add 192.0.2.1/24 dev doc0 && "
        "ip link set doc0 up && ip -n doctor addr add 192.0.2.2/24 dev doc1 && ip -n doctor link set doc1 up",
        tell("Load the kernel module: sudo modprobe veth"),
        True,
    ),
    (tell("a packet"), "ping -c 1 -W 2 192.0.2.2", "", True),
    (
        tell("bridges"),
        "ip link add docbr0 type bridge && ip link set doc0 master docbr0",
        tell("Load the kernel module: sudo modprobe bridge"),
        True,
    ),
    (
        tell("NAT rules"),
        "nft 'add table ip doctor; add chain ip doctor post { type nat hook postrouting priority srcnat; };"
        " add rule ip doctor post masquerade'",
        tell("Load the kernel modules: sudo modprobe -a nf_tables nft_chain_nat nft_masq"),
        False,
    ),
    (
        tell("NAT rules by iptables"),
        "iptables -t nat -A POSTROUTING -s 192.0.2.0/24 -j MASQUERADE",
        tell("Load the kernel modules: sudo modprobe -a nft_compat xt_MASQUERADE; iptables must be of the nft kind"),
        False,
    ),
)


def _lab(runner: asyncio.Runner) -> Iterator[Finding]:
    from tutor.lab import Lab
    from tutor.model.topology import MachineSpec, Topology

    yield _user_namespaces()
    began = time.perf_counter()
    try:
        lab = runner.run(Lab.boot(Topology((MachineSpec("host"),))))
    except MachineError as error:
        yield Finding(tell("a lab boots"), False, error.reason, error.fix or tell("See the line above"))
        return
    took = (time.perf_counter() - began) * 1000
    try:
        yield Finding(
            tell("a lab boots"),
            True,
            tell(
                "in {took:.0f} ms, as {who}", took=took, who="root" if os.geteuid() == 0 else tell("an ordinary user")
            ),
        )
        for name, line, fix, essential in _TRIALS:
            yield runner.run(_try(lab, name, line, fix, essential))
        yield runner.run(_overlay(lab))
    finally:
        runner.run(lab.close())
    yield runner.run(_docker())


def _user_namespaces() -> Finding:
    """In a child, as a process that unshared them cannot go back."""
    import ctypes

    from tutor.lab import diagnose

    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        error = ctypes.get_errno() if libc.unshare(_CLONE_NEWUSER) else 0
        os.write(writer, str(error).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        error = int(answer.read() or "5")
    os.waitpid(child, 0)
    if not error:
        return Finding(tell("user namespaces"), True, tell("allowed"))
    said = diagnose(OSError(error, os.strerror(error), "a user namespace"))
    return Finding(tell("user namespaces"), False, os.strerror(error), said.fix)


_CLONE_NEWUSER = 0x10000000


async def _try(lab: Any, name: str, line: str, fix: str, essential: bool) -> Finding:
    try:
        done = await lab.run("host", ["sh", "-c", line])
    except (TimeoutError, LabEnded, OSError) as error:
        return Finding(name, False, str(error) or type(error).__name__, fix, essential)
    if done.status == 0:
        return Finding(name, True, tell("works"), essential=essential)
    said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
    if done.status == 127:
        return Finding(name, False, said[-1], "nettutor tools install", essential)
    return Finding(name, False, said[-1] if said else tell("exit status {status}", status=done.status), fix, essential)


async def _overlay(lab: Any) -> Finding:
    """Fetched tools are seen in the lab through an overlay of the layer on /usr."""
    from tutor import paths

    if not (paths.tools_layer() / "usr").is_dir():
        return Finding(tell("fetched tools in the lab"), True, tell("none fetched"), essential=False)
    return await _try(
        lab, tell("fetched tools in the lab"), "grep -q ' /usr overlay ' /proc/mounts",
        tell("A kernel of 5.11 or newer allows overlayfs to ordinary users"), False,
    )  # fmt: skip


async def _docker() -> Finding:
    """Docker's engine starts in a lab and runs a container."""
    from tutor.lab import Lab, tools
    from tutor.model.topology import MachineSpec, ServiceSpec, Topology

    name = "Docker in the lab"
    lacking = tools.missing(("docker", "nginx", "busybox", "iptables"))
    if lacking:
        missing = ", ".join(tool.name for tool in lacking)
        return Finding(
            name, False, tell("missing: {missing}", missing=missing), tools.how_to_get(lacking), essential=False
        )
    try:
        lab = await Lab.boot(Topology((MachineSpec("host", services=(ServiceSpec("docker"),)),)))
    except MachineError as error:
        return Finding(name, False, error.reason, error.fix or tell("See the lines above"), essential=False)
    try:
        return await _try(lab, name, "docker run --rm busybox true", "", False)
    finally:
        await lab.close()


__all__ = ["Finding", "add", "run"]
