"""Names, asked for by the tutor itself."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.model.facts import Facts, Gone, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, DnsLookup, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("dns")
@dataclass(frozen=True)
class Resolves:
    """A name server answers a question; where asked, with exactly these data."""

    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")
    rrtype: str = param("the record type", name="type", default="A")
    answers: tuple[str, ...] = param("the data that must be in the answer", name="answer", default=())

    def wants(self) -> frozenset[Want]:
        return frozenset({DnsLookup(self.source, self.server, self.name, self.rrtype)})

    def judge(self, facts: Facts) -> Verdict:
        wanted = f": {say.joined(self.answers)}" if self.answers else ""
        expected = f"{self.server} answers {say.place(self.source)} for {self.name} {self.rrtype}{wanted}"
        result = facts.of(DnsLookup(self.source, self.server, self.name, self.rrtype))
        if isinstance(result, Unreadable):
            if result.reason is Gone.NO_NAMESPACE:
                return say.unreadable(result, self.source, expected)
            return Unknown(f"the question could not be sent: {result.detail}")
        look = say.command(self.source, f"dig @{self.server} {self.name} {self.rrtype}")
        if result.error is not None:
            return Unmet(expected, f"no answer: {result.error}", Layer.SERVICE, look)
        if result.rcode != "NOERROR":
            return Unmet(expected, f"the server said {result.rcode}", Layer.NAME, look)
        if not result.answers or (self.answers and set(result.answers) != set(self.answers)):
            return Unmet(expected, f"the answer holds {say.joined(result.answers)}", Layer.NAME, look)
        return Met(f"{self.name} is {say.joined(result.answers)}")
