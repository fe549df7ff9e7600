"""What the sockets that talk to a port have in common: where they connect to, and the errors that come back to them."""

from __future__ import annotations

import errno
import os
import socket
import struct
from ipaddress import IPv4Address, IPv6Address

from tutor.i18n import tell
from tutor.lab.probe.ping import Family, scope_index
from tutor.model.facts import IcmpError
from tutor.model.wants import Address

_IP_RECVERR, _IPV6_RECVERR = 11, 25
_EXTENDED = struct.Struct("=IBBBBII")
_FROM_ICMP, _FROM_ICMP6 = 2, 3
_SPACE = 512


def connect_address(sock: socket.socket, target: Address, port: int) -> tuple[str, int] | tuple[str, int, int, int]:
    """What ``connect`` takes. Raises ``OSError`` where a scoped address names no link."""
    if isinstance(target, IPv4Address):
        return str(target), port
    return str(target).partition("%")[0], port, 0, scope_index(sock, target)


def plain_words(error: OSError) -> str:
    """The refusal of a connection as a learner knows it from ``curl`` and ``ping``."""
    match error.errno:
        case errno.ECONNREFUSED:
            return tell("connection refused")
        case errno.ETIMEDOUT:
            return tell("timed out")
        case errno.ECONNRESET | errno.EPIPE:
            return tell("connection reset")
        case errno.ENETUNREACH:
            return tell("Network is unreachable")
        case errno.EHOSTUNREACH:
            return tell("No route to host")
        case code:
            return os.strerror(code) if code else str(error) or type(error).__name__


def keep_errors(sock: socket.socket) -> None:
    """From now on the socket queues the ICMP errors that come back (IP_RECVERR of ip(7), IPV6_RECVERR of ipv6(7))."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)


def queued_errors(sock: socket.socket) -> list[tuple[IcmpError, str, bytes]]:
    """What is queued: the error, what it means for the connection, and the packet of ours that it quotes, from behind
    the IP header. Never blocks."""
    found: list[tuple[IcmpError, str, bytes]] = []
    while True:
        try:
            quoted, control, _, _ = sock.recvmsg(_SPACE, _SPACE, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        except OSError:
            return found
        for _, _, data in control:
            if len(data) >= _EXTENDED.size and (error := _decode(data)):
                found.append((*error, quoted))


def _decode(data: bytes) -> tuple[IcmpError, str] | None:
    """``struct sock_extended_err`` and the address behind it; ``None`` for an error that no packet brought."""
    number, origin, kind, code, _, _, _ = _EXTENDED.unpack_from(data)
    behind = data[_EXTENDED.size :]
    sender: Address
    if origin == _FROM_ICMP and len(behind) >= 8:
        sender = IPv4Address(behind[4:8])
    elif origin == _FROM_ICMP6 and len(behind) >= 24:
        sender = IPv6Address(behind[8:24])
    else:
        return None
    return IcmpError(sender, Family.of(sender).meaning(kind, code)), plain_words(OSError(number, ""))
