"""The network that a lesson starts with: machines, their interfaces, switches, services.

A *switch* is an unmanaged Ethernet switch outside every machine. An interface is plugged into a switch, or
straight into an interface of another machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Interface, IPv6Interface

Interface = IPv4Interface | IPv6Interface


@dataclass(frozen=True, slots=True)
class SwitchPort:
    """The interface is plugged into the switch of this name."""

    switch: str


@dataclass(frozen=True, slots=True)
class Cable:
    """The interface is plugged into ``machine``'s ``interface``; the other end says so too, or is implied."""

    machine: str
    interface: str


@dataclass(frozen=True, slots=True)
class InterfaceSpec:
    """One interface of a machine. ``up`` is its state at boot; with ``mac`` ``None`` the kernel chooses one."""

    name: str
    plug: SwitchPort | Cable
    addresses: tuple[Interface, ...] = ()
    up: bool = True
    mac: str | None = None
    mtu: int | None = None


@dataclass(frozen=True, slots=True)
class RouteSpec:
    """``destination`` in CIDR or ``default``; ``via`` a gateway address."""

    destination: str
    via: str


@dataclass(frozen=True, slots=True)
class ServiceSpec:
    """A daemon that runs from the start, on the machine or in one of its namespaces (after ``setup``).

    Every option is text. ``kind`` is ``http`` (options ``port``, ``address``, ``page``), ``dns`` (``port``, and name ->
    address for its own answers), ``authority`` (``address``, and ``zone NAME`` -> zone file), or ``resolver``
    (``port``, ``address``, ``root`` or ``forward``, and ``name NAME`` -> address).
    """

    kind: str
    netns: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class MachineSpec:
    """A machine. ``shell`` gives it a tab in the tutorial; ``setup`` are shell lines run as its root at boot."""

    name: str
    interfaces: tuple[InterfaceSpec, ...] = ()
    routes: tuple[RouteSpec, ...] = ()
    addresses: tuple[Interface, ...] = ()  # on lo
    forward: bool = False
    shell: bool = True
    hosts: Mapping[str, str] = field(default_factory=dict)  # name -> address, into /etc/hosts
    resolver: str | None = None
    setup: tuple[str, ...] = ()
    services: tuple[ServiceSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class Topology:
    """All machines of a lesson, in the order of the file. Switches are those that the interfaces name."""

    machines: tuple[MachineSpec, ...]

    def machine(self, name: str) -> MachineSpec:
        """``KeyError`` where there is none of that name."""
        for spec in self.machines:
            if spec.name == name:
                return spec
        raise KeyError(name)

    @property
    def switches(self) -> tuple[str, ...]:
        plugs = (interface.plug for machine in self.machines for interface in machine.interfaces)
        return tuple(dict.fromkeys(plug.switch for plug in plugs if isinstance(plug, SwitchPort)))

    @property
    def shells(self) -> tuple[str, ...]:
        """The names of the machines that have a shell, in order; the first is the learner's own."""
        return tuple(machine.name for machine in self.machines if machine.shell)
