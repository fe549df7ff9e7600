"""What the rules of a hook do with packets that are described only in part: all of them, none, or some.

A rule that fits every described packet decides; one that fits some leaves both ways open. So an answer is a set of
outcomes, and one outcome alone is certain.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network

from tutor.model.rules import UNKNOWN, Match, PacketChain, PacketRule

Network = IPv4Network | IPv6Network

_REWRITES = ("masquerade", "snat", "dnat", "redirect")
_FINAL = {"accept", "drop", "reject", UNKNOWN, *_REWRITES}
_DECIDING = _FINAL | {"jump", "goto", "return"}
_DEEPEST = 16


class Fit(Enum):
    """How many of the described packets a condition matches."""

    ALL = "all"
    NONE = "none"
    SOME = "some"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Packets:
    """All packets that look like this; ``None`` is any. ``state`` is conntrack's, ``new`` that of a first packet."""

    version: int = 4
    source: Network | None = None
    destination: Network | None = None
    protocol: str | None = None
    port: int | None = None
    in_link: str | None = None
    out_link: str | None = None
    state: str = "new"


@dataclass(frozen=True, slots=True)
class Outcome:
    """``verdict`` as in ``PacketRule``, or ``end`` where no rule decided; ``rule`` is the one that did. Without
    ``certain``, whether the rules before it fit is not known to this program."""

    verdict: str
    chain: PacketChain
    rule: PacketRule | None = None
    certain: bool = True


def at_hook(program: Iterable[PacketChain], hook: str, version: int, *, nat: bool) -> list[PacketChain]:
    """The base chains that such packets pass, in their order."""
    families = ("ip", "inet") if version == 4 else ("ip6", "inet")
    chains = [chain for chain in program if chain.hook == hook and chain.family in families]
    return sorted((chain for chain in chains if (chain.kind == "nat") is nat), key=lambda chain: chain.priority)


def outcomes(chain: PacketChain, program: tuple[PacketChain, ...], packets: Packets, depth: int = 0) -> list[Outcome]:
    """Everything that the chain may do with the packets."""
    found: list[Outcome] = []
    sure = True
    for rule in chain.rules:
        fit = fits(rule, packets) if rule.verdict in _DECIDING else Fit.NONE
        if fit is Fit.NONE:
            continue
        sure &= fit is not Fit.UNKNOWN
        if rule.verdict in ("jump", "goto"):
            below = _jump(chain, rule, program, packets, depth)
            passed = [one for one in below if one.verdict == "end"]
            found += [_doubtful(one, sure) for one in below if one.verdict != "end"]
            if fit is Fit.ALL and (rule.verdict == "goto" or not passed):
                return found + ([Outcome("end", chain, None, sure)] if passed else [])
            if rule.verdict == "goto" and passed:
                found.append(Outcome("end", chain, None, sure))
            continue
        if rule.verdict == "return":
            found.append(Outcome("end", chain, rule, sure))
        elif rule.verdict in _FINAL:
            found.append(Outcome(str(rule.verdict), chain, rule, sure and rule.verdict != UNKNOWN))
        if fit is Fit.ALL:
            return found
    return [*found, Outcome("end", chain, None, sure)]


def _doubtful(one: Outcome, sure: bool) -> Outcome:
    return one if sure else Outcome(one.verdict, one.chain, one.rule, False)


def _jump(
    chain: PacketChain, rule: PacketRule, program: tuple[PacketChain, ...], packets: Packets, depth: int
) -> list[Outcome]:
    targets = [c for c in program if (c.family, c.table, c.name) == (chain.family, chain.table, rule.to)]
    if len(targets) != 1 or depth >= _DEEPEST:
        return [Outcome(UNKNOWN, chain, rule, False)]
    return outcomes(targets[0], program, packets, depth + 1)


def fits(rule: PacketRule, packets: Packets) -> Fit:
    """How many of the packets all conditions of the rule match."""
    answers = {_negated(_fit(match, packets)) if match.negated else _fit(match, packets) for match in rule.matches}
    for worst in (Fit.NONE, Fit.UNKNOWN, Fit.SOME):
        if worst in answers:
            return worst
    return Fit.ALL


def _negated(fit: Fit) -> Fit:
    return {Fit.ALL: Fit.NONE, Fit.NONE: Fit.ALL}.get(fit, fit)


def _fit(match: Match, packets: Packets) -> Fit:
    match match.key:
        case "source":
            return _networks(packets.source, match.values)
        case "destination":
            return _networks(packets.destination, match.values)
        case "version":
            return Fit.ALL if str(packets.version) in match.values else Fit.NONE
        case "protocol":
            return _word(packets.protocol, match.values)
        case "destination_port":
            return _ports(packets.port, match.values)
        case "in_link":
            return _link(packets.in_link, match.values)
        case "out_link":
            return _link(packets.out_link, match.values)
        case "state":
            return Fit.ALL if packets.state in match.values else Fit.NONE
        case "source_port" | "icmp_type":
            return Fit.SOME
        case _:
            return Fit.UNKNOWN


def _word(value: str | None, values: tuple[str, ...]) -> Fit:
    if value is None:
        return Fit.SOME
    return Fit.ALL if value in values else Fit.NONE


def _link(name: str | None, values: tuple[str, ...]) -> Fit:
    if name is None:
        return Fit.SOME
    fitting = any(name.startswith(value[:-1]) if value.endswith("*") else name == value for value in values)
    return Fit.ALL if fitting else Fit.NONE


def _ports(port: int | None, values: tuple[str, ...]) -> Fit:
    if port is None:
        return Fit.SOME
    try:
        ranges = [(int(low), int(high or low)) for low, _, high in (value.partition("-") for value in values)]
    except ValueError:
        return Fit.UNKNOWN
    return Fit.ALL if any(low <= port <= high for low, high in ranges) else Fit.NONE


def _networks(network: Network | None, values: tuple[str, ...]) -> Fit:
    try:
        spans = [_span(value) for value in values]
    except ValueError:
        return Fit.UNKNOWN
    if network is None:
        everything = any(low == 0 and high == (1 << bits) - 1 for _, low, high, bits in spans)
        return Fit.ALL if everything else Fit.SOME
    first, last = int(network.network_address), int(network.broadcast_address)
    same = [(low, high) for version, low, high, _ in spans if version == network.version]
    if any(low <= first and last <= high for low, high in same):
        return Fit.ALL
    return Fit.SOME if any(low <= last and first <= high for low, high in same) else Fit.NONE


def _span(value: str) -> tuple[int, int, int, int]:
    """Version, first and last address as numbers, and how many bits those have."""
    low, dash, high = value.partition("-")
    if dash:
        first, last = ip_address(low), ip_address(high)
        return first.version, int(first), int(last), first.max_prefixlen
    network = ip_network(value, strict=False)
    return network.version, int(network[0]), int(network[-1]), network.max_prefixlen
