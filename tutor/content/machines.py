"""The ``machines`` of the front matter -> a topology, checked so far that a lab can be built from it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TypeVar

from tutor.content import services, values
from tutor.content.tree import Mapping, Node, Scalar, nearest
from tutor.model.topology import (
    Cable,
    Interface,
    InterfaceSpec,
    MachineSpec,
    RouteSpec,
    SwitchPort,
    Topology,
)

_MACHINE = ("interfaces", "routes", "addresses", "forward", "shell", "hosts", "resolver", "setup", "services")
_INTERFACE = ("switch", "cable", "addresses", "up", "mac", "mtu")
_HOSTNAME = re.compile(r"[a-z]([a-z0-9-]{0,30}[a-z0-9])?")
_LINK = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,14}")
_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
MAXIMUM_MACHINES = 64

_Value = TypeVar("_Value")


def topology(node: Node) -> Topology:
    entries = node.mapping("'machines'")
    if not entries.entries:
        raise node.error("a lesson needs at least one machine")
    if len(entries.entries) > MAXIMUM_MACHINES:
        raise node.error(f"a lesson has at most {MAXIMUM_MACHINES} machines")
    machines = tuple(_machine(entries, name, body) for name, body in entries.entries.items())
    result = Topology(machines)
    if not any(machine.shell for machine in machines):
        raise node.error("no machine has a shell")
    _check_cables(entries, result)
    return result


def _machine(parent: Mapping, name: str, node: Node) -> MachineSpec:
    if not _HOSTNAME.fullmatch(name):
        raise _at(parent, name, f"{name!r} is not a host name (lower case letters, digits and hyphens)")
    what = f"machine {name!r}"
    if node.kind == "nothing":
        return MachineSpec(name)
    body = node.mapping(what)
    body.only(_MACHINE, what)

    def optional(key: str, convert: Callable[[Node, str], _Value], default: _Value) -> _Value:
        value = body.get(key)
        return default if value is None else convert(value, f"{what}: {key!r}")

    spec = MachineSpec(
        name,
        interfaces=optional("interfaces", _interfaces, ()),
        routes=optional("routes", _routes, ()),
        addresses=optional("addresses", _addresses, ()),
        forward=optional("forward", values.truth, False),
        shell=optional("shell", values.truth, True),
        hosts=optional("hosts", values.hosts, {}),
        resolver=optional("resolver", lambda value, where: str(values.address(value, where)), None),
        setup=optional("setup", shell_lines, ()),
        services=optional("services", services.services, ()),
    )
    owned = (*spec.addresses, *(address for interface in spec.interfaces for address in interface.addresses))
    return replace(spec, addresses=(*spec.addresses, *services.own_addresses(spec.services, owned)))


def _at(parent: Mapping, key: str, reason: str) -> Exception:
    return Node(parent.shown, parent.key_lines[key]).error(reason)


def _interfaces(node: Node, what: str) -> tuple[InterfaceSpec, ...]:
    entries = node.mapping(what)
    return tuple(_interface(entries, name, body, what) for name, body in entries.entries.items())


def _interface(parent: Mapping, name: str, node: Node, what: str) -> InterfaceSpec:
    if not _LINK.fullmatch(name) or name == "lo":
        raise _at(parent, name, f"{what}: {name!r} is not the name of an interface (at most 15 characters, not lo)")
    what = f"interface {name!r}"
    body = node.mapping(what)
    body.only(_INTERFACE, what)
    switch, cable = body.get("switch"), body.get("cable")
    if (switch is None) == (cable is None):
        raise node.error(f"{what} needs either 'switch' or 'cable'")
    plug = SwitchPort(values.matching(switch, _LINK, "a switch name")) if switch else _cable(cable or node)
    addresses, up, mac, mtu = (body.get(key) for key in ("addresses", "up", "mac", "mtu"))
    return InterfaceSpec(
        name,
        plug,
        addresses=_addresses(addresses, f"{what}: 'addresses'") if addresses else (),
        up=values.truth(up, f"{what}: 'up'") if up else True,
        mac=values.matching(mac, _MAC, "a MAC address such as 02:00:00:00:00:01") if mac else None,
        mtu=values.between(mtu, 68, 65535, f"{what}: 'mtu'") if mtu else None,
    )


def _cable(node: Node) -> Cable:
    machine, slash, interface = node.text("'cable'").partition("/")
    if not slash or not machine or not interface:
        raise node.error("'cable' must be machine/interface, the other end")
    return Cable(machine, interface)


def _check_cables(node: Mapping, topology: Topology) -> None:
    """Both ends of a cable exist and name each other, and nothing is plugged into itself."""
    names = tuple(machine.name for machine in topology.machines)
    for machine in topology.machines:
        for interface in machine.interfaces:
            plug = interface.plug
            if not isinstance(plug, Cable):
                continue
            here = f"{machine.name}/{interface.name}"
            if plug.machine not in names:
                reason = f"the cable of {here} leads to no machine{nearest(plug.machine, names)}"
                raise _at(node, machine.name, reason)
            ends = {end.name: end for end in topology.machine(plug.machine).interfaces}
            end = ends.get(plug.interface)
            if end is None or end.plug != Cable(machine.name, interface.name) or end is interface:
                reason = f"the cable of {here} leads to {plug.machine}/{plug.interface}, which does not say so too"
                raise _at(node, machine.name, reason)


def _addresses(node: Node, what: str) -> tuple[Interface, ...]:
    return tuple(values.interface(item, what) for item in node.items(what))


def _routes(node: Node, what: str) -> tuple[RouteSpec, ...]:
    routes = []
    for destination, via in node.mapping(what).entries.items():
        if destination != "default":
            values.network(_key(node, destination), what)
        routes.append(RouteSpec(destination, str(values.address(via, what))))
    return tuple(routes)


def _key(node: Node, key: str) -> Node:
    return Scalar(node.shown, node.mapping("").key_lines[key], key, True)


def shell_lines(node: Node, what: str) -> tuple[str, ...]:
    """A block of shell lines, or a list of them; comments and blank lines are left out."""
    items: Iterable[Node] = node.items(what)
    lines = (line.strip() for item in items for line in item.text(what).split("\n"))
    return tuple(line for line in lines if line and not line.startswith("#"))
