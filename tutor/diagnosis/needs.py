"""What to read for a walk: first what places there are, then what the walk came by and could not see."""

from __future__ import annotations

from tutor.diagnosis.network import Network, rules_of
from tutor.diagnosis.walk import diagnose
from tutor.model.facts import Facts
from tutor.model.topology import Topology
from tutor.model.wants import ListenersOf, NamespacesOf, RulesetOf, StackOf, SysctlOf, Want, WayOf

_AT_ONCE = 32
"""Places whose stacks are read before they are asked for: it saves a round each."""


def needed(topology: Topology, flow: WayOf, facts: Facts) -> frozenset[Want]:
    """What is to be read next; nothing once ``facts`` hold all that the walk sees."""
    first = frozenset(NamespacesOf(machine.name) for machine in topology.machines)
    if not first <= facts.read.keys():
        return first
    network, version = Network(topology, facts), flow.target.version
    if not any(isinstance(want, StackOf) for want in facts.read):
        ends = [place for place in (flow.source, flow.end) if place in network.places]
        near = dict.fromkeys([*ends, *network.places])
        return frozenset(StackOf(place) for place in list(near)[:_AT_ONCE]).union(
            *(rules_of(end, version) for end in ends)
        )
    diagnose(network, flow)
    found = set(network.missing)
    for want in network.missing:
        if isinstance(want, RulesetOf | ListenersOf | SysctlOf):
            found |= rules_of(want.place, version)
    return frozenset(found - facts.read.keys())
