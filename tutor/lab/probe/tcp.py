"""A half-open connection of our own, and where its SYN was seen.

RFC 9293, raw(7). The SYN is written by hand and nobody goes on with the answer: the kernel, which knows of no such
connection, resets it. So it says whether somebody listens, and no program ever notices: not even an ``nc -l``, which
serves one connection and ends. Our segments are known by their sequence number, which NAT leaves alone.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tutor.i18n import tell
from tutor.lab.probe.capture import Captures, Field, Packet, attach, program
from tutor.lab.probe.opener import Opener
from tutor.lab.probe.ping import checksum
from tutor.lab.probe.sockets import connect_address, keep_errors, plain_words, queued_errors
from tutor.model.facts import Arrival, IcmpError, TcpResult
from tutor.model.wants import TcpProbe

_TCP = socket.IPPROTO_TCP
_TRIES = 3
_SPACING = 0.2  # seconds
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_SEGMENT_SIZE = bytes((2, 4)) + (1000).to_bytes(2, "big")
_WINDOW = 64240
_IPV6_CHECKSUM, _CHECKSUM_AT = 7, 16


@dataclass(slots=True)
class _Syn:
    """One SYN: its marks, and what came back."""

    port: int
    source_port: int
    v4: bool
    number: int = field(default_factory=lambda: secrets.randbits(32))
    accepted: bool = False
    refused: bool = False
    errors: list[IcmpError] = field(default_factory=list)
    error: str | None = None

    @property
    def answered(self) -> bool:
        return self.accepted or self.refused or self.error is not None

    @property
    def acknowledged(self) -> int:
        return (self.number + 1) & 0xFFFFFFFF

    def segment(self, source: str, target: str) -> bytes:
        """With its checksum for IPv4; the kernel sums that of IPv6."""
        length, flags = (20 + len(_SEGMENT_SIZE)) // 4 << 4, _SYN

        def built(total: int) -> bytes:
            head = (self.source_port, self.port, self.number, 0, length, flags, _WINDOW, total, 0)
            return struct.pack("!HHIIBBHHH", *head) + _SEGMENT_SIZE

        unsummed = built(0)
        if not self.v4:
            return unsummed
        pseudo = IPv4Address(source).packed + IPv4Address(target).packed + struct.pack("!HH", _TCP, len(unsummed))
        return built(checksum(pseudo + unsummed))

    def wire_filter(self) -> bytes:
        """For packet sockets: our SYN, and what acknowledges it."""
        ours, answer = (4, self.number), (8, self.acknowledged)
        if self.v4:
            head = [Field(1, 0, 0x40, 0xF0), Field(1, 9, _TCP)]
            return program(*([*head, Field(4, at, value, after_ip=True)] for at, value in (ours, answer)))
        head = [Field(1, 0, 0x60, 0xF0), Field(1, 6, _TCP)]
        return program(*([*head, Field(4, 40 + at, value)] for at, value in (ours, answer)))

    def socket_filter(self) -> bytes:
        """For the sending socket."""
        return program([Field(4, 8, self.acknowledged, after_ip=self.v4)])

    def take(self, data: bytes) -> None:
        """A segment that came to the sending socket, with its IPv4 header where it has one."""
        segment = data[(data[0] & 15) * 4 :] if self.v4 and data else data
        if len(segment) >= 20 and segment[8:12] == self.acknowledged.to_bytes(4, "big"):
            self.accepted |= segment[13] & (_SYN | _ACK | _RST) == _SYN | _ACK
            self.refused |= bool(segment[13] & _RST)

    def take_errors(self, sock: socket.socket) -> bool:
        """Whether any were queued."""
        queued = queued_errors(sock)
        for error, meaning, quoted in queued:
            if quoted[4:8] == self.number.to_bytes(4, "big"):
                self.errors.append(error)
                self.error = meaning
        return bool(queued)

    def arrivals(self, packets: Iterator[Packet]) -> Iterator[Arrival]:
        for packet in packets:
            data = packet.payload
            if packet.protocol != _TCP or len(data) < 20:
                continue
            ours = data[4:8] == self.number.to_bytes(4, "big") and data[13] & (_SYN | _RST | _ACK) == _SYN
            reply = data[8:12] == self.acknowledged.to_bytes(4, "big") and data[13] & (_SYN | _RST) and data[13] & _ACK
            if ours or reply:
                source_port, port = struct.unpack_from("!HH", data)
                ports = source_port, port, not ours
                yield Arrival(packet.place, packet.link, packet.source, packet.destination, packet.ttl, *ports)


async def tcp_probe(opener: Opener, want: TcpProbe, patience: float) -> TcpResult:
    """Up to three SYNs, ending at the first answer. Raises what the opener raises."""
    v4 = isinstance(want.target, IPv4Address)
    family = socket.AF_INET if v4 else socket.AF_INET6
    with await opener.socket(want.source, family, socket.SOCK_STREAM, _TCP) as reserved, Captures() as captures:
        reserved.bind(("", 0))  # bound and no more: nobody else takes the port, and what comes to it is reset
        syn = _Syn(want.port, reserved.getsockname()[1], v4)
        await captures.open(opener, want.watch, syn.wire_filter())
        with await opener.socket(want.source, family, socket.SOCK_RAW, _TCP) as sock:
            sent, error = await _exchange(sock, syn, want, patience)
        arrivals = tuple(dict.fromkeys(syn.arrivals(captures.packets())))
    if not syn.accepted:
        error = tell("connection refused") if syn.refused else syn.error or error or tell("timed out")
    errors = tuple(dict.fromkeys(syn.errors))
    return TcpResult(sent, syn.accepted, None if syn.accepted else error, errors, arrivals)


async def _exchange(sock: socket.socket, syn: _Syn, want: TcpProbe, patience: float) -> tuple[int, str | None]:
    """How many were sent, and the kernel's refusal to send."""
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    attach(sock, syn.socket_filter())
    keep_errors(sock)
    if not syn.v4:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_CHECKSUM, _CHECKSUM_AT)
    sent, deadline = 0, loop.time() + patience
    try:
        sock.connect(connect_address(sock, want.target, 0))
        segment = syn.segment(sock.getsockname()[0], str(want.target))
        while sent < _TRIES:
            sock.send(segment)
            sent += 1
            left = deadline - loop.time()
            last = sent == _TRIES or left <= _SPACING
            await _answered(sock, syn, left if last else _SPACING)
            if syn.answered or last:
                break
    except OSError as error:
        return sent, plain_words(error)
    return sent, None


async def _answered(sock: socket.socket, syn: _Syn, patience: float) -> None:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            while not syn.answered:
                try:
                    syn.take(await loop.sock_recv(sock, 65535))
                except OSError:  # an ICMP error came, which may belong to another connection
                    if not syn.take_errors(sock):
                        return
    except TimeoutError:
        return
