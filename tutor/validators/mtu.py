"""Why small packets get through and large ones do not."""

from __future__ import annotations

from collections.abc import Iterator

from tutor.i18n import tell
from tutor.model.facts import Facts, Link, PingResult, RouteChoice, Stack
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import RouteLookup, StackOf
from tutor.validators import say
from tutor.validators.flow import Cause, Flow, owns

_TOO_LONG = "Message too long"
_TOO_BIG = ("fragmentation needed", "packet too big")
_HEADERS = {4: 28, 6: 48}  # of IP and ICMP


def packet_size(flow: Flow) -> int:
    """The bytes of the IP packet that carries an echo request of the flow's size."""
    return flow.size + _HEADERS[flow.target.version]


def too_small(flow: Flow, facts: Facts, result: PingResult) -> Cause:
    """The link that cannot carry what was sent, although smaller packets were answered."""
    size = packet_size(flow)
    if result.error == _TOO_LONG:
        choice = facts.of(RouteLookup(flow.source, flow.target))
        leaving = choice.link if isinstance(choice, RouteChoice) else None
        places = [(place, link) for place, link in _narrow(flow, facts, size) if place == flow.source]
        for place, link in sorted(places, key=lambda found: found[1].name != leaving):
            return _cause(place, link, size)
    for error in result.icmp_errors:
        if error.meaning in _TOO_BIG:
            for place, link in _narrow(flow, facts, size):
                stack = facts.of(StackOf(place))
                if isinstance(stack, Stack) and owns(stack, error.sender):
                    return _cause(place, link, size)
            look = say.command(flow.source, f"tracepath -n {flow.target}")
            observed = tell(
                "{sender} sent back an ICMP error: its next link is too small for a packet of {size} bytes",
                sender=error.sender,
                size=size,
            )
            return Cause(observed, Layer.LINK, look)
    for place, link in _narrow(flow, facts, size):
        return _cause(place, link, size)
    observed = tell("small packets are answered, but one of {size} bytes is lost", size=size)
    return Cause(observed, Layer.LINK, say.command(flow.source, f"tracepath -n {flow.target}"))


def _cause(place: Place, link: Link, size: int) -> Cause:
    observed = tell(
        "small packets are answered, but {link} {where} has an MTU of {mtu}, too small for a packet of {size} bytes",
        link=link.name,
        where=say.within(place),
        mtu=link.mtu,
        size=size,
    )
    return Cause(observed, Layer.LINK, say.ip(place, f"link show {link.name}"))


def _narrow(flow: Flow, facts: Facts, size: int) -> Iterator[tuple[Place, Link]]:
    """Links on the way that are too small, from the sender on."""
    for place in dict.fromkeys((flow.source, *flow.through, *flow.watch)):
        stack = facts.of(StackOf(place))
        if isinstance(stack, Stack):
            yield from ((place, link) for link in stack.links if link.up and link.mtu < size)
