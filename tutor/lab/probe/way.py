"""All that decides about the packets of a flow: read round by round, as far as the walk gets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from tutor.diagnosis import needed
from tutor.model.facts import Fact, Facts, Unreadable, Way
from tutor.model.topology import Topology
from tutor.model.wants import Want, WayOf

_ROUNDS = 40
"""More than the hops of the longest way in a lab; a way that goes on is walked as far as it was read."""


async def way(topology: Topology, flow: WayOf, read: Callable[[Want], Awaitable[Fact | Unreadable]]) -> Way:
    """``read`` answers one want, and never raises because of what the learner made."""
    found: dict[Want, Fact | Unreadable] = {}
    for _ in range(_ROUNDS):
        wants = sorted(needed(topology, flow, Facts(found)), key=str)
        if not wants:
            break
        found |= zip(wants, await asyncio.gather(*map(read, wants)), strict=True)
        await asyncio.sleep(0)  # whoever waits to draw a key goes first
    return Way(topology, found)
