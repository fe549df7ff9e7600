"""Name servers, asked by the tutor itself."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import DnsResult, Facts, Gone, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, DnsLookup, Want
from tutor.validators import say
from tutor.validators.registry import param, validator

_NO_WAY = ("Network is unreachable", "No route to host", "Host is unreachable")


def asked(facts: Facts, lookup: DnsLookup, expected: str) -> DnsResult | Unmet | Unknown:
    """What the server said; ``Unmet`` where it said nothing, or the place is not there."""
    result = facts.of(lookup)
    if isinstance(result, Unreadable):
        if result.reason is Gone.NO_NAMESPACE:
            return say.unreadable(result, lookup.source, expected)
        return Unknown(tell("the question could not be sent: {detail}", detail=result.detail))
    if result.error is None:
        return result
    layer = Layer.ROUTE if result.error in _NO_WAY else Layer.SERVICE
    return Unmet(expected, tell("no answer: {error}", error=result.error), layer, look(lookup))


def look(lookup: DnsLookup) -> str:
    """The ``dig`` that asks the same."""
    options = "".join([" +norecurse" if not lookup.recurse else "", " +tcp" if lookup.tcp else ""])
    kind = "" if lookup.rrtype == "A" else f" {lookup.rrtype}"
    return say.command(lookup.source, f"dig{options} @{lookup.server} {lookup.name}{kind}")


def same(one: str, other: str) -> bool:
    """Whether two names, or two data of records, mean the same: case and the last dot do not matter."""
    return one.rstrip(".").casefold() == other.rstrip(".").casefold()


@validator("dns")
@dataclass(frozen=True)
class Resolves:
    """A name server answers a question; where asked, with exactly these data, and in this way."""

    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")
    rrtype: str = param("the record type", name="type", default="A")
    answers: tuple[str, ...] = param("the data that must be in the answer", name="answer", default=())
    rcode: str = param("what it must say, such as NXDOMAIN, REFUSED or SERVFAIL", default="NOERROR")
    authoritative: bool | None = param("whether it must have the say over the name (AA)", default=None)
    recursive: bool | None = param("whether it must offer to ask others (RA)", default=None)
    through: tuple[str, ...] = param("the names to which CNAME records must lead, in order", default=())
    longest: int | None = param("the largest TTL that is right, in seconds", name="ttl-at-most", default=None)
    tcp: bool = param("whether it is asked over TCP", default=False)

    @property
    def _lookup(self) -> DnsLookup:
        return DnsLookup(self.source, self.server, self.name, self.rrtype, tcp=self.tcp)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._lookup})

    def judge(self, facts: Facts) -> Verdict:
        expected = self._expected()
        result = asked(facts, self._lookup, expected)
        if not isinstance(result, DnsResult):
            return result
        observed = self._wrong(result)
        if observed is not None:
            return Unmet(expected, observed, Layer.NAME, look(self._lookup))
        if result.rcode != "NOERROR":
            return Met(tell("the server said {rcode}", rcode=str(result.rcode)))
        return Met(tell("{name} is {data}", name=self.name, data=say.joined(result.answers)))

    def _expected(self) -> str:
        server, place, question = str(self.server), say.place(self.source), f"{self.name} {self.rrtype}"
        if self.rcode != "NOERROR":
            return tell("{server} says {rcode} to {place} for {question}", server=server, rcode=self.rcode, place=place,
                        question=question)  # fmt: skip
        if self.answers:
            return tell("{server} answers {place} for {question}: {data}", server=server, place=place,
                        question=question, data=say.joined(self.answers))  # fmt: skip
        return tell("{server} answers {place} for {question}", server=server, place=place, question=question)

    def _wrong(self, result: DnsResult) -> str | None:
        """What about the answer is not as it should be."""
        if result.rcode != self.rcode:
            return tell("the server said {rcode}", rcode=str(result.rcode))
        if self.rcode == "NOERROR" and (not result.answers or not self._right_data(result)):
            return tell("the answer holds {data}", data=say.joined(result.answers))
        aliases = [record.data for record in result.records if record.type == "CNAME"]
        if self.through and not (len(aliases) == len(self.through) and all(map(same, aliases, self.through))):
            return tell("CNAME records lead to {names}", names=say.joined(aliases))
        if self.authoritative is not None and result.authoritative != self.authoritative:
            return tell("the answer has authority") if result.authoritative else tell("the answer has no authority")
        if self.recursive is not None and result.recursive != self.recursive:
            return tell("the server asks others") if result.recursive else tell("the server does not ask others")
        if self.longest is not None and result.ttl is not None and result.ttl > self.longest:
            return tell("its TTL is {ttl} seconds", ttl=result.ttl)
        return None

    def _right_data(self, result: DnsResult) -> bool:
        def normal(data: tuple[str, ...]) -> set[str]:
            return {one.rstrip(".").casefold() for one in data}

        return not self.answers or normal(result.answers) == normal(self.answers)


@validator("cached")
@dataclass(frozen=True)
class Cached:
    """A name server has the answer in its cache. It is asked without recursion, which leaves the cache as it is."""

    source: Place = param("where the question starts", name="from")
    server: Address = param("the name server")
    name: str = param("the name to ask for")
    rrtype: str = param("the record type", name="type", default="A")

    @property
    def _lookup(self) -> DnsLookup:
        return DnsLookup(self.source, self.server, self.name, self.rrtype, recurse=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._lookup})

    def judge(self, facts: Facts) -> Verdict:
        server = str(self.server)
        expected = tell("{server} has {name} in its cache", server=server, name=self.name)
        result = asked(facts, self._lookup, expected)
        if not isinstance(result, DnsResult):
            return result
        if result.rcode == "REFUSED":
            return Unknown(tell("{server} does not tell what is in its cache", server=server))
        if result.authoritative:
            observed = tell("{server} has the say over {name} itself", server=server, name=self.name)
            return Unmet(expected, observed, Layer.NAME, look(self._lookup))
        if result.rcode == "NOERROR" and result.answers:
            return Met(tell("it has {data}, for {ttl} seconds more", data=say.joined(result.answers),
                            ttl=result.ttl or 0))  # fmt: skip
        observed = tell("its cache has no {name}", name=self.name)
        return Unmet(expected, observed, Layer.NAME, look(self._lookup))
