"""One rule of nft's JSON with every expression understood, or said not to be (libnftables-json(5)).

A verdict map stands for several rules, one a member.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tutor.model.rules import UNKNOWN, Match, PacketRule

_VERDICTS = ("accept", "drop", "reject", "return", "continue", "jump", "goto")
_REWRITES = ("masquerade", "snat", "dnat", "redirect")
_PASSIVE = {"counter", "log", "comment"}
_META = {"iifname": "in_link", "iif": "in_link", "oifname": "out_link", "oif": "out_link", "l4proto": "protocol"}
_PORTS = {"sport": "source_port", "dport": "destination_port"}
_NUMBERS = {"1": "icmp", "6": "tcp", "17": "udp"}

Sets = Mapping[str, Sequence[Any]]
"""The members of the named sets of a table."""


def packet_rules(statements: Sequence[Any], text: str, sets: Sets) -> tuple[PacketRule, ...]:
    rules = [PacketRule(text=text)]
    for statement in statements:
        word, given = _only(statement)
        if word == "counter" and isinstance(given, dict):
            rules = [replace(rule, packets=given.get("packets")) for rule in rules]
        if word in _PASSIVE:
            continue
        if word == "vmap":
            rules = [part for rule in rules for part in _spread(rule, given, sets)]
            continue
        rules = [_with(rule, word, given, sets) for rule in rules]
    return tuple(rules)


def _only(statement: Any) -> tuple[str, Any]:
    if isinstance(statement, dict) and len(statement) == 1:
        return next(iter(statement.items()))
    return (statement, None) if isinstance(statement, str) else ("", statement)


def _with(rule: PacketRule, word: str, given: Any, sets: Sets) -> PacketRule:
    """The rule with one more statement."""
    if word == "match":
        return replace(rule, matches=(*rule.matches, *match(given, sets)))
    if word == "limit":
        return replace(rule, matches=(*rule.matches, Match(UNKNOWN, ("limit",))))
    if word == "xt":
        name = str((given or {}).get("name"))
        if name == "comment":
            return rule
        if (given or {}).get("type") == "match":
            return replace(rule, matches=(*rule.matches, Match(UNKNOWN, (name,))))
        return replace(rule, verdict=UNKNOWN)
    if word in _VERDICTS:
        return _judged(rule, word, given)
    if word in _REWRITES:
        return _rewriting(rule, word, given)
    return replace(rule, verdict=UNKNOWN)


def _judged(rule: PacketRule, word: str, given: Any) -> PacketRule:
    if word == "continue":
        return rule
    return replace(rule, verdict=word, to=str(given["target"]) if word in ("jump", "goto") else None)


def _rewriting(rule: PacketRule, word: str, given: Any) -> PacketRule:
    """``to``: ``ADDRESS``, ``ADDRESS:PORT``, ``:PORT``, or ``None`` where the kernel chooses."""
    if not isinstance(given, dict):
        return replace(rule, verdict=word)
    address, port = given.get("addr", ""), given.get("port", "")
    if not isinstance(address, str) or not isinstance(port, str | int) or ":" in address:
        return replace(rule, verdict=UNKNOWN)
    to = f"{address}:{port}" if port != "" else address
    return replace(rule, verdict=word, to=to or None)


def _spread(rule: PacketRule, given: Any, sets: Sets) -> list[PacketRule]:
    members = given["data"]
    members = members.get("set") if isinstance(members, dict) else None
    if not isinstance(members, list):
        return [replace(rule, verdict=UNKNOWN)]
    found = []
    for key, outcome in members:
        word, target = _only(outcome)
        if key == "*":
            condition: tuple[Match, ...] = ()
        else:
            condition = match({"op": "==", "left": given["key"], "right": key}, sets)
        part = replace(rule, matches=(*rule.matches, *condition))
        found.append(_judged(part, word, target) if word in _VERDICTS else replace(part, verdict=UNKNOWN))
    return found


def match(given: Mapping[str, Any], sets: Sets) -> tuple[Match, ...]:
    """One comparison, and what it implies: a TCP port that the protocol is TCP."""
    left, operator = given.get("left"), given.get("op")
    strange = (Match(UNKNOWN, (json.dumps(given, sort_keys=True),)),)
    if not isinstance(left, dict) or operator not in ("==", "!=", "in"):
        return strange
    values = _values(given.get("right"), sets)
    if values is None:
        return strange
    key, implied = _key(left)
    if key is None or (operator == "in" and key not in ("state",)):
        return strange
    if key == "protocol":
        values = tuple(_NUMBERS.get(value, value) for value in values)
    if key == "version":
        values = tuple({"ipv4": "4", "ipv6": "6"}.get(value, value) for value in values)
    return (*implied, Match(key, values, operator == "!="))


def _key(left: Mapping[str, Any]) -> tuple[str | None, tuple[Match, ...]]:
    word, given = _only(left)
    if not isinstance(given, dict):
        return None, ()
    name = given.get("key") or given.get("field")
    if word == "meta":
        return ("version", ()) if name == "nfproto" else (_META.get(str(name)), ())
    if word == "ct":
        return ("state", ()) if name in ("state", "status") and "dir" not in given else (None, ())
    if word != "payload":
        return None, ()
    protocol = given.get("protocol")
    if protocol in ("ip", "ip6"):
        version = Match("version", ("4" if protocol == "ip" else "6",))
        keys = {"saddr": "source", "daddr": "destination", "protocol": "protocol", "nexthdr": "protocol"}
        return keys.get(str(name)), (version,)
    if name in _PORTS and protocol in ("tcp", "udp", "th"):
        return _PORTS[name], () if protocol == "th" else (Match("protocol", (str(protocol),)),)
    if protocol in ("icmp", "icmpv6") and name == "type":
        return "icmp_type", (Match("protocol", (str(protocol),)),)
    return None, ()


def _values(given: Any, sets: Sets) -> tuple[str, ...] | None:
    """``None`` for what is not understood."""
    match given:
        case {"prefix": {"addr": str(address), "len": int(length)}}:
            return (f"{address}/{length}",)
        case {"range": [low, high]}:
            return (f"{low}-{high}",)
        case {"elem": {"val": inner}}:
            return _values(inner, sets)
        case {"set": list(members)} | list(members):
            parts = [_values(member, sets) for member in members]
            found = [value for part in parts if part is not None for value in part]
            return None if None in parts else tuple(found)
        case str() if given.startswith("@"):
            named = sets.get(given[1:])
            return None if named is None else _values(list(named), sets)
        case str() | int():
            return (str(given),)
        case _:
            return None
