"""A datagram of our own, and where it was seen.

RFC 768, udp(7). It carries a random word, by which it is known whatever addresses and ports NAT put on it. Whoever
listens gets it, as there is no datagram that arrives and is not delivered; where nobody listens, the kernel sends back
an ICMP error.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tutor.lab.probe.capture import Captures, Field, Packet, program
from tutor.lab.probe.opener import Opener
from tutor.lab.probe.sockets import connect_address, keep_errors, plain_words, queued_errors
from tutor.model.facts import Arrival, IcmpError, UdpResult
from tutor.model.wants import UdpProbe

_UDP = socket.IPPROTO_UDP
_TRIES = 3
_SPACING = 0.1  # seconds
_HEADER = 8


@dataclass(slots=True)
class _Datagram:
    """One datagram: its marks, and what came back."""

    v4: bool
    source_port: int = 0
    token: bytes = field(default_factory=lambda: secrets.token_hex(4).encode())
    replies: int = 0
    errors: list[IcmpError] = field(default_factory=list)
    error: str | None = None

    @property
    def payload(self) -> bytes:
        return self.token + b" nettutor\n"

    def wire_filter(self) -> bytes:
        """For packet sockets: what carries our word, and what is for our port."""
        words = [(_HEADER + at, int.from_bytes(self.token[at : at + 4], "big")) for at in (0, 4)]
        if self.v4:
            head = [Field(1, 0, 0x40, 0xF0), Field(1, 9, _UDP)]
            ours = [Field(4, at, word, after_ip=True) for at, word in words]
            return program([*head, *ours], [*head, Field(2, 2, self.source_port, after_ip=True)])
        head = [Field(1, 0, 0x60, 0xF0), Field(1, 6, _UDP)]
        ours = [Field(4, 40 + at, word) for at, word in words]
        return program([*head, *ours], [*head, Field(2, 42, self.source_port)])

    def take_errors(self, sock: socket.socket) -> None:
        for error, meaning, _ in queued_errors(sock):
            self.errors.append(error)
            self.error = meaning

    def arrivals(self, packets: list[Packet]) -> Iterator[Arrival]:
        """Ours, and what goes the other way between the same two ends."""
        whole = [packet for packet in packets if packet.protocol == _UDP and len(packet.payload) >= _HEADER]
        datagrams = [(packet, *_ports(packet)) for packet in whole]
        ends = set()
        for packet, source_port, port in datagrams:
            if packet.payload[_HEADER:].startswith(self.payload) and (packet.place, *_back(packet)) not in ends:
                ends.add((packet.place, packet.source, source_port, packet.destination, port))
        for packet, source_port, port in datagrams:
            ours = (packet.place, packet.source, source_port, packet.destination, port) in ends
            if ours or (packet.place, *_back(packet)) in ends:
                ports = source_port, port, not ours
                yield Arrival(packet.place, packet.link, packet.source, packet.destination, packet.ttl, *ports)


def _ports(packet: Packet) -> tuple[int, int]:
    source_port, port = struct.unpack_from("!HH", packet.payload)
    return source_port, port


def _back(packet: Packet) -> tuple[object, ...]:
    source_port, port = _ports(packet)
    return packet.destination, port, packet.source, source_port


async def udp_probe(opener: Opener, want: UdpProbe, patience: float) -> UdpResult:
    """Up to three datagrams, ending at the first answer. Raises what the opener raises."""
    v4 = isinstance(want.target, IPv4Address)
    ours = _Datagram(v4)
    family = socket.AF_INET if v4 else socket.AF_INET6
    with await opener.socket(want.source, family, socket.SOCK_DGRAM, _UDP) as sock, Captures() as captures:
        sock.setblocking(False)
        sock.bind(("", 0))
        ours.source_port = sock.getsockname()[1]
        await captures.open(opener, want.watch, ours.wire_filter())
        sent, error = await _exchange(sock, ours, want, patience)
        arrivals = tuple(dict.fromkeys(ours.arrivals(list(captures.packets()))))
    error = None if ours.replies else ours.error or error
    return UdpResult(sent, ours.replies, error, tuple(dict.fromkeys(ours.errors)), arrivals)


async def _exchange(sock: socket.socket, ours: _Datagram, want: UdpProbe, patience: float) -> tuple[int, str | None]:
    """How many were sent, and the kernel's refusal to send."""
    loop = asyncio.get_running_loop()
    keep_errors(sock)
    sent, deadline = 0, loop.time() + patience
    try:
        sock.connect(connect_address(sock, want.target, want.port))
        while sent < _TRIES:
            sock.send(ours.payload)
            sent += 1
            left = deadline - loop.time()
            last = sent == _TRIES or left <= _SPACING
            if await _answered(sock, ours, left if last else _SPACING) or last:
                break
    except OSError as error:
        return sent, plain_words(error)
    return sent, None


async def _answered(sock: socket.socket, ours: _Datagram, patience: float) -> bool:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            await loop.sock_recv(sock, 65535)
            ours.replies += 1
    except TimeoutError:
        return False
    except OSError:  # of an ICMP error
        ours.take_errors(sock)
    return True
