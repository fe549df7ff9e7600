"""Why a packet of IPv6 did not get through, from the state of the places that the lesson names.

The walk of ``tutor.diagnosis`` knows IPv4 alone. This looks for the same things in the order in which a packet meets
them, but only at the places of the flow, and less closely.
"""

from __future__ import annotations

from tutor.i18n import tell
from tutor.model.facts import Facts, Link, RouteChoice, Ruleset, Stack, Text
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import Address, RouteLookup, RulesetOf, StackOf, SysctlOf, Want
from tutor.validators import say
from tutor.validators.addresses import carried
from tutor.validators.flow import Cause, Flow, owns

FORWARDING = "net.ipv6.conf.all.forwarding"


def wants(flow: Flow) -> frozenset[Want]:
    """What is read on top of the flow's own wants."""
    found: set[Want] = {RouteLookup(flow.source, flow.target)}
    found.update(SysctlOf(place, FORWARDING) for place in flow.via)
    return frozenset(found)


def cause(flow: Flow, facts: Facts, reached: frozenset[Place]) -> Cause | None:
    """The first thing that is wrong on the way there; ``reached`` are the places where the packet was seen."""
    found = _at_source(flow, facts)
    if found is None and not reached:
        found = _next_hop(flow, facts)
    for router in flow.via:
        if found is None:
            found = _at_router(flow, facts, router)
    return found


def _at_source(flow: Flow, facts: Facts) -> Cause | None:
    """Links, addresses and route where the packet starts."""
    where = say.place(flow.source)
    stack = facts.of(StackOf(flow.source))
    choice = facts.of(RouteLookup(flow.source, flow.target))
    if not isinstance(stack, Stack) or (isinstance(choice, RouteChoice) and choice.error is None):
        return None
    links = [link for link in stack.links if link.kind != "loopback"]
    if not links:
        return Cause(tell("{place} has no link but lo", place=where), Layer.LINK, say.ip(flow.source, "link"))
    down = [link for link in links if not link.up]
    if len(down) == len(links):
        observed = tell("{link} in {place} is down", link=down[0].name, place=where)
        return Cause(observed, Layer.LINK, say.ip(flow.source, "link"))
    owned = [str(a.interface) for _, a in carried(stack) if a.interface.version == 6 and a.scope == "global"]
    if not owned:
        observed = tell("{place} has no IPv6 address but link-local ones", place=where)
        return Cause(observed, Layer.ADDRESS, say.ip(flow.source, "-6 addr"))
    observed = tell(
        "{place} ({addresses}) has no route to {target}",
        place=where,
        addresses=say.joined(owned),
        target=flow.target,
    )
    return Cause(observed, Layer.ROUTE, say.ip(flow.source, "-6 route"))


def _next_hop(flow: Flow, facts: Facts) -> Cause | None:
    """Nobody said which MAC address the next hop has: look at the place that should have."""
    choice = facts.of(RouteLookup(flow.source, flow.target))
    if not isinstance(choice, RouteChoice) or choice.error:
        return None
    hop = choice.gateway or flow.target
    neighbour = _expected_owner(flow, facts, hop)
    stack = facts.of(StackOf(neighbour)) if neighbour is not None else None
    if neighbour is None or not isinstance(stack, Stack):
        return None
    owner = next((link for link, address in carried(stack) if address.interface.ip == hop), None)
    if owner is None:
        observed = tell("{place} does not have the address {address}", place=say.place(neighbour), address=hop)
        return Cause(observed, Layer.ADDRESS, say.ip(neighbour, "-6 addr"))
    far = _far_end(facts, owner)
    for place, link in ((neighbour, owner), *far):
        if not link.up:
            observed = tell("{link} {where} is down", link=link.name, where=say.within(place))
            return Cause(observed, Layer.LINK, say.ip(place, "link"))
    observed = tell(
        "nobody answers when {place} asks for the MAC address of {address}", place=say.place(flow.source), address=hop
    )
    return Cause(observed, Layer.NEIGHBOUR, say.ip(flow.source, "-6 neigh"))


def _expected_owner(flow: Flow, facts: Facts, hop: Address) -> Place | None:
    """The place of the way that has this address, or else the one that should: the first."""
    for place in flow.watch:
        stack = facts.of(StackOf(place))
        if isinstance(stack, Stack) and owns(stack, hop):
            return place
    return next(iter(flow.watch), None)


def _far_end(facts: Facts, link: Link) -> list[tuple[Place, Link]]:
    """The other end of a cable, where it lies in a place of the flow."""
    if link.peer is None or link.peer.place is None:
        return []
    stack = facts.of(StackOf(link.peer.place))
    far = stack.by_index(link.peer.index) if isinstance(stack, Stack) else None
    return [(link.peer.place, far)] if far is not None else []


def _at_router(flow: Flow, facts: Facts, router: Place) -> Cause | None:
    """What keeps a router from passing the packet on."""
    where = say.place(router)
    forward = facts.of(SysctlOf(router, FORWARDING))
    if isinstance(forward, Text) and forward.text.strip() == "0":
        observed = tell("{place} does not forward: {setting} is 0", place=where, setting=FORWARDING)
        return Cause(observed, Layer.FORWARDING, say.command(router, f"sysctl {FORWARDING}"))
    choice = facts.of(RouteLookup(router, flow.target))
    if isinstance(choice, RouteChoice) and choice.error:
        observed = tell("{place} has no route to {target}", place=where, target=flow.target)
        return Cause(observed, Layer.ROUTE, say.ip(router, "-6 route"))
    rules = facts.of(RulesetOf(router))
    if not isinstance(rules, Ruleset):
        return None
    look = say.command(router, "nft list ruleset")
    for chain in rules.chains:
        if chain.hook == "forward" and chain.policy == "drop" and chain.family != "ip":
            observed = tell(
                "{where} the chain {chain} of table {table} drops by default",
                where=say.within(router),
                chain=chain.name,
                table=chain.table,
            )
            return Cause(observed, Layer.FILTER, look)
    if rules.drops:
        observed = tell("{place} has a rule that drops: {rule}", place=where, rule=rules.drops[0])
        return Cause(observed, Layer.FILTER, look)
    return None
