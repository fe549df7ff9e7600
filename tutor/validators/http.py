"""Web pages, fetched by the tutor itself."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, HttpResult, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, HttpGet, Want
from tutor.validators import say
from tutor.validators.flow import Flow
from tutor.validators.ports import elsewhere, not_sent, seen_at
from tutor.validators.refused import Attempt
from tutor.validators.registry import param, validator


@validator("http")
@dataclass(frozen=True)
class Fetches:
    """A web page can be fetched from the place; where asked, it is the right page and the right server sent it."""

    source: Place = param("where the request starts", name="from")
    target: Address = param("the address to ask", name="to")
    port: int = param("the TCP port", default=80)
    path: str = param("the path", default="/")
    contains: str | None = param("a text that the page must contain", default=None)
    end: Place | None = param("the place whose server must answer", name="at", default=None)
    via: tuple[Place, ...] = param("the routers between, in order", default=())
    seen_as: Address | None = param("the source address that the server must see", name="as", default=None)

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.end, self.via, protocol="tcp", port=self.port)

    @property
    def _get(self) -> HttpGet:
        return HttpGet(self.source, self.target, self.port, self.path, self.flow.watch)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._get, *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        url = address(self.target, self.port, self.path)
        expected = tell("{place} gets the page at {url}", place=say.place(self.source), url=url)
        result = facts.of(self._get)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, expected)
        look = say.command(self.source, f"curl {url}")
        if result.status is None and result.connected:
            observed = tell("{url} takes the connection, but does not answer as a web server does", url=url)
            return Unmet(expected, observed, Layer.SERVICE, look)
        if result.status is None:
            return Attempt(self.flow, facts, result, look).cause().unmet(expected)
        if result.status != 200 or (self.contains and self.contains not in result.body):
            observed = tell("a server answered, but with another page (status {status})", status=result.status)
            return Unmet(expected, observed, Layer.SERVICE, look)
        return self._seen(result, expected, look)

    def _seen(self, result: HttpResult, expected: str, look: str) -> Verdict:
        url = address(self.target, self.port, self.path)
        if self.end is None:
            return Met(tell("{url} answered", url=url))
        sources = sorted({str(arrival.source) for arrival in seen_at(result.arrivals, self.end)})
        if not sources:
            return elsewhere(expected, self.end, url, look, self.via)
        where, seen = say.place(self.end), say.joined(sources)
        if self.seen_as is not None and sources != [str(self.seen_as)]:
            expected = tell("{place} sees the request come from {source}", place=where, source=self.seen_as)
            return Unmet(expected, tell("{place} saw it come from {source}", place=where, source=seen), Layer.NAT, look)
        return Met(tell("{place} answered to {source}", place=where, source=seen))


def address(target: Address, port: int, path: str) -> str:
    """The URL without what is usual: ``192.168.1.2:8080``."""
    host = f"[{target}]" if target.version == 6 else str(target)
    return host + (f":{port}" if port != 80 else "") + (path if path != "/" else "")
