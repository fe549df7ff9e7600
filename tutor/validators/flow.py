"""Why a packet did not get through: the facts of the places on its way, walked from the sender to the first cause.

The verdict on traffic comes from packets alone. This module only explains it, from state, in the order in which the
packet meets things: link, address, route, neighbour, forwarding, filter, and then the same way back.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_network

from tutor.model.facts import Arrival, Facts, HttpResult, Link, PingResult, Route, RouteChoice, Ruleset, Stack, Text
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet
from tutor.model.wants import Address, RouteLookup, RulesetOf, StackOf, SysctlOf, Want
from tutor.validators import say
from tutor.validators.addresses import carried


@dataclass(frozen=True, slots=True)
class Flow:
    """Packets from ``source`` to ``target``, which is an address of ``end``. ``via`` are the routers between, in order,
    and ``through`` further places whose bridges it passes.

    ``end`` and ``via`` may be left out: then less can be explained.
    """

    source: Place
    target: Address
    end: Place | None = None
    via: tuple[Place, ...] = ()
    through: tuple[Place, ...] = ()

    @property
    def watch(self) -> tuple[Place, ...]:
        """Where packets are to be captured."""
        return (*self.via, self.end) if self.end else self.via

    @property
    def forwarding(self) -> str:
        return "net.ipv4.ip_forward" if self.target.version == 4 else "net.ipv6.conf.all.forwarding"

    def wants(self) -> frozenset[Want]:
        """What the explanation reads."""
        found: set[Want] = {RouteLookup(self.source, self.target)}
        found.update(StackOf(place) for place in (self.source, *self.watch, *self.through))
        for place in self.via:
            found.update((RulesetOf(place), SysctlOf(place, self.forwarding), RouteLookup(place, self.target)))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Cause:
    """The first thing that is wrong."""

    observed: str
    layer: Layer
    look_next: str

    def unmet(self, expected: str) -> Unmet:
        return Unmet(expected, self.observed, self.layer, self.look_next)


def explain(flow: Flow, facts: Facts, result: PingResult | HttpResult) -> Cause:
    """The first cause that the facts show for packets that were not answered, sent with ``flow.watch`` watching."""
    error, arrivals = result.error, result.arrivals
    if isinstance(result, HttpResult) and error in ("timed out", "connection refused"):
        error = None
    requests = [arrival for arrival in arrivals if not arrival.reply]
    reached = {arrival.place for arrival in requests}
    if flow.end is not None and flow.end in reached:
        return _way_back(flow, facts, [a for a in requests if a.place == flow.end], arrivals)
    found = _to_itself(flow, facts) or _at_source(flow, facts, error) or _wrong_gateway(flow, facts)
    if found is None and not reached:
        found = _next_hop(flow, facts)
    for router in flow.via:
        if found is None:
            found = _at_router(flow, facts, router)
    if found is None and isinstance(result, PingResult) and result.icmp_errors:
        sender, meaning = result.icmp_errors[0].sender, result.icmp_errors[0].meaning
        look = say.command(flow.source, f"ping -c 1 {flow.target}")
        return Cause(f"{sender} sent back an ICMP error: {meaning}", Layer.ROUTE, look)
    return found or _somewhere(flow, reached)


def _somewhere(flow: Flow, reached: set[Place]) -> Cause:
    passed = [say.place(place) for place in flow.via if place in reached]
    if passed:
        look = say.on(flow.via[0].machine, f"tcpdump -ni any host {flow.target}")
        return Cause(f"the packet came through {say.joined(passed)}, but no answer came back", Layer.ROUTE, look)
    look = say.command(flow.source, f"ping -c 1 {flow.target}")
    return Cause(f"no answer from {flow.target}", Layer.ROUTE, look)


def _to_itself(flow: Flow, facts: Facts) -> Cause | None:
    """What a place sends to itself goes through its loopback, which may be down."""
    stack = facts.of(StackOf(flow.source))
    if not isinstance(stack, Stack) or not (flow.target.is_loopback or owns(stack, flow.target)):
        return None
    down = next((link for link in stack.links if link.kind == "loopback" and not link.up), None)
    if down is None:
        return None
    observed = f"{down.name} {say.within(flow.source)} is down: what one sends to oneself goes through it"
    return Cause(observed, Layer.LINK, say.ip(flow.source, f"link show {down.name}"))


def _at_source(flow: Flow, facts: Facts, error: str | None) -> Cause | None:
    """Links, addresses and route where the packet starts."""
    where = say.place(flow.source)
    stack = facts.of(StackOf(flow.source))
    if not isinstance(stack, Stack):
        return None
    choice = facts.of(RouteLookup(flow.source, flow.target))
    if isinstance(choice, RouteChoice) and choice.error is None and error is None:
        link = stack.link(choice.link) if choice.link else None
        return _silent_link(flow, facts, stack, link) if link else None
    links = [link for link in stack.links if link.kind != "loopback"]
    if not links:
        return Cause(f"{where} has no link but lo", Layer.LINK, say.ip(flow.source, "link"))
    owned = [(link, a) for link, a in carried(stack) if a.interface.version == flow.target.version]
    near = [link for link, a in owned if flow.target in a.interface.network]
    down = [link for link in near or links if not link.up]
    if down and len(down) == len(near or links):
        return Cause(f"{down[0].name} in {where} is down", Layer.LINK, say.ip(flow.source, "link"))
    if not owned:
        return Cause(f"{where} has no address", Layer.ADDRESS, say.ip(flow.source, "addr"))
    seen = say.joined(str(a.interface) for _, a in owned)
    reason = f": {error}" if error else ""
    observed = f"{where} ({seen}) has no route to {flow.target}{reason}"
    return Cause(observed, Layer.ROUTE, say.ip(flow.source, "route"))


def _silent_link(flow: Flow, facts: Facts, stack: Stack, link: Link) -> Cause | None:
    """The link by which the packet should leave is a bridge's port, or its cable is dead at the other end."""
    bridge = stack.by_index(link.master)
    if bridge is not None and bridge.kind == "bridge":
        observed = f"packets leave by {link.name}, a port of {bridge.name}: the address belongs on the bridge itself"
        return Cause(observed, Layer.ADDRESS, say.ip(flow.source, "addr"))
    if link.peer is None or not link.up or link.running:
        return None
    far = facts.of(StackOf(link.peer.place)) if link.peer.place else None
    end = far.by_index(link.peer.index) if isinstance(far, Stack) else None
    if link.peer.place is None or end is None:
        observed = f"{link.name} {say.within(flow.source)} is up, but the other end of its cable is down"
        return Cause(observed, Layer.LINK, say.on(flow.source.machine, "ip link"))
    observed = f"{end.name} {say.within(link.peer.place)}, the other end of {link.name}, is down"
    return Cause(observed, Layer.LINK, say.ip(link.peer.place, "link"))


