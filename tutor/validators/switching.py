"""What a bridge has learnt, which VLANs its ports carry, and what spanning tree makes of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tutor.i18n import tell
from tutor.model.facts import Facts, FdbEntry, Link, PortVlan, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import StackOf, Want
from tutor.validators import say
from tutor.validators.bridges import find
from tutor.validators.link_settings import named
from tutor.validators.neighbours import macs
from tutor.validators.registry import param, validator


class PortState(StrEnum):
    """What spanning tree lets a port do (linux/if_bridge.h, BR_STATE_*), in the kernel's order."""

    DISABLED = "disabled"
    LISTENING = "listening"
    LEARNING = "learning"
    FORWARDING = "forwarding"
    BLOCKING = "blocking"


@validator("fdb")
@dataclass(frozen=True)
class FdbHas:
    """A bridge knows behind which port a MAC address lies: one given, or one of a place."""

    bridge: str = param("the bridge")
    at: Place = param("where the bridge is", name="in")
    owner: Place | None = param("the place whose MAC address it is", name="of", default=None)
    mac: str | None = param("the MAC address", default=None)
    port: str | None = param("the port behind which it must lie", default=None)
    vlan: int | None = param("the VLAN in which it was seen", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset(StackOf(place) for place in (self.at, self.owner) if place is not None)

    def judge(self, facts: Facts) -> Verdict:
        whose = say.place(self.owner) if self.owner else self.mac or "a neighbour"
        expected = tell("{bridge} has learnt where {owner} is", bridge=self.bridge, owner=whose)
        if self.port:
            expected = tell(
                "{bridge} has learnt {owner} behind {port}", bridge=self.bridge, owner=whose, port=self.port
            )
        right = {self.mac.lower()} if self.mac else None
        if self.owner is not None:
            there = facts.of(StackOf(self.owner))
            if isinstance(there, Unreadable):
                return say.unreadable(there, self.owner, expected)
            right = set(macs(there))
        here = facts.of(StackOf(self.at))
        if isinstance(here, Unreadable):
            return say.unreadable(here, self.at, expected)
        bridge = find(here, self.bridge, expected, self.at)
        if isinstance(bridge, Unmet):
            return bridge
        seen = [(entry, port) for entry, port in _learnt(here, bridge) if right is None or entry.mac in right]
        seen = [(entry, port) for entry, port in seen if self.vlan in (None, entry.vlan)]
        look = say.command(self.at, f"bridge fdb show br {self.bridge}")
        if not seen:
            observed = tell("{bridge} has not heard of {owner} lately", bridge=self.bridge, owner=whose)
            return Unmet(expected, observed, Layer.LINK, look)
        for entry, port in seen:
            if self.port in (None, port.name):
                return Met(tell("{mac} is behind {port}", mac=entry.mac, port=port.name))
        entry, port = seen[0]
        return Unmet(expected, tell("{mac} is behind {port}", mac=entry.mac, port=port.name), Layer.LINK, look)


@validator("vlan-filtering")
@dataclass(frozen=True)
class VlanFiltering:
    """A bridge looks at VLANs, or does not."""

    bridge: str = param("the bridge")
    at: Place = param("where it is", name="in")
    on: bool = param("it must look at them", default=True)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        words = {
            True: tell("{bridge} looks at VLANs", bridge=self.bridge),
            False: tell("{bridge} does not look at VLANs", bridge=self.bridge),
        }
        bridge = _bridge(facts, self.bridge, self.at, words[self.on])
        if not isinstance(bridge, Link):
            return bridge
        observed = words[bridge.vlan_filtering]
        if bridge.vlan_filtering is not self.on:
            return Unmet(words[self.on], observed, Layer.LINK, say.ip(self.at, f"-d link show {self.bridge}"))
        return Met(observed)


@validator("stp")
@dataclass(frozen=True)
class SpanningTree:
    """A bridge takes part in spanning tree, or does not."""

    bridge: str = param("the bridge")
    at: Place = param("where it is", name="in")
    on: bool = param("it must take part", default=True)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        words = {
            True: tell("spanning tree is on at {bridge}", bridge=self.bridge),
            False: tell("spanning tree is off at {bridge}", bridge=self.bridge),
        }
        bridge = _bridge(facts, self.bridge, self.at, words[self.on])
        if not isinstance(bridge, Link):
            return bridge
        if bridge.stp is not self.on:
            return Unmet(words[self.on], words[bridge.stp], Layer.LINK, say.ip(self.at, f"-d link show {self.bridge}"))
        return Met(words[bridge.stp])


@validator("port-state")
@dataclass(frozen=True)
class PortStateIs:
    """A port of a bridge is in this state of spanning tree; without it, ports that are up forward."""

    port: str = param("the port")
    at: Place = param("where it is", name="in")
    states: tuple[PortState, ...] = param("the states that will do", name="state")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        wanted = say.joined(self.states, "or")
        expected = tell("{port} {state}", port=self.port, state=wanted)
        stack = facts.of(StackOf(self.at))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.at, expected)
        port = _port(stack, self.port, self.at, expected)
        if isinstance(port, Unmet):
            return port
        if port.port_state is None or port.port_state >= len(PortState):
            return Unknown(tell("the state of {port} is not known", port=self.port))
        state = tuple(PortState)[port.port_state]
        observed = tell("{port} is {state}", port=self.port, state=state)
        if state not in self.states:
            return Unmet(expected, observed, Layer.LINK, say.command(self.at, f"bridge link show dev {self.port}"))
        return Met(observed)


