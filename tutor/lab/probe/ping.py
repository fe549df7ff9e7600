"""Echo requests of our own, and where they were seen.

RFC 792, RFC 4443, icmp(7), raw(7). Each ping carries a random token, by which replies and captures are known to be ours
whatever addresses and identifiers NAT put on them; a learner's own ping is never mistaken for it.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import secrets
import socket
import struct
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import Protocol

from tutor.lab.probe.capture import Captures, Field, Packet, attach, parse, program
from tutor.lab.probe.opener import Opener
from tutor.model.facts import Arrival, IcmpError, PingResult
from tutor.model.place import Place
from tutor.model.wants import Address, Ping

_REQUESTS = 3
_SPACING = 0.1  # seconds
_ICMP, _ICMP6 = socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6
_SIOCGIFINDEX = 0x8933
_FILL = b"nettutor"
_USUAL = 16  # bytes
# Never cut into fragments, whatever smaller size the kernel remembers for the way (ip(7), ipv6(7)).
_WHOLE: dict[int, tuple[int, int, int]] = {
    socket.AF_INET: (socket.IPPROTO_IP, 10, 3),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 23, 3),
}

_UNREACHABLE = {
    0: "network unreachable",
    1: "host unreachable",
    2: "protocol unreachable",
    3: "port unreachable",
    4: "fragmentation needed",
    9: "network administratively prohibited",
    10: "host administratively prohibited",
    13: "administratively prohibited",
}
_UNREACHABLE6 = {
    0: "network unreachable",
    1: "administratively prohibited",
    2: "beyond scope of source address",
    3: "address unreachable",
    4: "port unreachable",
    5: "source address failed ingress policy",
    6: "route rejected",
}


@dataclass(frozen=True, slots=True)
class Family:
    """What differs between ICMP and ICMPv6. ``inner`` is the length of the quoted IP header."""

    family: int
    protocol: int
    request: int
    reply: int
    errors: tuple[int, ...]
    inner: int

    @classmethod
    def of(cls, address: Address) -> Family:
        return _V4 if isinstance(address, IPv4Address) else _V6

    def meaning(self, kind: int, code: int) -> str:
        if self is _V4:
            names = {3: _UNREACHABLE.get(code, "unreachable"), 11: "time exceeded", 12: "parameter problem"}
        else:
            names = {1: _UNREACHABLE6.get(code, "unreachable"), 2: "packet too big", 3: "time exceeded"}
        return names.get(kind, f"ICMP error {kind}")


_V4 = Family(socket.AF_INET, _ICMP, 8, 0, (3, 11, 12), 20)
_V6 = Family(socket.AF_INET6, _ICMP6, 128, 129, (1, 2, 3, 4), 40)


class _Socket(Protocol):
    def fileno(self) -> int: ...


@dataclass(slots=True)
class _Echo:
    """One ping: its marks, and what has come back."""

    icmp: Family
    size: int = 0
    token: bytes = field(default_factory=lambda: secrets.token_bytes(8))
    identifier: int = field(default_factory=lambda: secrets.randbelow(0xFFFF) + 1)
    replies: set[int] = field(default_factory=set)
    errors: list[IcmpError] = field(default_factory=list)

    def request(self, sequence: int) -> bytes:
        size = max(self.size or _USUAL, len(self.token))
        body = (self.token + _FILL * (size // len(_FILL)))[:size]
        unsummed = struct.pack("!BBHHH", self.icmp.request, 0, 0, self.identifier, sequence) + body
        summed = checksum(unsummed) if self.icmp is _V4 else 0  # the kernel sums ICMPv6 (RFC 3542, 3.1)
        return struct.pack("!BBHHH", self.icmp.request, 0, summed, self.identifier, sequence) + body

    @property
    def word(self) -> int:
        return int.from_bytes(self.token[:4], "big")

    def wire_filter(self) -> bytes:
        """For packet sockets: requests and replies with our token."""
        if self.icmp is _V4:
            return program([Field(1, 0, 0x40, 0xF0), Field(1, 9, _ICMP), Field(4, 8, self.word, after_ip=True)])
        return program([Field(1, 0, 0x60, 0xF0), Field(1, 6, _ICMP6), Field(4, 48, self.word)])

    def socket_filter(self) -> bytes:
        """For the sending socket: replies with our token, and errors that quote our identifier."""
        v4 = self.icmp is _V4
        behind = 8 + self.icmp.inner
        reply = [Field(1, 0, self.icmp.reply, after_ip=v4), Field(4, 8, self.word, after_ip=v4)]
        errors = [
            [Field(1, 0, kind, after_ip=v4), Field(2, behind + 4, self.identifier, after_ip=v4)]
            for kind in self.icmp.errors
        ]
        return program(reply, *errors)

    def take(self, sender: Address, icmp: bytes) -> None:
        """A message that came to the sending socket."""
        if len(icmp) < 8:
            return
        kind, code = icmp[0], icmp[1]
        if kind == self.icmp.reply and icmp[8:16] == self.token:
            self.replies.add(int.from_bytes(icmp[6:8], "big"))
        elif kind in self.icmp.errors:
            quoted = icmp[8 + self.icmp.inner :]
            if quoted[:1] == bytes([self.icmp.request]) and quoted[4:6] == self.identifier.to_bytes(2, "big"):
                self.errors.append(IcmpError(sender, self.icmp.meaning(kind, code)))

    def arrival(self, packet: Packet) -> Arrival | None:
        """``None`` for a packet that is not ours."""
        icmp = packet.payload
        if packet.protocol != self.icmp.protocol or icmp[8:16] != self.token:
            return None
        if icmp[0] not in (self.icmp.request, self.icmp.reply):
            return None
        reply = icmp[0] == self.icmp.reply
        return Arrival(packet.place, packet.link, packet.source, packet.destination, packet.ttl, reply=reply)


async def ping(opener: Opener, want: Ping, patience: float) -> PingResult:
    """Up to three requests, ending at the first reply or error. Raises what the opener raises."""
    echo = _Echo(Family.of(want.target), want.size)
    with Captures() as captures:
        await captures.open(opener, want.watch, echo.wire_filter())
        with await opener.socket(want.source, echo.icmp.family, socket.SOCK_RAW, echo.icmp.protocol) as sock:
            sock.setblocking(False)
            attach(sock, echo.socket_filter())
            if want.size:
                sock.setsockopt(*_WHOLE[echo.icmp.family])
            sent, error = await _exchange(sock, echo, want, patience)
        arrivals = tuple(dict.fromkeys(filter(None, map(echo.arrival, captures.packets()))))
    errors = tuple(dict.fromkeys(echo.errors))
    return PingResult(sent, len(echo.replies), None if echo.replies else error, errors, arrivals)


async def _exchange(sock: socket.socket, echo: _Echo, want: Ping, patience: float) -> tuple[int, str | None]:
    """How many were sent, and the kernel's refusal to send."""
    loop = asyncio.get_running_loop()
    try:
        destination = _destination(sock, want.target)
    except OSError as error:
        return 0, os.strerror(error.errno or 0)
    deadline = loop.time() + patience
    for sequence in range(1, _REQUESTS + 1):
        try:
            await loop.sock_sendto(sock, echo.request(sequence), destination)
        except OSError as error:
            return sequence - 1, os.strerror(error.errno or 0)
        left = deadline - loop.time()
        last = sequence == _REQUESTS or left <= _SPACING
        if await _answered(sock, echo, want.source, left if last else _SPACING) or last:
            return sequence, None
    return _REQUESTS, None


