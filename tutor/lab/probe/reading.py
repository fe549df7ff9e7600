"""The sockets of one reading: at most one netlink socket a place, all closed at its end.

Nothing outlives a reading, because a socket keeps its namespace alive: ``ip netns del red`` must take red's cables with
it even if the tutor looked a moment ago.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import replace
from typing import Self

from tutor.errors import LabEnded
from tutor.lab.probe.netlink import Netlink, attribute, attributes, text
from tutor.lab.probe.opener import Opener
from tutor.lab.probe.stack import GETLINK, read_stack, read_vlans
from tutor.model.facts import Link, Peer, Stack
from tutor.model.place import Place
from tutor.model.topology import SwitchPort

_GETNSID = 90
_NETNSA_NSID, _NETNSA_FD = 1, 3
_NSID_HEADER = bytes(4)
_IFLA_IFNAME, _IFLA_TARGET_NETNSID = 3, 46
_SIOCGSKNS = 0x894C
_CHUNK = 16  # places asked at a time which of them is the one
_LINK = struct.Struct("=BxHiII")


class Reading:
    """Use as an async context manager."""

    def __init__(self, opener: Opener) -> None:
        self.opener = opener
        self._netlinks: dict[Place, asyncio.Task[Netlink]] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._netlinks.values():
            task.cancel()
        for opened in await asyncio.gather(*self._netlinks.values(), return_exceptions=True):
            if isinstance(opened, Netlink):
                opened.close()

    async def netlink(self, place: Place) -> Netlink:
        """The route netlink socket of the place. Raises what the opener raises."""
        task = self._netlinks.get(place)
        if task is None:
            task = self._netlinks[place] = asyncio.create_task(self._open(place))
        return await asyncio.shield(task)

    async def _open(self, place: Place) -> Netlink:
        # asyncio wants datagram sockets; netlink does not tell them from raw ones (netlink(7)).
        sock = await self.opener.socket(place, socket.AF_NETLINK, socket.SOCK_DGRAM, socket.NETLINK_ROUTE)
        return Netlink(sock)

    async def stack(self, place: Place) -> Stack:
        """All of the place's stack; peers carry their place where it is a known one. Raises ``OSError``."""
        netlink = await self.netlink(place)
        stack, foreign = await read_stack(netlink)
        if any(link.vlan_filtering for link in stack.links):
            stack = replace(stack, vlans=await read_vlans(netlink))
        veths = [link for link in stack.links if link.peer]
        if not veths:
            return stack
        away = {link.index: foreign[link.index] for link in veths if link.index in foreign}
        hidden = self._to_switches(place)
        wanted = {away[link.index] for link in veths if link.index in away and link.name not in hidden}
        places = await self._places(netlink, place, wanted)
        names = await self._peer_names(netlink, [(link, away[link.index]) for link in veths if link.index in away])
        return replace(stack, links=tuple(_with_peer(link, stack, place, away, places, names) for link in stack.links))

    async def _places(self, netlink: Netlink, place: Place, numbers: set[int]) -> dict[int, Place]:
        """Which known place each namespace id of ``netlink``'s namespace means."""
        found: dict[int, Place] = {}
        if not numbers:
            return found
        async with aclosing(self._known_places(place)) as chunks:
            async for chunk in chunks:
                opened = await asyncio.gather(*(self.netlink(other) for other in chunk), return_exceptions=True)
                known = [(other, end) for other, end in zip(chunk, opened, strict=True) if isinstance(end, Netlink)]
                for number, other in await _numbers(netlink, known):
                    found.setdefault(number, other)
                if numbers <= found.keys():
                    break
        return found

    async def _known_places(self, first: Place) -> AsyncGenerator[list[Place], None]:
        """Likeliest first: the machine itself, its namespaces, then the other machines with theirs."""
        others = [machine.name for machine in self.opener.topology.machines if machine.name != first.machine]
        yield [Place(first.machine)]
        for chunk in _chunks(await self._named(first.machine)):
            yield chunk
        for chunk in _chunks([Place(machine) for machine in others]):
            yield chunk
        for machine in others:
            for chunk in _chunks(await self._named(machine)):
                yield chunk

    def _to_switches(self, place: Place) -> frozenset[str]:
        """Names of the links that end in a switch of the topology: in no place, so there is none to look for."""
        if place.netns is not None:
            return frozenset()
        plugs = self.opener.topology.machine(place.machine).interfaces
        return frozenset(interface.name for interface in plugs if isinstance(interface.plug, SwitchPort))

    async def _named(self, machine: str) -> list[Place]:
        with suppress(OSError, LookupError, LabEnded):
            return [Place(machine, name) for name in await self.opener.namespaces(machine)]
        return []

    async def _peer_names(self, netlink: Netlink, links: list[tuple[Link, int]]) -> dict[int, str]:
        """The name of each link's peer, by the link's index."""
        requests = [
            _LINK.pack(0, 0, link.peer.index if link.peer else 0, 0, 0)
            + attribute(_IFLA_TARGET_NETNSID, struct.pack("=i", number))
            for link, number in links
        ]
        answers = await netlink.ask_all(GETLINK, requests)
        return {
            link.index: text(attributes(answer, _LINK.size).get(_IFLA_IFNAME, b""))
            for (link, _), answer in zip(links, answers, strict=True)
            if isinstance(answer, bytes)
        }


def _chunks(places: list[Place]) -> Iterator[list[Place]]:
    return (places[start : start + _CHUNK] for start in range(0, len(places), _CHUNK))


def _with_peer(
    link: Link, stack: Stack, place: Place, away: dict[int, int], places: dict[int, Place], names: dict[int, str]
) -> Link:
    if link.peer is None:
        return link
    if link.index in away:
        return replace(link, peer=Peer(places.get(away[link.index]), link.peer.index, names.get(link.index)))
    here = stack.by_index(link.peer.index)
    return replace(link, peer=Peer(place, link.peer.index, here.name if here else None))


async def _numbers(netlink: Netlink, known: list[tuple[Place, Netlink]]) -> list[tuple[int, Place]]:
    """The id that each place has in ``netlink``'s namespace; places without one are left out."""
    held: list[tuple[Place, int]] = []
    try:
        for place, end in known:
            # A namespace's descriptor from a socket in it (netdevice(7) has no word of it; linux/sockios.h).
            with suppress(OSError):
                held.append((place, fcntl.ioctl(end.sock, _SIOCGSKNS)))
        requests = [_NSID_HEADER + attribute(_NETNSA_FD, struct.pack("=I", number)) for _, number in held]
        answers = await netlink.ask_all(_GETNSID, requests)
    finally:
        for _, number in held:
            os.close(number)
    numbers = []
    for (place, _), answer in zip(held, answers, strict=True):
        if isinstance(answer, bytes):
            number = struct.unpack("=i", attributes(answer, len(_NSID_HEADER)).get(_NETNSA_NSID, b"\xff" * 4))[0]
            if number >= 0:
                numbers.append((number, place))
    return numbers
