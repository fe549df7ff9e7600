"""The output of ``iptables-save`` as chains (iptables-save(8), iptables-extensions(8)). Pure."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace
from itertools import pairwise

from tutor.lab.probe.iptables_rules import packet_rule
from tutor.lab.probe.ruletree import Chain, Rule

_HOOKS = {"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"}
_MATCHES = {
    "-s": "source",
    "-d": "destination",
    "-p": "protocol",
    "-i": "in_link",
    "-o": "out_link",
    "--dport": "port",
    "--dports": "port",
    "--sport": "source_port",
    "--sports": "source_port",
}
_ACTIONS = {
    "MASQUERADE": "masquerade",
    "SNAT": "snat",
    "DNAT": "dnat",
    "REDIRECT": "redirect",
    "DROP": "drop",
    "REJECT": "drop",
}
_PRIORITIES = {"raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50}
_COUNTED = re.compile(r"^\[(\d+):\d+\] (?=-A )")
_TO = ("--to-destination", "--to-source", "--to-ports")


def parse(saved: str, version: int) -> list[Chain]:
    """All chains of all tables; ``version`` 4 or 6 is that of the program that wrote it, with or without ``-c``."""
    family, program = ("ip", "iptables") if version == 4 else ("ip6", "ip6tables")
    table = ""
    chains: dict[tuple[str, str], Chain] = {}
    for counted in saved.splitlines():
        count = _COUNTED.match(counted)
        line = counted[count.end() :] if count else counted
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":"):
            name, policy, *_ = [*line[1:].split(), "", ""]
            hooked = name in _HOOKS and policy != "-"
            hook, policy_name = (name.lower(), policy.lower()) if hooked else (None, None)
            kind = "nat" if table == "nat" else "filter"
            priority = 100 if table == "nat" and name in ("POSTROUTING", "INPUT") else _PRIORITIES.get(table, 0)
            chains[table, name] = Chain(family, table, name, hook, policy_name, kind=kind, priority=priority)
        elif line.startswith("-A "):
            words = _split(line)
            if len(words) > 1 and (chain := chains.get((table, words[1]))):
                command = program if table == "filter" else f"{program} -t {table}"
                chain.rules.append(_rule(words[2:], f"{command} {line}", int(count[1]) if count else None))
    return list(chains.values())


def _split(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


def _rule(words: list[str], text: str, packets: int | None) -> Rule:
    matches: dict[str, str] = {}
    action = to = None
    jumps: tuple[str, ...] = ()
    for position, (word, value) in enumerate(pairwise(words)):
        if word in _MATCHES:
            no = "! " if position and words[position - 1] == "!" else ""
            matches[_MATCHES[word]] = no + _normal(word, value)
        elif word in ("-j", "-g"):
            action = _ACTIONS.get(value)
            jumps = () if action else (value,)
        elif word in _TO:
            to = f":{value}" if word == "--to-ports" else value
    return Rule(text, matches, action, to, jumps, (replace(packet_rule(words, text), packets=packets),))


def _normal(word: str, value: str) -> str:
    """As nft writes it: no mask on a single address, a dash in a range of ports."""
    if word in ("-s", "-d"):
        return value.removesuffix("/32" if "." in value else "/128")
    return value.replace(":", "-") if word.startswith(("--dport", "--sport")) else value
