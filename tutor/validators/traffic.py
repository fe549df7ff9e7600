"""Echo requests, sent by the tutor itself: answered, not answered, arriving."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tutor.i18n import tell
from tutor.model.facts import Facts, Gone, PingResult, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, Ping, Want
from tutor.model.why import Broken
from tutor.validators import say
from tutor.validators.flow import Cause, Flow, explain
from tutor.validators.mtu import packet_size, too_small
from tutor.validators.registry import param, validator


@validator("ping")
@dataclass(frozen=True)
class Pings:
    """An echo request from the place is answered. With `at` and `via` the reason for silence can be told better.

    With `size` it carries so many bytes and may not be cut into fragments, as `ping -M do -s` does it."""

    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place | None = param("the place that has this address, where it must arrive", name="at", default=None)
    via: tuple[Place, ...] = param("the routers between, in order", default=())
    through: tuple[Place, ...] = param("other places whose bridges it passes", default=())
    size: int = param("how many bytes it carries", default=0)

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.end, self.via, self.through, size=self.size)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._ping, self._small, *self.flow.wants(), *self._small_flow.wants()})

    @property
    def _ping(self) -> Ping:
        return replace(self._small, size=self.size)

    @property
    def _small_flow(self) -> Flow:
        return replace(self.flow, size=0)

    @property
    def _small(self) -> Ping:
        return Ping(self.source, self.target, self.flow.watch)

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{place} pings {target} and gets an answer", place=say.place(self.source), target=self.target)
        if self.size:
            size = packet_size(self.flow)
            expected = tell(
                "a ping of {size} bytes from {place} to {target} is answered",
                size=size,
                place=say.place(self.source),
                target=self.target,
            )
        result = sent(facts, self._ping, expected)
        if not isinstance(result, PingResult):
            return result
        if result.replies and (self.end is None or sources_at(result, self.end)):
            return Met(tell("{target} answered {source}", target=self.target, source=say.place(self.source)))
        if result.replies:
            return self._answered_elsewhere(expected)
        return self._cause(facts, result).unmet(expected)

    def _cause(self, facts: Facts, result: PingResult) -> Cause:
        cause, small = explain(self.flow, facts, result), facts.of(self._small)
        if not self.size or not isinstance(small, PingResult) or isinstance(cause.why, Broken):
            return cause
        return too_small(self.flow, facts, result) if small.replies else explain(self._small_flow, facts, small)

    def _answered_elsewhere(self, expected: str) -> Unmet:
        """Such as by the sender itself, which takes all of a network for its own that is on its loopback."""
        assert self.end is not None
        observed = tell(
            "somebody answered for {target}, but the packet never came to {end}",
            target=self.target,
            end=say.place(self.end),
        )
        return Unmet(expected, observed, Layer.ADDRESS, say.ip(self.source, f"route get {self.target}"))


@validator("no-ping")
@dataclass(frozen=True)
class NoPing:
    """An echo request is not answered, although the place can send: `proof` is an address that must answer."""

    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address that must not answer", name="to")
    proof: Address | None = param("an address that must answer, so that the silence means something", default=None)

    def wants(self) -> frozenset[Want]:
        targets = (self.target, self.proof) if self.proof else (self.target,)
        return frozenset(Ping(self.source, target) for target in targets)

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.source)
        expected = tell("{where} gets no answer from {target}", where=where, target=self.target)
        if self.proof is not None:
            proof = facts.of(Ping(self.source, self.proof))
            if not isinstance(proof, PingResult) or not proof.replies:
                return Unknown(
                    tell(
                        "{where} gets no answer from {proof} either, so silence proves nothing",
                        where=where,
                        proof=self.proof,
                    )
                )
        result = sent(facts, Ping(self.source, self.target), expected)
        if not isinstance(result, PingResult):
            return result
        if result.replies:
            look = say.command(self.source, f"ping -c 1 {self.target}")
            return Unmet(expected, tell("{target} answered", target=self.target), Layer.ROUTE, look)
        if result.error:
            return Met(tell("no answer from {target}: {error}", target=self.target, error=result.error))
        return Met(tell("no answer from {target}", target=self.target))


@validator("arrives")
@dataclass(frozen=True)
class Arrives:
    """An echo request arrives at a place, answered or not; where asked, with this source address."""

    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place = param("where it must arrive", name="at")
    via: tuple[Place, ...] = param("the routers between, in order", default=())
    seen_as: Address | None = param("the source address that it must have there", name="as", default=None)

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.end, self.via)

    def wants(self) -> frozenset[Want]:
        return frozenset({Ping(self.source, self.target, self.flow.watch), *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell(
            "a ping from {source} to {target} arrives at {end}",
            source=say.place(self.source),
            target=self.target,
            end=say.place(self.end),
        )
        if self.seen_as:
            expected = tell("{expected} from {source}", expected=expected, source=self.seen_as)
        result = sent(facts, Ping(self.source, self.target, self.flow.watch), expected)
        if not isinstance(result, PingResult):
            return result
        sources = sources_at(result, self.end)
        if not sources:
            return explain(self.flow, facts, result).unmet(expected)
        seen = say.joined(map(str, sources))
        observed = tell("{end} saw it come from {seen}", end=say.place(self.end), seen=seen)
        if self.seen_as is not None and set(sources) != {self.seen_as}:
            return Unmet(expected, observed, Layer.NAT, say.command(self.end, "tcpdump -ni any icmp"))
        return Met(observed)


def sent(facts: Facts, ping: Ping, expected: str) -> PingResult | Verdict:
    """The result of a ping, or what a missing one means."""
    result = facts.of(ping)
    if isinstance(result, Unreadable):
        if result.reason is Gone.NO_NAMESPACE:
            return say.unreadable(result, ping.source, expected)
        return Unknown(tell("the ping could not be sent: {detail}", detail=result.detail))
    return result


def sources_at(result: PingResult, place: Place) -> tuple[Address, ...]:
    """The source addresses of our requests as seen at a place, each once."""
    seen = (arrival.source for arrival in result.arrivals if arrival.place == place and not arrival.reply)
    return tuple(dict.fromkeys(seen))
