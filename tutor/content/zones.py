"""The short form of zones in the front matter -> zone files (RFC 1035, section 5), one name server an address.

What a zone file needs beside the records of the lesson is made here: SOA and NS records, the delegation of each zone in
the nearest zone above it, and the address of each name server where it belongs and where it is needed as glue.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address

from tutor.content import values
from tutor.content.tree import Node, Scalar
from tutor.model.topology import ServiceSpec

_KEYS = ("server", "name", "ttl", "records")
_TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT")
_ZONE = re.compile(r"\.|[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63})*\.?")
_OWNER = re.compile(r"@|[A-Za-z0-9_*-]{1,63}(\.[A-Za-z0-9_-]{1,63})*")
_TTL, _DELEGATION_TTL, _NEGATIVE_TTL = 300, 86400, 60
_LONGEST = 604800


@dataclass(slots=True)
class _Zone:
    """``name`` and ``server`` end in a dot; ``lines`` are those of the zone file, with whole names."""

    name: str
    server: str
    address: IPv4Address | IPv6Address
    ttl: int
    lines: list[str] = field(default_factory=list)

    def holds(self, name: str) -> bool:
        return self.name == "." or name == self.name or name.endswith(f".{self.name}")


def authorities(node: Node) -> tuple[ServiceSpec, ...]:
    """A service for every address that is named, with all its zones; ``ContentError``."""
    zones = [_zone(key, body) for key, body in _entries(node)]
    for zone in zones:
        _delegate(zone, zones)
    options: dict[str, dict[str, str]] = {}
    for zone in zones:
        mine = options.setdefault(str(zone.address), {"address": str(zone.address)})
        mine[f"zone {zone.name}"] = _text(zone)
    return tuple(ServiceSpec("authority", None, mine) for mine in options.values())


def _entries(node: Node) -> list[tuple[Scalar, Node]]:
    zones = node.mapping("'zones'")
    return [(Scalar(node.shown, zones.key_lines[name], name, True), body) for name, body in zones.entries.items()]


def _zone(key: Scalar, node: Node) -> _Zone:
    if not _ZONE.fullmatch(key.value):
        raise key.error(f"{key.value!r} is not the name of a zone (lower case letters, digits, hyphens and dots)")
    name = f"{key.value.rstrip('.')}."
    what = f"zone {key.value!r}"
    body = node.mapping(what)
    body.only(_KEYS, what)
    address = values.address(body.need("server", what), f"{what}: 'server'")
    default = "a.root-servers.net" if name == "." else f"ns.{name}"
    server, ttl = body.get("name"), body.get("ttl")
    server_name = values.matching(server, _ZONE, "the name of a name server") if server else default
    zone = _Zone(name, f"{server_name.rstrip('.')}.", address,
                 values.between(ttl, 0, _LONGEST, f"{what}: 'ttl'") if ttl else _TTL)  # fmt: skip
    if records := body.get("records"):
        _add_records(zone, records, f"{what}: 'records'")
    return zone


def _add_records(zone: _Zone, node: Node, what: str) -> None:
    entries = node.mapping(what)
    for owner, value in entries.entries.items():
        key = Scalar(node.shown, entries.key_lines[owner], owner, True)
        if not _OWNER.fullmatch(owner):
            raise key.error(f"{what}: {owner!r} is not a name in the zone (`@` is the zone itself)")
        found = [_record(item, what) for item in value.items(f"{what}: {owner!r}")]
        if len(found) > 1 and any(kind == "CNAME" for kind, _ in found):
            raise key.error(f"{what}: {owner!r} has a CNAME, so it can have nothing else")
        origin = "" if zone.name == "." else zone.name
        whole = zone.name if owner == "@" else f"{owner}.{origin}"
        zone.lines += [f"{whole} {zone.ttl} {kind} {data}" for kind, data in found]


def _record(node: Node, what: str) -> tuple[str, str]:
    """``192.0.2.1``, or a type and its data: ``CNAME web``. Names in the data are below the zone, or end in a dot."""
    text = node.text(what)
    kind, _, data = text.partition(" ")
    if not data:
        return ("AAAA" if values.address(node, what).version == 6 else "A"), text
    if kind not in _TYPES or "\n" in data:
        raise node.error(f"{what}: {text!r} is neither an address nor one of {', '.join(_TYPES)} with its data")
    if kind in ("A", "AAAA"):
        try:
            right = ip_address(data.strip()).version == (6 if kind == "AAAA" else 4)
        except ValueError:
            right = False
        if not right:
            raise node.error(f"{what}: {data!r} is no address for a record of type {kind}")
    return kind, data.strip()


def _delegate(zone: _Zone, zones: list[_Zone]) -> None:
    """Tell the nearest zone above of this one, and everybody who has to know where its name server is."""
    kind = "AAAA" if zone.address.version == 6 else "A"
    where = f"{zone.server} {_DELEGATION_TTL} {kind} {zone.address}"
    above = _nearest([other for other in zones if other is not zone and other.holds(zone.name)])
    home = _nearest([other for other in zones if other.holds(zone.server)])
    if above is not None:
        above.lines.append(f"{zone.name} {_DELEGATION_TTL} NS {zone.server}")
        if above.holds(zone.server):
            above.lines.append(where)
    if home is not None:
        home.lines.append(where)


def _nearest(zones: list[_Zone]) -> _Zone | None:
    return max(zones, key=lambda zone: zone.name.rstrip(".").count(".") + (zone.name != "."), default=None)


def _text(zone: _Zone) -> str:
    mail = "hostmaster." if zone.name == "." else f"hostmaster.{zone.name}"
    head = [
        f"$ORIGIN {zone.name}",
        f"$TTL {zone.ttl}",
        f"@ {zone.ttl} SOA {zone.server} {mail} 1 1800 900 {_LONGEST} {min(zone.ttl, _NEGATIVE_TTL)}",
        f"@ {_DELEGATION_TTL} NS {zone.server}",
    ]
    return "\n".join([*head, *dict.fromkeys(zone.lines)]) + "\n"
