"""Why a packet did not get through.

The verdict on traffic comes from packets alone. This module only explains it, by the walk of ``tutor.diagnosis`` along
the way of the packet, and never against what the packets showed: where the two disagree, or the walk cannot tell, it
says no more than was seen.

A validator that sends packets needs three lines::

    flow = Flow(source, target, end, via, protocol="tcp", port=80)
    wants = {TcpProbe(source, target, 80, flow.watch), *flow.wants()}
    return explain(flow, facts, result).unmet(expected)      # in judge, where there was no answer

``wants`` of a flow are read only once the packets were judged and found wanting, so they cost nothing where a goal is
met. A validator with a property ``flow`` also gets a walk for what it explains itself (``goals.judge``).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from tutor.i18n import tell
from tutor.model.facts import Arrival, Facts, IcmpError, Stack, Way
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet
from tutor.model.wants import Address, RouteLookup, RulesetOf, StackOf, Want, WayOf
from tutor.model.why import Broken, CannotTell, Outcome, Works
from tutor.validators import say
from tutor.validators.addresses import carried


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets from ``source`` to ``target``, which is an address of ``end``. ``via`` are the routers between, in order,
    and ``through`` further places whose bridges it passes; with these, what was seen there can be told. ``protocol`` is
    icmp, tcp or udp; the latter two have a ``port``. ``size`` is as in ``wants.Ping``."""

    source: Place
    target: Address
    end: Place | None = None
    via: tuple[Place, ...] = ()
    through: tuple[Place, ...] = ()
    protocol: str = "icmp"
    port: int | None = None
    size: int = 0

    @property
    def watch(self) -> tuple[Place, ...]:
        """Where packets are to be captured."""
        return (*self.via, self.end) if self.end else self.via

    @property
    def way(self) -> WayOf:
        return WayOf(self.source, self.target, self.protocol, self.port, self.end, self.size)

    def wants(self) -> frozenset[Want]:
        """What the explanation reads, and what a validator may need to explain more by what the lesson means: the
        stacks of the places named here, and the rules of the routers and their route to the target."""
        found: set[Want] = {self.way, *(StackOf(place) for place in (self.source, *self.watch, *self.through))}
        for place in self.via:
            found.update((RulesetOf(place), RouteLookup(place, self.target)))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Cause:
    """The first thing that is wrong, and the walk that found it or did not."""

    observed: str
    layer: Layer
    look_next: str
    why: Outcome | None = None

    def unmet(self, expected: str) -> Unmet:
        return Unmet(expected, self.observed, self.layer, self.look_next, self.why)


class Tried(Protocol):
    """What came of packets: any of the results in ``model.facts``."""

    @property
    def error(self) -> str | None: ...
    @property
    def arrivals(self) -> tuple[Arrival, ...]: ...


def explain(flow: Flow, facts: Facts, result: Tried) -> Cause:
    """The first cause for packets that were not answered, sent with ``flow.watch`` watching."""
    outcome = walked(flow, facts)
    if isinstance(outcome, Broken) and _agrees(flow, outcome, result):
        meant = _astray(flow, facts, outcome) or _private(flow, facts, outcome, result)
        return meant or Cause(outcome.sentence, outcome.layer, _look(flow, facts, outcome), outcome)
    return replace(_seen(flow, facts, result), why=outcome if isinstance(outcome, CannotTell) else _doubt(outcome))


def walked(flow: Flow, facts: Facts) -> Outcome | None:
    """What the walk says; ``None`` where the facts for it were not read."""
    way = facts.of(flow.way)
    if not isinstance(way, Way):
        return None
    from tutor.diagnosis import follow  # most goals are met: they never need it

    return follow(way, flow.way)


def owns(stack: Stack, address: Address) -> bool:
    return any(a.interface.ip == address for _, a in carried(stack))


def _doubt(outcome: Outcome | None) -> Outcome | None:
    """A walk that the packets contradict."""
    match outcome:
        case Works():
            return CannotTell(tell("nothing is in the way, and yet no answer came: it may be settling still"))
        case Broken(sentence=sentence):
            return CannotTell(tell("packets went otherwise than the settings say: {sentence}", sentence=sentence))
        case _:
            return outcome


def _agrees(flow: Flow, broken: Broken, result: Tried) -> bool:
    """Whether the packets were seen where the walk says that they come, and nowhere else. Where nothing listens, there
    is an answer: a refusal, which can get lost like any other."""
    reached = {arrival.place for arrival in result.arrivals if not arrival.reply}
    answered = {arrival.place for arrival in result.arrivals if arrival.reply}
    if broken.back:
        end_seen = flow.end is None or flow.end in reached or flow.end not in broken.path
        return end_seen and answered <= {*broken.back, *broken.path, flow.source}
    refuses = flow.protocol != "icmp" and broken.layer is Layer.SERVICE and broken.hop == flow.end
    return reached <= {*broken.path, broken.hop, *flow.through} and (refuses or not answered)


