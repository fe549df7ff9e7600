"""Questions about connections: what becomes of one, and what the far side sees of it."""

from __future__ import annotations

from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model.facts import Facts, TcpResult, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet, Verdict
from tutor.model.wants import Address, TcpProbe, Want
from tutor.validators import say, typed
from tutor.validators.conditions import wants_beside
from tutor.validators.ports import not_sent, port_address, seen_at, try_tcp
from tutor.validators.questions import judged, too_early
from tutor.validators.refused import REFUSED
from tutor.validators.registry import GoalId, param, validator

_ACCEPTED, _REFUSED, _SILENT = "accepted", "refused", "timed out"
_WORDS = {  # in this order: "connection refused" is no connection
    _REFUSED: ("refuse", "reject", "reset", "거부", "거절"),
    _SILENT: (
        "time",
        "silen",
        "nothing",
        "no answer",
        "hang",
        "wait",
        "lost",
        "시간",
        "타임",
        "무응답",
        "응답 없",
        "답이 없",
        "초과",
    ),
    _ACCEPTED: ("accept", "connect", "open", "work", "succe", "yes", "받아들", "연결", "성공", "수락", "접속"),
}


@validator("answer-connection")
@dataclass(frozen=True)
class Becomes:
    """What becomes of a TCP connection: is it accepted, is it refused, or does it time out?"""

    goal: GoalId
    source: Place = param("where the connection starts", name="from")
    target: Address = param("the address to connect to", name="to")
    port: int = param("the TCP port")
    when: Check | None = param("what must hold before the question means anything", default=None)

    @property
    def _probe(self) -> TcpProbe:
        return TcpProbe(self.source, self.target, self.port)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, self._probe)

    def judge(self, facts: Facts) -> Verdict:
        to = port_address(self.target, self.port)
        asked = tell("what becomes of a TCP connection from {place} to {to}", place=say.place(self.source), to=to)
        if early := too_early(facts, self.when, asked):
            return early
        result: TcpResult | Unreadable = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, asked)
        right = _ACCEPTED if result.connected else _REFUSED if result.error == REFUSED else _SILENT
        return judged(facts, self.goal, _outcome, [right], asked, try_tcp(self.source, self.target, self.port))


@validator("answer-port-seen")
@dataclass(frozen=True)
class PortSeen:
    """For which port does a TCP connection arrive at a place?"""

    goal: GoalId
    source: Place = param("where the connection starts", name="from")
    target: Address = param("the address to connect to", name="to")
    port: int = param("the TCP port")
    end: Place = param("where it is looked at", name="at")
    via: tuple[Place, ...] = param("the routers between, as in the other goals of the step", default=())

    @property
    def _probe(self) -> TcpProbe:
        return TcpProbe(self.source, self.target, self.port, (*self.via, self.end))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._probe})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        asked = tell("the port that {place} sees", place=where)
        result: TcpResult | Unreadable = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return not_sent(result, self.source, asked)
        look = say.command(self.end, "tcpdump -ni any tcp")
        seen = {str(arrival.destination_port) for arrival in seen_at(result.arrivals, self.end)}
        if not seen:
            observed = tell("no connection has arrived at {place} yet", place=where)
            return Unmet(asked, observed, Layer.NAT, look)
        return judged(facts, self.goal, typed.number, seen, asked, look)


def _outcome(text: str) -> str | None:
    said = text[:200].casefold()
    return next((outcome for outcome, words in _WORDS.items() if any(word in said for word in words)), None)
