"""Listening TCP and bound UDP sockets: sock_diag(7), with command names from ``ss``.

The kernel's answer decides. ``ss`` runs inside the machine, because only there do process ids mean anything; without
it the names are unknown and nothing else changes.
"""

from __future__ import annotations

import re
import socket
import struct
from ipaddress import IPv4Address, IPv6Address

from tutor.lab.probe.netlink import Netlink
from tutor.lab.probe.opener import Opener
from tutor.model.facts import Listener, Listeners
from tutor.model.place import Place

_NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20
_LISTEN, _CLOSE = 1 << 10, 1 << 7  # a bound UDP socket is in state CLOSE
_REQUEST = struct.Struct("=BBBxI48x")
_INODE_AT = 68
_PROTOCOLS = ((socket.IPPROTO_TCP, "tcp", _LISTEN), (socket.IPPROTO_UDP, "udp", _CLOSE))
_NAME = re.compile(r'users:\(\("([^"]*)"')
_INODE = re.compile(r"\bino:(\d+)")


async def listeners(opener: Opener, place: Place) -> Listeners:
    """Sorted by protocol, port and address. Raises what the opener raises, and ``OSError``."""
    found: list[tuple[Listener, int]] = []
    with Netlink(await opener.socket(place, socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG)) as netlink:
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol, name, states in _PROTOCOLS:
                answers = await netlink.dump(_BY_FAMILY, _REQUEST.pack(family, protocol, 0, states))
                found += [_decode(payload, name) for payload in answers]
    names = await _names(opener, place) if found else {}
    named = {
        Listener(one.protocol, one.address, one.port, names.get(inode)): None for one, inode in found if one.port != 0
    }
    return Listeners(tuple(sorted(named, key=lambda one: (one.protocol, one.port, one.address.packed))))


def _decode(payload: bytes, name: str) -> tuple[Listener, int]:
    """struct inet_diag_msg of linux/inet_diag.h: the socket, and its inode."""
    (port,) = struct.unpack_from("!H", payload, 4)
    (inode,) = struct.unpack_from("=I", payload, _INODE_AT)
    if payload[0] == socket.AF_INET:
        return Listener(name, IPv4Address(payload[8:12]), port), inode
    return Listener(f"{name}6", IPv6Address(payload[8:24]), port), inode


async def _names(opener: Opener, place: Place) -> dict[int, str]:
    """Command names by inode of the socket."""
    try:
        done = await opener.run(place.machine, ["ss", "-H", "-l", "-n", "-t", "-u", "-p", "-e"], netns=place.netns)
    except (OSError, TimeoutError):
        return {}
    found = {}
    for line in done.stdout.decode("utf-8", "replace").splitlines():
        name, inode = _NAME.search(line), _INODE.search(line)
        if name and inode:
            found[int(inode[1])] = name[1]
    return found
