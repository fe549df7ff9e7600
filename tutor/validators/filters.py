"""What filter and NAT rules do, whichever tool wrote them: the rules are followed as the kernel follows them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model.facts import Facts, Ruleset, Unreadable
from tutor.model.place import Place
from tutor.model.rules import PacketChain, PacketRule
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import RulesetOf, Want
from tutor.validators import say
from tutor.validators.program import Network, Outcome, Packets, at_hook, outcomes
from tutor.validators.registry import param, validator


class Hook(StrEnum):
    PREROUTING = "prerouting"
    INPUT = "input"
    FORWARD = "forward"
    OUTPUT = "output"
    POSTROUTING = "postrouting"


class Policy(StrEnum):
    ACCEPT = "accept"
    DROP = "drop"


class Translation(StrEnum):
    """Masquerading is a source translation, redirecting one of the destination."""

    SOURCE = "source"
    DESTINATION = "destination"


_REFUSED = ("drop", "reject")
_ACTIONS = {Translation.SOURCE: ("masquerade", "snat"), Translation.DESTINATION: ("dnat", "redirect")}


@dataclass(frozen=True)
class _Rules:
    place: Place = param("where the rules are", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({RulesetOf(self.place)})

    def _rules(self, facts: Facts, expected: str) -> Ruleset | Unmet | Unknown:
        """``Unknown`` also where there are rules that cannot be read: they may do anything."""
        rules = facts.of(RulesetOf(self.place))
        if isinstance(rules, Unreadable):
            return say.unreadable(rules, self.place, expected)
        if rules.unread:
            return Unknown(tell("{place} has rules that could not be read", place=say.place(self.place)))
        return rules

    def _look(self, table: str, hook: str, rule: PacketRule | None, ruleset: Ruleset) -> str:
        nft = rule is not None and not rule.text.startswith("ip")
        if nft or (rule is None and any(chain.family == "inet" for chain in ruleset.chains)):
            return say.command(self.place, "nft list ruleset")
        return say.command(self.place, f"iptables {f'-t {table} ' if table != 'filter' else ''}-nvL {hook.upper()}")


@dataclass(frozen=True)
class _Packets:
    source: Network | None = param("their source", default=None)
    destination: Network | None = param("their destination", default=None)
    protocol: str | None = param("their protocol, such as tcp, udp or icmp", default=None)
    port: int | None = param("their destination port", default=None)
    in_link: str | None = param("the link by which they come", name="iif", default=None)
    out_link: str | None = param("the link by which they leave", name="oif", default=None)
    ipv6: bool = param("they are IPv6, where no address tells", default=False)

    @property
    def _packets(self) -> Packets:
        network = self.source or self.destination
        version = network.version if network else 6 if self.ipv6 else 4
        protocol = self.protocol or ("tcp" if self.port is not None else None)
        return Packets(version, self.source, self.destination, protocol, self.port, self.in_link, self.out_link)

    def _told(self) -> str:
        parts = [self.protocol or ""]
        parts += [tell("from {source}", source=self.source)] if self.source else []
        parts += [tell("to {destination}", destination=self.destination)] if self.destination else []
        parts += [tell("for port {port}", port=self.port)] if self.port is not None else []
        parts += [tell("that come by {link}", link=self.in_link)] if self.in_link else []
        parts += [tell("that leave by {link}", link=self.out_link)] if self.out_link else []
        return " ".join(part for part in parts if part) or tell("of any kind")


@validator("chain-policy")
@dataclass(frozen=True)
class ChainPolicy(_Rules):
    """What becomes of packets at a hook that no rule decides about: with `drop` in any chain they are dropped."""

    hook: Hook = param("the hook")
    policy: Policy = param("what becomes of them")
    ipv6: bool = param("for IPv6", default=False)

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{hook} {policy}s what no rule decides about", hook=self.hook, policy=self.policy)
        rules = self._rules(facts, expected)
        if not isinstance(rules, Ruleset):
            return rules
        families = ("ip6" if self.ipv6 else "ip", "inet")
        chains = [chain for chain in rules.chains if chain.hook == self.hook and chain.family in families]
        dropping = next((chain for chain in chains if chain.policy == "drop"), None)
        look = self._look("filter", self.hook, None, rules)
        if dropping is not None:
            observed = tell("the policy of {table} {chain} is drop", table=dropping.table, chain=dropping.name)
        else:
            observed = tell("no chain at {hook} has the policy drop", hook=self.hook)
        if (dropping is not None) is (self.policy is Policy.DROP):
            return Met(observed)
        return Unmet(expected, observed, Layer.FILTER, look)


@validator("filter")
@dataclass(frozen=True)
class Filtered(_Packets, _Rules):
    """What the rules of a hook do with all packets of this kind, the first ones of a connection."""

    hook: Hook = param("the hook", default=Hook.FORWARD)
    does: Policy = param("what becomes of them; rejecting is dropping", default=Policy.ACCEPT)

    def judge(self, facts: Facts) -> Verdict:
        words = {"packets": self._told(), "hook": self.hook, "place": say.place(self.place)}
        expected = tell("{hook} of {place} accepts packets {packets}", **words)
        if self.does is Policy.DROP:
            expected = tell("{hook} of {place} drops packets {packets}", **words)
        rules = self._rules(facts, expected)
        if not isinstance(rules, Ruleset):
            return rules
        found = [_resolved(outcomes(chain, rules.program, self._packets)) for chain in
                 at_hook(rules.program, self.hook, self._packets.version, nat=False)]  # fmt: skip
        for chain in found:
            if all(one.verdict in _REFUSED and one.certain for one in chain):
                return self._verdict(Policy.DROP, expected, chain[0], rules)
        doubt = next((one for chain in found for one in chain if not one.certain), None)
        if doubt is not None:
            text = doubt.rule.text if doubt.rule else doubt.chain.name
            return Unknown(tell("what a rule does is not known here: {rule}", rule=text))
        refusing = next((one for chain in found for one in chain if one.verdict in _REFUSED), None)
        if refusing is None:
            return self._verdict(Policy.ACCEPT, expected, None, rules)
        observed = tell("only some of them are dropped: {evidence}", evidence=_evidence(refusing))
        return Unmet(expected, observed, Layer.FILTER, self._look("filter", self.hook, refusing.rule, rules))

    def _verdict(self, does: Policy, expected: str, one: Outcome | None, rules: Ruleset) -> Verdict:
        observed = tell("they are dropped: {evidence}", evidence=_evidence(one)) if one else tell("nothing drops them")
        if does is self.does:
            return Met(observed)
        return Unmet(
            expected, observed, Layer.FILTER, self._look("filter", self.hook, one.rule if one else None, rules)
        )


@validator("nat")
@dataclass(frozen=True, kw_only=True)
class Nat(_Packets, _Rules):
    """The rules translate all packets of this kind, the first ones of a connection."""

    kind: Translation = param("which address is rewritten")
    to: str | None = param("to what: ADDRESS, ADDRESS:PORT or :PORT", default=None)
    hook: Hook | None = param("where, if not in prerouting (destination) or postrouting (source)", default=None)

    def judge(self, facts: Facts) -> Verdict:
        to = tell(" to {target}", target=self.to) if self.to else ""
        expected = tell(
            "the {kind} of packets {packets} is translated{to}", kind=self.kind, packets=self._told(), to=to
        )
        rules = self._rules(facts, expected)
        if not isinstance(rules, Ruleset):
            return rules
        default = Hook.POSTROUTING if self.kind is Translation.SOURCE else Hook.PREROUTING
        hook = self.hook or default
        found: list[Outcome] = []
        for chain in at_hook(rules.program, hook, self._packets.version, nat=True):
            found = [one for one in found if one.verdict != "end"]
            found += outcomes(chain, rules.program, self._packets)
            if all(one.verdict != "end" for one in found):
                break
        return self._judged(found, expected, hook, rules)

    def _judged(self, found: list[Outcome], expected: str, hook: Hook, rules: Ruleset) -> Verdict:
        if doubt := next((one for one in found if not one.certain), None):
            text = doubt.rule.text if doubt.rule else doubt.chain.name
            return Unknown(tell("what a rule does is not known here: {rule}", rule=text))
        right = [one for one in found if one.verdict in _ACTIONS[self.kind]]
        look = self._look("nat", hook, right[0].rule if right else None, rules)
        if not right:
            return Unmet(expected, tell("no rule at {hook} translates them", hook=hook), Layer.NAT, look)
        if len(right) < len(found):
            observed = tell("only some of them are translated: {rule}", rule=_evidence(right[0]))
            return Unmet(expected, observed, Layer.NAT, look)
        if self.to is not None and any(one.rule is None or one.rule.to != self.to for one in right):
            if any(one.verdict == "masquerade" for one in right):
                return Unknown(tell("masquerading takes the address that the link has at that moment"))
            return Unmet(expected, tell("a rule says {rule}", rule=_evidence(right[0])), Layer.NAT, look)
        return Met(_evidence(right[0]))


@validator("rule-counted")
@dataclass(frozen=True)
class RuleCounted(_Rules):
    """A rule that a hook leads to has counted packets. A rule of nft counts only with the word `counter`."""

    does: str = param("what the rule does: accept, drop, reject, masquerade, snat, dnat or redirect")
    hook: Hook = param("the hook")
    port: int | None = param("the destination port that it must name", default=None)
    to: str | None = param("what it must rewrite to: ADDRESS, ADDRESS:PORT or :PORT", default=None)
    packets: int = param("how many it must have counted", default=1)

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a {does} rule at {hook} that has counted {packets} or more packets", does=self.does,
                        hook=self.hook, packets=self.packets)  # fmt: skip
        rules = self._rules(facts, expected)
        if not isinstance(rules, Ruleset):
            return rules
        found = [rule for rule in reached(rules, self.hook) if self._is(rule)]
        layer = Layer.FILTER if self.does in (*_REFUSED, "accept") else Layer.NAT
        table = "filter" if layer is Layer.FILTER else "nat"
        look = self._look(table, self.hook, found[0] if found else None, rules)
        if not found:
            return Unmet(expected, tell("there is no such rule at {hook}", hook=self.hook), layer, look)
        counts = [rule.packets for rule in found if rule.packets is not None]
        if not counts:
            return Unmet(expected, tell("the rule does not count: {rule}", rule=found[0].text), layer, look)
        observed = tell("the rule has counted {packets}", packets=max(counts))
        return Met(observed) if max(counts) >= self.packets else Unmet(expected, observed, layer, look)

    def _is(self, rule: PacketRule) -> bool:
        ports = [value for match in rule.matches if match.key == "destination_port" for value in match.values]
        return (
            rule.verdict == self.does and (self.port is None or str(self.port) in ports) and self.to in (None, rule.to)
        )


def reached(rules: Ruleset, hook: str) -> Iterator[PacketRule]:
    """Every rule that a hook leads to, each once, in the kernel's order."""
    seen: set[tuple[str, str, str]] = set()

    def walk(chain: PacketChain) -> Iterator[PacketRule]:
        seen.add((chain.family, chain.table, chain.name))
        for rule in chain.rules:
            yield rule
            for below in rules.program if rule.verdict in ("jump", "goto") else ():
                key = below.family, below.table, below.name
                if key == (chain.family, chain.table, rule.to) and key not in seen:
                    yield from walk(below)

    for chain in sorted(rules.program, key=lambda chain: chain.priority):
        if chain.hook == hook:
            yield from walk(chain)


def _resolved(found: list[Outcome]) -> list[Outcome]:
    """With the policy of the base chain where no rule decided."""
    return [
        Outcome(one.chain.policy, one.chain, None, one.certain) if one.verdict == "end" and one.chain.hook else one
        for one in found
    ]


def _evidence(one: Outcome) -> str:
    if one.rule is not None:
        return one.rule.text
    return tell("the policy of {table} {chain} is {policy}", table=one.chain.table, chain=one.chain.name,
                policy=one.chain.policy)  # fmt: skip
