"""Connections that the kernel keeps track of, with what NAT has made of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model.facts import Connection, Facts, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, ConntrackOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


class Translated(StrEnum):
    SOURCE = "source"
    DESTINATION = "destination"
    BOTH = "both"
    NONE = "none"


@dataclass(frozen=True)
class Entries:
    """Which connections are meant: what is not given may be anything."""

    place: Place = param("who keeps track", name="in")
    protocol: str | None = param("such as tcp, udp or icmp", default=None)
    source: Address | None = param("where the first packet came from", default=None)
    destination: Address | None = param("where the first packet was sent to", default=None)
    port: int | None = param("the port it was sent to", default=None)
    reply_source: Address | None = param("who answers, as the answer comes in", name="reply-source", default=None)
    reply_destination: Address | None = param("whom the answer is addressed to", name="reply-destination", default=None)
    reply_port: int | None = param("the port that answers", name="reply-port", default=None)
    translated: Translated | None = param("which address NAT has rewritten", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({ConntrackOf(self.place)})

    def chosen(self, entries: Iterable[Connection]) -> list[Connection]:
        """Those that are meant."""
        return [entry for entry in entries if self._is(entry)]

    def _is(self, entry: Connection) -> bool:
        there, back = entry.original, entry.reply
        return (
            self.protocol in (None, entry.protocol)
            and self.source in (None, there.source)
            and self.destination in (None, there.destination)
            and self.port in (None, there.destination_port)
            and self.reply_source in (None, back.source)
            and self.reply_destination in (None, back.destination)
            and self.reply_port in (None, back.source_port)
            and self.translated in (None, rewritten(entry))
        )

    def told(self) -> str:
        """The connection in the words of ``conntrack -L``."""
        parts = [self.protocol or ""]
        parts += [f"src={self.source}"] if self.source else []
        parts += [f"dst={self.destination}"] if self.destination else []
        parts += [f"dport={self.port}"] if self.port else []
        reply = [f"src={self.reply_source}"] if self.reply_source else []
        reply += [f"dst={self.reply_destination}"] if self.reply_destination else []
        reply += [f"sport={self.reply_port}"] if self.reply_port else []
        return " ".join(word for word in [*parts, *(["/", *reply] if reply else [])] if word)

    @property
    def look(self) -> str:
        return say.command(self.place, "conntrack -L")


@validator("conntrack")
@dataclass(frozen=True)
class Tracked(Entries):
    """The kernel remembers such a connection; entries go some time after the last packet, so make it an edge."""

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a connection {entry} remembered {within}", entry=self.told(), within=say.within(self.place))
        found = facts.of(ConntrackOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        if chosen := self.chosen(found.connections):
            return Met(described(chosen[0]))
        near = self._near(found.connections)
        if near is not None:
            return Unmet(expected, described(near), Layer.NAT, self.look)
        count = len(found.connections)
        seen = tell("there is no such entry among {count}", count=count) if count else tell("nothing is remembered yet")
        return Unmet(expected, seen, Layer.NAT, self.look)

    def _near(self, entries: Iterable[Connection]) -> Connection | None:
        """One that came as asked, and was answered otherwise."""
        like = Entries(self.place, self.protocol, self.source, self.destination, self.port)
        if all(value is None for value in (self.source, self.destination, self.port)):
            return None
        return next(iter(like.chosen(entries)), None)


@validator("no-conntrack")
@dataclass(frozen=True)
class NotTracked(Entries):
    """The kernel remembers no such connection (give the goal `baseline: true`)."""

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("no connection {entry} remembered {within}", entry=self.told(), within=say.within(self.place))
        found = facts.of(ConntrackOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        if chosen := self.chosen(found.connections):
            return Unmet(expected, described(chosen[0]), Layer.NAT, self.look)
        return Met(tell("there is no such entry"))


def rewritten(entry: Connection) -> Translated:
    """What NAT has rewritten: the answer does not come in as the mirror of the request."""
    source = entry.reply.destination != entry.original.source or (
        entry.reply.destination_port != entry.original.source_port and entry.source_translated
    )
    destination = (entry.reply.source, entry.reply.source_port) != (
        entry.original.destination,
        entry.original.destination_port,
    )
    return {
        (True, True): Translated.BOTH,
        (True, False): Translated.SOURCE,
        (False, True): Translated.DESTINATION,
        (False, False): Translated.NONE,
    }[source, destination]


def described(entry: Connection) -> str:
    """The entry in the words of ``conntrack -L``."""
    there, back = entry.original, entry.reply
    ports = f" dport={there.destination_port}" if there.destination_port is not None else ""
    answering = f" sport={back.source_port}" if back.source_port is not None else ""
    request = f"{entry.protocol} src={there.source} dst={there.destination}{ports}"
    return tell(
        "{request}, answered by {reply}", request=request, reply=f"src={back.source} dst={back.destination}{answering}"
    )
