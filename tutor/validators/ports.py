"""TCP and UDP ports, tried by the tutor itself: who accepts, who answers, and what the far side saw.

The TCP probe is half-open: no program notices it. A datagram, though, is delivered to whoever listens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Arrival, Facts, Gone, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, TcpProbe, UdpProbe, Want
from tutor.validators import say
from tutor.validators.flow import Flow
from tutor.validators.refused import Attempt
from tutor.validators.registry import param, validator


@validator("tcp")
@dataclass(frozen=True)
class Connects:
    """A TCP connection is accepted; where asked, it arrives at a place, with this source and this port.

    It is only half opened: no program notices."""

    source: Place = param("where the connection starts", name="from")
    target: Address = param("the address to connect to", name="to")
    port: int = param("the TCP port")
    end: Place | None = param("the place that must accept it", name="at", default=None)
    via: tuple[Place, ...] = param("the routers between, in order", default=())
    seen_as: Address | None = param("the source address that it must have there", name="as", default=None)
    seen_port: int | None = param("the source port that it must have there", name="as-port", default=None)
    end_port: int | None = param("the port that it must be for there", name="at-port", default=None)

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.end, self.via, protocol="tcp", port=self.port)

    @property
    def _probe(self) -> TcpProbe:
        return TcpProbe(self.source, self.target, self.port, self.flow.watch)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._probe, *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        to = port_address(self.target, self.port)
        expected = tell("a TCP connection from {place} to {to} is accepted", place=say.place(self.source), to=to)
        result = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        look = try_tcp(self.source, self.target, self.port)
        if not result.connected:
            return Attempt(self.flow, facts, result, look).cause().unmet(expected)
        if self.end is None:
            return Met(tell("{to} accepted the connection", to=to))
        seen = seen_at(result.arrivals, self.end)
        if not seen:
            return elsewhere(expected, self.end, to, look, self.via)
        return as_asked(seen, self.end, (self.seen_as, self.seen_port, self.end_port), look)


@validator("udp")
@dataclass(frozen=True)
class Delivers:
    """A datagram arrives at a place, with this source and this port where asked. Without `at` it must be answered.

    Whoever listens gets it: a few bytes of text."""

    source: Place = param("where the datagram starts", name="from")
    target: Address = param("the address to send it to", name="to")
    port: int = param("the UDP port")
    end: Place | None = param("the place where it must arrive", name="at", default=None)
    via: tuple[Place, ...] = param("the routers between, in order", default=())
    answered: bool = param("it must be answered, too", default=False)
    seen_as: Address | None = param("the source address that it must have there", name="as", default=None)
    seen_port: int | None = param("the source port that it must have there", name="as-port", default=None)
    end_port: int | None = param("the port that it must be for there", name="at-port", default=None)

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.end, self.via, protocol="udp", port=self.port)

    @property
    def _probe(self) -> UdpProbe:
        return UdpProbe(self.source, self.target, self.port, self.flow.watch)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._probe, *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        to, expected = port_address(self.target, self.port), self._expected()
        result = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        look = try_udp(self.source, self.target, self.port)
        seen = seen_at(result.arrivals, self.end) if self.end else []
        silent = not result.replies and (self.answered or self.end is None)
        if silent or (self.end and not seen and not result.replies):
            return Attempt(self.flow, facts, result, look).cause().unmet(expected)
        if self.end is None:
            return Met(tell("{to} answered the datagram", to=to))
        if not seen:
            return elsewhere(expected, self.end, to, look, self.via)
        return as_asked(seen, self.end, (self.seen_as, self.seen_port, self.end_port), look)

    def _expected(self) -> str:
        start, to = say.place(self.source), port_address(self.target, self.port)
        if self.end is None:
            return tell("a datagram from {place} to {to} is answered", place=start, to=to)
        if self.answered:
            return tell(
                "a datagram from {place} to {to} arrives at {end} and is answered",
                place=start,
                to=to,
                end=say.place(self.end),
            )
        return tell("a datagram from {place} to {to} arrives at {end}", place=start, to=to, end=say.place(self.end))


def port_address(target: Address, port: int) -> str:
    """As it is written: ``192.168.1.2:8080``, ``[fd00::2]:80``."""
    return f"[{target}]:{port}" if target.version == 6 else f"{target}:{port}"


def try_tcp(source: Place, target: Address, port: int) -> str:
    return say.command(source, f"nc -zvw 2 {target} {port}")


def try_udp(source: Place, target: Address, port: int) -> str:
    return say.command(source, f"nc -uvw 2 {target} {port}")


def not_sent(result: Unreadable, source: Place, expected: str) -> Unmet | Unknown:
    """What it means that there is no result at all."""
    if result.reason is Gone.NO_NAMESPACE:
        return say.unreadable(result, source, expected)
    return Unknown(tell("the packet could not be sent: {cause}", cause=result.detail))


def seen_at(arrivals: Sequence[Arrival], place: Place) -> list[Arrival]:
    """Our requests as they came to a place."""
    return [arrival for arrival in arrivals if arrival.place == place and not arrival.reply]


def elsewhere(expected: str, end: Place, to: str, look: str, via: Sequence[Place]) -> Unmet:
    """Somebody answered, but not the place that should: a router itself, or another machine with that address."""
    observed = tell("somebody answered for {to}, but nothing came to {place}", to=to, place=say.place(end))
    return Unmet(expected, observed, Layer.NAT if via else Layer.ADDRESS, look)


def as_asked(
    seen: Sequence[Arrival], end: Place, wanted: tuple[Address | None, int | None, int | None], look: str
) -> Verdict:
    """Whether all that arrived has the source address, the source port and the port that it must have."""
    address, source_port, port = wanted
    where, last = say.place(end), seen[-1]
    observed = tell(
        "{place} saw it come from {source}, for port {port}",
        place=where,
        source=port_address(last.source, last.source_port or 0),
        port=last.destination_port,
    )
    tcpdump = say.command(end, f"tcpdump -ni any port {last.destination_port}")
    if address is not None and {arrival.source for arrival in seen} != {address}:
        expected = tell("{place} sees it come from {source}", place=where, source=address)
        return Unmet(expected, observed, Layer.NAT, tcpdump)
    if source_port is not None and {arrival.source_port for arrival in seen} != {source_port}:
        expected = tell("{place} sees it come from port {port}", place=where, port=source_port)
        return Unmet(expected, observed, Layer.NAT, tcpdump)
    if port is not None and {arrival.destination_port for arrival in seen} != {port}:
        expected = tell("{place} sees it come for port {port}", place=where, port=port)
        return Unmet(expected, observed, Layer.NAT, tcpdump)
    return Met(observed)
