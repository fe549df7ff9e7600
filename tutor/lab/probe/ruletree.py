"""Chains and rules in one form, whichever tool wrote them, and what follows from walking them.

A rule in a chain of the learner's own only matters if some base chain jumps there; its conditions are then those of the
jump and its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tutor.model.facts import BaseChain, NatRule
from tutor.model.rules import PacketChain, PacketRule

NAT_ACTIONS = ("masquerade", "snat", "dnat", "redirect")


@dataclass(frozen=True, slots=True)
class Rule:
    """``matches`` are fields of ``NatRule``. ``action`` is one of ``NAT_ACTIONS``, ``drop``, or ``None``. ``packet`` is
    the same rule exactly: one rule, or one for each member of a verdict map."""

    text: str
    matches: Mapping[str, str] = field(default_factory=dict)
    action: str | None = None
    to: str | None = None
    jumps: tuple[str, ...] = ()
    packet: tuple[PacketRule, ...] = ()


@dataclass(slots=True)
class Chain:
    """``hook`` and ``policy`` are ``None`` for a chain that is not a base chain."""

    family: str
    table: str
    name: str
    hook: str | None = None
    policy: str | None = None
    rules: list[Rule] = field(default_factory=list)
    kind: str = "filter"
    priority: int = 0


def base_chains(chains: list[Chain]) -> tuple[BaseChain, ...]:
    return tuple(
        BaseChain(chain.family, chain.table, chain.name, chain.hook, chain.policy or "accept")
        for chain in chains
        if chain.hook
    )


def program(chains: list[Chain]) -> tuple[PacketChain, ...]:
    """Every chain with every rule, in their order."""
    return tuple(
        PacketChain(
            chain.family,
            chain.table,
            chain.name,
            chain.hook,
            chain.kind,
            chain.priority,
            chain.policy or "accept",
            tuple(packet for rule in chain.rules for packet in rule.packet),
        )
        for chain in chains
    )


def rewrites(chains: list[Chain]) -> tuple[NatRule, ...]:
    """Every source or destination rewrite that some hook reaches."""
    found = (
        NatRule(action=rule.action, hook=hook, to=rule.to, text=rule.text, **matches)
        for hook, matches, rule in _reached(chains)
        if rule.action in NAT_ACTIONS
    )
    return tuple(dict.fromkeys(found))


def drops(chains: list[Chain]) -> tuple[str, ...]:
    """Every rule, reached from some hook, that drops or rejects."""
    return tuple(dict.fromkeys(rule.text for _, _, rule in _reached(chains) if rule.action == "drop"))


def _reached(chains: list[Chain]) -> Iterator[tuple[str, dict[str, str], Rule]]:
    by_name = {(chain.family, chain.table, chain.name): chain for chain in chains}
    for chain in chains:
        if chain.hook:
            for matches, rule in _walk(by_name, chain, {}, frozenset()):
                yield chain.hook, matches, rule


def _walk(
    by_name: Mapping[tuple[str, str, str], Chain], chain: Chain, given: dict[str, str], above: frozenset[str]
) -> Iterator[tuple[dict[str, str], Rule]]:
    for rule in chain.rules:
        matches = {**given, **rule.matches}
        yield matches, rule
        for target in rule.jumps:
            below = by_name.get((chain.family, chain.table, target))
            if below and target not in above:
                yield from _walk(by_name, below, matches, above | {chain.name, target})
