"""The rules of netfilter in the order in which the kernel reads them, whichever tool wrote them."""

from __future__ import annotations

from dataclasses import dataclass, field

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Match:
    """One condition: ``key`` is, or with ``negated`` is not, one of ``values``.

    Keys and their values: ``source``, ``destination`` (prefixes, addresses, ranges ``LOW-HIGH``), ``protocol`` (names),
    ``source_port``, ``destination_port`` (numbers, ranges), ``in_link``, ``out_link`` (names, a final ``*`` is any
    rest), ``state`` (conntrack: new, established, related, invalid, untracked, dnat, snat), ``icmp_type`` (names),
    ``version`` (4, 6), ``mark`` (numbers, ``NUMBER/MASK``), ``source_type``, ``destination_type`` (local, unicast,
    broadcast, multicast: what the address is in that place). ``unknown``: a condition that only the kernel understands,
    its text as the value.
    """

    key: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class PacketRule:
    """``verdict``: accept, drop, reject, return, jump, goto, masquerade, snat, dnat, redirect; ``None`` goes on to the
    next rule, ``mark`` too, after it has set the mark (``to``, as iptables' ``--set-xmark``); ``unknown`` is one that
    only the kernel understands. ``to`` is the chain of a jump or the address and port of a rewrite. ``packets``: how
    many it has matched, where the kernel counts them."""

    matches: tuple[Match, ...] = ()
    verdict: str | None = None
    to: str | None = None
    text: str = ""
    packets: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class PacketChain:
    """A base chain has a ``hook``, a ``kind`` (filter, nat, route) and a priority; lower ones come first."""

    family: str
    table: str
    name: str
    hook: str | None = None
    kind: str = "filter"
    priority: int = 0
    policy: str = "accept"
    rules: tuple[PacketRule, ...] = ()
