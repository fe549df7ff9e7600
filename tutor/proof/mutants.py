"""All mutants of a solution, and what the lesson declares of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from tutor.model.lesson import Command, Solution
from tutor.model.verdict import Layer
from tutor.proof.line import Line, normal
from tutor.proof.looking import Doing, doing
from tutor.proof.operators import operators, wrong_answers
from tutor.proof.operators_names import writes_names
from tutor.proof.vocabulary import Vocabulary

LEFT_OUT = "left out"
_ABOUT = {
    "brctl": (Layer.LINK,),
    "sysctl": (Layer.FORWARDING,),
    "echo": (Layer.FORWARDING, Layer.NAME, Layer.SERVICE),
    "route": (Layer.ROUTE,),
    **dict.fromkeys(("ping", "nc", "arping"), (Layer.NEIGHBOUR, Layer.ANSWER)),
    "iptables": (Layer.NAT, Layer.FILTER),
    "conntrack": (Layer.NAT,),
    "nft": (Layer.NAT, Layer.FILTER),
    "ifconfig": (Layer.LINK, Layer.ADDRESS, Layer.ROUTE),
    "dig": (Layer.NAME, Layer.SERVICE),
    "arp": (Layer.NEIGHBOUR,),
    **dict.fromkeys(("busybox", "etcd", "export", "cd"), (Layer.SERVICE,)),
    "nslookup": (Layer.NAME, Layer.SERVICE),
    "getent": (Layer.NAME, Layer.SERVICE),
    "curl": (Layer.NAME, Layer.SERVICE, Layer.NAT, Layer.NEIGHBOUR),
    "pkill": (Layer.NAME, Layer.SERVICE),
    "docker": (Layer.SERVICE, Layer.LINK, Layer.NAT, Layer.NAME),
    **dict.fromkeys(("coredns", "mkdir", "printf", "sed", "cp", "pkill", "kill"), (Layer.NAME, Layer.SERVICE)),
}
_CNI = re.compile(r"\bCNI_|\bjq\b|\.json\b|\b(lab|port|db)\.conf\b")  # a plugin, and what it is told
_ABOUT_CNI = (Layer.NAMESPACE, Layer.LINK, Layer.ADDRESS, Layer.ROUTE, Layer.FILTER, Layer.NAT, Layer.SERVICE)
_SOURCE_NAT = re.compile(r"\b(masquerade|snat)\b", re.IGNORECASE)
_DESTINATION_NAT = re.compile(r"\bdnat\b", re.IGNORECASE)
_ABOUT_IP = {
    "netns": (Layer.NAMESPACE, Layer.LINK),
    "link": (Layer.LINK,),
    "addr": (Layer.ADDRESS, Layer.ROUTE),  # with an address comes the route to its network
    "address": (Layer.ADDRESS, Layer.ROUTE),
    "route": (Layer.ROUTE,),
    "neigh": (Layer.NEIGHBOUR,),
    "rule": (Layer.ROUTE,),
}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A broken solution: ``before`` it broke, ``broken`` (``None`` where the command was left out), and ``after``.

    ``key`` is how a lesson declares it equivalent: the broken line, or ``- LINE`` for one that was left out, or
    ``= TEXT``. ``layers`` are those that the reason may name."""

    solution: str
    operator: str
    how: str
    before: tuple[Command, ...]
    broken: Command | None
    after: tuple[Command, ...]
    key: str
    layers: frozenset[Layer]

    @property
    def commands(self) -> tuple[Command, ...]:
        return (*self.before, *((self.broken,) if self.broken else ()), *self.after)


def mutants(solution: Solution, vocabulary: Vocabulary, *, packets_matter: bool) -> tuple[Mutant, ...]:
    """Every mutant of one solution, each once. Commands that only look are neither broken nor kept, since what cannot
    be reached takes its time; with ``packets_matter`` those that send packets are kept, and left out in turn. Those
    that wait are kept and never broken: how long is enough is the machine's affair."""
    kept = [command for command in solution.commands if _kept(command, packets_matter)]
    found: dict[tuple[Command, ...], Mutant] = {}
    for position, command in enumerate(kept):
        for mutant in _of_command(solution.title, kept, position, command, vocabulary):
            found.setdefault(mutant.commands, mutant)
    found.pop(tuple(kept), None)
    return tuple(found.values())


