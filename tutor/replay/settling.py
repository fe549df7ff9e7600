"""The look after the last line: with patience for what the kernel does in its own time."""

from __future__ import annotations

import asyncio

from tutor.model.verdict import Unmet
from tutor.model.why import CannotTell
from tutor.session import Session
from tutor.session.session import PATIENCE

_PAUSES = (0.5, 1.0, 2.0)  # seconds


async def look_until_settled(session: Session) -> None:
    """Look, and again where packets are lost and nothing is in their way: it may still be settling. Proxy ARP is up
    to 0.8 s late (proxy_delay of arp(7)), and a carrier that came back is told of once a second."""
    await session.look(patience=PATIENCE)
    for pause in _PAUSES:
        verdicts = [state.verdict for state in session.state.goals if not state.done]
        if not any(isinstance(verdict, Unmet) and isinstance(verdict.why, CannotTell) for verdict in verdicts):
            break
        await asyncio.sleep(pause)
        await session.look(patience=PATIENCE)
