"""Packages from apt as an ordinary user: what is needed, where it lies, and its bytes, checked.

``apt-get download`` and ``apt-get --simulate install`` need no root (apt-get(8)). The package lists do; where the
machine's are missing or too old, a private set is made with ``-o Dir::State``. The lists are signed, and the checksum
of each package comes from them.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tutor.errors import ToolError
from tutor.i18n import tell

_URI = re.compile(r"^'(?P<uri>[^']+)' (?P<file>\S+) (?P<size>\d+) (?:SHA256:(?P<sha256>[0-9a-f]{64}))?")
_INST = re.compile(r"^Inst (?P<name>\S+) (?:\[[^]]*\] )?\((?P<version>\S+)")
_STATUS = re.compile(r"^dlstatus:[^:]*:(?P<percent>[0-9.]+):")


@dataclass(frozen=True, slots=True)
class Package:
    """One file to fetch: ``size`` in bytes, ``sha256`` as hex."""

    name: str
    version: str
    file: str
    size: int
    sha256: str


class AptFailed(Exception):
    """apt said no; the message is its last complaint."""


def available() -> bool:
    return all(shutil.which(program, path=_PATH) for program in ("apt-get", "dpkg-deb", "dpkg"))


_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


class Apt:
    """apt with the machine's lists, or, after ``update``, with private ones under ``cache``.

    ``installed`` is the database of what is already there: dpkg's, so that only the rest is fetched. ``options`` are
    further settings of apt.conf(5), ``Name=value``.
    """

    def __init__(
        self, cache: Path, installed: Path = Path("/var/lib/dpkg/status"), options: Sequence[str] = ()
    ) -> None:
        self._cache = cache
        self._installed = installed
        self._options = [part for option in options for part in ("-o", option)]
        self._private = False

    def update(self) -> None:
        """Fetch private package lists."""
        for directory in ("state/lists/partial", "cache/archives/partial"):
            (self._cache / "apt" / directory).mkdir(parents=True, exist_ok=True)
        self._private = True
        self._run("apt-get", "update", "-qq", "-o", "APT::Update::Error-Mode=any")

    def needed(self, names: Sequence[str]) -> list[str]:
        """These packages, and what they depend on that this machine has not, as ``name=version``."""
        simulated = self._run("apt-get", "--simulate", "--no-install-recommends", "-qq", "install", *names)
        found = {m["name"]: m["version"] for m in map(_INST.match, simulated.splitlines()) if m}
        # A package that dpkg holds for installed while its programs are gone is not in the simulation.
        asked = [name for name in names if name not in found]
        return [f"{name}={version}" for name, version in found.items()] + asked

    def knows(self, name: str) -> bool:
        """Whether there is such a package in this release."""
        try:
            return bool(self._run("apt-cache", "show", "--no-all-versions", name))
        except AptFailed:
            return False

    def locate(self, specs: Sequence[str]) -> list[Package]:
        """File, size and checksum of each; in a scratch directory, since apt passes over files that are there."""
        empty = self._cache / "empty"
        empty.mkdir(parents=True, exist_ok=True)
        listing = self._run("apt-get", "download", "--print-uris", "-qq", *specs, cwd=empty)
        packages = []
        for line in listing.splitlines():
            if match := _URI.match(line):
                name, version, _ = match["file"].removesuffix(".deb").split("_")
                if match["sha256"] is None:
                    raise AptFailed(f"the package lists have no SHA-256 for {name}")
                version = version.replace("%3a", ":")
                packages.append(Package(name, version, match["file"], int(match["size"]), match["sha256"]))
        return packages

    def fetch(self, packages: Sequence[Package], told: Callable[[float], None]) -> list[Path]:
        """The files, each proved by its checksum. Those that an earlier call left whole are not fetched again."""
        store = self._cache / "packages"
        store.mkdir(parents=True, exist_ok=True)
        wanted = [package for package in packages if not _whole(store / package.file, package)]
        for package in wanted:
            # apt goes on with a part of a file, but takes one of the right size as it is.
            if (store / package.file).exists() and (store / package.file).stat().st_size >= package.size:
                (store / package.file).unlink()
        if wanted:
            self._download([f"{package.name}={package.version}" for package in wanted], store, told)
        for package in wanted:
            if not _whole(store / package.file, package):
                (store / package.file).unlink(missing_ok=True)
                raise AptFailed(f"the checksum of {package.file} is wrong")
        return [store / package.file for package in packages]

    def _download(self, specs: Sequence[str], store: Path, told: Callable[[float], None]) -> None:
        reader, writer = os.pipe()

        def follow() -> None:
            with os.fdopen(reader, errors="replace") as lines:
                for line in lines:
                    if match := _STATUS.match(line):
                        told(min(float(match["percent"]) / 100, 1))

        follower = threading.Thread(target=follow, daemon=True)
        follower.start()
        try:
            self._run(
                "apt-get", "download", "-qq", "-o", f"APT::Status-Fd={writer}", *specs, cwd=store, pass_fds=(writer,)
            )
        finally:
            os.close(writer)
            follower.join(timeout=5)

    def _run(self, *argv: str, cwd: Path | None = None, pass_fds: tuple[int, ...] = ()) -> str:
        options = ["-o", "APT::Sandbox::User=root", "-o", f"Dir::State::status={self._installed}", *self._options]
        if self._private:
            options += ["-o", f"Dir::State={self._cache}/apt/state", "-o", f"Dir::Cache={self._cache}/apt/cache"]
        environment = {**os.environ, "PATH": _PATH, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(
            [*argv, *options],
            cwd=cwd,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
            check=False,
        )
        if done.returncode != 0:
            complaints = [line for line in done.stderr.splitlines() if line.startswith("E: ")]
            raise AptFailed((complaints or done.stderr.splitlines() or ["apt failed"])[0].removeprefix("E: "))
        return done.stdout


def _whole(path: Path, package: Package) -> bool:
    try:
        if path.stat().st_size != package.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == package.sha256
    except FileNotFoundError:
        return False


def release_and_architecture(release: dict[str, str]) -> str:
    """Names a set of pins: ``debian-12-amd64``."""
    done = subprocess.run(
        ["dpkg", "--print-architecture"], env={"PATH": _PATH}, capture_output=True, text=True, check=False
    )
    return f"{release.get('ID', 'linux')}-{release.get('VERSION_ID', '0')}-{done.stdout.strip()}"


def unpack(archive: Path, into: Path) -> None:
    """``ToolError`` where the disk is full or the archive broken."""
    done = subprocess.run(
        ["dpkg-deb", "-x", str(archive), str(into)],
        env={"PATH": _PATH, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode != 0:
        if "No space left" in done.stderr or "Wrote only" in done.stderr:
            raise ToolError(
                tell("no space left to unpack {archive} in {into}", archive=archive.name, into=into),
                tell("Free some disk space and try again"),
            )
        raise ToolError(
            tell(
                "{archive} could not be unpacked ({error})",
                archive=archive.name,
                error=(done.stderr.splitlines() or ["?"])[0],
            )
        )
