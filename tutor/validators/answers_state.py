"""Questions about what is set, remembered and listened to: MTU, other ends, neighbours, sockets, connections."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from tutor.i18n import tell
from tutor.model.facts import Direction, Facts, Link, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unknown, Unmet, Verdict
from tutor.model.wants import Address, ConntrackOf, ListenersOf, StackOf, Want
from tutor.validators import say, typed
from tutor.validators.conditions import wants_beside
from tutor.validators.conntrack import Entries
from tutor.validators.link_settings import find as find_link
from tutor.validators.neighbours import find as find_neighbour
from tutor.validators.neighbours import look_at as look_at_neighbour
from tutor.validators.questions import judged, too_early
from tutor.validators.registry import GoalId, param, validator
from tutor.validators.sockets import Transport, at_port, look_at


@validator("answer-mtu")
@dataclass(frozen=True)
class MtuOf:
    """Which MTU does a link have?"""

    goal: GoalId
    link: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the MTU of {link}", link=self.link)
        link = find_link(facts, self.link, self.place, asked)
        if not isinstance(link, Link):
            return link
        look = say.ip(self.place, f"link show {self.link}")
        return judged(facts, self.goal, typed.number, [str(link.mtu)], asked, look)


@validator("answer-peer")
@dataclass(frozen=True)
class PeerOf:
    """What is the other end of a veth link called?"""

    goal: GoalId
    link: str = param("the link")
    place: Place = param("where it is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the name of the other end of {link}", link=self.link)
        link = find_link(facts, self.link, self.place, asked)
        if not isinstance(link, Link):
            return link
        look = say.ip(self.place, f"link show {self.link}")
        if link.peer is None:
            return Unmet(asked, tell("{link} is not a veth", link=self.link), Layer.LINK, look)
        if link.peer.name is None:
            return Unknown(tell("the other end of {link} is in a place that is not known", link=self.link))
        return judged(facts, self.goal, typed.name, [link.peer.name.casefold()], asked, look)


@validator("answer-neighbour-state")
@dataclass(frozen=True)
class NeighbourStateOf:
    """In which state is a neighbour entry: reachable, stale, failed, permanent …?"""

    differs: ClassVar[bool] = True

    goal: GoalId
    address: Address = param("the neighbour's address")
    place: Place = param("who knows it", name="in")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, StackOf(self.place))

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the state of the entry for {address}", address=self.address)
        if early := too_early(facts, self.when, asked):
            return early
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, asked)
        look = look_at_neighbour(self.place, self.address)
        entry = find_neighbour(stack, self.address)
        if entry is None:
            return Unmet(asked, tell("no entry for {address}", address=self.address), Layer.NEIGHBOUR, look)
        if entry.state == "incomplete":  # for a few seconds, which is too short to be asked about
            return Unmet(
                asked, tell("the kernel is still asking who has {address}", address=self.address), Layer.NEIGHBOUR, look
            )
        return judged(facts, self.goal, typed.name, [entry.state], asked, look)


@validator("answer-listener")
@dataclass(frozen=True)
class ListenerOf:
    """Which process listens on a port? Its name or its number; with `number`, the number alone."""

    goal: GoalId
    port: int = param("the port")
    place: Place = param("where", name="in")
    transport: Transport = param("the protocol", name="protocol", default=Transport.TCP)
    number: bool = param("only the number of the process will do", default=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({ListenersOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the process that listens on port {port}", port=self.port)
        found = facts.of(ListenersOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, asked)
        look = look_at(self.place, self.transport)
        sockets = at_port(found.sockets, self.port, self.transport)
        if not sockets:
            return Unmet(asked, tell("nobody listens on port {port}", port=self.port), Layer.SERVICE, look)
        names = {one.process.casefold() for one in sockets if one.process}
        if not names:
            return Unknown(tell("which process holds the socket could not be read"))
        numbers = {str(pid) for one in sockets for pid in one.pids}
        if self.number:
            return judged(facts, self.goal, typed.process_number, numbers, asked, look)
        return judged(facts, self.goal, typed.process, names | numbers, asked, look)


@validator("answer-listen-address")
@dataclass(frozen=True)
class ListenAddress:
    """At which address does a socket listen? `*` is the same as `::`."""

    goal: GoalId
    port: int = param("the port")
    place: Place = param("where", name="in")
    transport: Transport = param("the protocol", name="protocol", default=Transport.TCP)

    def wants(self) -> frozenset[Want]:
        return frozenset({ListenersOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the address at which port {port} is listened to", port=self.port)
        found = facts.of(ListenersOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, asked)
        look = look_at(self.place, self.transport)
        sockets = at_port(found.sockets, self.port, self.transport)
        if not sockets:
            return Unmet(asked, tell("nobody listens on port {port}", port=self.port), Layer.SERVICE, look)
        right = {str(one.address) for one in sockets}
        return judged(facts, self.goal, typed.listening, right, asked, look)


@validator("answer-listen-port")
@dataclass(frozen=True)
class ListenPort:
    """On which port does a process listen? Where there are several, any of them will do, but one given to learners."""

    goal: GoalId
    process: str = param("the name of the process")
    place: Place = param("where", name="in")
    transport: Transport = param("the protocol", name="protocol", default=Transport.TCP)
    address: Address | None = param("the address at which it listens there", default=None)
    besides: int | None = param("a port that the question names, and that is no answer", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({ListenersOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the port on which {process} listens", process=self.process)
        found = facts.of(ListenersOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, asked)
        look = look_at(self.place, self.transport)
        protocols = (self.transport, f"{self.transport}6")
        right = [
            str(one.port)
            for one in found.sockets
            if one.process == self.process and one.protocol in protocols and self.address in (None, one.address)
            if one.port != self.besides
        ]
        if not right and any(one.process is None for one in found.sockets):
            return Unknown(tell("which process holds the socket could not be read"))
        if not right:
            return Unmet(asked, tell("{process} does not listen", process=self.process), Layer.SERVICE, look)
        return judged(facts, self.goal, typed.port, right, asked, look)


@validator("answer-conntrack-count")
@dataclass(frozen=True, kw_only=True)
class EntryCount(Entries):
    """How many connections of a kind does the kernel remember?"""

    differs: ClassVar[bool] = True

    goal: GoalId

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the number of connections that {place} remembers", place=say.place(self.place))
        found = facts.of(ConntrackOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, asked)
        right = [str(len(self.chosen(found.connections)))]
        return judged(facts, self.goal, typed.number, right, asked, self.look)


@validator("answer-conntrack-reply")
@dataclass(frozen=True, kw_only=True)
class ReplyDestination(Entries):
    """To which address is the answer of a connection sent, as the kernel expects it? A translated source shows here."""

    goal: GoalId

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the address to which the answer is sent")
        return _of_answer(self, facts, self.goal, asked, lambda reply: reply.destination)


@validator("answer-conntrack-answerer")
@dataclass(frozen=True, kw_only=True)
class ReplySource(Entries):
    """From which address does the kernel expect the answer of a connection? A translated destination shows here."""

    goal: GoalId

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the address from which the answer is expected")
        return _of_answer(self, facts, self.goal, asked, lambda reply: reply.source)


def _of_answer(
    entries: Entries, facts: Facts, goal: GoalId, asked: str, address: Callable[[Direction], Address]
) -> Verdict:
    """What was typed, against an address of the expected answers of the connections that are meant."""
    found = facts.of(ConntrackOf(entries.place))
    if isinstance(found, Unreadable):
        return say.unreadable(found, entries.place, asked)
    chosen = entries.chosen(found.connections)
    if not chosen:
        observed = tell("no connection {entry} is remembered now", entry=entries.told())
        return Unmet(asked, observed, Layer.NAT, entries.look)
    right = {str(address(entry.reply)) for entry in chosen}
    return judged(facts, goal, typed.ip, right, asked, entries.look)
