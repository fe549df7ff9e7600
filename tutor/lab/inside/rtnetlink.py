"""Just enough of rtnetlink(7) to wire a lab: encode requests, send many at once, name the one that failed."""

from __future__ import annotations

import _socket
import os
import struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_AF_NETLINK, _NETLINK_ROUTE = 16, 0
_SOL_NETLINK, _NETLINK_CAP_ACK, _NETLINK_EXT_ACK = 270, 10, 11
_NLMSG_ERROR, _NLM_F_REQUEST, _NLM_F_ACK, _NLM_F_EXCL, _NLM_F_CREATE = 2, 1, 4, 0x200, 0x400
_NLM_F_ACK_TLVS, _NLMSGERR_ATTR_MSG = 0x200, 1
_RTM_NEWLINK, _RTM_NEWADDR, _RTM_NEWROUTE = 16, 20, 24
_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_MASTER, _IFLA_LINKINFO, _IFLA_NET_NS_PID = 1, 3, 4, 10, 18, 19
_IFLA_INFO_KIND, _IFLA_INFO_DATA, _VETH_INFO_PEER, _IFLA_BR_MCAST_SNOOPING = 1, 2, 1, 23
_IFA_ADDRESS, _IFA_LOCAL, _IFA_BROADCAST, _IFA_FLAGS, _IFA_F_NODAD = 1, 2, 4, 8, 2
_RTA_DST, _RTA_GATEWAY = 1, 5
_IFF_UP = 1
_BATCH = 64


def _attribute(kind: int, value: bytes) -> bytes:
    length = 4 + len(value)
    return struct.pack("=HH", length, kind) + value + bytes(-length % 4)


def _number(kind: int, value: int) -> bytes:
    return _attribute(kind, struct.pack("=I", value))


def _name(kind: int, value: str) -> bytes:
    return _attribute(kind, value.encode() + b"\0")


def _message(kind: int, flags: int, body: bytes) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, _NLM_F_REQUEST | _NLM_F_ACK | flags, 0, 0) + body


def _interface_header(index: int, *, up: bool) -> bytes:
    return struct.pack("=BxHiII", 0, 0, index, _IFF_UP if up else 0, _IFF_UP if up else 0)


def packed_address(text: str) -> tuple[int, bytes]:
    """Address family and bytes of an address."""
    family = _socket.AF_INET6 if ":" in text else _socket.AF_INET
    return family, _socket.inet_pton(family, text)


class End:
    """One end of a cable: an interface ``name`` in the namespace of process ``pid`` (``None``: here).

    Where both ends of a veth have the same ``index``, the kernel takes it for a device without a peer and announces
    its carrier up to a second late (``linkwatch_urgent_event``). With 0 the kernel gives out the next one.
    """

    def __init__(self, pid: int | None, name: str, mac: str | None, mtu: int | None, index: int = 0) -> None:
        self.pid, self.name, self.mac, self.mtu, self.index = pid, name, mac, mtu, index

    def encode(self, *, up: bool) -> bytes:
        parts = [_interface_header(self.index, up=up), _name(_IFLA_IFNAME, self.name)]
        if self.pid is not None:
            parts.append(_number(_IFLA_NET_NS_PID, self.pid))
        if self.mac:
            parts.append(_attribute(_IFLA_ADDRESS, bytes.fromhex(self.mac.replace(":", ""))))
        if self.mtu:
            parts.append(_number(_IFLA_MTU, self.mtu))
        return b"".join(parts)


def add_bridge(index: int, name: str) -> bytes:
    """A bridge that is up. Without multicast snooping, as a plain switch: every port hears everything at once."""
    data = _attribute(_IFLA_INFO_DATA, _attribute(_IFLA_BR_MCAST_SNOOPING, b"\0"))
    info = _attribute(_IFLA_LINKINFO, _name(_IFLA_INFO_KIND, "bridge") + data)
    body = _interface_header(index, up=True) + _name(_IFLA_IFNAME, name) + info
    return _message(_RTM_NEWLINK, _NLM_F_CREATE | _NLM_F_EXCL, body)


