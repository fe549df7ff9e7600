"""The tool manifest, and what of it is already there."""

from __future__ import annotations

import difflib
import functools
import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tutor import paths
from tutor.errors import UsageError
from tutor.i18n import tell

# The directories of the lab's PATH. The user's own PATH often has no sbin.
DIRECTORIES = ("usr/local/sbin", "usr/local/bin", "usr/sbin", "usr/bin", "sbin", "bin")


@dataclass(frozen=True, slots=True)
class Release:
    """Where a program comes from. ``url`` is of a tar archive, with ``{version}`` and ``{architecture}`` (in Go's
    words); ``sha256`` of it by architecture. ``module`` and its ``sum``, as go.sum has it, are the source; ``flags``
    are for Go's linker."""

    title: str
    version: str
    url: str
    module: str
    sum: str
    flags: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    """``programs`` prove presence; one with a slash is a path below ``/usr``. ``packages`` by package manager (``apt``,
    ``dnf``, ``pacman``, ``zypper``, ``apk``); ``links`` below ``/usr`` of the fetched layer, each with its target.
    ``release`` is where to get what no distribution packages."""

    name: str
    purpose: str
    programs: tuple[str, ...]
    packages: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    release: Release | None = None

    def packages_for(self, manager: str) -> tuple[str, ...]:
        """Empty where it has none."""
        return self.packages.get(manager, () if self.release else (self.name,))


@functools.cache
def manifest() -> Mapping[str, Tool]:
    """All tools by name, in the order of the file."""
    with (paths.assets() / "tools.toml").open("rb") as file:
        tables = tomllib.load(file)["tools"]
    return {name: _tool(name, table) for name, table in tables.items()}


def _tool(name: str, table: Mapping[str, object]) -> Tool:
    known = dict(table)
    purpose, programs, links = known.pop("purpose"), known.pop("programs"), known.pop("links", {})
    release = known.pop("release", None)
    assert isinstance(programs, list)
    assert isinstance(links, dict)
    packages = {manager: tuple(names) for manager, names in known.items() if isinstance(names, list)}
    return Tool(
        name, str(purpose), tuple(programs), packages, links, Release(**release) if isinstance(release, dict) else None
    )


def find(program: str, *, layer: Path | None = None, root: Path = Path("/")) -> Path | None:
    """Where the lab will find ``program`` (a name, or a path below ``/usr``): in the fetched layer, else on this
    machine. ``None`` where nowhere."""
    layer = paths.tools_layer() if layer is None else layer
    for base in (layer, root):
        for directory in ("usr",) if "/" in program else DIRECTORIES:
            candidate = base / directory / program
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
    return None


def missing(names: Iterable[str] | None = None, *, layer: Path | None = None) -> tuple[Tool, ...]:
    """Of these tools (default: all), those that the lab would not find. ``UsageError`` for a name not known."""
    tools = [_named(name) for name in names] if names is not None else list(manifest().values())
    return tuple(tool for tool in tools if not all(find(program, layer=layer) for program in tool.programs))


def _named(name: str) -> Tool:
    tool = manifest().get(name)
    if tool is None:
        near = difflib.get_close_matches(name, manifest(), n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(manifest())}"
        raise UsageError(tell("there is no tool {name}; {hint}", name=repr(name), hint=hint))
    return tool
