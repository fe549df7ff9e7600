"""The ``services`` of a machine in the front matter -> what the lab starts, in order."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_interface

from tutor.content import values, zones
from tutor.content.tree import Mapping, Node, Sequence
from tutor.model.topology import Interface, ServiceSpec

_KINDS = {
    "http": ("netns", "port", "address", "page"),
    "dns": ("netns", "port", "names"),
    "resolver": ("netns", "port", "address", "root", "forward", "names"),
    "docker": (),
    "etcd": (),
}
ZONES = "zones"


def services(node: Node, what: str) -> tuple[ServiceSpec, ...]:
    """Each entry gives one service; ``zones`` gives one for each name server that it names."""
    if not isinstance(node, Sequence):
        raise node.error(f"{what} must be a list, not {node.kind}")
    return tuple(spec for item in node.elements for spec in _service(item, what))


def own_addresses(services: tuple[ServiceSpec, ...], owned: tuple[Interface, ...]) -> tuple[Interface, ...]:
    """The addresses that services are to listen on and that the machine has not got."""
    have = {interface.ip for interface in owned}
    wanted = [ip_interface(spec.options["address"]) for spec in services
              if "address" in spec.options and spec.netns is None]  # fmt: skip
    return tuple(dict.fromkeys(interface for interface in wanted if interface.ip not in have))


def _service(node: Node, what: str) -> tuple[ServiceSpec, ...]:
    body = node.mapping(what)
    if len(body.entries) != 1:
        raise node.error(f"{what}: each one is a kind with its options, such as {{http: {{port: 80}}}}")
    kind, options_node = next(iter(body.entries.items()))
    if kind == ZONES:
        return zones.authorities(options_node)
    if kind not in _KINDS:
        raise body.unknown(kind, (*_KINDS, ZONES), "the list of services")
    what = f"service {kind!r}"
    options = options_node.mapping(what)
    options.only(_KINDS[kind], what)
    netns = options.get("netns")
    return (ServiceSpec(kind, netns.text(f"{what}: 'netns'") if netns else None, _plain(kind, options, what)),)


def _plain(kind: str, options: Mapping, what: str) -> dict[str, str]:
    plain: dict[str, str] = {}
    if port := options.get("port"):
        plain["port"] = str(values.between(port, 1, 65535, f"{what}: 'port'"))
    for key in ("address", "root", "forward"):
        if node := options.get(key):
            plain[key] = str(_address(node, f"{what}: {key!r}"))
    if page := options.get("page"):
        plain["page"] = page.text(f"{what}: 'page'")
    if names := options.get("names"):
        mark = "name " if kind == "resolver" else ""
        plain |= {f"{mark}{name}": address for name, address in values.hosts(names, f"{what}: 'names'").items()}
    if kind == "resolver" and ("root" in plain) == ("forward" in plain):
        raise options.error(f"{what} needs either 'root' or 'forward'")
    return plain


def _address(node: Node, what: str) -> IPv4Address | IPv6Address:
    return values.address(node, what)
