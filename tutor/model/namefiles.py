"""The files that decide about names, read as the C library reads them. Pure, and never an error: what the library
passes over is passed over here too.

Sources: hosts(5), resolv.conf(5), nsswitch.conf(5), and what glibc does where they are silent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address

_SERVERS = 3  # MAXNS of resolv.h
_SETTING = re.compile(r"(nameserver|search|domain|options|sortlist)[ \t]+(\S.*)")
_PLAIN = re.compile(r"\d+\.\d+\.\d+\.\d+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*(%\S+)?")
_ACTION = re.compile(r"\[[^]]*\]")


@dataclass(frozen=True, slots=True)
class HostsLine:
    """``number`` counts from 1; ``names`` in lower case, the canonical one first."""

    number: int
    address: IPv4Address | IPv6Address
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Resolver:
    """``options`` as they are written: ``ndots:2``."""

    servers: tuple[IPv4Address | IPv6Address, ...] = ()
    search: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


def hosts(text: str) -> tuple[HostsLine, ...]:
    """The lines of ``/etc/hosts`` that mean something."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.partition("#")[0].split()
        address = _address(words[0]) if words else None
        if address is not None and len(words) > 1:
            found.append(HostsLine(number, address, tuple(word.casefold() for word in words[1:])))
    return tuple(found)


def lines_for(text: str, name: str) -> tuple[HostsLine, ...]:
    """The lines of ``/etc/hosts`` with this name, in their order."""
    wanted = name.rstrip(".").casefold()
    return tuple(line for line in hosts(text) if wanted in line.names)


def misplaced(text: str, name: str) -> str | None:
    """The first line of ``/etc/hosts`` that has this name, but no address before it."""
    wanted = name.rstrip(".").casefold()
    for line in text.split("\n"):
        words = line.partition("#")[0].split()
        if words and _address(words[0]) is None and wanted in [word.casefold() for word in words]:
            return line.strip()
    return None


def resolver(text: str) -> Resolver:
    """``/etc/resolv.conf``: a keyword begins its line; of ``search`` and ``domain`` the last one counts."""
    servers: list[IPv4Address | IPv6Address] = []
    search: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.split("\n"):
        match = _SETTING.match(line)
        if match is None:
            continue
        words = match[2].split()
        match match[1]:
            case "nameserver":
                if (address := _address(words[0])) and len(servers) < _SERVERS:
                    servers.append(address)
            case "search":
                search = tuple(word.rstrip(".").casefold() for word in words)
            case "domain":
                search = (words[0].rstrip(".").casefold(),)
            case "options":
                options += words
    return Resolver(tuple(servers), search, tuple(options))


def passed_over(text: str) -> tuple[str, ...]:
    """The lines of ``/etc/resolv.conf`` that the library does not understand, and says nothing about."""
    found = []
    for line in text.split("\n"):
        match = _SETTING.match(line)
        wrong = match is None or (match[1] == "nameserver" and _address(match[2].split()[0]) is None)
        if line.strip() and line[0] not in "#;" and wrong:
            found.append(line.strip())
    return tuple(found)


def host_sources(text: str) -> tuple[str, ...]:
    """The sources of the ``hosts`` line of ``/etc/nsswitch.conf`` in their order, without actions in brackets."""
    found: tuple[str, ...] = ()
    for line in text.split("\n"):
        database, colon, rest = line.partition("#")[0].partition(":")
        if colon and database.strip() == "hosts":
            found = tuple(_ACTION.sub(" ", rest).split())
    return found


def _address(word: str) -> IPv4Address | IPv6Address | None:
    """``None`` for what is no address, a name for instance."""
    if not _PLAIN.fullmatch(word):
        return None
    try:
        return ip_address(word)
    except ValueError:
        return None
