"""``why``: commands typed into a fresh lab, and then a flow walked over what they left."""

from __future__ import annotations

from collections.abc import Sequence

from tutor.diagnosis import CannotTell, Flow, Outcome, follow
from tutor.errors import UsageError
from tutor.lab import Lab
from tutor.model.facts import Stack, Way
from tutor.model.lesson import Command, Lesson
from tutor.model.place import Place
from tutor.model.wants import Address, StackOf
from tutor.replay.typing import machine_of, type_all
from tutor.session import Session


async def why(
    lesson: Lesson, commands: Sequence[Command], source: Place, target: Address | Place, port: int | None = None
) -> Outcome:
    """Walk from ``source`` to ``target``, or to the address of that place: an echo request, or with ``port`` a TCP
    connection.

    Raises ``LabError`` where no lab can be had and ``UsageError`` for a place without an address.
    """
    for command in commands:
        machine_of(lesson, command)
    session = await Session.boot(lesson)
    try:
        await session.open_step(0)
        await type_all(session, commands, [], None)
        return await why_here(session, source, target, port)
    finally:
        await session.close()


async def why_here(session: Session, source: Place, target: Address | Place, port: int | None = None) -> Outcome:
    """The same in a running lab, as it is now. It reads only. ``UsageError`` for a place without an address."""
    lab = session.lab
    end = target if isinstance(target, Place) else None
    address = await _address(lab, target) if isinstance(target, Place) else target
    flow = Flow(source, address, "icmp" if port is None else "tcp", port, end)
    way = (await lab.read([flow])).of(flow)
    return follow(way, flow) if isinstance(way, Way) else CannotTell(way.detail)


async def _address(lab: Lab, place: Place) -> Address:
    """The first address of a place that others can use."""
    stack = (await lab.read([StackOf(place)])).of(StackOf(place))
    if not isinstance(stack, Stack):
        raise UsageError(f"{place} has no address to send to: {stack.detail}")
    found = [
        given.interface.ip for given in stack.addresses if given.scope == "global" and given.interface.version == 4
    ]
    if not found:
        raise UsageError(f"{place} has no address to send to; write the one it should have")
    return found[0]
