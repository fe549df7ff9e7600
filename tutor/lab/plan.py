"""A topology as the plain dict that pid 1 of the lab carries out. The words are those of ``tutor.lab.inside``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, ip_interface, ip_network
from typing import Any

from tutor.errors import LabError
from tutor.i18n import tell
from tutor.model.topology import Cable, Interface, InterfaceSpec, MachineSpec, SwitchPort, Topology

_PROCESSES, _PROCESSES_A_MACHINE, _RESERVE = 512, 4, 256
_MEMORY = 2 << 30
_WRITABLE_MB, _LARGEST_MB, _SMALLEST_MB, _INODES = 1024, 256, 16, 16384


def make(topology: Topology, home: Mapping[str, str], *, tools: str, prefix: str, interpreter: str) -> dict[str, Any]:
    """``tools``: the layer over /usr, ``prefix``: a Python to bring along; both may be empty. ``LabError`` where the
    topology contradicts itself."""
    count = max(1, len(topology.machines))
    cables = _cables(topology)
    size = f"{min(_LARGEST_MB, max(_SMALLEST_MB, _WRITABLE_MB // count))}m"
    return {
        "tools": tools,
        "prefix": prefix,
        "interpreter": interpreter,
        "processes": _PROCESSES + _PROCESSES_A_MACHINE * count,
        "reserve": _RESERVE,
        "memory": min(_MEMORY, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2),
        "switches": list(topology.switches),
        "ports": [
            (machine.name, interface.name, interface.mac, interface.mtu, interface.plug.switch)
            for machine in topology.machines
            for interface in machine.interfaces
            if isinstance(interface.plug, SwitchPort)
        ],
        "cables": [[(name, spec.name, spec.mac, spec.mtu) for name, spec in pair] for pair in cables],
        "machines": [
            _machine(machine, cables, home) | {"size": size, "inodes": _INODES} for machine in topology.machines
        ],
    }


_Pair = tuple[tuple[str, InterfaceSpec], tuple[str, InterfaceSpec]]


def _cables(topology: Topology) -> list[_Pair]:
    """Every cable once, in the order of the file. The far end may be declared there, or is implied and plain."""
    machines = {machine.name: machine for machine in topology.machines}
    pairs: dict[tuple[str, str], _Pair] = {}
    for machine in topology.machines:
        for interface in machine.interfaces:
            plug = interface.plug
            if not isinstance(plug, Cable) or (machine.name, interface.name) in pairs:
                continue
            if plug.machine not in machines:
                raise LabError(
                    tell(
                        "{machine} {interface} is plugged into {other}, which is no machine",
                        machine=machine.name,
                        interface=interface.name,
                        other=plug.machine,
                    )
                )
            declared = {spec.name: spec for spec in machines[plug.machine].interfaces}
            far = declared.get(plug.interface) or InterfaceSpec(plug.interface, Cable(machine.name, interface.name))
            if far.plug != Cable(machine.name, interface.name) or (plug.machine, plug.interface) in pairs:
                raise LabError(
                    tell("{machine} {interface} has two plugs", machine=plug.machine, interface=plug.interface)
                )
            pair = ((machine.name, interface), (plug.machine, far))
            pairs[machine.name, interface.name] = pairs[plug.machine, plug.interface] = pair
    return list(dict.fromkeys(pairs.values()))


def _machine(machine: MachineSpec, cables: list[_Pair], home: Mapping[str, str]) -> dict[str, Any]:
    names = [interface.name for interface in machine.interfaces]
    implied = [spec for pair in cables for name, spec in pair if name == machine.name and spec.name not in names]
    return {
        "name": machine.name,
        "hosts": dict(machine.hosts),
        "resolver": machine.resolver,
        "home": dict(home),
        "forward": machine.forward,
        "addresses": [_address(address) for address in machine.addresses],
        "interfaces": [
            {"name": spec.name, "up": spec.up, "addresses": [_address(address) for address in spec.addresses]}
            for spec in (*machine.interfaces, *implied)
        ],
        "routes": [_route(route.destination, route.via) for route in machine.routes],
    }


def _address(interface: Interface) -> tuple[str, int, str | None]:
    """Address, prefix length, and the broadcast address where ``ip address add ... brd +`` would set one."""
    network = interface.network
    has_broadcast = isinstance(network, IPv4Network) and network.prefixlen < 31
    return str(interface.ip), network.prefixlen, str(network.broadcast_address) if has_broadcast else None


def _route(destination: str, via: str) -> tuple[str, int, str]:
    if destination == "default":
        destination = "::/0" if ip_interface(via).version == 6 else "0.0.0.0/0"
    network = ip_network(destination)
    return str(network.network_address), network.prefixlen, via
