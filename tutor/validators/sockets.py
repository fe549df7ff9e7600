"""Who listens where: sockets with their addresses, ports and processes, and processes themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model.facts import Facts, Listener, Process, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, ListenersOf, ProcessesOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


class Transport(StrEnum):
    TCP = "tcp"
    UDP = "udp"


@validator("listening")
@dataclass(frozen=True)
class Listening:
    """A socket waits at this port; where asked, at this very address, or for packets to one; and of this process."""

    port: int = param("the port")
    place: Place = param("where", name="in")
    transport: Transport = param("the protocol", name="protocol", default=Transport.TCP)
    address: Address | None = param("the address that it is bound to, such as 0.0.0.0, 127.0.0.1 or `::`", default=None)
    reached: Address | None = param("an address of the place that must reach it", name="for", default=None)
    process: str | None = param("the name of the process that must hold it", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({ListenersOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        where = tell(" at {address}", address=self.address or self.reached) if self.address or self.reached else ""
        expected = tell("a socket that listens{where} on port {port} {within}", where=where, port=self.port,
                        within=say.within(self.place))  # fmt: skip
        if self.process:
            expected = tell("{socket}, of {process}", socket=expected, process=self.process)
        found = facts.of(ListenersOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        look = look_at(self.place, self.transport)
        sockets = at_port(found.sockets, self.port, self.transport)
        if not sockets:
            others = at_port(found.sockets, self.port, Transport.UDP if self.transport is Transport.TCP else "tcp")
            observed = tell("nobody listens on port {port}", port=self.port)
            if others:
                observed = tell("{who} listens on port {port}, but for {protocol}", who=_who(others[0]), port=self.port,
                                protocol=others[0].protocol)  # fmt: skip
            return Unmet(expected, observed, Layer.SERVICE, look)
        right = [one for one in sockets if self._at_right_address(one)]
        if right and self.process and all(one.process is None for one in right):
            return Unknown(tell("which process holds the socket could not be read"))
        if any(self.process in (None, one.process) for one in right):
            return Met(_told(right[0]))
        return Unmet(expected, say.joined(_told(one) for one in right or sockets), Layer.SERVICE, look)

    def _at_right_address(self, one: Listener) -> bool:
        return self.address in (None, one.address) and (self.reached is None or hears(one, self.reached))


@validator("not-listening")
@dataclass(frozen=True)
class NotListening:
    """No socket waits at this port; where asked, none that packets to an address reach."""

    port: int = param("the port")
    place: Place = param("where", name="in")
    transport: Transport = param("the protocol", name="protocol", default=Transport.TCP)
    reached: Address | None = param(
        "an address of the place; sockets for others do not count", name="for", default=None
    )

    def wants(self) -> frozenset[Want]:
        return frozenset({ListenersOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        where = tell(" at {address}", address=self.reached) if self.reached else ""
        expected = tell("nobody listens{where} on port {port} {within}", where=where, port=self.port,
                        within=say.within(self.place))  # fmt: skip
        found = facts.of(ListenersOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        for one in at_port(found.sockets, self.port, self.transport):
            if self.reached is None or hears(one, self.reached):
                return Unmet(expected, _told(one), Layer.SERVICE, look_at(self.place, self.transport))
        return Met(expected)


@dataclass(frozen=True)
class _ProcessLike:
    name: str = param("its name, or the last part of the program it was started as")
    place: Place = param("where its network is", name="in")
    arguments: str | None = param("words that must stand in its command line, one after another", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({ProcessesOf(self.place)})

    def _found(self, processes: Iterable[Process]) -> Process | None:
        return next((one for one in processes if self._is(one)), None)

    def _is(self, one: Process) -> bool:
        program = one.arguments[0].rpartition("/")[2] if one.arguments else one.name
        command = f" {' '.join(one.arguments)} "
        return self.name in (one.name, program) and (self.arguments is None or f" {self.arguments} " in command)


@validator("process")
@dataclass(frozen=True)
class Running(_ProcessLike):
    """A process of this name runs in a place."""

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a process {name} {within}", name=self.name, within=say.within(self.place))
        found = facts.of(ProcessesOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        if one := self._found(found.processes):
            return Met(tell("{name} runs as process {pid}", name=self.name, pid=one.pid))
        look = say.command(self.place, f"pgrep -a {self.name}")
        return Unmet(expected, tell("no process {name} runs there", name=self.name), Layer.SERVICE, look)


@validator("no-process")
@dataclass(frozen=True)
class NotRunning(_ProcessLike):
    """No process of this name runs in a place (give the goal `baseline: true`)."""

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("no process {name} {within}", name=self.name, within=say.within(self.place))
        found = facts.of(ProcessesOf(self.place))
        if isinstance(found, Unreadable):
            return say.unreadable(found, self.place, expected)
        if one := self._found(found.processes):
            observed = tell("{name} runs as process {pid}", name=self.name, pid=one.pid)
            return Unmet(expected, observed, Layer.SERVICE, say.command(self.place, f"pgrep -a {self.name}"))
        return Met(tell("no process {name} runs there", name=self.name))


def at_port(sockets: Iterable[Listener], port: int, transport: str) -> list[Listener]:
    """The sockets that wait at the port, those of IPv6 among them."""
    return [one for one in sockets if one.port == port and one.protocol in (transport, f"{transport}6")]


def hears(one: Listener, target: Address) -> bool:
    """Whether packets for this address of the place come to the socket (ip(7), ipv6(7))."""
    if one.address.is_unspecified:
        return one.address.version == target.version or (one.address.version == 6 and not one.only_v6)
    return one.address == target


def look_at(place: Place, transport: str) -> str:
    """The command that lists them."""
    return say.command(place, f"ss -pln{'t' if transport == 'tcp' else 'u'}")


def _who(one: Listener) -> str:
    return one.process or tell("a process")


def _told(one: Listener) -> str:
    where = f"[{one.address}]:{one.port}" if one.address.version == 6 else f"{one.address}:{one.port}"
    return tell("{who} listens at {where}", who=_who(one), where=where)
