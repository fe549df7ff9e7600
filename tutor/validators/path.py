"""The way that packets take, as each place on it saw them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from tutor.i18n import tell
from tutor.model.facts import Arrival, Facts, PingResult
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, Ping, Want
from tutor.validators import say
from tutor.validators.flow import Flow, explain
from tutor.validators.registry import param, validator
from tutor.validators.traffic import sent


@validator("path")
@dataclass(frozen=True)
class Passes:
    """An echo request passes these places in this order, as its TTL tells; the last is where it must arrive."""

    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    along: tuple[Place, ...] = param("the places that it must pass, in order")
    avoiding: tuple[Place, ...] = param("places that it must not pass", default=())
    ttl: int | None = param("the TTL that it must have at the last place; it is sent with 64", default=None)

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.along[-1], self.along[:-1])

    @property
    def _ping(self) -> Ping:
        return Ping(self.source, self.target, (*self.along, *self.avoiding))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._ping, *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        way = " → ".join(map(say.place, (self.source, *self.along)))
        expected = tell("a ping to {to} takes the way {way}", to=self.target, way=way)
        result = sent(facts, self._ping, expected)
        if not isinstance(result, PingResult):
            return result
        first = _first(result.arrivals)
        look = say.command(self.source, f"traceroute -n {self.target}")
        if self.along[-1] not in first:
            return explain(self.flow, facts, result).unmet(expected)
        wrong = next((place for place in self.avoiding if place in first), None)
        if wrong is not None:
            observed = tell("it passed {place}", place=say.place(wrong))
            return Unmet(expected, observed, Layer.ROUTE, look)
        missing = next((place for place in self.along if place not in first), None)
        if missing is not None:
            end = say.place(self.along[-1])
            observed = tell("it arrived at {end}, but did not pass {place}", end=end, place=say.place(missing))
            return Unmet(expected, observed, Layer.ROUTE, look)
        return self._in_order(expected, first, look)

    def _in_order(self, expected: str, first: dict[Place, Arrival], look: str) -> Verdict:
        for before, after in pairwise(self.along):
            if first[after].ttl > first[before].ttl:
                observed = tell("it passed {after} before {before}", after=say.place(after), before=say.place(before))
                return Unmet(expected, observed, Layer.ROUTE, look)
        end, ttl = say.place(self.along[-1]), first[self.along[-1]].ttl
        observed = tell("{place} saw it with TTL {ttl}", place=end, ttl=ttl)
        if self.ttl is not None and ttl != self.ttl:
            expected = tell("it arrives at {place} with TTL {ttl}", place=end, ttl=self.ttl)
            return Unmet(expected, observed, Layer.ROUTE, look)
        return Met(observed)


def _first(arrivals: tuple[Arrival, ...]) -> dict[Place, Arrival]:
    """For each place that saw the request how it came in: with the largest TTL."""
    first: dict[Place, Arrival] = {}
    for arrival in arrivals:
        if not arrival.reply and (arrival.place not in first or arrival.ttl > first[arrival.place].ttl):
            first[arrival.place] = arrival
    return first
