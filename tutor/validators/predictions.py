"""Questions about what packets do, and whether something holds: to be predicted, then tried."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import Facts, HttpResult, PingResult, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, HttpGet, Ping, Want
from tutor.validators import say, typed
from tutor.validators.conditions import wants_beside
from tutor.validators.questions import judged, too_early
from tutor.validators.registry import GoalId, param, validator
from tutor.validators.traffic import sent, sources_at


@dataclass(frozen=True)
class _PingSeen:
    """What a ping looks like where it arrives."""

    goal: GoalId
    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    end: Place = param("where it is looked at", name="at")
    via: tuple[Place, ...] = param("the routers between, as in the other goals of the step", default=())

    @property
    def _ping(self) -> Ping:
        return Ping(self.source, self.target, (*self.via, self.end))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._ping})

    def _judged(
        self, facts: Facts, asked: str, reader: typed.Reader, seen: Callable[[PingResult], Iterable[str]]
    ) -> Verdict:
        result = sent(facts, self._ping, asked)
        if not isinstance(result, PingResult):
            return result
        right = list(seen(result))
        look = say.command(self.end, "tcpdump -vni any icmp")
        if not right:
            where = say.place(self.end)
            return Unmet(asked, tell("no packet has arrived at {where} yet", where=where), Layer.ROUTE, look)
        return judged(facts, self.goal, reader, right, asked, look)


@validator("answer-source-seen")
@dataclass(frozen=True)
class SourceSeen(_PingSeen):
    """With which source address does a ping arrive at a place?"""

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the source address that {where} sees", where=say.place(self.end))
        return self._judged(facts, asked, typed.ip, lambda result: map(str, sources_at(result, self.end)))


@validator("answer-ttl-seen")
@dataclass(frozen=True)
class TtlSeen(_PingSeen):
    """With which TTL does a ping arrive at a place? It is sent with 64."""

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the TTL that {where} sees", where=say.place(self.end))
        return self._judged(facts, asked, typed.number, self._ttls)

    def _ttls(self, result: PingResult) -> set[str]:
        return {str(each.ttl) for each in result.arrivals if each.place == self.end and not each.reply}


@validator("answer-client-seen")
@dataclass(frozen=True)
class ClientSeen:
    """Which client address does a web server see?"""

    goal: GoalId
    source: Place = param("where the request starts", name="from")
    target: Address = param("the address to ask", name="to")
    end: Place = param("the place of the server", name="at")
    port: int = param("the TCP port", default=80)
    via: tuple[Place, ...] = param("the routers between, as in the other goals of the step", default=())

    @property
    def _get(self) -> HttpGet:
        return HttpGet(self.source, self.target, self.port, "/", (*self.via, self.end))

    def wants(self) -> frozenset[Want]:
        return frozenset({self._get})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.end)
        asked = tell("the client address that {where} sees", where=where)
        result: HttpResult | Unreadable = facts.of(self._get)
        if isinstance(result, Unreadable):
            return Unknown(tell("the request could not be sent: {detail}", detail=result.detail))
        seen = [str(a.source) for a in result.arrivals if a.place == self.end and not a.reply]
        look = say.command(self.end, "tcpdump -ni any tcp port 80")
        if not seen:
            return Unmet(asked, tell("no connection has arrived at {where} yet", where=where), Layer.NAT, look)
        return judged(facts, self.goal, typed.ip, seen, asked, look)


@validator("answer-yes-no")
@dataclass(frozen=True)
class YesOrNo:
    """Does a validator hold? Yes or no; nobody is told which while it cannot be found out."""

    goal: GoalId
    check: Check = param("the validator that is tried out")
    asked: str = param("what is asked, in words", words=True)
    look: str = param("a command to try it with")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, *self.check.wants())

    def judge(self, facts: Facts) -> Verdict:
        if early := too_early(facts, self.when, self.asked):
            return early
        match self.check.judge(facts):
            case Unknown() as unknown:
                return unknown
            case Met():
                right = "yes"
            case Unmet():
                right = "no"
        return judged(facts, self.goal, typed.yes_or_no, [right], self.asked, words.told(self.look))


@validator("answer-last-seen")
@dataclass(frozen=True)
class LastSeen:
    """Up to which place does a ping get? The last one that saw it."""

    goal: GoalId
    source: Place = param("where the ping starts", name="from")
    target: Address = param("the address to ping", name="to")
    path: tuple[Place, ...] = param("the places on its way, in order")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        ping = frozenset({Ping(self.source, self.target, self.path)})
        return wants_beside(self.when, *ping)

    def judge(self, facts: Facts) -> Verdict:
        asked = tell(
            "the last place that sees a ping from {source} to {target}",
            source=say.place(self.source),
            target=self.target,
        )
        if early := too_early(facts, self.when, asked):
            return early
        result = sent(facts, Ping(self.source, self.target, self.path), asked)
        if not isinstance(result, PingResult):
            return result
        reached = {arrival.place for arrival in result.arrivals if not arrival.reply}
        last = next((place for place in reversed(self.path) if place in reached), self.source)
        look = say.command(last, "tcpdump -ni any icmp")
        right = [word.casefold() for word in (last.netns or last.machine, str(last))]
        return judged(facts, self.goal, typed.name, right, asked, look)
