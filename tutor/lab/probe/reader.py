"""All wants of one reading, side by side."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Collection
from typing import assert_never

from tutor.errors import LabEnded
from tutor.lab.probe.files import read_file, read_namespaces, read_sysctl
from tutor.lab.probe.listeners import listeners
from tutor.lab.probe.opener import Opener, unreadable
from tutor.lab.probe.ping import ping
from tutor.lab.probe.reading import Reading
from tutor.lab.probe.rules import ruleset
from tutor.lab.probe.stack import look_up_route
from tutor.model.cni import ReservationsOf
from tutor.model.containers import ContainerGet, DockerOf
from tutor.model.facts import Fact, Facts, Unreadable
from tutor.model.place import Place
from tutor.model.wants import (
    ConntrackOf,
    DnsLookup,
    FileOf,
    HttpGet,
    ListenersOf,
    NameLookup,
    NamespacesOf,
    Ping,
    ProcessesOf,
    RouteLookup,
    RulesetOf,
    StackOf,
    SysctlOf,
    TcpProbe,
    UdpProbe,
    Want,
    WayOf,
)

_LONGEST = 5.0  # seconds for one want, whatever happens; each kind of traffic has its own shorter bound
_AT_ONCE = 32


async def read(lab: Opener, wants: Collection[Want], *, patience: float = 0.5) -> Facts:
    """An answer for each distinct want. Never raises because of what the learner made.

    ``patience`` is how many seconds an echo reply is waited for; connections get twice that.
    """
    distinct = list(dict.fromkeys(wants))
    async with Reading(lab) as reading:
        asking = _Asking(reading, patience)
        try:
            answers = await asyncio.gather(*map(asking.ask, distinct))
        finally:
            asking.stop()
    return Facts(dict(zip(distinct, answers, strict=True)))


class _Asking:
    """Everything is asked once in a reading, also where the answer to another want needs it."""

    def __init__(self, reading: Reading, patience: float) -> None:
        self._reading = reading
        self._patience = patience
        self._turns = asyncio.Semaphore(_AT_ONCE)
        self._tasks: dict[Want, asyncio.Task[Fact | Unreadable]] = {}

    async def ask(self, want: Want) -> Fact | Unreadable:
        task = self._tasks.get(want)
        if task is None:
            task = self._tasks[want] = asyncio.create_task(self._answer(want))
        return await asyncio.shield(task)

    def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()

    async def _answer(self, want: Want) -> Fact | Unreadable:
        try:
            async with asyncio.timeout(_LONGEST):
                if isinstance(want, WayOf):  # which takes no turn, as it waits for others that do
                    from tutor.lab.probe.way import way

                    return await way(self._reading.opener.topology, want, self.ask)
                async with self._turns:
                    return await _read_one(self._reading, want, self._patience)
        except (LabEnded, OSError, LookupError, ValueError, struct.error) as error:
            return unreadable(_place(want), error)


async def _read_one(reading: Reading, want: Want, patience: float) -> Fact | Unreadable:
    opener = reading.opener
    match want:
        case NamespacesOf(machine):
            return await read_namespaces(opener, machine)
        case StackOf(place):
            return await reading.stack(place)
        case RulesetOf(place):
            return await ruleset(opener, place)
        case ListenersOf(place):
            return await listeners(opener, place)
        case SysctlOf():
            return await read_sysctl(opener, want)
        case FileOf():
            return await read_file(opener, want)
        case ProcessesOf(place):
            from tutor.lab.probe.processes import processes

            return await processes(opener, place)
        case ConntrackOf(place):
            from tutor.lab.probe.conntrack import conntrack

            return await conntrack(opener, place)
        case RouteLookup(place):
            return await look_up_route(await reading.netlink(place), want)
        case Ping():
            return await ping(opener, want, patience)
        case TcpProbe():
            from tutor.lab.probe.tcp import tcp_probe

            return await tcp_probe(opener, want, patience)
        case UdpProbe():
            from tutor.lab.probe.udp import udp_probe

            return await udp_probe(opener, want, patience)
        case HttpGet():
            from tutor.lab.probe.http import http_get  # with http.client and email, as long to load as a lab to boot

            return await http_get(opener, want, patience)
        case ReservationsOf():
            from tutor.lab.probe.cni import read_reservations

            return await read_reservations(opener, want)
        case DockerOf():
            from tutor.lab.probe.docker import read_docker

            return await read_docker(opener, want)
        case ContainerGet():
            from tutor.lab.probe.docker import container_get

            return await container_get(opener, want, patience)
        case DnsLookup():
            from tutor.lab.probe.dns import dns_lookup

            return await dns_lookup(opener, want, patience)
        case NameLookup():
            from tutor.lab.probe.names import name_lookup

            return await name_lookup(opener, want)
        case WayOf():
            raise ValueError("it is read by reading others")
        case _:
            assert_never(want)


def _place(want: Want) -> Place:
    match want:
        case NamespacesOf(machine) | FileOf(machine, _) | DockerOf(machine) | ReservationsOf(machine):
            return Place(machine)
        case StackOf(place) | RulesetOf(place) | ListenersOf(place) | ProcessesOf(place) | ConntrackOf(place):
            return place
        case SysctlOf(place) | RouteLookup(place) | NameLookup(place):
            return place
        case ContainerGet(source):
            return source
        case WayOf(source) | Ping(source) | TcpProbe(source) | UdpProbe(source) | HttpGet(source) | DnsLookup(source):
            return source
        case _:
            assert_never(want)