async def _answered(sock: socket.socket, echo: _Echo, source: Place, patience: float) -> bool:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            while not echo.replies and not echo.errors:
                data, address = await loop.sock_recvfrom(sock, 65535)
                if echo.icmp is _V6:
                    echo.take(IPv6Address(address[0].partition("%")[0]), data)
                elif packet := parse(source, "", data):
                    echo.take(packet.source, packet.payload)
    except TimeoutError:
        return False
    except OSError:  # an error of an earlier request, queued on the socket: what it was came as a message too
        return False
    return True


def _destination(sock: _Socket, target: Address) -> tuple[str, int] | tuple[str, int, int, int]:
    """Where to send; the link of a scoped address (``fe80::1%veth-red``) is looked up in the socket's namespace."""
    if isinstance(target, IPv4Address):
        return str(target), 0
    return str(target).partition("%")[0], 0, 0, scope_index(sock, target)


def scope_index(sock: _Socket, target: IPv6Address) -> int:
    """The index of the link that a scoped address names, 0 where it names none. Raises ``OSError`` (``ENODEV``)."""
    if target.scope_id is None:
        return 0
    request = struct.pack("=16si12x", target.scope_id.encode()[:15], 0)
    index: int = struct.unpack("=16si12x", fcntl.ioctl(sock.fileno(), _SIOCGIFINDEX, request))[1]
    return index


def checksum(data: bytes) -> int:
    """RFC 1071."""
    data += bytes(len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF
