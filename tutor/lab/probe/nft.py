"""``nft -j list ruleset`` and ``nft -s -a list ruleset`` as chains (libnftables-json(5)). Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from tutor.lab.probe.nft_rules import Sets, packet_rules
from tutor.lab.probe.ruletree import NAT_ACTIONS, Chain, Rule

_HANDLE = re.compile(r" # handle \d+$", re.MULTILINE)
_TABLE = re.compile(r"^table (\S+) (\S+) \{")
_RULE = re.compile(r"^\t\t(.*) # handle (\d+)$")
_LINKS = {"iifname": "in_link", "iif": "in_link", "oifname": "out_link", "oif": "out_link"}
_XT_TARGETS = {"MASQUERADE": "masquerade", "SNAT": "snat", "DNAT": "dnat", "REDIRECT": "redirect", "REJECT": "drop"}
_ADDRESSES = {"saddr": "source", "daddr": "destination"}
_PORTS = {"sport": "source_port", "dport": "port"}


def without_handles(listing: str) -> str:
    """The listing as the learner would see it."""
    return _HANDLE.sub("", listing)


def rule_texts(listing: str) -> dict[tuple[str, str, int], str]:
    """The text of each rule, by family, table and handle, of a listing with handles."""
    texts, family, table = {}, "", ""
    for line in listing.splitlines():
        if opened := _TABLE.match(line):
            family, table = opened.groups()
        elif rule := _RULE.match(line):
            texts[family, table, int(rule[2])] = rule[1]
    return texts


def parse(document: str, listing: str) -> list[Chain]:
    """All chains with their rules. Raises ``ValueError`` for what is not nft's JSON."""
    try:
        return _chains(json.loads(document)["nftables"], rule_texts(listing))
    except (LookupError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"nft said something unexpected: {type(error).__name__} {error}") from error


def _chains(entries: list[Any], texts: Mapping[tuple[str, str, int], str]) -> list[Chain]:
    chains: dict[tuple[str, str, str], Chain] = {}
    sets: dict[tuple[str, str], dict[str, list[Any]]] = {}
    for entry in entries:
        if found := entry.get("set"):
            sets.setdefault((found["family"], found["table"]), {})[found["name"]] = found.get("elem", [])
    for entry in entries:
        if found := entry.get("chain"):
            key = found["family"], found["table"], found["name"]
            chains[key] = Chain(*key, hook=found.get("hook"), policy=found.get("policy"))
            chains[key].kind, chains[key].priority = found.get("type", "filter"), found.get("prio", 0)
        elif found := entry.get("rule"):
            chain = chains.get((found["family"], found["table"], found["chain"]))
            if chain:
                text = texts.get((chain.family, chain.table, found["handle"]), "")
                named = sets.get((chain.family, chain.table), {})
                told = f"{chain.family} {chain.table} {chain.name}: {text}"
                chain.rules.append(_rule(found.get("expr", []), told, named))
    return list(chains.values())


def _rule(statements: list[Any], text: str, sets: Sets) -> Rule:
    matches: dict[str, str] = {}
    action: str | None = None
    to: str | None = None
    for statement in statements:
        if not isinstance(statement, dict):
            continue
        if "match" in statement:
            matches.update(_match(statement["match"]))
        for name in NAT_ACTIONS:
            if name in statement:
                action, to = name, _target(statement[name])
        if "xt" in statement:
            action = _XT_TARGETS.get(str((statement["xt"] or {}).get("name")), action)
        if any(word in ("drop", "reject") for word, _ in _words(statement)):
            action = "drop"
    jumps = [given["target"] for word, given in _words(statements) if word in ("jump", "goto") and given]
    return Rule(text, matches, action, to, tuple(jumps), packet_rules(statements, text, sets))


def _match(match: Mapping[str, Any]) -> dict[str, str]:
    left, no = match.get("left"), "! " if match.get("op") == "!=" else ""
    if not isinstance(left, dict):
        return {}
    value = f"{no}{_value(match.get('right'))}"
    key = left.get("meta", {}).get("key", "")
    payload = left.get("payload", {})
    name = payload.get("field")
    if key in _LINKS:
        return {_LINKS[key]: value}
    if key == "l4proto" or name in ("protocol", "nexthdr"):
        return {"protocol": value}
    if name in _ADDRESSES and payload.get("protocol") in ("ip", "ip6"):
        return {_ADDRESSES[name]: value}
    if name in _PORTS:
        protocol = payload.get("protocol")
        return {_PORTS[name]: value} if protocol == "th" else {_PORTS[name]: value, "protocol": protocol}
    return {}


def _target(given: Any) -> str | None:
    """Where a rewrite leads: ``ADDRESS``, ``ADDRESS:PORT``, ``:PORT``, or ``None`` where the kernel chooses."""
    if not isinstance(given, dict) or not ("addr" in given or "port" in given):
        return None
    address = _value(given["addr"]) if "addr" in given else ""
    if "port" not in given:
        return address
    return f"[{address}]:{_value(given['port'])}" if ":" in address else f"{address}:{_value(given['port'])}"


def _value(given: Any) -> str:
    match given:
        case {"prefix": {"addr": address, "len": length}}:
            return f"{address}/{length}"
        case {"range": [low, high]}:
            return f"{_value(low)}-{_value(high)}"
        case {"set": list(members)} | list(members):
            return ",".join(map(_value, members))
        case {"elem": {"val": inner}}:
            return _value(inner)
        case str() | int():
            return str(given)
        case _:
            return json.dumps(given, sort_keys=True)


def _words(given: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth: verdicts also stand inside maps."""
    if isinstance(given, dict):
        for key, value in given.items():
            yield key, value
            yield from _words(value)
    elif isinstance(given, list):
        for value in given:
            yield from _words(value)
