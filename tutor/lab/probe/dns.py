"""One DNS question (RFC 1035), over UDP or TCP, through dnspython for the wire format."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address
from typing import TYPE_CHECKING

from tutor.i18n import tell
from tutor.lab.probe.opener import Opener
from tutor.lab.probe.sockets import connect_address, plain_words
from tutor.model.facts import DnsRecord, DnsResult
from tutor.model.wants import DnsLookup

if TYPE_CHECKING:
    from dns.message import Message

_TRIES = (0.8, 1.6, 1.6)  # times the patience, for each try
_LEAST = 0.5  # seconds of patience: it is not the kernel that answers, but a process that has to get its turn
_TCP_PATIENCE = 2.4
_LARGEST = 65535
TIMED_OUT = tell("timed out")


async def dns_lookup(opener: Opener, want: DnsLookup, patience: float) -> DnsResult:
    """Asks at most three times over UDP, and once over TCP. Raises what the opener raises."""
    import dns.exception  # here: a fifth of a lesson's lifetime never asks, and the import takes 60 ms
    import dns.flags
    import dns.message

    try:
        query = dns.message.make_query(want.name, want.rrtype)
    except (dns.exception.DNSException, ValueError) as error:
        return DnsResult(error=f"{want.name} {want.rrtype} cannot be asked: {error}")
    patience = max(patience, _LEAST)
    if not want.recurse:
        query.flags &= ~dns.flags.RD
    try:
        answer = None if want.tcp else await _over_udp(opener, want, query, patience)
        if want.tcp or (answer is not None and _cut(answer)):
            answer = await _over_tcp(opener, want, query, patience)
    except TimeoutError:
        answer = None
    except FileNotFoundError:  # there is no such place
        raise
    except OSError as error:
        return DnsResult(error=plain_words(error))
    return DnsResult(error=TIMED_OUT) if answer is None else _result(answer, want.rrtype)


async def _socket(opener: Opener, want: DnsLookup, kind: int, protocol: int) -> socket.socket:
    family = socket.AF_INET if isinstance(want.server, IPv4Address) else socket.AF_INET6
    sock = await opener.socket(want.source, family, kind, protocol)
    sock.setblocking(False)
    return sock


async def _over_udp(opener: Opener, want: DnsLookup, query: Message, patience: float) -> bytes | None:
    with await _socket(opener, want, socket.SOCK_DGRAM, socket.IPPROTO_UDP) as sock:
        await asyncio.get_running_loop().sock_connect(sock, connect_address(sock, want.server, 53))
        for times in _TRIES:
            if answer := await _ask(sock, query.to_wire(), query.id, times * patience):
                return answer
    return None


async def _over_tcp(opener: Opener, want: DnsLookup, query: Message, patience: float) -> bytes | None:
    """With its length before it (RFC 1035, section 4.2.2). ``None`` where the server hangs up, ``TimeoutError``."""
    loop = asyncio.get_running_loop()
    with await _socket(opener, want, socket.SOCK_STREAM, socket.IPPROTO_TCP) as sock:
        async with asyncio.timeout(_TCP_PATIENCE * patience):
            await loop.sock_connect(sock, connect_address(sock, want.server, 53))
            wire = query.to_wire()
            await loop.sock_sendall(sock, len(wire).to_bytes(2, "big") + wire)
            received = b""
            while len(received) < 2 or len(received) < 2 + int.from_bytes(received[:2], "big"):
                data = await loop.sock_recv(sock, _LARGEST)
                if not data:
                    return None
                received += data
    return received[2:]


async def _ask(sock: socket.socket, query: bytes, number: int, patience: float) -> bytes | None:
    """The answer with the question's number, or ``None``. Raises ``OSError`` (``ECONNREFUSED``)."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            await loop.sock_sendall(sock, query)
            while True:
                answer = await loop.sock_recv(sock, _LARGEST)
                if answer[:2] == number.to_bytes(2, "big"):
                    return answer
    except TimeoutError:
        return None


def _cut(answer: bytes) -> bool:
    """Whether it says that not all of it fitted (the bit TC)."""
    return len(answer) > 2 and bool(answer[2] & 0x02)


def _result(answer: bytes, rrtype: str) -> DnsResult:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rdatatype

    try:
        message = dns.message.from_wire(answer, ignore_trailing=True)
        dns.rdatatype.from_text(rrtype)
    except (dns.exception.DNSException, ValueError) as error:
        return DnsResult(error=f"the answer is not DNS: {error}")
    records = _records(message.answer)
    wanted = [record for record in records if record.type == rrtype.upper()]
    referred = [r for r in _records(message.authority) if r.type == "NS"] if not records else []
    servers = {record.data for record in referred}
    glue = [r for r in _records(message.additional) if r.owner in servers and r.type in ("A", "AAAA")]
    return DnsResult(
        rcode=dns.rcode.to_text(message.rcode()),
        answers=tuple(record.data for record in wanted),
        authoritative=bool(message.flags & dns.flags.AA),
        ttl=min((record.ttl for record in wanted), default=None),
        recursive=bool(message.flags & dns.flags.RA),
        records=records,
        referral=(*referred, *glue) if referred else (),
    )


def _records(section: Sequence[object]) -> tuple[DnsRecord, ...]:
    import dns.rdatatype
    import dns.rrset

    return tuple(
        DnsRecord(found.name.to_text(), found.ttl, dns.rdatatype.to_text(found.rdtype), record.to_text())
        for found in section
        if isinstance(found, dns.rrset.RRset)
        for record in found
    )
