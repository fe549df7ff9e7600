"""Fetch what is missing, prove it, put it into force."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from tutor import paths
from tutor.errors import ToolError
from tutor.i18n import tell
from tutor.lab.tools import apt, layer
from tutor.lab.tools.apt import Apt, AptFailed, Package
from tutor.lab.tools.distribution import install_line
from tutor.lab.tools.inventory import Release, Tool, missing
from tutor.lab.tools.progress import Progress, silent


def ensure(names: Iterable[str] | None = None, progress: Progress = silent) -> tuple[Tool, ...]:
    """Make sure that the lab finds these tools (default: all); gives those that had to be fetched.

    Raises ``ToolError``, with what to do, where they cannot be had; the layer is then as it was.
    """
    names = None if names is None else tuple(names)
    if not missing(names):
        return ()
    directory = paths.tools_layer()
    try:
        with layer.locked(directory, lambda: progress(tell("waiting for another nettutor"), None)):
            lacking = missing(names)
            if lacking:
                install(lacking, progress)
    except OSError as error:
        raise ToolError(
            tell("the tools could not be kept in {directory} ({error})", directory=directory, error=error.strerror),
            tell("Make it writable for you, or set XDG_DATA_HOME to a directory that is"),
        ) from error
    return lacking


def install(tools: tuple[Tool, ...], progress: Progress, *, source: Apt | None = None) -> None:
    """Fetch these tools whatever there is already. The caller holds the layer's lock.

    What cannot be had does not keep the others from being installed; the ``ToolError`` comes after that.
    """
    packaged = tuple(tool for tool in tools if not tool.release)
    fetches: list[Callable[[], dict[Package, Path]]] = []
    if packaged:
        fetches.append(partial(_packages, packaged, progress, source))
    fetches += [partial(_program, tool, tool.release, progress) for tool in tools if tool.release]
    archives: dict[Package, Path] = {}
    refused: list[ToolError] = []
    for fetch in fetches:
        try:
            archives |= fetch()
        except ToolError as error:
            refused.append(error)
    if archives:
        progress(tell("unpacking"), None)
        links = {path: target for tool in tools for path, target in tool.links.items()}
        layer.add(paths.tools_layer(), archives, links)
    if refused:
        raise ToolError("; ".join(error.reason for error in refused), refused[0].fix)
    still = missing([tool.name for tool in tools])
    if still:
        programs = ", ".join(program for tool in still for program in tool.programs)
        raise ToolError(
            tell("the packages were fetched, but not all of these programs are in them: {programs}", programs=programs)
        )


def _packages(tools: tuple[Tool, ...], progress: Progress, source: Apt | None) -> dict[Package, Path]:
    names = ", ".join(tool.name for tool in tools)
    if not apt.available():
        raise ToolError(
            tell("these lab tools are missing and apt is not here to fetch them: {names}", names=names),
            install_line(tools),
        )
    try:
        return _fetch(source if source is not None else Apt(paths.cache()), tools, progress)
    except AptFailed as error:
        raise ToolError(
            tell("these lab tools are missing and could not be fetched: {names} ({error})", names=names, error=error),
            tell(
                "Connect to the network and try again; what was fetched is kept. {fix}",
                fix=install_line(tools),
            ),
        ) from error


def _program(tool: Tool, release: Release, progress: Progress) -> dict[Package, Path]:
    from tutor.lab.tools.release import obtain  # with urllib, which takes longer to load than all of this

    return dict([obtain(tool.name, release, progress)])


def _fetch(source: Apt, tools: tuple[Tool, ...], progress: Progress) -> dict[Package, Path]:
    """With the machine's package lists; where they are missing or too old, with fresh ones of our own."""
    names = list(dict.fromkeys(package for tool in tools for package in tool.packages_for("apt")))
    split = {package for tool in tools for package in tool.packages.get("apt-where-split", ())}
    names += sorted(package for package in split if source.knows(package))
    try:
        return _fetch_with(source, names, progress)
    except AptFailed:
        progress(tell("reading package lists"), None)
        source.update()
        return _fetch_with(source, names, progress)


def _fetch_with(source: Apt, names: list[str], progress: Progress) -> dict[Package, Path]:
    progress(tell("looking up packages"), None)
    packages = source.locate(source.needed(names))
    _compare(packages)
    size = sum(package.size for package in packages) / 1e6
    stage = tell("fetching {count} packages, {size:.1f} MB", count=len(packages), size=size)
    progress(stage, 0)
    files = source.fetch(packages, lambda fraction: progress(stage, fraction))
    progress(stage, 1)
    return dict(zip(packages, files, strict=True))


def _compare(packages: list[Package]) -> None:
    """Where the manifest pins a version that is on offer, its checksum must be the one that the lists give."""
    pinned = pins()
    for package in packages:
        known = pinned.get((package.name, package.version))
        if known is not None and known != package.sha256:
            raise ToolError(
                tell(
                    "{file} is not the file that nettutor knows under this version (other checksum)", file=package.file
                ),
                tell("Do not use this package mirror; choose another in /etc/apt/sources.list"),
            )


def pins() -> dict[tuple[str, str], str]:
    """SHA-256 by name and version, for this release and architecture; empty for one without pins."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return {}
    path = paths.assets() / "tools" / f"{apt.release_and_architecture(release)}.json"
    if not path.is_file():
        return {}
    return {(row["name"], row["version"]): row["sha256"] for row in json.loads(path.read_text())}


__all__ = ["ensure", "install", "pins"]