@validator("port-vlan")
@dataclass(frozen=True)
class PortVlanIs:
    """A port of a bridge that looks at VLANs carries this one."""

    port: str = param("the port")
    vlan: int = param("the number of the VLAN")
    at: Place = param("where the port is", name="in")
    pvid: bool | None = param("untagged frames that come in belong to it, or do not", default=None)
    untagged: bool | None = param("its frames go out without a tag, or with one", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        how = _flags(bool(self.pvid), bool(self.untagged))
        expected = tell("{port} carries VLAN {vlan}{how}", port=self.port, vlan=self.vlan, how=how)
        vlans = _vlans(facts, self.port, self.at, expected)
        if not isinstance(vlans, tuple):
            return vlans
        found = next((one for one in vlans if one.vlan == self.vlan), None)
        if found is None:
            observed = tell("{port} carries {vlans}", port=self.port, vlans=_told(vlans))
        elif self.pvid in (None, found.pvid) and self.untagged in (None, found.untagged):
            return Met(expected)
        else:
            how = _flags(found.pvid, found.untagged) or ", tagged"
            observed = tell("{port} carries VLAN {vlan}{how}", port=self.port, vlan=self.vlan, how=how)
        return Unmet(expected, observed, Layer.LINK, say.command(self.at, f"bridge vlan show dev {self.port}"))


@validator("no-port-vlan")
@dataclass(frozen=True)
class NoPortVlan:
    """A port of a bridge that looks at VLANs does not carry this one."""

    port: str = param("the port")
    vlan: int = param("the number of the VLAN")
    at: Place = param("where the port is", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.at)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{port} does not carry VLAN {vlan}", port=self.port, vlan=self.vlan)
        vlans = _vlans(facts, self.port, self.at, expected)
        if not isinstance(vlans, tuple):
            return vlans
        observed = tell("{port} carries {vlans}", port=self.port, vlans=_told(vlans))
        if any(one.vlan == self.vlan for one in vlans):
            return Unmet(expected, observed, Layer.LINK, say.command(self.at, f"bridge vlan show dev {self.port}"))
        return Met(observed)


def _bridge(facts: Facts, name: str, place: Place, expected: str) -> Link | Unmet | Unknown:
    stack = facts.of(StackOf(place))
    if isinstance(stack, Unreadable):
        return say.unreadable(stack, place, expected)
    return find(stack, name, expected, place)


def _port(stack: Stack, name: str, place: Place, expected: str) -> Link | Unmet:
    link = named(stack, name, place, expected)
    if isinstance(link, Unmet):
        return link
    master = stack.by_index(link.master)
    if master is None or master.kind != "bridge":
        look = say.ip(place, f"link show {name}")
        return Unmet(expected, tell("{port} is not a port of a bridge", port=name), Layer.LINK, look)
    return link


def _vlans(facts: Facts, name: str, place: Place, expected: str) -> tuple[PortVlan, ...] | Unmet | Unknown:
    stack = facts.of(StackOf(place))
    if isinstance(stack, Unreadable):
        return say.unreadable(stack, place, expected)
    port = _port(stack, name, place, expected)
    if isinstance(port, Unmet):
        return port
    bridge = stack.by_index(port.master)
    if bridge is not None and not bridge.vlan_filtering:
        observed = tell("{bridge} does not look at VLANs", bridge=bridge.name)
        return Unmet(expected, observed, Layer.LINK, say.ip(place, f"-d link show {bridge.name}"))
    return tuple(one for one in stack.vlans if one.link == port.index)


def _learnt(stack: Stack, bridge: Link) -> list[tuple[FdbEntry, Link]]:
    """What was learnt or entered for others; the ports' own addresses are left out."""
    ports = {port.index: port for port in stack.ports_of(bridge)}
    return [(entry, ports[entry.link]) for entry in stack.fdb if not entry.permanent and entry.link in ports]


def _told(vlans: tuple[PortVlan, ...]) -> str:
    if not vlans:
        return tell("no VLAN")
    return tell("VLAN {numbers}", numbers=say.joined(str(one.vlan) for one in vlans))


def _flags(pvid: bool, untagged: bool) -> str:
    return (", pvid" if pvid else "") + (", untagged" if untagged else "")
