"""``why``: commands typed into a fresh lab, and then a flow walked over what they left."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from ipaddress import ip_address

from tutor.diagnosis import CannotTell, Flow, Outcome, follow
from tutor.errors import UsageError
from tutor.i18n import tell
from tutor.lab import Lab
from tutor.model.facts import Stack, Way
from tutor.model.lesson import Command, Lesson
from tutor.model.place import Place
from tutor.model.topology import Topology
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


def asked(topology: Topology, source: str, destination: str) -> tuple[Place, Address | Place, int | None]:
    """SOURCE and DESTINATION[:PORT] as they are typed; ``UsageError`` for what is none."""
    return (_place(topology, source), *_target(topology, destination))


def _place(topology: Topology, text: str) -> Place:
    names = [machine.name for machine in topology.machines]
    try:
        place = Place.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if place.machine not in names:
        raise UsageError(
            tell(
                "there is no machine {machine}; this lesson has {words}",
                machine=repr(place.machine),
                words=", ".join(names),
            )
        )
    return place


def _target(topology: Topology, text: str) -> tuple[Address | Place, int | None]:
    """An address, ``[IPV6]:PORT`` too, or a place."""
    with contextlib.suppress(ValueError):
        return ip_address(text), None
    host, colon, port = text.rpartition(":")
    if not colon or host.endswith("/docker"):  # a container: host/docker:web
        return _place(topology, text), None
    if not (port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(tell("{text} is no address or place, with or without a port", text=repr(text)))
    with contextlib.suppress(ValueError):
        return ip_address(host.removeprefix("[").removesuffix("]")), int(port)
    return _place(topology, host), int(port)


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
        raise UsageError(tell("{place} has no address to send to: {detail}", place=place, detail=stack.detail))
    found = [
        given.interface.ip for given in stack.addresses if given.scope == "global" and given.interface.version == 4
    ]
    if not found:
        raise UsageError(tell("{place} has no address to send to; write the one it should have", place=place))
    return found[0]