def effective(commands: Sequence[Command], *, packets_matter: bool) -> tuple[Command, ...]:
    """The commands that make a difference to what comes after them, answers not among them."""
    return tuple(command for command in commands if not command.answer and _kept(command, packets_matter))


def declared_key(line: str) -> str:
    """The key of a line that a lesson declares."""
    for mark in ("- = ", "= "):
        if line.startswith(mark):
            return line
    machine, _, rest = line.partition(" ") if line.startswith("@") else ("", "", line)
    key = f"- {normal(rest[2:])}" if rest.startswith("- ") else normal(rest)
    return f"{machine} {key}".strip()


def about(text: str) -> frozenset[Layer]:
    """The layers that a command is about."""
    line = Line(text)
    if writes_names(line):
        return frozenset((Layer.NAME, Layer.SERVICE))
    if _CNI.search(text):
        return frozenset(_ABOUT_CNI)
    bare = [word.text for word in line.bare]
    if bare[:1] == ["ip"]:
        subject = next((word for word in bare[1:] if not word.startswith("-")), "")
        return frozenset(_ABOUT_IP.get(subject, ()))
    return frozenset(_ABOUT.get(bare[0] if bare else "", (Layer.NAMESPACE,)))


def _beside(command: Command, kept: Sequence[Command]) -> frozenset[Layer]:
    """What else can be said with right. Without a translated source, that there is no way back; and of an address that
    is not where a rule leads, that the rule leads elsewhere."""
    if _SOURCE_NAT.search(command.text):
        return frozenset({Layer.ROUTE})
    if Layer.ADDRESS in about(command.text) and any(_DESTINATION_NAT.search(other.text) for other in kept):
        return frozenset({Layer.NAT})
    return frozenset()


def _kept(command: Command, packets_matter: bool) -> bool:
    if command.answer:
        return True
    what = doing(command.text)
    return what in (Doing.CHANGES, Doing.WAITS) or (what is Doing.SENDS and packets_matter)


def _of_command(
    title: str, kept: Sequence[Command], position: int, command: Command, vocabulary: Vocabulary
) -> Iterator[Mutant]:
    before, after = tuple(kept[:position]), tuple(kept[position + 1 :])

    def mutant(operator: str, how: str, broken: Command | None, key: str, layers: frozenset[Layer]) -> Mutant:
        return Mutant(title, operator, how, before, broken, after, key, layers)

    at = "" if command.machine in ("", *vocabulary.shells[:1]) else f"@{command.machine} "

    def put(text: str) -> Command:
        return replace(command, text=text)

    answering = frozenset({Layer.ANSWER})
    if command.answer:
        yield mutant(LEFT_OUT, f"without the answer {command.text}", None, f"- = {command.text}", answering)
        for wrong in wrong_answers(command.text, vocabulary):
            yield mutant("wrong answer", f"{wrong} in place of {command.text}", put(wrong), f"= {wrong}", answering)
        return
    if doing(command.text) is Doing.WAITS:
        return
    subject = about(command.text) | _beside(command, kept)
    yield mutant(LEFT_OUT, f"without: {command.text}", None, f"{at}- {normal(command.text)}", subject)
    if doing(command.text) is Doing.SENDS:
        return
    line = Line(command.text)
    for operator in operators():
        for broken in operator.breaks(line, vocabulary):
            layers = subject | operator.layers
            yield mutant(operator.name, broken.how, put(broken.text), at + normal(broken.text), layers)
    for machine in vocabulary.shells:
        if machine != command.machine:
            moved = replace(command, machine=machine)
            there = "" if machine == vocabulary.shells[0] else f"@{machine} "
            yield mutant("other machine", f"typed on {machine}", moved, there + normal(command.text), subject)
            break
