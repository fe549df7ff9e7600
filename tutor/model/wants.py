"""What a validator needs to know. A want is a question to the lab; its answer is a fact of a matching type.

A validator names its wants; ``lab.probe`` reads or tries them; the answers come back in ``Facts`` under the same
key. Wants are hashable values, so that two goals that need the same thing cost one read.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address

from tutor.model.cni import ReservationsOf
from tutor.model.containers import ContainerGet, DockerOf
from tutor.model.place import Place

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class NamespacesOf:
    """The named namespaces of a machine. Answer: ``Namespaces``."""

    machine: str


@dataclass(frozen=True, slots=True)
class StackOf:
    """Links, addresses, routes (all tables), rules, neighbours and FDB of a place. Answer: ``Stack``."""

    place: Place


@dataclass(frozen=True, slots=True)
class RulesetOf:
    """Filter and NAT rules of a place, from nftables and from iptables. Answer: ``Ruleset``."""

    place: Place


@dataclass(frozen=True, slots=True)
class ListenersOf:
    """Listening TCP and bound UDP sockets of a place. Answer: ``Listeners``."""

    place: Place


@dataclass(frozen=True, slots=True)
class ProcessesOf:
    """The processes whose network stack is the place. Answer: ``Processes``."""

    place: Place


@dataclass(frozen=True, slots=True)
class ConntrackOf:
    """The connections that the kernel keeps track of in a place. Answer: ``Conntrack``."""

    place: Place


@dataclass(frozen=True, slots=True)
class SysctlOf:
    """One sysctl below ``/proc/sys``, written with dots: ``net.ipv4.ip_forward``. Answer: ``Text``."""

    place: Place
    key: str


@dataclass(frozen=True, slots=True)
class WayOf:
    """All that decides about the packets of a conversation which ``source`` begins, wherever they come by. ``protocol``
    is icmp (an echo request), tcp or udp; the latter two have a ``port``. ``end`` is the place that should have
    ``target`` in the end, where that is known; ``size`` is as in ``Ping``. Answer: ``Way``."""

    source: Place
    target: Address
    protocol: str = "icmp"
    port: int | None = None
    end: Place | None = None
    size: int = 0


@dataclass(frozen=True, slots=True)
class FileOf:
    """The first 64 KiB of a regular file of a machine. Answer: ``Text``."""

    machine: str
    path: str


@dataclass(frozen=True, slots=True)
class RouteLookup:
    """Which way the kernel would send a packet (``ip route get``). Answer: ``RouteChoice``.

    ``source`` is the address that it comes from, ``mark`` its firewall mark, ``in_link`` the link by which it came in;
    without one it starts here.
    """

    place: Place
    target: Address
    source: Address | None = None
    mark: int = 0
    in_link: str | None = None


@dataclass(frozen=True, slots=True)
class Ping:
    """Echo requests from ``source`` to ``target``, while ``watch`` places capture them. Answer: ``PingResult``.

    With a ``size`` above 0 they carry so many bytes and may not be cut into fragments on their way.
    """

    source: Place
    target: Address
    watch: tuple[Place, ...] = ()
    size: int = 0


@dataclass(frozen=True, slots=True)
class TcpProbe:
    """A SYN from ``source`` to a port, while ``watch`` places capture it. Answer: ``TcpResult``."""

    source: Place
    target: Address
    port: int
    watch: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class UdpProbe:
    """A datagram from ``source`` to a port, while ``watch`` places capture it. Answer: ``UdpResult``."""

    source: Place
    target: Address
    port: int
    watch: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpGet:
    """``GET http://target:port/path`` from ``source``; ``watch`` places capture its SYN. Answer: ``HttpResult``."""

    source: Place
    target: Address
    port: int = 80
    path: str = "/"
    watch: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class DnsLookup:
    """One question from ``source`` to ``server``. ``rrtype`` is ``A``, ``AAAA``, ... Answer: ``DnsResult``.

    It goes over UDP, and over TCP where the answer does not fit, or where ``tcp`` asks for that. Without ``recurse``
    the server is asked for what it knows already, so that its cache stays as it is.
    """

    source: Place
    server: Address
    name: str
    rrtype: str = "A"
    recurse: bool = True
    tcp: bool = False


@dataclass(frozen=True, slots=True)
class NameLookup:
    """What the programs of a place get for a name (getaddrinfo(3)). Answer: ``Resolution``."""

    place: Place
    name: str


Stored = NamespacesOf | StackOf | RulesetOf | ListenersOf | ProcessesOf | ConntrackOf | SysctlOf | FileOf
State = Stored | RouteLookup | WayOf
Traffic = Ping | TcpProbe | UdpProbe | HttpGet | DnsLookup | NameLookup | ContainerGet
Want = State | Traffic | DockerOf | ReservationsOf
