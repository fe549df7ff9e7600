"""The tree of fetched programs on disk, replaced as a whole.

``tools/usr`` is a symbolic link to ``tools/generation-N/usr``; a new generation is put together beside it, synced, and
takes over by a rename of the link. The generation before stays for labs that still run on it. What one generation
takes over from the last are hard links, so that it costs no space.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from tutor.errors import ToolError
from tutor.i18n import tell
from tutor.lab.tools import apt
from tutor.lab.tools.apt import Package

LOCK = "lock.json"
_TOP = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


@contextlib.contextmanager
def locked(layer: Path, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Only one nettutor at a time changes the layer; another says that it is ``waiting``, and waits."""
    layer.mkdir(parents=True, exist_ok=True)
    with (layer / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def contents(layer: Path) -> dict[str, Package]:
    """What the layer holds, by package name, as its lock file has it."""
    try:
        rows = json.loads((layer / "usr").resolve().with_name(LOCK).read_text())
    except FileNotFoundError:
        return {}
    return {row["name"]: Package(**row) for row in rows}


def add(layer: Path, archives: Mapping[Package, Path], links: Mapping[str, str]) -> None:
    """Make a generation with these packages and programs on top of the last one, and put it into force. Needs the lock.

    Raises ``ToolError``; whatever goes wrong, the generation in force stays in force and nothing else is left.
    """
    current = (layer / "usr").resolve().parent if (layer / "usr").exists() else None
    number = 1 + max((int(path.name.partition("-")[2]) for path in layer.glob("generation-*")), default=0)
    for leftover in layer.glob("staging-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    staging = layer / f"staging-{number}"
    try:
        with _disk(staging):
            _assemble(staging, current, archives, links)
            packages = contents(layer) | {package.name: package for package in archives}
            rows = [asdict(package) for _, package in sorted(packages.items())]
            (staging / LOCK).write_text(json.dumps(rows, indent=1) + "\n")
            os.sync()
            final = staging.rename(layer / f"generation-{number}")
            _take_over(layer, final.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    for old in layer.glob("generation-*"):
        if old not in (final, current):
            shutil.rmtree(old, ignore_errors=True)


def _assemble(staging: Path, current: Path | None, archives: Mapping[Package, Path], links: Mapping[str, str]) -> None:
    usr = staging / "usr"
    usr.mkdir(parents=True)
    if current is not None:
        _graft(current / "usr", usr)
    for package, archive in archives.items():
        raw = staging / "raw"
        _unpack(package, archive, raw)
        for top in _TOP:
            if (raw / top).is_dir():
                _graft(raw / top, usr / top)
        if (raw / "usr").is_dir():
            _graft(raw / "usr", usr)
        shutil.rmtree(raw)
    for path, target in links.items():
        link = usr / path
        if Path(os.path.normpath(link.parent / target)).exists() and not link.is_symlink() and not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(target)
    _prove(usr, archives)


def _unpack(package: Package, archive: Path, raw: Path) -> None:
    """What is no package of dpkg's is a program, whole as it is."""
    if archive.suffix == ".deb":
        apt.unpack(archive, raw)
        return
    program = raw / "usr" / "bin" / package.name
    program.parent.mkdir(parents=True)
    shutil.copyfile(archive, program)
    program.chmod(0o755)


def _graft(source: Path, target: Path) -> None:
    """Hard-link a tree into another, over what is there; directories get plain modes."""
    target.mkdir(mode=0o755, parents=True, exist_ok=True)
    for entry in os.scandir(source):
        goal = target / entry.name
        if entry.is_dir(follow_symlinks=False):
            _graft(Path(entry.path), goal)
            continue
        goal.unlink(missing_ok=True)
        os.link(entry.path, goal, follow_symlinks=False)


def _prove(usr: Path, archives: Mapping[Package, Path]) -> None:
    """Every program of the new generation finds its shared libraries, as ldd(1) sees it."""
    libraries = [*usr.glob("lib/*-linux-*/"), usr / "lib"]
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
    programs = [path for name in ("bin", "sbin") for path in (usr / name).glob("*") if not path.is_symlink()]
    if not programs:
        return
    done = subprocess.run(["ldd", *map(str, programs)], env=environment, capture_output=True, text=True, check=False)
    lacking = {line.split()[0] for line in done.stdout.splitlines() if line.endswith("=> not found")}
    if lacking:
        names = ", ".join(package.name for package in archives)
        raise ToolError(
            tell(
                "the fetched packages ({names}) lack the libraries {words}",
                names=names,
                words=", ".join(sorted(lacking)),
            )
        )


def _take_over(layer: Path, generation: str) -> None:
    fresh = layer / "staging-usr"
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(f"{generation}/usr")
    fresh.replace(layer / "usr")
    directory = os.open(layer, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@contextlib.contextmanager
def _disk(where: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ToolError(
            tell(
                "the tools could not be written to {directory} ({error})", directory=where.parent, error=error.strerror
            ),
            tell("Make room there, or set XDG_DATA_HOME to a directory with space"),
        ) from error
