"""Links, addresses, routes, rules, neighbours and FDB of one namespace, as its kernel dumps them.

Sources: rtnetlink(7), linux/rtnetlink.h, linux/if_link.h, linux/neighbour.h, linux/fib_rules.h. The local table (255)
is kept apart, as ``ip route`` leaves it out: the kernel fills it from the addresses. Of the FDB, the device's own
multicast filters are left out, and of the neighbours the entries that need no resolution (as ``ip neigh`` does).
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from tutor.lab.probe.netlink import Netlink, attribute, attributes, text
from tutor.model.facts import (
    FdbEntry,
    Link,
    LinkAddress,
    LinkSettings,
    Neighbour,
    Peer,
    PolicyRule,
    PortVlan,
    ProxyEntry,
    Route,
    RouteChoice,
    Stack,
)
from tutor.model.wants import Address, RouteLookup

GETLINK, _GETADDR, _GETROUTE, _GETNEIGH, _GETRULE = 18, 22, 26, 30, 34

_LOCAL_TABLE = 255
_LINK = struct.Struct("=BxHiII")
_ADDR = struct.Struct("=BBBBi")
_ROUTE = struct.Struct("=BBBBBBBBI")
_NEIGH = struct.Struct("=BxxxiHBB")
_NEXTHOP = struct.Struct("=HBBi")
_U32 = struct.Struct("=I")

_IFF_UP, _IFF_LOOPBACK, _IFF_LOWER_UP = 0x1, 0x8, 0x10000
_EXT_MASK, _SKIP_STATISTICS, _BRIDGE_VLANS = 29, 8, 2
_TENTATIVE = 0x40
_NUD = {
    0x01: "incomplete",
    0x02: "reachable",
    0x04: "stale",
    0x08: "delay",
    0x10: "probe",
    0x20: "failed",
    0x80: "permanent",
}
_NOARP, _PERMANENT = 0x40, 0x80
_DEAD = 0x1
_PROXY = 0x8
_NAME_TABLE = 0x1000  # RTM_F_LOOKUP_TABLE
_RULE_ACTIONS = {1: "lookup", 2: "goto", 3: "nop", 6: "blackhole", 7: "unreachable", 8: "prohibit"}
_RULE_CONDITIONS = {4: "goto", 10: "fwmark", 17: "oif", 19: "l3mdev", 20: "uidrange", 22: "ipproto", 23: "sport",
                    24: "dport", 25: "dscp"}  # fmt: skip
_INVERTED = 2
_LARGEST = 0xFFFFFFFF
_SCOPES = {0: "global", 200: "site", 253: "link", 254: "host", 255: "nowhere"}
_ROUTE_TYPES = (
    "unspec",
    "unicast",
    "local",
    "broadcast",
    "anycast",
    "multicast",
    "blackhole",
    "unreachable",
    "prohibit",
    "throw",
    "nat",
)


def _u32(value: bytes | None, default: int = 0) -> int:
    return default if value is None or len(value) < 4 else _U32.unpack_from(value)[0]


def _mac(value: bytes | None) -> str:
    return value.hex(":") if value and len(value) == 6 else ""


def _address(value: bytes | None) -> Address | None:
    match len(value or b""):
        case 4:
            return IPv4Address(value)
        case 16:
            return IPv6Address(value)
        case _:
            return None


def decode_link(payload: bytes) -> tuple[Link, int | None]:
    """The link, and the namespace id under which this namespace knows the one of its peer (``None``: the same)."""
    _, _, index, flags, _ = _LINK.unpack_from(payload)
    found = attributes(payload, _LINK.size)
    info = attributes(found.get(18, b""))
    kind = text(info.get(1, b"")) or ("loopback" if flags & _IFF_LOOPBACK else "")
    data = attributes(info.get(2, b""))
    port = attributes(info.get(5, b"")) if info.get(4, b"").startswith(b"bridge") else {}
    peer_index = _u32(found.get(5))
    namespace = struct.unpack("=i", found[37])[0] if 37 in found else None
    link = Link(
        index=index,
        name=text(found.get(3, b"")),
        kind=kind,
        up=bool(flags & _IFF_UP),
        running=bool(flags & _IFF_LOWER_UP),
        mac=_mac(found.get(1)),
        mtu=_u32(found.get(4)),
        master=_u32(found.get(10)) or None,
        peer=Peer(None, peer_index) if kind == "veth" and peer_index else None,
        stp=kind == "bridge" and _u32(data.get(5)) != 0,
        port_state=port[1][0] if port.get(1) else None,
        settings=_settings(found.get(26, b"")),
        queue=text(found.get(6, b"")),
        vlan_filtering=bool((data.get(7) or b"\0")[0]) if kind == "bridge" else False,
    )
    return link, namespace


def _settings(families: bytes) -> LinkSettings | None:
    """IFLA_AF_SPEC, AF_INET, IFLA_INET_CONF: numbers in the order of linux/ip.h (IPV4_DEVCONF_*, from 1)."""
    data = attributes(attributes(families).get(socket.AF_INET, b"")).get(1, b"")
    numbers = (0, *(value for (value,) in struct.iter_unpack("=i", data[: len(data) & ~3])))
    if len(numbers) <= 26:
        return None
    return LinkSettings(
        forwarding=bool(numbers[1]),
        rp_filter=numbers[8],
        proxy_arp=bool(numbers[3]),
        accept_local=bool(numbers[23]),
        route_localnet=bool(numbers[26]),
        arp_ignore=numbers[19],
        arp_filter=bool(numbers[13]),
    )


def decode_address(payload: bytes) -> LinkAddress | None:
    """``None`` for a family that is not IP."""
    family, prefix, flags, scope, index = _ADDR.unpack_from(payload)
    found = attributes(payload, _ADDR.size)
    # On a point-to-point link ADDRESS is the other end and LOCAL is ours; IPv6 has mostly no LOCAL.
    value = found.get(2) or found.get(1) or b""
    interface: IPv4Interface | IPv6Interface
    if family == socket.AF_INET and len(value) == 4:
        interface = IPv4Interface((value, prefix))
    elif family == socket.AF_INET6 and len(value) == 16:
        interface = IPv6Interface((value, prefix))
    else:
        return None
    tentative = bool(_u32(found.get(8), flags) & _TENTATIVE)
    return LinkAddress(index, interface, _SCOPES.get(scope, str(scope)), tentative)


def decode_route(payload: bytes) -> list[Route]:
    """One route for each next hop."""
    family, length, _, tos, small_table, _, _, kind, flags = _ROUTE.unpack_from(payload)
    if family not in (socket.AF_INET, socket.AF_INET6):
        return []
    found = attributes(payload, _ROUTE.size)
    table = _u32(found.get(15), small_table)
    raw = found.get(1) or bytes(4 if family == socket.AF_INET else 16)
    destination = f"{socket.inet_ntop(family, raw)}/{length}"
    source, metric = _address(found.get(7)), _u32(found.get(6))
    name = _ROUTE_TYPES[kind] if kind < len(_ROUTE_TYPES) else str(kind)
    hops = _next_hops(found[9]) if 9 in found else [(_gateway(found), _u32(found.get(4)) or None, flags)]
    return [
        Route(destination, gateway, link, source, table, name, metric, bool(state & _DEAD), len(hops), tos)
        for gateway, link, state in hops
    ]


def _gateway(found: dict[int, bytes]) -> Address | None:
    via = found.get(18)  # a gateway of the other family: two bytes of family, then the address
    return _address(found.get(5)) or (_address(via[2:]) if via else None)


def _next_hops(data: bytes) -> list[tuple[Address | None, int | None, int]]:
    hops, offset = [], 0
    while offset + _NEXTHOP.size <= len(data):
        length, flags, _, index = _NEXTHOP.unpack_from(data, offset)
        if length < _NEXTHOP.size:
            break
        found = attributes(data[offset + _NEXTHOP.size : offset + length])
        hops.append((_gateway(found), index or None, flags))
        offset += (length + 3) & ~3
    return hops


def decode_rule(payload: bytes) -> PolicyRule | None:
    """``None`` for the rules of multicast routing, which are dumped among those of IP."""
    family, to_length, from_length, tos, small_table, _, _, action, flags = _ROUTE.unpack_from(payload)
    if family not in (socket.AF_INET, socket.AF_INET6):
        return None
    found = attributes(payload, _ROUTE.size)

    def prefix(number: int, length: int) -> str | None:
        return f"{socket.inet_ntop(family, found[number])}/{length}" if number in found else None

    return PolicyRule(
        priority=_u32(found.get(6)),
        source=prefix(2, from_length),
        destination=prefix(1, to_length),
        table=_u32(found.get(15), small_table),
        version=6 if family == socket.AF_INET6 else 4,
        action=_RULE_ACTIONS.get(action, str(action)),
        in_link=text(found[3]) if 3 in found else None,
        mark=_u32(found[10]) if 10 in found else None,
        other=", ".join(_conditions(found, tos, flags)) or None,
    )


def _conditions(found: dict[int, bytes], tos: int, flags: int) -> list[str]:
    names = [name for number, name in _RULE_CONDITIONS.items() if any(found.get(number, b""))]
    names += ["tos"] if tos else []
    names += ["not"] if flags & _INVERTED else []
    suppressed = any(_u32(found.get(number), _LARGEST) != _LARGEST for number in (13, 14))
    return [*names, "suppress"] if suppressed else names


def decode_neighbour(payload: bytes) -> Neighbour | None:
    """``None`` for an entry that needs no resolution."""
    _, index, state, _, _ = _NEIGH.unpack_from(payload)
    found = attributes(payload, _NEIGH.size)
    address = _address(found.get(1))
    if address is None or state in (0, _NOARP):
        return None
    return Neighbour(index, address, _mac(found.get(2)) or None, _NUD.get(state, str(state)))


def decode_proxy(payload: bytes) -> ProxyEntry | None:
    """``None`` for a family that is not IP."""
    _, index, *_ = _NEIGH.unpack_from(payload)
    address = _address(attributes(payload, _NEIGH.size).get(1))
    return ProxyEntry(index or None, address) if address is not None else None


def decode_fdb(payload: bytes) -> FdbEntry | None:
    """``None`` for a device's own multicast filter."""
    _, index, state, _, _ = _NEIGH.unpack_from(payload)
    found = attributes(payload, _NEIGH.size)
    mac = found.get(2, b"")
    of_bridge, of_tunnel = 9 in found, 1 in found
    if len(mac) != 6 or (mac[0] & 1 and not of_bridge and not of_tunnel):
        return None
    vlan = struct.unpack("=H", found[5])[0] if len(found.get(5, b"")) == 2 else None
    return FdbEntry(index, _mac(mac), bool(state & _PERMANENT), bool(state & _NOARP), vlan)


