"""Web pages, fetched by the tutor itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tutor.model.facts import Facts, Gone, HttpResult, NatRule, Ruleset, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, HttpGet, RulesetOf, StackOf, Want
from tutor.validators import say
from tutor.validators.addresses import carried
from tutor.validators.flow import Cause, Flow, explain, owns
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
        return Flow(self.source, self.target, self.end, self.via)

    @property
    def _get(self) -> HttpGet:
        return HttpGet(self.source, self.target, self.port, self.path, self.flow.watch)

    def wants(self) -> frozenset[Want]:
        return frozenset({self._get, *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        url = address(self.target, self.port, self.path)
        expected = f"{say.place(self.source)} gets the page at {url}"
        result = facts.of(self._get)
        if isinstance(result, Unreadable):
            if result.reason is Gone.NO_NAMESPACE:
                return say.unreadable(result, self.source, expected)
            return Unknown(f"the request could not be sent: {result.detail}")
        look = say.command(self.source, f"curl {url}")
        if result.status is None:
            return self._silence(facts, result).unmet(expected)
        if result.status != 200 or (self.contains and self.contains not in result.body):
            observed = f"a server answered, but with another page (status {result.status})"
            return Unmet(expected, observed, Layer.SERVICE, look)
        return self._seen(result, expected, look)

    def _seen(self, result: HttpResult, expected: str, look: str) -> Verdict:
        if self.end is None:
            return Met(f"{address(self.target, self.port, self.path)} answered")
        sources = {str(a.source) for a in result.arrivals if a.place == self.end and not a.reply}
        where = say.place(self.end)
        if self.seen_as is not None and sources and sources != {str(self.seen_as)}:
            expected = f"{where} sees the request come from {self.seen_as}"
            observed = f"{where} saw it come from {say.joined(sorted(sources))}"
            return Unmet(expected, observed, Layer.NAT, look)
        seen = f" to {say.joined(sorted(sources))}" if sources else ""
        return Met(f"{where} answered{seen}")

    def _silence(self, facts: Facts, result: HttpResult) -> Cause:
        if result.error == "connection refused":
            return self._refused(facts, result)
        return self._sent_astray(facts, result) or explain(self.flow, facts, result)

    def _sent_astray(self, facts: Facts, result: HttpResult) -> Cause | None:
        """A rule sends the connection on, but not to the server."""
        end = facts.of(StackOf(self.end)) if self.end is not None else None
        if not isinstance(end, Stack) or any(arrival.place == self.end for arrival in result.arrivals):
            return None
        for router, rule in self._rewrites(facts):
            host, _, _ = (rule.to or "").rpartition(":")
            if self._for_this_port(rule) and rule.to and str(host or rule.to) not in _addresses(end):
                observed = f"a rule of {say.place(router)} sends the connection to {rule.to}"
                return Cause(observed, Layer.NAT, _listing(router, rule))
        return None

    def _rewrites(self, facts: Facts) -> Iterator[tuple[Place, NatRule]]:
        for router in self.via:
            rules = facts.of(RulesetOf(router))
            if isinstance(rules, Ruleset):
                yield from ((router, rule) for rule in rules.nat if rule.action == "dnat")

    def _for_this_port(self, rule: NatRule) -> bool:
        return rule.port in (None, str(self.port))

    def _refused(self, facts: Facts, result: HttpResult) -> Cause:
        """Somebody said that nothing listens: the machine with the address, or the one it was forwarded to."""
        if self.end is not None and any(a.place == self.end for a in result.arrivals):
            ports = {a.destination_port for a in result.arrivals if a.place == self.end and not a.reply} - {None}
            port = next(iter(ports), self.port)
            observed = f"the connection reached {say.place(self.end)}, where nothing listens on port {port}"
            return Cause(observed, Layer.SERVICE, say.command(self.end, "ss -ltn"))
        owner = next((place for place in self.via if _owns(facts, place, self.target)), None)
        if owner is None:
            look = say.command(self.source, f"curl {address(self.target, self.port, self.path)}")
            return Cause(f"{self.target} refused: nothing listens on port {self.port}", Layer.SERVICE, look)
        refused = f"{say.place(owner)} refused: nothing listens on its port {self.port}"
        rewrite = next((rule for router, rule in self._rewrites(facts) if router == owner), None)
        if rewrite is None:
            look = say.command(owner, "iptables -t nat -nvL PREROUTING")
            return Cause(f"{refused}, and no rule sends the connection on", Layer.NAT, look)
        if astray := self._sent_astray(facts, result):
            return astray
        reason = f"is for port {rewrite.port}" if not self._for_this_port(rewrite) else "does not match this connection"
        return Cause(f"{refused}, and its DNAT rule {reason}", Layer.NAT, _listing(owner, rewrite))


def _listing(router: Place, rule: NatRule) -> str:
    classic = rule.text.startswith("iptables")
    return say.command(router, "iptables -t nat -nvL PREROUTING" if classic else "nft list ruleset")


def _addresses(stack: Stack) -> frozenset[str]:
    return frozenset(str(address.interface.ip) for _, address in carried(stack))


def _owns(facts: Facts, place: Place, target: Address) -> bool:
    stack = facts.of(StackOf(place))
    return isinstance(stack, Stack) and owns(stack, target)


def address(target: Address, port: int, path: str) -> str:
    """The URL without what is usual: ``192.168.1.2:8080``."""
    host = f"[{target}]" if target.version == 6 else str(target)
    return host + (f":{port}" if port != 80 else "") + (path if path != "/" else "")
