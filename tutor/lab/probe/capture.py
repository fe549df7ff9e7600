"""Seeing our own packets pass, at any place: packet sockets with a filter in the kernel.

A classic BPF program (linux/filter.h, packet(7)) lets through only packets that carry our mark, so that a learner who
floods the network does not push them out of the buffer. A packet socket of kind SOCK_DGRAM starts at the IP header on
every kind of link.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from tutor.lab.probe.opener import Opener
from tutor.model.place import Place
from tutor.model.wants import Address

_libc = ctypes.CDLL(None, use_errno=True)

_SO_ATTACH_FILTER = 26
_ETH_P_ALL = 3
_PACKET_OTHERHOST = 3  # packet(7): the frame is addressed to the MAC address of somebody else
_LINGERING = 65535

_LOAD_BYTE, _LOAD_HALF, _LOAD_WORD = 0x30, 0x28, 0x20  # absolute
_AFTER_IP = 0x20  # added to a load: relative to X, the length of the IPv4 header
_SET_X_TO_IP_HEADER = (0xB1, 0, 0, 0)
_AND, _JUMP_IF_EQUAL, _RETURN = 0x54, 0x15, 0x06


@dataclass(frozen=True, slots=True)
class Field:
    """``size`` bytes at ``offset``, masked, equal ``value``. ``after_ip`` counts from the end of the IPv4 header."""

    size: int
    offset: int
    value: int
    mask: int | None = None
    after_ip: bool = False


def program(*alternatives: Sequence[Field]) -> bytes:
    """Machine code that accepts a packet for which all tests of at least one alternative hold."""
    code: list[tuple[int, int, int, int]] = []
    for tests in alternatives:
        code += _compile(tests)
    code.append((_RETURN, 0, 0, 0))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in code)


def _compile(tests: Sequence[Field]) -> list[tuple[int, int, int, int]]:
    sizes = {1: _LOAD_BYTE, 2: _LOAD_HALF, 4: _LOAD_WORD}
    code: list[tuple[int, int, int, int]] = []
    for test in tests:
        if test.after_ip:
            code.append(_SET_X_TO_IP_HEADER)
        code.append((sizes[test.size] + (_AFTER_IP if test.after_ip else 0), 0, 0, test.offset))
        if test.mask is not None:
            code.append((_AND, 0, 0, test.mask))
        code.append((_JUMP_IF_EQUAL, 0, -1, test.value))
    code.append((_RETURN, 0, 0, _LINGERING))
    end = len(code)
    return [(op, jt, end - at - 1 if jf < 0 else jf, k) for at, (op, jt, jf, k) in enumerate(code)]


def attach(sock: socket.socket, code: bytes) -> None:
    """Give the socket this filter. Raises ``OSError``."""
    held = ctypes.create_string_buffer(code, len(code))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(code) // 8, ctypes.addressof(held)))


def _listen(sock: socket.socket) -> None:
    """Let packets in, of every protocol and on every link; only now, so that none passes the filter by.

    ``socket.bind`` cannot say "every link".
    """
    address = struct.pack("=HHiHBB8x", socket.AF_PACKET, socket.htons(_ETH_P_ALL), 0, 0, 0, 0)
    if _libc.bind(sock.fileno(), address, len(address)) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


@dataclass(frozen=True, slots=True)
class Packet:
    """One IP packet as it was on ``link``. ``payload`` is what follows the IP header."""

    place: Place
    link: str
    source: Address
    destination: Address
    ttl: int
    protocol: int
    payload: bytes


def parse(place: Place, link: str, data: bytes) -> Packet | None:
    """``None`` for what is no whole IPv4 or IPv6 packet."""
    if len(data) >= 20 and data[0] >> 4 == 4:
        source, destination = IPv4Address(data[12:16]), IPv4Address(data[16:20])
        return Packet(place, link, source, destination, data[8], data[9], data[(data[0] & 15) * 4 :])
    if len(data) >= 40 and data[0] >> 4 == 6:
        return Packet(place, link, IPv6Address(data[8:24]), IPv6Address(data[24:40]), data[7], data[6], data[40:])
    return None


class Captures:
    """Packet sockets in several places. Use as a context manager; ``packets`` drains what came so far."""

    def __init__(self) -> None:
        self._sockets: list[tuple[Place, socket.socket]] = []

    def __enter__(self) -> Captures:
        return self

    def __exit__(self, *error: object) -> None:
        # Closing a packet socket waits for every processor (synchronize_net), 10 ms and more: not in the loop.
        for _, sock in self._sockets:
            asyncio.get_running_loop().run_in_executor(None, sock.close)

    async def open(self, opener: Opener, places: Sequence[Place], code: bytes) -> None:
        """Start to capture on all links of the places. Raises what the opener raises."""
        for place in dict.fromkeys(places):
            sock = await opener.socket(place, socket.AF_PACKET, socket.SOCK_DGRAM, 0)
            self._sockets.append((place, sock))
            sock.setblocking(False)
            attach(sock, code)
            _listen(sock)

    def packets(self) -> Iterator[Packet]:
        """What was captured and not yet taken, but for what came to a place that threw it away.

        A frame for another MAC address matters where a bridge, or a link on top, takes it on: then the place sees it
        once more, as its own or on its way out.
        """
        for place, sock in self._sockets:
            seen = list(_drained(place, sock))
            if not all(others for _, others in seen):
                yield from (packet for packet, _ in seen)


def _drained(place: Place, sock: socket.socket) -> Iterator[tuple[Packet, bool]]:
    """What came so far, each with whether its frame was for somebody else."""
    with suppress(BlockingIOError):
        while True:
            try:
                data, seen = sock.recvfrom(_LINGERING)
            except UnicodeDecodeError:  # the link's name is no UTF-8: Python cannot say it
                continue
            if packet := parse(place, seen[0], data):
                yield packet, seen[2] == _PACKET_OTHERHOST
