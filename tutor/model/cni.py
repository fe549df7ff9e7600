"""The Container Network Interface: what its plugins print, what they are told, and what they leave on the disk.

Shapes as in the CNI specification 1.0.0, sections 1 ("Network configuration format") and 5 ("Result types").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from typing import Any

from tutor.i18n import Told, tell

RESERVED = "/var/lib/cni/networks"  # host-local keeps its addresses there, a directory a network


@dataclass(frozen=True, slots=True)
class ReservationsOf:
    """A want: the addresses that host-local has given away in a network. Answer: ``Reservations``."""

    machine: str
    network: str


@dataclass(frozen=True, slots=True)
class Reservation:
    """Who has an address: a container by its id, for an interface."""

    address: IPv4Address | IPv6Address
    container: str
    interface: str | None = None


@dataclass(frozen=True, slots=True)
class Reservations:
    """Sorted by address; empty where the network was never used."""

    reserved: tuple[Reservation, ...]


class NotUsable(ValueError):
    """A text is not what it should be; ``why`` is one clause."""

    def __init__(self, why: Told) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Interface:
    """``sandbox`` is the path of the container's namespace; ``None`` for an interface of the host."""

    name: str
    mac: str | None = None
    sandbox: str | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """An address, and the interface that got it."""

    address: IPv4Interface | IPv6Interface
    interface: Interface | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a successful ADD prints."""

    interfaces: tuple[Interface, ...]
    addresses: tuple[Assigned, ...]
    routes: tuple[IPv4Network | IPv6Network, ...]

    @classmethod
    def parse(cls, text: str) -> Result:
        """Raises ``NotUsable``."""
        data = _document(text)
        if "msg" in data and "ips" not in data:
            raise NotUsable(tell("it is an error: {message}", message=data["msg"]))
        for key in ("cniVersion", "ips"):
            if key not in data:
                raise NotUsable(tell("it has no {key}", key=key))
        try:
            interfaces = tuple(
                Interface(str(one["name"]), one.get("mac"), one.get("sandbox")) for one in data.get("interfaces", [])
            )
            return cls(
                interfaces,
                tuple(_assigned(one, interfaces) for one in data["ips"]),
                tuple(ip_network(one["dst"]) for one in data.get("routes", [])),
            )
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise NotUsable(tell("it is not as a plugin prints it ({error})", error=error)) from error


def _assigned(one: Mapping[str, Any], interfaces: tuple[Interface, ...]) -> Assigned:
    index = one.get("interface")
    return Assigned(ip_interface(one["address"]), None if index is None else interfaces[index])


@dataclass(frozen=True, slots=True)
class Plugin:
    """The configuration of one plugin."""

    network: str
    type: str
    settings: Mapping[str, Any]

    @property
    def subnets(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """Out of which its IPAM plugin gives addresses; what is no network is left out."""
        return tuple(_networks(self.settings.get("ipam")))


def plugins(text: str) -> tuple[Plugin, ...]:
    """Those that a network configuration names: one, or those of a list. Raises ``NotUsable``."""
    data = _document(text)
    name = data.get("name")
    if not isinstance(name, str) or not name:
        raise NotUsable(tell("it has no {key}", key="name"))
    if not isinstance(data.get("cniVersion"), str):
        raise NotUsable(tell("it has no {key}", key="cniVersion"))
    listed = data.get("plugins", [data])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise NotUsable(tell("its plugins are no list of { }"))
    if any(not isinstance(one.get("type"), str) for one in listed):
        raise NotUsable(tell("it has no type: which plugin is it for?"))
    return tuple(Plugin(name, one["type"], one) for one in listed)


def _networks(ipam: object) -> Iterator[IPv4Network | IPv6Network]:
    if not isinstance(ipam, dict):
        return
    ranges = ipam.get("ranges")
    sets = ranges if isinstance(ranges, list) else []
    found = [ipam, *(one for some in sets if isinstance(some, list) for one in some if isinstance(one, dict))]
    for one in found:
        try:
            yield ip_network(str(one["subnet"]))
        except (KeyError, ValueError):
            continue


def _document(text: str) -> dict[str, Any]:
    if not text.strip():
        raise NotUsable(tell("it is empty"))
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        said = f"{error.msg[:1].lower()}{error.msg[1:]}"
        raise NotUsable(tell("line {number} is no JSON: {error}", number=error.lineno, error=said)) from error
    if not isinstance(data, dict):
        raise NotUsable(tell("it is not one { }"))
    return data


def reservation(name: str, text: str) -> Reservation | None:
    """A file of host-local's: its name is the address, its lines the container and the interface. Others are none."""
    try:
        address = ip_address(name)
    except ValueError:
        return None
    lines = text.splitlines()
    return Reservation(address, lines[0].strip() if lines else "", lines[1].strip() if len(lines) > 1 else None)