def add_veth(near: End, far: End, *, master: int | None = None) -> bytes:
    """A veth pair (veth(4)); ``near`` comes up, and is a port of the bridge ``master`` where given."""
    peer = _attribute(_IFLA_INFO_DATA, _attribute(_VETH_INFO_PEER, far.encode(up=False)))
    body = near.encode(up=master is not None)
    if master is not None:
        body += _number(_IFLA_MASTER, master)
    body += _attribute(_IFLA_LINKINFO, _name(_IFLA_INFO_KIND, "veth") + peer)
    return _message(_RTM_NEWLINK, _NLM_F_CREATE | _NLM_F_EXCL, body)


def set_up(index: int) -> bytes:
    return _message(_RTM_NEWLINK, 0, _interface_header(index, up=True))


def add_address(index: int, address: str, prefix: int, broadcast: str | None) -> bytes:
    """An address without the wait for duplicate detection (RFC 4862 section 5.4)."""
    family, packed = packed_address(address)
    body = struct.pack("=BBBBI", family, prefix, 0, 0, index)
    body += _attribute(_IFA_LOCAL, packed) + _attribute(_IFA_ADDRESS, packed)
    if broadcast:
        body += _attribute(_IFA_BROADCAST, packed_address(broadcast)[1])
    if family == _socket.AF_INET6:
        body += _number(_IFA_FLAGS, _IFA_F_NODAD)
    return _message(_RTM_NEWADDR, _NLM_F_CREATE | _NLM_F_EXCL, body)


def add_route(destination: str, prefix: int, via: str) -> bytes:
    """A route in the main table, as ``ip route add`` makes it: protocol boot, scope universe."""
    family, gateway = packed_address(via)
    body = struct.pack("=BBBBBBBBI", family, prefix, 0, 0, 254, 3, 0, 1, 0)
    if prefix:
        body += _attribute(_RTA_DST, packed_address(destination)[1])
    return _message(_RTM_NEWROUTE, _NLM_F_CREATE | _NLM_F_EXCL, body + _attribute(_RTA_GATEWAY, gateway))


def connect() -> _socket.socket:
    """A socket to the kernel, for good in the network namespace in which we are now."""
    socket = _socket.socket(_AF_NETLINK, _socket.SOCK_RAW | _socket.SOCK_CLOEXEC, _NETLINK_ROUTE)
    for option in (_NETLINK_CAP_ACK, _NETLINK_EXT_ACK):
        socket.setsockopt(_SOL_NETLINK, option, 1)
    return socket


def perform(requests: Sequence[tuple[str, bytes]], socket: _socket.socket | None = None) -> None:
    """Carry out the requests in order; ``OSError`` whose ``filename`` is the words of the first one that failed."""
    if not requests:
        return
    socket = socket or connect()
    for start in range(0, len(requests), _BATCH):
        batch = requests[start : start + _BATCH]
        numbered = (encoded[:8] + struct.pack("=I", place) + encoded[12:] for place, (_, encoded) in enumerate(batch))
        socket.sendto(b"".join(numbered), (0, 0))
        _collect(socket, batch)


def _collect(socket: _socket.socket, batch: Sequence[tuple[str, bytes]]) -> None:
    answered = 0
    while answered < len(batch):
        data = socket.recv(65536)
        while len(data) >= 20:
            length, kind, flags, place, _, code = struct.unpack_from("=IHHIIi", data)
            if kind == _NLMSG_ERROR:
                answered += 1
                if code:
                    words = _reason(data[36:length]) if flags & _NLM_F_ACK_TLVS else ""
                    raise OSError(-code, words or os.strerror(-code), batch[place][0])
            data = data[(length + 3) & ~3 :]


def _reason(attributes: bytes) -> str:
    """The kernel's own words (NLMSGERR_ATTR_MSG), where it has any."""
    while len(attributes) >= 4:
        length, kind = struct.unpack_from("=HH", attributes)
        if kind == _NLMSGERR_ATTR_MSG:
            return attributes[4:length].rstrip(b"\0").decode("utf-8", "replace")
        attributes = attributes[(max(length, 4) + 3) & ~3 :]
    return ""