def _wrong_gateway(flow: Flow, facts: Facts) -> Cause | None:
    """The sender hands the packet to somebody who is not the first router."""
    choice = facts.of(RouteLookup(flow.source, flow.target))
    if not flow.via or not isinstance(choice, RouteChoice) or choice.error or choice.gateway is None:
        return None
    router = facts.of(StackOf(flow.via[0]))
    if not isinstance(router, Stack) or owns(router, choice.gateway):
        return None
    where = say.place(flow.source)
    observed = f"{where} hands the packet to {choice.gateway}, which is not {say.place(flow.via[0])}"
    return Cause(observed, Layer.ROUTE, say.ip(flow.source, f"route get {flow.target}"))


def owns(stack: Stack, address: Address) -> bool:
    return any(a.interface.ip == address for _, a in carried(stack))


def _next_hop(flow: Flow, facts: Facts) -> Cause | None:
    """Nobody answered ARP: look at the place that should have."""
    choice = facts.of(RouteLookup(flow.source, flow.target))
    if not isinstance(choice, RouteChoice) or choice.error:
        return None
    hop = choice.gateway or flow.target
    neighbour = _expected_owner(flow, facts, hop)
    if neighbour is None:
        return None
    stack = facts.of(StackOf(neighbour))
    if not isinstance(stack, Stack):
        return Cause(f"there is no {say.place(neighbour)}", Layer.NAMESPACE, say.on(neighbour.machine, "ip netns"))
    owners = [link for link, address in carried(stack) if address.interface.ip == hop]
    if not owners:
        observed = f"{say.place(neighbour)} does not have the address {hop}"
        return Cause(observed, Layer.ADDRESS, say.ip(neighbour, "addr"))
    if not owners[0].up:
        observed = f"{owners[0].name} {say.within(neighbour)} is down"
        return Cause(observed, Layer.LINK, say.ip(neighbour, "link"))
    here = facts.of(StackOf(flow.source))
    link = here.link(choice.link) if isinstance(here, Stack) and choice.link else None
    bridge = _unplugged(flow, facts, (flow.source, here, link), (neighbour, stack, owners[0]))
    if bridge is not None:
        return bridge
    observed = f"nobody answers when {say.place(flow.source)} asks for the MAC address of {hop}"
    return Cause(observed, Layer.NEIGHBOUR, say.ip(flow.source, "neigh"))


def _expected_owner(flow: Flow, facts: Facts, hop: Address) -> Place | None:
    """The place of the way that has this address, or else the one that should: the first."""
    for place in flow.watch:
        stack = facts.of(StackOf(place))
        if isinstance(stack, Stack) and owns(stack, hop):
            return place
    return next(iter(flow.watch), None)