async def read_stack(netlink: Netlink) -> tuple[Stack, dict[int, int]]:
    """The stack, and for each link whose peer is in another namespace the local id of that namespace.

    Peers have no place yet: ``peers`` knows who is who. Raises ``OSError``.
    """
    asked = _LINK.pack(0, 0, 0, 0, 0) + attribute(_EXT_MASK, _U32.pack(_SKIP_STATISTICS))
    decoded = [decode_link(payload) for payload in await netlink.dump(GETLINK, asked)]
    addresses = [decode_address(payload) for payload in await netlink.dump(_GETADDR, _ADDR.pack(0, 0, 0, 0, 0))]
    blank_route = _ROUTE.pack(0, 0, 0, 0, 0, 0, 0, 0, 0)
    routes = [route for payload in await netlink.dump(_GETROUTE, blank_route) for route in decode_route(payload)]
    rules = [decode_rule(payload) for payload in await netlink.dump(_GETRULE, blank_route)]
    blank_neighbour = _NEIGH.pack(0, 0, 0, 0, 0)
    neighbours = [decode_neighbour(payload) for payload in await netlink.dump(_GETNEIGH, blank_neighbour)]
    blank_proxy = _NEIGH.pack(0, 0, 0, _PROXY, 0)
    proxies = [decode_proxy(payload) for payload in await netlink.dump(_GETNEIGH, blank_proxy)]
    bridge = _NEIGH.pack(socket.AF_BRIDGE, 0, 0, 0, 0)
    fdb = [decode_fdb(payload) for payload in await netlink.dump(_GETNEIGH, bridge)]
    stack = Stack(
        links=tuple(link for link, _ in decoded),
        addresses=tuple(address for address in addresses if address),
        routes=tuple(route for route in routes if route.table != _LOCAL_TABLE),
        local=tuple(route for route in routes if route.table == _LOCAL_TABLE),
        rules=tuple(rule for rule in rules if rule),
        neighbours=tuple(neighbour for neighbour in neighbours if neighbour),
        fdb=tuple(dict.fromkeys(entry for entry in fdb if entry)),
        proxies=tuple(proxy for proxy in proxies if proxy),
    )
    return stack, {link.index: number for link, number in decoded if number is not None}


