"""One DNS question over UDP (RFC 1035), through dnspython for the wire format."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address

from tutor.lab.probe.opener import Opener
from tutor.lab.probe.sockets import connect_address, plain_words
from tutor.model.facts import DnsResult
from tutor.model.wants import DnsLookup

_TRIES = (0.8, 1.6)  # times the patience, for each of the two tries
_LARGEST = 65535


async def dns_lookup(opener: Opener, want: DnsLookup, patience: float) -> DnsResult:
    """Asks at most twice. Raises what the opener raises."""
    import dns.exception  # here: a fifth of a lesson's lifetime never asks, and the import takes 60 ms
    import dns.message

    try:
        query = dns.message.make_query(want.name, want.rrtype)
    except (dns.exception.DNSException, ValueError) as error:
        return DnsResult(error=f"{want.name} {want.rrtype} cannot be asked: {error}")
    family = socket.AF_INET if isinstance(want.server, IPv4Address) else socket.AF_INET6
    with await opener.socket(want.source, family, socket.SOCK_DGRAM, socket.IPPROTO_UDP) as sock:
        sock.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(sock, connect_address(sock, want.server, 53))
            for times in _TRIES:
                if answer := await _ask(sock, query.to_wire(), query.id, times * patience):
                    return _result(answer, want.rrtype)
        except OSError as error:
            return DnsResult(error=plain_words(error))
    return DnsResult(error="timed out")


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


def _result(answer: bytes, rrtype: str) -> DnsResult:
    import dns.exception
    import dns.flags
    import dns.message
    import dns.rcode
    import dns.rdatatype

    try:
        message = dns.message.from_wire(answer, ignore_trailing=True)
        wanted = dns.rdatatype.from_text(rrtype)
    except (dns.exception.DNSException, ValueError) as error:
        return DnsResult(error=f"the answer is not DNS: {error}")
    records = [records for records in message.answer if records.rdtype == wanted]
    return DnsResult(
        rcode=dns.rcode.to_text(message.rcode()),
        answers=tuple(record.to_text() for found in records for record in found),
        authoritative=bool(message.flags & dns.flags.AA),
        ttl=min((found.ttl for found in records), default=None),
    )
