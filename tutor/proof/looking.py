"""Which commands only look: leaving them out changes nothing, so it proves nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from tutor.proof.line import Line


class Doing(StrEnum):
    """What a command line can do to the lab."""

    SHOWS = "shows"  # nothing at all
    WAITS = "waits"  # nothing, but what comes after it finds everything ready
    SENDS = "sends"  # packets, whose traces are neighbour entries, learnt MAC addresses and tracked connections
    CHANGES = "changes"


_SYNTAX = re.compile(r"[;&|<>`$]")
_SHOWING = frozenset(
    "cat clear echo grep head history host hostname jq less ls man more netstat ps ss tail true wc".split()
)
_FILTERS = frozenset("cut grep head less sort tail wc".split())
_SENDING = frozenset("arping curl dig getent nc nslookup ping tcpdump tracepath traceroute watch wget".split())
_WAITING = frozenset(("sleep", "wait"))
_ATOMIC = frozenset("brctl bridge ip ip6tables iptables nft route sysctl".split())
_LISTING = frozenset(("list", "show", "get", "lst", "ls"))
_DOCKER_SHOWS = frozenset("images info inspect logs port ps stats top version".split())
_DOCKER_EXEC_FLAGS = frozenset(("-i", "-t", "-it", "-ti"))
_OBJECTS = frozenset("link addr address route neigh neighbour neighbor rule netns maddr".split())


def doing(text: str) -> Doing:
    """What the line does, where in doubt the more."""
    if _SYNTAX.search(text):
        parts = text.split(" | ")
        filtering = all(part.split()[:1] and part.split()[0] in _FILTERS for part in parts[1:])
        return doing(parts[0]) if len(parts) > 1 and filtering and "|" not in parts[0] else Doing.CHANGES
    words = [word.text for word in Line(text).bare]
    if not words:
        return Doing.SHOWS
    if words[:2] == ["docker", "exec"]:
        inside = [word for word in words[2:] if word not in _DOCKER_EXEC_FLAGS][1:]
        return doing(" ".join(inside)) if inside else Doing.CHANGES
    program, arguments = words[0], words[1:]
    if program in _WAITING:
        return Doing.WAITS
    if program in _SENDING:
        return Doing.SENDS
    if program in _SHOWING or _only_lists(program, arguments):
        return Doing.SHOWS
    return Doing.CHANGES


def all_or_nothing(text: str) -> bool:
    """Whether the line is one request to the kernel, which is granted or refused as a whole."""
    return not _SYNTAX.search(text) and Line(text).program in _ATOMIC


def _only_lists(program: str, arguments: Sequence[str]) -> bool:
    plain = [argument for argument in arguments if not argument.startswith("-")]
    match program:
        case "ip":
            return len(plain) < 2 or (plain[0] in _OBJECTS and plain[1] in _LISTING)
        case "bridge":
            return len(plain) < 2 or plain[1] in _LISTING
        case "brctl":
            return not plain or plain[0] in ("show", "showmacs", "showstp")
        case "ifconfig":
            return len(plain) < 2
        case "route":
            return not plain
        case "arp":
            return not {"-s", "-d", "-f"} & set(arguments)
        case "sysctl":
            return not any("=" in word for word in plain) and not {"-w", "-p", "--load", "--system"} & set(arguments)
        case "iptables" | "ip6tables":
            return any(re.fullmatch(r"-[nvx]*[LS][nvx]*|--list|--list-rules", word) for word in arguments)
        case "nft":
            return plain[:1] == ["list"]
        case "docker":
            network = plain[:1] == ["network"] and len(plain) > 1 and plain[1] in ("ls", "list", "inspect")
            return network or (plain != [] and plain[0] in _DOCKER_SHOWS)
        case "conntrack":
            return "-L" in arguments
    return False
