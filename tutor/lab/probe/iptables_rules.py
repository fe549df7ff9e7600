"""One line of ``iptables-save`` as a rule with every word understood, or said not to be (iptables-extensions(8))."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tutor.model.rules import UNKNOWN, Match, PacketRule

_VERDICTS = {
    "ACCEPT": "accept",
    "DROP": "drop",
    "REJECT": "reject",
    "RETURN": "return",
    "MASQUERADE": "masquerade",
    "SNAT": "snat",
    "DNAT": "dnat",
    "REDIRECT": "redirect",
    "MARK": "mark",
    "LOG": None,
    "NFLOG": None,
}
_STRANGE = frozenset(
    "CONNMARK CT NOTRACK TPROXY NFQUEUE QUEUE NETMAP TEE SET DSCP TOS TTL TCPMSS CONNSECMARK SECMARK CHECKSUM "
    "CLASSIFY SYNPROXY AUDIT TRACE CLUSTERIP".split()
)
_ICMP = {"0": "echo-reply", "8": "echo-request", "3": "destination-unreachable", "11": "time-exceeded"}
_ICMP6 = {"128": "echo-request", "129": "echo-reply"}
_KEYS = {
    "-s": "source",
    "-d": "destination",
    "-p": "protocol",
    "-i": "in_link",
    "-o": "out_link",
    "--sport": "source_port",
    "--sports": "source_port",
    "--dport": "destination_port",
    "--dports": "destination_port",
    "--ctstate": "state",
    "--state": "state",
    "--icmp-type": "icmp_type",
    "--icmpv6-type": "icmp_type",
    "--src-range": "source",
    "--dst-range": "destination",
    "--mark": "mark",
    "--src-type": "source_type",
    "--dst-type": "destination_type",
}
_SILENT = {"--comment", "--reject-with", "--log-prefix", "--log-level", "--nflog-group", "--nflog-prefix", "--to-ports"}
_SWITCHES = {"--random", "--random-fully", "--persistent"}
_MODULES = {"tcp", "udp", "icmp", "icmp6", "conntrack", "state", "comment", "multiport", "iprange", "mark", "addrtype"}


def packet_rule(words: Sequence[str], text: str) -> PacketRule:
    """``words`` are those after ``-A CHAIN``."""
    matches: list[Match] = []
    verdict: str | None = None
    to = None
    for no, word, values in _options(words):
        value = values[0] if values else ""
        if word in _KEYS and len(values) == 1:
            matches.append(_match(_KEYS[word], value, no))
        elif word in ("-j", "-g"):
            verdict = UNKNOWN if value in _STRANGE else _VERDICTS.get(value, "jump" if word == "-j" else "goto")
            to = value if verdict in ("jump", "goto") else to
        elif word in ("--to-destination", "--to-source") and values:
            to = value
        elif word == "--to-ports" and values:
            to = f":{value}"
        elif word == "--set-xmark" and values:
            to = value
        elif word not in _SWITCHES and word not in _SILENT and (word != "-m" or value not in _MODULES):
            matches.append(Match(UNKNOWN, (" ".join((word, *values)),)))
    return PacketRule(tuple(matches), verdict, to, text)


def _options(words: Sequence[str]) -> Iterator[tuple[bool, str, list[str]]]:
    """Negation, the option, and its values."""
    negated, option, values = False, "", list[str]()
    for word in words:
        if word == "!" or (word.startswith("-") and len(word) > 1 and not word[1].isdigit()):
            if option:
                yield negated, option, values
                negated, option, values = False, "", []
            if word == "!":
                negated = True
            else:
                option = word
        else:
            values.append(word)
    if option:
        yield negated, option, values


def _match(key: str, value: str, no: bool) -> Match:
    match key:
        case "source_port" | "destination_port":
            values = tuple(part.replace(":", "-") for part in value.split(","))
        case "state" | "source_type" | "destination_type":
            values = tuple(part.lower() for part in value.split(","))
        case "icmp_type":
            values = ((_ICMP | _ICMP6).get(value, value),)
            if value == "any":
                return Match("protocol", ("icmp",), no)
        case "in_link" | "out_link":
            values = (value[:-1] + "*" if value.endswith("+") else value,)
        case "protocol" if value == "all":
            values = ("icmp", "tcp", "udp")
        case _:
            values = (value,)
    return Match(key, values, no)
