"""Programs that no distribution packages: from a mirror, from their makers' archive, or built from their source.

What was got is kept in the cache as ``programs/NAME-VERSION-linux-ARCHITECTURE``, with the checksum in the form of
sha256sum(1) in a file ``….sha256`` beside it. ``$NETTUTOR_TOOLS_MIRROR``, a directory or an ``https://`` address, holds
files of the same names and is asked first; whoever sets it trusts it.
"""

from __future__ import annotations

import hashlib
import io
import os
import platform
import shutil
import tarfile
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from tutor import paths
from tutor.errors import ToolError, UsageError
from tutor.i18n import tell
from tutor.lab.tools.apt import Package
from tutor.lab.tools.inventory import Release
from tutor.lab.tools.progress import Progress

MIRROR = "NETTUTOR_TOOLS_MIRROR"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm"}
_LARGEST = 300 * 1024 * 1024  # bytes of anything that is fetched
_PATIENCE = 15  # seconds without a byte
_PIECE = 1 << 18


class Unobtainable(Exception):
    """One of the sources has it not; the message is one clause that says why."""


def obtain(name: str, release: Release, progress: Progress) -> tuple[Package, Path]:
    """The program, from the first source that has it. ``ToolError``, with every reason, where none has."""
    # Loaded when needed: it is rare that something is built.
    from tutor.lab.tools import gobuild

    kept = _Kept(name, release.version)
    if (package := kept.package()) is not None:
        return package, kept.path
    kept.path.parent.mkdir(parents=True, exist_ok=True)
    reasons = []
    for source in (_from_mirror, _from_archive, gobuild.build):
        try:
            with kept.replacement() as fresh:
                source(name, release, fresh, progress)
        except Unobtainable as error:
            reasons.append(str(error))
            continue
        package = kept.package()
        assert package is not None
        return package, kept.path
    raise ToolError(
        tell(
            "{title} {version} could not be had: {reason}",
            title=release.title,
            version=release.version,
            reason="; ".join(reason for reason in reasons if reason),
        ),
        tell(
            "Connect to the network, or install Go (https://go.dev/dl/), and type: nettutor tools install {name}",
            name=name,
        ),
    )


def file_name(name: str, version: str) -> str:
    """How the program is called in the cache and on a mirror."""
    return f"{name}-{version}-linux-{architecture()}"


def architecture() -> str:
    machine = platform.machine()
    return _ARCHITECTURES.get(machine, machine)


class _Kept:
    """A program in the cache."""

    def __init__(self, name: str, version: str) -> None:
        self._name, self._version = name, version
        self.path = paths.cache() / "programs" / file_name(name, version)
        self._sum = self.path.with_name(f"{self.path.name}.sha256")
        self._fresh = self.path.with_name(f"{self.path.name}.part")

    def package(self) -> Package | None:
        """``None`` where it is not there, or not as it was."""
        try:
            promised = self._sum.read_text().split()[0]
            with self.path.open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != promised:
                    return None
            return Package(self._name, self._version, self.path.name, self.path.stat().st_size, promised)
        except (OSError, IndexError):
            return None

    def replacement(self) -> _Kept:
        return self

    def __enter__(self) -> Path:
        self._fresh.unlink(missing_ok=True)
        return self._fresh

    def __exit__(self, kind: type[BaseException] | None, *unused: object) -> None:
        try:
            if kind is None:
                with self._fresh.open("rb") as file:
                    digest = hashlib.file_digest(file, "sha256").hexdigest()
                self._sum.write_text(f"{digest}  {self.path.name}\n")
                self._fresh.replace(self.path)
        finally:
            self._fresh.unlink(missing_ok=True)


def _from_mirror(name: str, release: Release, target: Path, progress: Progress) -> None:
    mirror = os.environ.get(MIRROR, "")
    if not mirror:
        raise Unobtainable("")
    address = _address(mirror, file_name(name, release.version))
    promised = _fetch(f"{address}.sha256", "", progress).decode("utf-8", "replace").split()
    if not promised:
        raise Unobtainable(f"{address}.sha256 is empty")
    data = _fetch(address, f"fetching {release.title} {release.version} from the mirror", progress)
    _compare(data, promised[0], address)
    target.write_bytes(data)


def _address(mirror: str, file: str) -> str:
    if mirror.startswith("https://"):
        return f"{mirror.rstrip('/')}/{file}"
    if Path(mirror).is_absolute():
        return (Path(mirror) / file).as_uri()
    raise UsageError(
        tell(
            "{name}={mirror} is neither the path of a directory nor an https:// address",
            name=MIRROR,
            mirror=repr(mirror),
        )
    )


def _from_archive(name: str, release: Release, target: Path, progress: Progress) -> None:
    here = architecture()
    if here not in release.sha256:
        raise Unobtainable(f"no archive is known for {here}")
    url = release.url.format(version=release.version, architecture=here)
    data = _fetch(url, f"fetching {release.title} {release.version}", progress)
    _compare(data, release.sha256[here], url)
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            member = archive.extractfile(name)
            if member is None:
                raise Unobtainable(f"{url} has no file {name}")
            with target.open("wb") as file:
                shutil.copyfileobj(member, file)
    except (tarfile.TarError, KeyError) as error:
        raise Unobtainable(f"{url} could not be unpacked ({error})") from error


def _compare(data: bytes, promised: str, address: str) -> None:
    if hashlib.sha256(data).hexdigest() != promised:
        raise ToolError(
            tell("{address} is not the file that nettutor knows (other checksum)", address=address),
            tell("Nothing was installed; somebody between here and there changes what you fetch"),
        )


def _fetch(address: str, stage: str, progress: Progress) -> bytes:
    where = urllib.parse.urlsplit(address)
    where_from = where.hostname or where.path
    if stage:
        progress(stage, 0)
    try:
        with urllib.request.urlopen(address, timeout=_PATIENCE) as answer:
            size = int(answer.headers.get("Content-Length") or 0)
            data = io.BytesIO()
            while piece := answer.read(_PIECE):
                data.write(piece)
                if data.tell() > _LARGEST:
                    raise Unobtainable(f"{address} is far too large")
                if stage and size:
                    progress(stage, min(data.tell() / size, 1))
    except (OSError, ValueError) as error:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        said = reason.strerror if isinstance(reason, OSError) and reason.strerror else str(reason)
        raise Unobtainable(f"fetching from {where_from} failed ({said})") from error
    if size and data.tell() < size:
        raise Unobtainable(f"fetching from {where_from} broke off")
    return data.getvalue()
