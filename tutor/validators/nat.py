"""Source translation, as the far side sees it; rules are only read to explain."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from tutor.i18n import tell
from tutor.model.facts import Facts, NatRule, PingResult, RouteChoice, Ruleset, Stack
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, Ping, RouteLookup, RulesetOf, StackOf, Want
from tutor.validators import say
from tutor.validators.flow import Flow, explain, owns
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
        expected = tell(
            "{where} sees packets from {source} come from {seen_as}",
            where=where,
            source=say.place(self.source),
            seen_as=self.seen_as,
        )
        result = sent(facts, Ping(self.source, self.target, self.flow.watch), expected)
        if not isinstance(result, PingResult):
            return result
        sources = sources_at(result, self.end)
        if not sources:
            return explain(self.flow, facts, result).unmet(expected)
        wrong = [source for source in sources if source != self.seen_as]
        if not wrong:
            return Met(tell("{where} saw {seen_as}", where=where, seen_as=self.seen_as))
        observed, look = self._explained(facts, wrong[0])
        return Unmet(
            expected,
            tell("{where} saw {observed}", where=where, observed=observed),
            Layer.NAT,
            say.command(self.via[0], look),
        )

    def _explained(self, facts: Facts, source: Address) -> tuple[str, str]:
        """What the far side saw, what the rules say to that, and the command that lists them."""
        router = self.via[0]
        look = "iptables -t nat -nvL POSTROUTING"
        own = facts.of(StackOf(self.source))
        untouched = not isinstance(own, Stack) or owns(own, source)
        seen = (
            tell("the private source address {source}", source=source)
            if untouched and source.is_private
            else str(source)
        )
        rules = facts.of(RulesetOf(router))
        if not isinstance(rules, Ruleset):
            return seen, look
        translating = [rule for rule in rules.nat if rule.action in ("masquerade", "snat")]
        if not translating:
            return tell("{seen}: {router} has no rule that translates it", seen=seen, router=say.place(router)), look
        if not any(rule.text.startswith("iptables") for rule in translating):
            look = "nft list ruleset"
        if not untouched:
            return tell("{seen}, which a rule of {router} wrote", seen=seen, router=say.place(router)), look
        way = facts.of(RouteLookup(router, self.target))
        link = way.link if isinstance(way, RouteChoice) else None
        mismatch = _mismatch(translating[0], source, self.target, link)
        return tell("{seen}: {reason}", seen=seen, reason=mismatch), look


def _mismatch(rule: NatRule, source: Address, target: Address, link: str | None) -> str:
    """The part of the rule that the packet, which leaves by ``link``, does not match."""
    if rule.source is not None and not _matches(source, rule.source):
        return tell("the {action} rule matches the source {source}", action=rule.action, source=rule.source)
    if rule.out_link is not None and rule.out_link != link:
        return tell(
            "the {action} rule matches packets that leave by {out_link}", action=rule.action, out_link=rule.out_link
        )
    if rule.destination is not None and not _matches(target, rule.destination):
        return tell(
            "the {action} rule matches the destination {destination}", action=rule.action, destination=rule.destination
        )
    return tell("the {action} rule did not match", action=rule.action)


def _matches(address: Address, selector: str) -> bool:
    """Whether a network, or with ``!`` before it all but that network, holds the address."""
    network = selector.removeprefix("!").strip()
    try:
        return (address in ip_network(network, strict=False)) is not selector.startswith("!")
    except ValueError:
        return False
