"""One HTTP request of our own, and where its SYN was seen.

RFC 9112, RFC 9293. Our SYN is known by its maximum segment size: each request announces one that no program would
choose, and NAT rewrites addresses and ports but not that; the answer to it acknowledges its sequence number.
"""

from __future__ import annotations

import asyncio
import http.client
import io
import itertools
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv4Address

from tutor.i18n import tell
from tutor.lab.probe.capture import Captures, Field, Packet, program
from tutor.lab.probe.opener import Opener
from tutor.lab.probe.sockets import connect_address, plain_words
from tutor.model.facts import Arrival, HttpResult
from tutor.model.wants import HttpGet

_CONNECT = 2.0  # times the patience: a lost SYN is sent again after one second (RFC 6298)
_ANSWER = 1.0
_BODY = 16 * 1024
_HEAD = 16 * 1024
_TCP = socket.IPPROTO_TCP
_SYN, _RST, _ACK = 0x02, 0x04, 0x10
_marks = itertools.cycle(range(701, 1200))


def _wire_filter(mark: int) -> bytes:
    """Our SYN, whose first option is its segment size, and every answer to some SYN."""
    option = 0x02040000 | mark
    return program(
        [
            Field(1, 0, 0x40, 0xF0),
            Field(1, 9, _TCP),
            Field(1, 13, _SYN, 0x3F, True),
            Field(4, 20, option, after_ip=True),
        ],
        [Field(1, 0, 0x40, 0xF0), Field(1, 9, _TCP), Field(1, 13, _SYN | _ACK, 0x3F, True)],
        [Field(1, 0, 0x40, 0xF0), Field(1, 9, _TCP), Field(1, 13, _RST | _ACK, 0x3F, True)],
        [Field(1, 0, 0x60, 0xF0), Field(1, 6, _TCP), Field(1, 53, _SYN, 0x3F), Field(4, 60, option)],
        [Field(1, 0, 0x60, 0xF0), Field(1, 6, _TCP), Field(1, 53, _SYN | _ACK, 0x3F)],
        [Field(1, 0, 0x60, 0xF0), Field(1, 6, _TCP), Field(1, 53, _RST | _ACK, 0x3F)],
    )


async def http_get(opener: Opener, want: HttpGet, patience: float) -> HttpResult:
    """At most a second to connect and one to answer. Raises what the opener raises."""
    mark = next(_marks)
    family = socket.AF_INET if isinstance(want.target, IPv4Address) else socket.AF_INET6
    with Captures() as captures:
        if want.watch:
            await captures.open(opener, want.watch, _wire_filter(mark))
        with await opener.socket(want.source, family, socket.SOCK_STREAM, _TCP) as sock:
            sock.setblocking(False)
            sock.setsockopt(_TCP, socket.TCP_MAXSEG, mark)
            error = await _connect(sock, want, patience)
            connected, status, body = error is None, None, ""
            if connected:
                status, body, error = await _fetch(sock, want)
        arrivals = tuple(dict.fromkeys(_arrivals(mark, list(captures.packets()))))
    return HttpResult(status, body, error, arrivals, connected)


async def _connect(sock: socket.socket, want: HttpGet, patience: float) -> str | None:
    """Why there is no connection."""
    try:
        async with asyncio.timeout(_CONNECT * patience):
            await asyncio.get_running_loop().sock_connect(sock, connect_address(sock, want.target, want.port))
    except TimeoutError:
        return tell("timed out")
    except OSError as error:
        return plain_words(error)
    return None


async def _fetch(sock: socket.socket, want: HttpGet) -> tuple[int | None, str, str | None]:
    loop = asyncio.get_running_loop()
    answer = bytearray()
    error_text: str | None = None
    try:
        async with asyncio.timeout(_ANSWER):
            await loop.sock_sendall(sock, _request(want))
            while len(answer) < _HEAD + _BODY and (data := await loop.sock_recv(sock, 65536)):
                answer += data
    except TimeoutError:
        error_text = tell("connected, but no answer came in time")
    except OSError as error:
        error_text = plain_words(error)
    return parse_answer(bytes(answer), error_text)


def _request(want: HttpGet) -> bytes:
    host = f"[{want.target}]" if want.target.version == 6 else str(want.target)
    host = host if want.port == 80 else f"{host}:{want.port}"
    lines = (f"GET {want.path} HTTP/1.1", f"Host: {host}", "User-Agent: nettutor", "Connection: close", "", "")
    return "\r\n".join(lines).encode("ascii", "replace")


class _Received:
    """What ``http.client`` takes for a socket."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, *_: object, **__: object) -> io.BytesIO:
        return io.BytesIO(self._data)


def parse_answer(answer: bytes, error: str | None) -> tuple[int | None, str, str | None]:
    """Status, start of the body, error."""
    response = http.client.HTTPResponse(_Received(answer))  # type: ignore[arg-type]
    try:
        response.begin()
    except (http.client.HTTPException, ValueError, OSError):
        return None, "", error or ("the answer was not HTTP" if answer else "the server closed without an answer")
    try:
        body = response.read(_BODY)
    except http.client.IncompleteRead as cut:
        body = cut.partial
    except (http.client.HTTPException, ValueError, OSError):
        body = b""
    return response.status, body.decode("utf-8", "replace"), None


def _arrivals(mark: int, packets: list[Packet]) -> Iterator[Arrival]:
    """Our SYNs, and the segments that acknowledge one of them."""
    segments = [(packet, packet.payload) for packet in packets if packet.protocol == _TCP and len(packet.payload) >= 20]
    ours = {data[4:8] for _, data in segments if _is_ours(mark, data)}
    after_ours = {struct.pack("!I", (int.from_bytes(number, "big") + 1) & 0xFFFFFFFF) for number in ours}
    for packet, data in segments:
        reply = data[13] & _ACK and data[13] & (_SYN | _RST) and data[8:12] in after_ours
        if not reply and not _is_ours(mark, data):
            continue
        source_port, port = struct.unpack_from("!HH", data)
        yield Arrival(
            packet.place, packet.link, packet.source, packet.destination, packet.ttl, source_port, port, bool(reply)
        )


def _is_ours(mark: int, data: bytes) -> bool:
    return data[13] & 0x3F == _SYN and data[20:24] == struct.pack("!BBH", 2, 4, mark)