def _unplugged(flow: Flow, facts: Facts, *ends: tuple[Place, object, Link | None]) -> Cause | None:
    """The far end of a cable that lies in a known place, but is down or in no bridge."""
    for place, _, link in ends:
        if link is None or link.peer is None or link.peer.place is None:
            continue
        stack = facts.of(StackOf(link.peer.place))
        far = stack.by_index(link.peer.index) if isinstance(stack, Stack) else None
        if far is None or not isinstance(stack, Stack) or link.peer.place in (flow.source, flow.end):
            continue
        if not far.up:
            return Cause(
                f"{far.name} {say.within(link.peer.place)} is down", Layer.LINK, say.ip(link.peer.place, "link")
            )
        if far.master is None and not any(owner == far for owner, _ in carried(stack)):
            observed = f"{far.name}, the other end of {link.name} {say.within(place)}, is plugged into no bridge"
            return Cause(observed, Layer.LINK, say.ip(link.peer.place, f"link show {far.name}"))
        bridge = stack.by_index(far.master)
        if bridge is not None and not bridge.up:
            return Cause(f"the bridge {bridge.name} is down", Layer.LINK, say.ip(link.peer.place, "link"))
    return None


def _at_router(flow: Flow, facts: Facts, router: Place) -> Cause | None:
    """What keeps a router from passing the packet on."""
    where = say.place(router)
    forward = facts.of(SysctlOf(router, flow.forwarding))
    if isinstance(forward, Text) and forward.text.strip() == "0":
        look = say.command(router, f"sysctl {flow.forwarding}")
        return Cause(f"{where} does not forward: {flow.forwarding} is 0", Layer.FORWARDING, look)
    choice = facts.of(RouteLookup(router, flow.target))
    if isinstance(choice, RouteChoice) and choice.error:
        return Cause(f"{where} has no route to {flow.target}", Layer.ROUTE, say.ip(router, "route"))
    rules = facts.of(RulesetOf(router))
    if isinstance(rules, Ruleset):
        dropping = [chain for chain in rules.chains if chain.hook == "forward" and chain.policy == "drop"]
        if dropping:
            observed = (
                f"{say.within(router)} the chain {dropping[0].name} of table {dropping[0].table} drops by default"
            )
            return Cause(observed, Layer.FILTER, say.command(router, "nft list ruleset"))
        if rules.drops:
            return Cause(f"{where} has a rule that drops: {rules.drops[0]}", Layer.FILTER, _rules(router))
    return None


def _rules(place: Place) -> str:
    return say.command(place, "nft list ruleset")


def _way_back(flow: Flow, facts: Facts, requests: list[Arrival], arrivals: tuple[Arrival, ...]) -> Cause:
    """The request arrived at the end; its answer did not come home."""
    assert flow.end is not None
    where, source = say.place(flow.end), requests[0].source
    look = say.command(flow.end, f"tcpdump -ni {requests[0].link} host {source}")
    if len(flow.via) > 1:  # so far away that the learner hardly has a shell there
        look = say.command(flow.via[0], f"tcpdump -ni any host {flow.target}")
    stack = facts.of(StackOf(flow.end))
    own = facts.of(StackOf(flow.source))
    untouched = isinstance(own, Stack) and owns(own, source)
    back = route_of(stack, source) if isinstance(stack, Stack) else None
    if flow.via and untouched and source.is_private and not (back and _returns(flow, facts, back)):
        observed = f"{where} saw the private source address {source}, to which it knows no way back"
        return Cause(observed, Layer.NAT, look)
    if isinstance(stack, Stack) and back is None:
        owned = [str(a.interface) for _, a in carried(stack) if a.interface.version == source.version]
        observed = f"the packet reached {where} from {source}, but {where} ({say.joined(owned)}) has no route back"
        return Cause(observed, Layer.ROUTE, look if len(flow.via) > 1 else say.ip(flow.end, "route"))
    senders = [facts.of(StackOf(place)) for place in (flow.source, *flow.via)]
    if not any(not isinstance(sender, Stack) or owns(sender, source) for sender in senders):
        owner = say.joined(map(say.place, flow.via or (flow.source,)), "or")
        observed = f"{where} saw it come from {source}, which is not an address of {owner}"
        return Cause(observed, Layer.NAT, look)
    if not any(arrival.reply and arrival.place == flow.end for arrival in arrivals):
        return Cause(f"the packet reached {where}, but {where} did not answer it", Layer.FILTER, look)
    for router in reversed(flow.via):
        if not any(arrival.reply and arrival.place == router for arrival in arrivals):
            observed = f"{where} answered {source}, but the answer never came to {say.place(router)}"
            return Cause(observed, Layer.ROUTE, look)
    observed = f"{where} answered {source}, but the answer was lost on its way back"
    return Cause(observed, Layer.ROUTE, look)


def _returns(flow: Flow, facts: Facts, back: Route) -> bool:
    """Whether the end's route back leads to the last router of the way, or straight to the sender's network."""
    if back.gateway is None:
        return True
    stack = facts.of(StackOf(flow.via[-1]))
    return isinstance(stack, Stack) and owns(stack, back.gateway)


def route_of(stack: Stack, target: Address) -> Route | None:
    """The most specific route of the usual tables to an address; None too where it is a refusal."""
    matching = [
        route
        for route in stack.routes
        if route.table in (253, 254, 255) and target in ip_network(route.destination, strict=False)
    ]
    if not matching:
        return None
    best = max(matching, key=lambda route: (ip_network(route.destination, strict=False).prefixlen, -route.metric))
    return None if best.type in ("unreachable", "blackhole", "prohibit") else best
