"""Source translation, as the far side sees it; rules are only read to explain."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from tutor.model.facts import Facts, NatRule, PingResult, Ruleset
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, Ping, RulesetOf, Want
from tutor.validators import say
from tutor.validators.flow import Flow, explain
from tutor.validators.registry import param, validator
from tutor.validators.traffic import sent, sources_at


@validator("translated")
@dataclass(frozen=True)
class Translated:
    """The far side sees packets come from the address of the router, never from the private one behind it."""

    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place = param("the far side, which has this address", name="at")
    seen_as: Address = param("the source address that it must see", name="as")
    via: tuple[Place, ...] = param("the routers between, in order; the first one translates")

    @property
    def flow(self) -> Flow:
        return Flow(self.source, self.target, self.end, self.via)

    def wants(self) -> frozenset[Want]:
        return frozenset({Ping(self.source, self.target, self.flow.watch), *self.flow.wants()})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        expected = f"{where} sees packets from {say.place(self.source)} come from {self.seen_as}"
        result = sent(facts, Ping(self.source, self.target, self.flow.watch), expected)
        if not isinstance(result, PingResult):
            return result
        sources = sources_at(result, self.end)
        if not sources:
            return explain(self.flow, facts, result).unmet(expected)
        wrong = [source for source in sources if source != self.seen_as]
        if not wrong:
            return Met(f"{where} saw {self.seen_as}")
        kind = "private source address" if wrong[0].is_private else "source address"
        observed = f"{where} saw the {kind} {wrong[0]}" + self._rules(facts, wrong[0])
        router = self.via[0]
        return Unmet(expected, observed, Layer.NAT, say.command(router, "iptables -t nat -nvL POSTROUTING"))

    def _rules(self, facts: Facts, source: Address) -> str:
        """What the rules there say to that: none, or one for another network."""
        router = self.via[0]
        rules = facts.of(RulesetOf(router))
        if not isinstance(rules, Ruleset):
            return ""
        translating = [rule for rule in rules.nat if rule.action in ("masquerade", "snat")]
        if not translating:
            return f": {say.place(router)} has no rule that translates"
        return _mismatch(translating[0], source)


def _mismatch(rule: NatRule, source: Address) -> str:
    if rule.source is not None and not _within(source, rule.source):
        return f": the {rule.action} rule matches the source {rule.source}"
    if rule.out_link is not None:
        return f": the {rule.action} rule matches packets that leave by {rule.out_link}"
    return f": the {rule.action} rule did not match"


def _within(source: Address, selector: str) -> bool:
    try:
        return source in ip_network(selector.removeprefix("!").strip(), strict=False) and not selector.startswith("!")
    except ValueError:
        return False
