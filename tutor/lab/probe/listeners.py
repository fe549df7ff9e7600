"""Listening TCP and bound UDP sockets: sock_diag(7), with the processes that hold them out of the machine's /proc.

The kernel's answer decides; where a process may not be looked at, its name is unknown and nothing else changes.
"""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv6Address

from tutor.lab.probe.netlink import Netlink, attributes
from tutor.lab.probe.opener import Opener
from tutor.lab.probe.processes import Holder, holders
from tutor.model.facts import Listener, Listeners
from tutor.model.place import Place

_NETLINK_SOCK_DIAG = 4
_BY_FAMILY = 20
_LISTEN, _CLOSE = 1 << 10, 1 << 7  # a bound UDP socket is in state CLOSE
_REQUEST = struct.Struct("=BBBxI48x")
_INODE_AT, _ATTRIBUTES_AT = 68, 72
_ONLY_V6 = 11  # INET_DIAG_SKV6ONLY
_PROTOCOLS = ((socket.IPPROTO_TCP, "tcp", _LISTEN), (socket.IPPROTO_UDP, "udp", _CLOSE))


async def listeners(opener: Opener, place: Place) -> Listeners:
    """Sorted by protocol, port and address. Raises what the opener raises, and ``OSError``."""
    found: list[tuple[str, bytes]] = []
    with Netlink(await opener.socket(place, socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_SOCK_DIAG)) as netlink:
        for family in (socket.AF_INET, socket.AF_INET6):
            for protocol, name, states in _PROTOCOLS:
                answers = await netlink.dump(_BY_FAMILY, _REQUEST.pack(family, protocol, 0, states))
                found += [(name, payload) for payload in answers]
    held = await holders(opener, place.machine) if found else {}
    named = {one: None for name, payload in found if (one := _decode(payload, name, held)).port != 0}
    return Listeners(tuple(sorted(named, key=lambda one: (one.protocol, one.port, one.address.packed))))


def _decode(payload: bytes, name: str, held: dict[int, list[Holder]]) -> Listener:
    """struct inet_diag_msg of linux/inet_diag.h."""
    (port,) = struct.unpack_from("!H", payload, 4)
    (inode,) = struct.unpack_from("=I", payload, _INODE_AT)
    owners = held.get(inode, [])
    process, pids = (owners[0].name if owners else None), tuple(owner.pid for owner in owners)
    if payload[0] == socket.AF_INET:
        return Listener(name, IPv4Address(payload[8:12]), port, process, pids)
    only_v6 = attributes(payload, _ATTRIBUTES_AT).get(_ONLY_V6, b"\0") != b"\0"
    return Listener(f"{name}6", IPv6Address(payload[8:24]), port, process, pids, only_v6)
