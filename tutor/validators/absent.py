"""Packets that must not get through. Silence counts only when the packet is known to have left, and what `proof` says
holds: a probe that does not work proves nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model.facts import Arrival, Facts, PingResult, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, HttpGet, Ping, TcpProbe, UdpProbe, Want
from tutor.validators import say
from tutor.validators.conditions import wants_beside
from tutor.validators.http import address as url_of
from tutor.validators.ports import not_sent, port_address, seen_at, try_tcp, try_udp
from tutor.validators.refused import REFUSED
from tutor.validators.registry import param, validator


class How(StrEnum):
    """In which way a connection fails."""

    ANY = "any"
    REFUSED = "refused"
    SILENT = "silent"


_PROOF = "what must hold, such as another connection that is accepted, so that the failure means something"


@validator("no-tcp")
@dataclass(frozen=True)
class NotAccepted:
    """A TCP connection is not accepted, or, with `at`, does not even arrive there. The SYN was seen leaving."""

    source: Place = param("where the connection starts", name="from")
    target: Address = param("the address to connect to", name="to")
    port: int = param("the TCP port")
    end: Place | None = param("the place where it must not arrive", name="at", default=None)
    how: How = param("how it must fail: refused at once, or without any answer", default=How.ANY)
    proof: Check | None = param(_PROOF, default=None)

    @property
    def _probe(self) -> TcpProbe:
        return TcpProbe(self.source, self.target, self.port, _watch(self.source, self.end))

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.proof, self._probe)

    def judge(self, facts: Facts) -> Verdict:
        start, to = say.place(self.source), port_address(self.target, self.port)
        match self.how:
            case How.REFUSED:
                expected = tell("a TCP connection from {place} to {to} is refused", place=start, to=to)
            case How.SILENT:
                expected = tell("a TCP connection from {place} to {to} gets no answer at all", place=start, to=to)
            case How.ANY:
                expected = tell("no TCP connection from {place} to {to} is accepted", place=start, to=to)
        result = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        look = try_tcp(self.source, self.target, self.port)
        if result.connected:
            return Unmet(expected, tell("{to} accepted the connection", to=to), Layer.FILTER, look)
        if arrived := _arrived(result.arrivals, self.end, expected):
            return arrived
        refused = result.error == REFUSED
        if self.how is How.REFUSED and not refused:
            observed = tell("it was not refused, but: {error}", error=result.error)
            return Unmet(expected, observed, Layer.FILTER, look)
        if self.how is How.SILENT and (refused or result.icmp_errors):
            return Unmet(expected, tell("somebody refused it: {error}", error=result.error), Layer.FILTER, look)
        spoke = refused or bool(result.icmp_errors)
        doubt = _doubt(facts, self.proof, _left(result.arrivals, self.source, result.sent, spoke))
        return doubt or Met(tell("{to} did not accept: {error}", to=to, error=result.error))


@validator("no-udp")
@dataclass(frozen=True)
class NotDelivered:
    """A datagram is not answered, or, with `at`, does not arrive there. It was seen leaving."""

    source: Place = param("where the datagram starts", name="from")
    target: Address = param("the address to send it to", name="to")
    port: int = param("the UDP port")
    end: Place | None = param("the place where it must not arrive", name="at", default=None)
    how: How = param("how it must fail: refused at once, or without any answer", default=How.ANY)
    proof: Check | None = param(_PROOF, default=None)

    @property
    def _probe(self) -> UdpProbe:
        return UdpProbe(self.source, self.target, self.port, _watch(self.source, self.end))

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.proof, self._probe)

    def judge(self, facts: Facts) -> Verdict:
        start, to = say.place(self.source), port_address(self.target, self.port)
        match self.how:
            case How.REFUSED:
                expected = tell("a datagram from {place} to {to} is refused", place=start, to=to)
            case How.SILENT:
                expected = tell("a datagram from {place} to {to} gets no answer at all", place=start, to=to)
            case How.ANY:
                expected = tell("no datagram from {place} to {to} is answered", place=start, to=to)
        result = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        look = try_udp(self.source, self.target, self.port)
        if result.replies:
            return Unmet(expected, tell("{to} answered the datagram", to=to), Layer.FILTER, look)
        if arrived := _arrived(result.arrivals, self.end, expected):
            return arrived
        if self.how is How.REFUSED and result.error != REFUSED:
            observed = tell("it was not refused, but: {error}", error=result.error or tell("no answer"))
            return Unmet(expected, observed, Layer.FILTER, look)
        if self.how is How.SILENT and result.icmp_errors:
            return Unmet(expected, tell("somebody refused it: {error}", error=result.error), Layer.FILTER, look)
        left = _left(result.arrivals, self.source, result.sent, bool(result.icmp_errors))
        doubt = _doubt(facts, self.proof, left)
        return doubt or Met(tell("no answer from {to}", to=to))


@validator("no-http")
@dataclass(frozen=True)
class NotFetched:
    """No web page can be fetched from the place. The request was seen leaving."""

    source: Place = param("where the request starts", name="from")
    target: Address = param("the address to ask", name="to")
    port: int = param("the TCP port", default=80)
    path: str = param("the path", default="/")
    proof: Check | None = param(_PROOF, default=None)

    @property
    def _get(self) -> HttpGet:
        return HttpGet(self.source, self.target, self.port, self.path, (self.source,))

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.proof, self._get)

    def judge(self, facts: Facts) -> Verdict:
        url = url_of(self.target, self.port, self.path)
        expected = tell("{place} gets no page from {url}", place=say.place(self.source), url=url)
        result = facts.of(self._get)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        if result.status is not None:
            look = say.command(self.source, f"curl {url}")
            observed = tell("{url} answered (status {status})", url=url, status=result.status)
            return Unmet(expected, observed, Layer.FILTER, look)
        spoke = result.error not in (None, "timed out")
        doubt = _doubt(facts, self.proof, _left(result.arrivals, self.source, 1, spoke))
        return doubt or Met(tell("no page from {url}: {error}", url=url, error=result.error))


@validator("no-arrival")
@dataclass(frozen=True)
class NeverArrives:
    """An echo request does not arrive at a place, though it was seen leaving."""

    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place = param("where it must not arrive", name="at")
    proof: Check | None = param(_PROOF, default=None)

    @property
    def _ping(self) -> Ping:
        return Ping(self.source, self.target, _watch(self.source, self.end))

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.proof, self._ping)

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        expected = tell(
            "no ping from {place} to {to} arrives at {end}", place=say.place(self.source), to=self.target, end=where
        )
        result: PingResult | Unreadable = facts.of(self._ping)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        if arrived := _arrived(result.arrivals, self.end, expected):
            return arrived
        left = _left(result.arrivals, self.source, result.sent, bool(result.replies or result.icmp_errors))
        doubt = _doubt(facts, self.proof, left)
        return doubt or Met(tell("nothing arrived at {place}", place=where))


def _watch(source: Place, end: Place | None) -> tuple[Place, ...]:
    return (source, end) if end is not None else (source,)


def _arrived(arrivals: Sequence[Arrival], end: Place | None, expected: str) -> Unmet | None:
    seen = seen_at(arrivals, end) if end is not None else []
    if not seen or end is None:
        return None
    observed = tell("it arrived at {place}, from {source}", place=say.place(end), source=seen[0].source)
    return Unmet(
        expected, observed, Layer.FILTER, say.command(end, f"tcpdump -ni {seen[0].link} host {seen[0].source}")
    )


def _left(arrivals: Sequence[Arrival], source: Place, sent: int, spoke: bool) -> bool:
    """Whether the probe works: our packet was captured on its way out, the kernel refused to send it, or somebody
    said no to it."""
    return bool(seen_at(arrivals, source)) or sent == 0 or spoke


def _doubt(facts: Facts, proof: Check | None, left: bool) -> Unmet | Unknown | None:
    """Why the failure proves nothing, if so."""
    match proof.judge(facts) if proof is not None else None:
        case Unmet(expected, observed, layer, look):
            return Unmet(tell("first {expected}", expected=expected), observed, layer, look)
        case Unknown() as unknown:
            return unknown
        case _:
            pass
    return None if left or proof is not None else Unknown(tell("our packet was not seen leaving: this proves nothing"))
