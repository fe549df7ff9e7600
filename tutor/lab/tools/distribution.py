"""The distribution's own way to install packages, for people who can become root."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from functools import reduce

from tutor.i18n import tell
from tutor.lab.tools import apt
from tutor.lab.tools.inventory import Tool

_MANAGERS = {
    "debian": "apt",
    "ubuntu": "apt",
    "fedora": "dnf",
    "rhel": "dnf",
    "centos": "dnf",
    "arch": "pacman",
    "alpine": "apk",
    "suse": "zypper",
    "opensuse": "zypper",
}
_COMMANDS = {
    "apt": "sudo apt install --no-install-recommends",
    "dnf": "sudo dnf install",
    "pacman": "sudo pacman -S",
    "apk": "sudo apk add",
    "zypper": "sudo zypper install",
}


def manager(release: dict[str, str] | None = None) -> str | None:
    """The package manager by os-release(5), or ``None`` for a distribution that we do not know."""
    if release is None:
        try:
            release = platform.freedesktop_os_release()
        except OSError:
            return None
    for family in (release.get("ID", ""), *release.get("ID_LIKE", "").split()):
        for name, found in _MANAGERS.items():
            if family == name or family.startswith(f"{name}-"):
                return found
    return None


def how_to_get(tools: Iterable[Tool]) -> str:
    """One line: what to type to get these tools, for whoever can do it here."""
    tools = tuple(tools)
    if apt.available() or all(tool.release for tool in tools):
        return f"nettutor tools install {' '.join(tool.name for tool in tools)}"
    return install_line(tools)


def install_line(tools: Iterable[Tool], release: dict[str, str] | None = None) -> str:
    """What to type, or whom to ask, to get these tools from the distribution, and the rest from us."""
    found = manager(release)
    names = {tool.name: tool.packages_for(found or "") for tool in tools}
    ours = [name for name, packages in names.items() if not packages]
    theirs = dict.fromkeys(package for packages in names.values() for package in packages)
    lines: list[str] = []
    if theirs and found is None:
        lines.append(tell("Install with your distribution's package manager: {names}", names=", ".join(theirs)))
    elif found and theirs:
        lines.append(tell("Install them with: {command}", command=f"{_COMMANDS[found]} {' '.join(theirs)}"))
    if ours:
        lines.append(f"nettutor tools install {' '.join(ours)}")
    return reduce(lambda one, other: tell("{one}; then {other}", one=one, other=other), lines) if lines else ""
