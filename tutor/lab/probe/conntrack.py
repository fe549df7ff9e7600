"""The connections that conntrack remembers, over ctnetlink (linux/netfilter/nfnetlink_conntrack.h)."""

from __future__ import annotations

import socket
import struct
from ipaddress import IPv4Address, IPv6Address

from tutor.lab.probe.netlink import Netlink, attributes
from tutor.lab.probe.opener import Opener
from tutor.model.facts import Connection, Conntrack, Direction
from tutor.model.place import Place
from tutor.model.wants import Address

_NETLINK_NETFILTER = 12
_GET = (1 << 8) | 1  # NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET
_HEADER = 4  # struct nfgenmsg
_ORIGINAL, _REPLY, _STATUS, _PROTOINFO = 1, 2, 3, 4
_SEEN_REPLY, _ASSURED, _SOURCE_NAT, _DESTINATION_NAT = 1 << 1, 1 << 2, 1 << 4, 1 << 5
_PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}
_TCP_STATES = ("none", "syn_sent", "syn_recv", "established", "fin_wait", "close_wait", "last_ack", "time_wait",
               "close", "syn_sent2")  # fmt: skip


async def conntrack(opener: Opener, place: Place) -> Conntrack:
    """In the kernel's order. Raises what the opener raises, and ``OSError``."""
    with Netlink(await opener.socket(place, socket.AF_NETLINK, socket.SOCK_DGRAM, _NETLINK_NETFILTER)) as netlink:
        dumped = await netlink.dump(_GET, struct.pack("=BBH", socket.AF_UNSPEC, 0, 0))
    return Conntrack(tuple(entry for payload in dumped if (entry := decode(payload))))


def decode(payload: bytes) -> Connection | None:
    """``None`` for an entry that is not of IP."""
    found = attributes(payload, _HEADER)
    original, reply = _direction(found.get(_ORIGINAL, b"")), _direction(found.get(_REPLY, b""))
    if original is None or reply is None:
        return None
    (status,) = struct.unpack("!I", found.get(_STATUS, bytes(4)))
    protocol = attributes(attributes(found[_ORIGINAL]).get(2, b"")).get(1, b"\0")[0]
    state = attributes(attributes(found.get(_PROTOINFO, b"")).get(1, b"")).get(1)
    return Connection(
        protocol=_PROTOCOLS.get(protocol, str(protocol)),
        original=original,
        reply=reply,
        answered=bool(status & _SEEN_REPLY),
        assured=bool(status & _ASSURED),
        source_translated=bool(status & _SOURCE_NAT),
        destination_translated=bool(status & _DESTINATION_NAT),
        state=_TCP_STATES[state[0]] if state and state[0] < len(_TCP_STATES) else None,
    )


def _direction(data: bytes) -> Direction | None:
    found = attributes(data)
    ip, ports = attributes(found.get(1, b"")), attributes(found.get(2, b""))
    source, destination = _address(ip.get(1) or ip.get(3)), _address(ip.get(2) or ip.get(4))
    if source is None or destination is None:
        return None
    return Direction(source, destination, _port(ports.get(2)), _port(ports.get(3)))


def _address(value: bytes | None) -> Address | None:
    match len(value or b""):
        case 4:
            return IPv4Address(value)
        case 16:
            return IPv6Address(value)
        case _:
            return None


def _port(value: bytes | None) -> int | None:
    return struct.unpack("!H", value)[0] if value else None
