"""A process that serves, as plain data, and how to see that it listens. Knows no kind of service."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from tutor.errors import LabError
from tutor.i18n import tell
from tutor.model.topology import MachineSpec, ServiceSpec

_LISTEN = "0A"  # TCP_LISTEN in /proc/net/tcp, proc(5)


@dataclass(frozen=True, slots=True)
class Daemon:
    """A process that stays in the foreground, the files it needs, and where it is to be heard.

    ``address`` is the one that it listens on; with ``None`` it takes the port on all of them. One with a ``socket``
    listens on that path instead (unix(7)). ``after`` is a command that must succeed once it listens.
    """

    argv: tuple[str, ...]
    port: int
    protocol: str  # tcp or udp: the table of /proc/net that shows it
    files: Mapping[str, str] = field(default_factory=dict)
    address: IPv4Address | IPv6Address | None = None
    socket: str = ""
    after: tuple[str, ...] = ()
    name: str = ""  # of the program, where ``argv`` starts it by a script
    programs: tuple[str, ...] = ()  # what must be there; else the first of ``argv``

    @property
    def program(self) -> str:
        return self.name or self.argv[0]


def port_of(machine: MachineSpec, spec: ServiceSpec, default: int) -> int:
    """The option ``port``; ``LabError`` where it is none."""
    text = spec.options.get("port", str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise LabError(
            tell("{machine} asks for {kind} on port {text}", machine=machine.name, kind=spec.kind, text=repr(text)),
            tell("A port is a number from 1 to 65535"),
        )
    return int(text)


def address_of(machine: MachineSpec, spec: ServiceSpec) -> IPv4Address | IPv6Address | None:
    """The option ``address``; ``LabError`` where it is none."""
    text = spec.options.get("address")
    try:
        return None if text is None else ip_address(text)
    except ValueError as error:
        raise LabError(
            tell(
                "{machine} asks for {kind} on the address {text}, which is none",
                machine=machine.name,
                kind=spec.kind,
                text=repr(text),
            )
        ) from error


def listens(table: str, protocol: str, port: int, address: IPv4Address | IPv6Address | None = None) -> bool:
    """Whether the text of ``/proc/net/tcp`` (or ``udp``) shows a socket that waits at ``port``, on all addresses or on
    ``address``; without one, on any."""
    for line in table.splitlines()[1:]:
        words = line.split()
        where, _, number = words[1].rpartition(":")
        if int(number, 16) != port or (protocol == "tcp" and words[3] != _LISTEN):
            continue
        if address is None or set(where) == {"0"} or _written(where) == address.packed:
            return True
    return False


def _written(where: str) -> bytes:
    """The address as the kernel prints it: words of 32 bits, each in the order of this machine (little-endian)."""
    raw = bytes.fromhex(where)
    return b"".join(raw[at : at + 4][::-1] for at in range(0, len(raw), 4))


def tables(protocol: str) -> tuple[str, ...]:
    """The files of proc(5) that show sockets of this protocol."""
    return (f"/proc/net/{protocol}", f"/proc/net/{protocol}6") if socket.has_ipv6 else (f"/proc/net/{protocol}",)