def _astray(flow: Flow, facts: Facts, broken: Broken) -> Cause | None:
    """The sender hands the packet to a place that is none of the way that the lesson means it to take."""
    if not flow.via or broken.back:
        return None
    first, came_to = flow.via[0], broken.path[1:2]
    if came_to and came_to[0] != first:
        taker = say.place(came_to[0])
    elif not came_to and broken.gateway is not None and not _owner(facts, first, broken.gateway):
        taker = str(broken.gateway)
    else:
        return None
    observed = tell(
        "{place} hands the packet to {taker}, which is not {router}",
        place=say.place(flow.source),
        taker=taker,
        router=say.place(first),
    )
    return Cause(observed, Layer.ROUTE, say.ip(flow.source, f"route get {flow.target}"), broken)


def _private(flow: Flow, facts: Facts, broken: Broken, result: Tried) -> Cause | None:
    """The answer got lost beyond the machines that the lesson names, as the far side knows no private networks."""
    own = facts.of(StackOf(flow.source))
    request = next((seen for seen in result.arrivals if seen.place == flow.end and not seen.reply), None)
    if not flow.via or flow.end is None or request is None or not request.source.is_private:
        return None
    if not broken.back or broken.hop in (flow.source, *flow.watch) or not isinstance(own, Stack):
        return None
    if not owns(own, request.source):
        return None
    observed = tell(
        "{place} saw the private source address {source}, to which there is no way back: {sentence}",
        place=say.place(flow.end),
        source=request.source,
        sentence=broken.sentence,
    )
    return Cause(observed, Layer.NAT, _capture(flow, flow.end, request), broken)


def _look(flow: Flow, facts: Facts, broken: Broken) -> str:
    """The command that shows it, or packets on their way where the learner has no shell at the broken hop."""
    way = facts.of(flow.way)
    shells = way.topology.shells if isinstance(way, Way) else ()
    if broken.hop.machine in shells:
        return broken.command
    near = [place for place in (*broken.path, *broken.back) if place.machine in shells]
    return say.command(near[-1], f"tcpdump -ni any host {flow.target}") if near else broken.command


def _capture(flow: Flow, end: Place, request: Arrival) -> str:
    if len(flow.via) > 1:  # so far away that the learner hardly has a shell there
        return say.command(flow.via[0], f"tcpdump -ni any host {flow.target}")
    return say.command(end, f"tcpdump -ni {request.link} host {request.source}")


def _owner(facts: Facts, place: Place, address: Address) -> bool:
    stack = facts.of(StackOf(place))
    return not isinstance(stack, Stack) or owns(stack, address)


def _seen(flow: Flow, facts: Facts, result: Tried) -> Cause:
    """What the packets themselves showed."""
    requests = [arrival for arrival in result.arrivals if not arrival.reply]
    at_end = [arrival for arrival in requests if arrival.place == flow.end]
    if flow.end is not None and at_end:
        return _unanswered(flow, facts, flow.end, at_end[0], result.arrivals)
    reached = frozenset(arrival.place for arrival in requests)
    look = say.command(flow.source, f"ping -c 1 {flow.target}")
    errors: tuple[IcmpError, ...] = getattr(result, "icmp_errors", ())
    if errors:
        said = tell("{sender} sent back an ICMP error: {meaning}", sender=errors[0].sender, meaning=errors[0].meaning)
        return Cause(said, Layer.ROUTE, look)
    passed = [say.place(place) for place in flow.via if place in reached]
    if passed:
        look = say.on(flow.via[0].machine, f"tcpdump -ni any host {flow.target}")
        places = say.joined(passed)
        return Cause(
            tell("the packet came through {places}, but no answer came back", places=places), Layer.ROUTE, look
        )
    if result.error not in (None, "timed out"):
        said = tell("no answer from {target}: {error}", target=flow.target, error=result.error)
        return Cause(said, Layer.ROUTE, say.ip(flow.source, f"route get {flow.target}"))
    return Cause(tell("no answer from {target}", target=flow.target), Layer.ROUTE, look)


def _unanswered(flow: Flow, facts: Facts, end: Place, request: Arrival, arrivals: tuple[Arrival, ...]) -> Cause:
    """The request arrived at the end; its answer did not come home."""
    where, source = say.place(end), request.source
    look = _capture(flow, end, request)
    answered = {arrival.place for arrival in arrivals if arrival.reply}
    stacks = [facts.of(StackOf(place)) for place in (flow.source, *flow.via)]
    if not any(not isinstance(stack, Stack) or owns(stack, source) for stack in stacks):
        owner = say.joined(map(say.place, flow.via or (flow.source,)), "or")
        said = tell(
            "{where} saw it come from {source}, which is not an address of {owner}",
            where=where,
            source=source,
            owner=owner,
        )
        return Cause(said, Layer.NAT, look)
    if end not in answered:
        return Cause(tell("the packet reached {where}, but {where} did not answer it", where=where), Layer.FILTER, look)
    for router in reversed(flow.via):
        if router not in answered:
            said = tell(
                "{where} answered {source}, but the answer never came to {router}",
                where=where,
                source=source,
                router=say.place(router),
            )
            return Cause(said, Layer.ROUTE, look)
    said = tell("{where} answered {source}, but the answer was lost on its way back", where=where, source=source)
    return Cause(said, Layer.ROUTE, look)
