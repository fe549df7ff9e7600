"""The words that a learner can have meant: programs, keywords of the tools, and the names of the lesson."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.model.lesson import Lesson

PROGRAMS = frozenset(
    """arp arping brctl bridge cat cd chmod clear conntrack coredns cp curl dig dnsmasq docker echo ethtool getent grep
    head history host hostname ifconfig ip ip6tables iptables iptables-save kill less ls man mkdir mv nano nc netstat
    nft nginx nsenter nslookup ping ps python3 rm route sed sleep ss sysctl tail tcpdump touch tracepath traceroute
    unshare vi vim watch wc wget""".split()
)
"""What the course types."""

_IP = """add del delete set show list get replace change flush exec dev via src dst to from name type peer master
    nomaster netns up down on off mtu txqueuelen address addr addrs link route neigh neighbour rule lladdr permanent
    default local scope broadcast metric table veth bridge vlan vxlan dummy macvlan ipvlan proto nud all forwarding"""
KEYWORDS = {
    "ip": frozenset(_IP.split()),
    "bridge": frozenset("add del show list fdb link vlan dev master self permanent static".split()),
    "brctl": frozenset("addbr delbr addif delif show showmacs showstp stp setageing setfd on off".split()),
    "ifconfig": frozenset("up down netmask broadcast inet hw ether mtu add del promisc arp pointopoint".split()),
    "route": frozenset("add del default gw dev netmask metric reject".split()),
    "iptables": frozenset(
        """nat filter mangle raw PREROUTING POSTROUTING INPUT OUTPUT FORWARD MASQUERADE SNAT DNAT ACCEPT DROP REJECT
        REDIRECT RETURN LOG tcp udp icmp all""".split()
    ),
    "nft": frozenset(
        """add delete list flush insert replace table tables chain chains rule ruleset ip ip6 inet type hook priority
        policy nat filter prerouting postrouting input output forward masquerade snat dnat accept drop reject saddr
        daddr tcp udp dport sport oifname iifname to counter""".split()
    ),
    "docker": frozenset(
        """run exec ps network ls inspect create connect disconnect rm stop start logs images container bridge host
        none pull build""".split()
    ),
    "sysctl": frozenset(("net.ipv4.ip_forward", "net.ipv4.conf.all.rp_filter")),
}
KEYWORDS["ip6tables"] = KEYWORDS["iptables"]
_WORD = re.compile(r"[\w.@/-]*[A-Za-z][\w.@/-]*")
_NUMBERED = re.compile(r"(?=.*[\d:])[\d.:/a-fA-F]+|.*[0-9]\.[0-9].*")


@dataclass(frozen=True, slots=True)
class Words:
    """``programs`` can be typed as a command, ``names`` are what this lesson calls its things."""

    programs: frozenset[str] = PROGRAMS
    names: frozenset[str] = frozenset()

    def known(self, program: str) -> frozenset[str]:
        """What may stand in the arguments of a program."""
        return KEYWORDS.get(program, frozenset()) | self.names


def words_of(lesson: Lesson) -> Words:
    """The words of a lesson, as its machines and its solutions use them."""
    programs, names = set(PROGRAMS), set[str]()
    for machine in lesson.topology.machines:
        names.update((machine.name, "lo", *(interface.name for interface in machine.interfaces)))
        names.update(word for line in machine.setup for word in split(line) if is_name(word))
    for step in lesson.steps:
        for solution in step.solutions:
            for command in solution.commands:
                if not command.answer:
                    first, *others = split(command.text) or [""]
                    programs.add(first)
                    names.update(word for word in others if is_name(word))
    return Words(frozenset(programs - {""}), frozenset(names))


def split(line: str) -> list[str]:
    """The words of a command line without their quotes; what is left open by a quote counts to its end."""
    try:
        return shlex.split(line, comments=False)
    except ValueError:
        return line.split()


def commands(line: str) -> Iterator[list[str]]:
    """The words of each simple command in a line; what runs in a namespace is a command of its own."""
    for part in re.split(r"[;&|]+", line):
        words = split(part)
        while words and ("=" in words[0] or words[0] == "sudo"):
            del words[0]
        if words[:3] == ["ip", "netns", "exec"] and len(words) > 4:
            yield words[:4]
            words = words[4:]
        if words:
            yield words


def is_name(word: str) -> bool:
    """Whether it is a word that can be misspelt, and not an option, an address or a number."""
    return len(word) > 1 and _WORD.fullmatch(word) is not None and _NUMBERED.fullmatch(word) is None and word[0] != "-"