async def read_vlans(netlink: Netlink) -> tuple[PortVlan, ...]:
    """The VLANs of all ports of all bridges (linux/if_bridge.h). Raises ``OSError``."""
    asked = _LINK.pack(socket.AF_BRIDGE, 0, 0, 0, 0) + attribute(_EXT_MASK, _U32.pack(_BRIDGE_VLANS))
    return tuple(vlan for payload in await netlink.dump(GETLINK, asked) for vlan in decode_vlans(payload))


def decode_vlans(payload: bytes) -> list[PortVlan]:
    """One for each VLAN of a port; the kernel lists each by itself where it is not asked to compress."""
    _, _, index, _, _ = _LINK.unpack_from(payload)
    found, spec, offset = [], attributes(payload, _LINK.size).get(26, b""), 0
    while offset + 4 <= len(spec):  # IFLA_BRIDGE_VLAN_INFO comes many times
        length, kind = struct.unpack_from("=HH", spec, offset)
        if length < 4:
            break
        if kind == 2 and length >= 8:
            flags, vlan = struct.unpack_from("=HH", spec, offset + 4)
            found.append(PortVlan(index, vlan, bool(flags & 0x2), bool(flags & 0x4)))
        offset += (length + 3) & ~3
    return found


async def look_up_route(netlink: Netlink, want: RouteLookup) -> RouteChoice:
    """What ``ip route get`` says; the kernel's refusal is an answer, not an exception."""
    target, source = want.target, want.source
    family = socket.AF_INET if isinstance(target, IPv4Address) else socket.AF_INET6
    length = len(target.packed) * 8
    flags = _NAME_TABLE if family == socket.AF_INET else 0  # IPv6 names the table always, and refuses the flag
    asked = _ROUTE.pack(family, length, length if source else 0, 0, 0, 0, 0, 0, flags) + attribute(1, target.packed)
    asked += attribute(2, source.packed) if source else b""
    asked += attribute(16, _U32.pack(want.mark)) if want.mark else b""
    try:
        asked += attribute(3, _U32.pack(await _index(netlink, want.in_link))) if want.in_link else b""
        found = attributes(await netlink.ask(_GETROUTE, asked), _ROUTE.size)
    except OSError as error:
        return RouteChoice(error=os.strerror(error.errno or errno.EIO))
    link = None
    if index := _u32(found.get(4)):
        link = decode_link(await netlink.ask(GETLINK, _LINK.pack(0, 0, index, 0, 0)))[0].name
    return RouteChoice(link, _gateway(found), _address(found.get(7)), table=_u32(found.get(15), 254))


async def _index(netlink: Netlink, name: str) -> int:
    """Raises ``OSError`` where there is no such link."""
    answer = await netlink.ask(GETLINK, _LINK.pack(0, 0, 0, 0, 0) + attribute(3, name.encode() + b"\0"))
    return int(_LINK.unpack_from(answer)[2])
