"""What was read from the lab, at one moment. Immutable, comparable, free of file descriptors.

Every answer may instead be ``Unreadable``: then the validator says ``unknown`` (or, where the cause is the learner's
own state, such as a namespace that does not exist, ``unmet``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import overload

from tutor.model import wants
from tutor.model.cni import Reservations, ReservationsOf
from tutor.model.containers import ContainerGet, Docker, DockerOf
from tutor.model.place import Place
from tutor.model.rules import PacketChain
from tutor.model.topology import Interface, Topology
from tutor.model.wants import Address, Want


class Gone(StrEnum):
    """Why something could not be read."""

    NO_NAMESPACE = "no such namespace"
    NO_MACHINE = "no such machine"
    NO_FILE = "no such file"
    NOT_PERMITTED = "not permitted"
    TIMED_OUT = "timed out"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """No answer. ``reason`` is the class, ``detail`` one clause for the learner, ``place`` the one that is gone, which
    need not be where the question starts."""

    reason: Gone
    detail: str
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Names under ``/run/netns`` that are network namespaces, sorted."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a veth: its place if a known one, and its interface index there."""

    place: Place | None
    index: int
    name: str | None = None


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """``net.ipv4.conf`` of one link, as set on it alone: ``all`` may add to it."""

    forwarding: bool = False
    rp_filter: int = 0
    proxy_arp: bool = False
    accept_local: bool = False
    route_localnet: bool = False
    arp_ignore: int = 0
    arp_filter: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """One interface. ``up`` is administrative (``IFF_UP``), ``running`` is carrier (``IFF_LOWER_UP``)."""

    index: int
    name: str
    kind: str  # "veth", "bridge", "vxlan", ... ; "loopback"; "" where the kernel names none
    up: bool
    running: bool
    mac: str
    mtu: int
    master: int | None = None
    peer: Peer | None = None
    stp: bool = False  # of a bridge
    port_state: int | None = None  # of a bridge port: 0 disabled .. 3 forwarding 4 blocking
    settings: LinkSettings | None = None  # of IPv4; None where it has none
    queue: str = ""  # the queueing discipline: noqueue, noop, pfifo_fast, ...
    vlan_filtering: bool = False  # of a bridge


@dataclass(frozen=True, slots=True)
class LinkAddress:
    """An address on the link with this index. ``tentative``: duplicate address detection has not ended."""

    link: int
    interface: Interface
    scope: str = "global"
    tentative: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """``destination`` in CIDR; the default route is ``0.0.0.0/0`` or ``::/0``."""

    destination: str
    gateway: Address | None
    link: int | None
    source: Address | None = None
    table: int = 254
    type: str = "unicast"
    metric: int = 0
    dead: bool = False  # its next hop's link is down: it is not used
    hops: int = field(default=1, compare=False)  # of how many next hops this is one
    tos: int = 0


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """``ip rule``: priority, prefixes matched (``None`` is any), the table looked up, and the version of IP."""

    priority: int
    source: str | None
    destination: str | None
    table: int
    version: int = 4
    action: str = "lookup"  # or blackhole, unreachable, prohibit, goto, nop
    in_link: str | None = None
    mark: int | None = None
    other: str | None = None  # names of conditions that this type has no word for


@dataclass(frozen=True, slots=True)
class Neighbour:
    """An ARP or NDP entry. ``state``: reachable, stale, delay, probe, failed, incomplete, permanent, noarp."""

    link: int
    address: Address
    mac: str | None
    state: str


@dataclass(frozen=True, slots=True)
class ProxyEntry:
    """``ip neigh add proxy``: ARP questions for this address are answered on the link, with ``None`` on every one."""

    link: int | None
    address: Address


@dataclass(frozen=True, slots=True)
class FdbEntry:
    """A forwarding entry of a bridge: this MAC lies behind this port."""

    link: int
    mac: str
    permanent: bool
    static: bool = False  # it never ages, and never moves to another port
    vlan: int | None = None


@dataclass(frozen=True, slots=True)
class PortVlan:
    """A VLAN that a bridge lets through a port. ``pvid``: untagged frames that come in belong to it; ``untagged``:
    its frames go out without a tag."""

    link: int
    vlan: int
    pvid: bool = False
    untagged: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """One network namespace as the kernel dumped it."""

    links: tuple[Link, ...] = ()
    addresses: tuple[LinkAddress, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[PolicyRule, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    fdb: tuple[FdbEntry, ...] = ()
    proxies: tuple[ProxyEntry, ...] = ()
    local: tuple[Route, ...] = ()  # the local table (255): what is delivered here, and broadcast addresses
    vlans: tuple[PortVlan, ...] = ()  # of the ports of bridges that look at VLANs

    def link(self, name: str) -> Link | None:
        return next((link for link in self.links if link.name == name), None)

    def by_index(self, index: int | None) -> Link | None:
        return next((link for link in self.links if link.index == index), None)

    def addresses_of(self, link: Link) -> tuple[LinkAddress, ...]:
        return tuple(address for address in self.addresses if address.link == link.index)

    def ports_of(self, bridge: Link) -> tuple[Link, ...]:
        return tuple(link for link in self.links if link.master == bridge.index)


@dataclass(frozen=True, slots=True)
class NatRule:
    """A source or destination rewrite. ``action``: masquerade, snat, dnat, redirect. A match of ``None`` is any."""

    action: str
    hook: str  # prerouting, input, output, postrouting
    source: str | None = None
    destination: str | None = None
    protocol: str | None = None
    port: str | None = None
    out_link: str | None = None
    in_link: str | None = None
    to: str | None = None
    text: str = ""
    source_port: str | None = None


@dataclass(frozen=True, slots=True)
class BaseChain:
    """A chain at a hook, with its policy (``accept`` or ``drop``)."""

    family: str
    table: str
    name: str
    hook: str
    policy: str


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What was understood of the rules; ``text`` is all of them as ``nft list ruleset`` says it."""

    nat: tuple[NatRule, ...] = ()
    chains: tuple[BaseChain, ...] = ()
    drops: tuple[str, ...] = ()  # rules, reached from any hook, that drop or reject, as text
    text: str = ""
    program: tuple[PacketChain, ...] = ()  # every chain with every rule, in the kernel's order
    unread: tuple[str, ...] = ()  # rules that are there but could not be read, in words


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket. ``process`` is the command name where it could be found, ``pids`` all that hold it."""

    protocol: str  # tcp, tcp6, udp, udp6
    address: Address
    port: int
    process: str | None = None
    pids: tuple[int, ...] = field(default=(), compare=False)
    only_v6: bool = field(default=False, compare=False)  # of an IPv6 socket: IPv4 does not reach it


@dataclass(frozen=True, slots=True)
class Listeners:
    sockets: tuple[Listener, ...]


@dataclass(frozen=True, slots=True)
class Process:
    """``pid`` is the one that the machine knows it by; ``name`` has at most 15 bytes (comm of proc(5))."""

    pid: int
    name: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Processes:
    """By pid. Those that are dead and wait to be collected are left out."""

    processes: tuple[Process, ...]


@dataclass(frozen=True, slots=True)
class Direction:
    """One direction of a connection. The ports of ICMP are ``None``."""

    source: Address
    destination: Address
    source_port: int | None = None
    destination_port: int | None = None


@dataclass(frozen=True, slots=True)
class Connection:
    """An entry of conntrack: how the first packet came, and how the answer to it looks where it comes in.

    ``source_translated`` and ``destination_translated``: a NAT rule has rewritten it.
    """

    protocol: str  # tcp, udp, icmp, icmpv6, or a number
    original: Direction
    reply: Direction
    answered: bool = False
    assured: bool = False
    source_translated: bool = False
    destination_translated: bool = False
    state: str | None = None  # of TCP: syn_sent, established, time_wait, ...


@dataclass(frozen=True, slots=True)
class Conntrack:
    connections: tuple[Connection, ...]


@dataclass(frozen=True, slots=True)
class RouteChoice:
    """The kernel's answer; ``error`` is its refusal (``Network is unreachable``) where there is no way."""

    link: str | None = None
    gateway: Address | None = None
    source: Address | None = None
    error: str | None = None
    table: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A packet of ours, captured at ``place`` on ``link``. ``reply`` tells an answer from a request."""

    place: Place
    link: str
    source: Address
    destination: Address
    ttl: int
    source_port: int | None = None
    destination_port: int | None = None
    reply: bool = False


@dataclass(frozen=True, slots=True)
class IcmpError:
    """An ICMP error that came back: who sent it, and its meaning (``network unreachable``, ``time exceeded``)."""

    sender: Address
    meaning: str


@dataclass(frozen=True, slots=True)
class PingResult:
    """``error`` is the kernel's refusal to send (``Network is unreachable``); else what came back and where we were."""

    sent: int
    replies: int
    error: str | None = None
    icmp_errors: tuple[IcmpError, ...] = ()
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class TcpResult:
    """``connected``: a SYN was answered by a SYN. ``error`` is ``connection refused``, ``timed out``, or the kernel's
    refusal to send (``Network is unreachable``); ``sent`` is how many SYNs left before that."""

    sent: int
    connected: bool = False
    error: str | None = None
    icmp_errors: tuple[IcmpError, ...] = ()
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class UdpResult:
    """``error`` is ``connection refused`` (an ICMP port unreachable) or the kernel's refusal to send; silence is none:
    nobody has to answer a datagram."""

    sent: int
    replies: int = 0
    error: str | None = None
    icmp_errors: tuple[IcmpError, ...] = ()
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class HttpResult:
    """``error``: ``connection refused``, ``timed out``, ``Network is unreachable``; else status and start of body."""

    status: int | None = None
    body: str = ""
    error: str | None = None
    arrivals: tuple[Arrival, ...] = ()
    connected: bool = field(default=False, compare=False)  # whatever came of it then


@dataclass(frozen=True, slots=True)
class DnsRecord:
    """A record of an answer (RFC 1035, section 3.2). Names end in a dot."""

    owner: str
    ttl: int
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class DnsResult:
    """``rcode`` as text (``NOERROR``, ``NXDOMAIN``); answers are the data of the records of the asked type.

    ``records`` is the whole answer in its order, ``referral`` the name servers that it refers to instead of answering,
    with their addresses where it gave them. ``authoritative`` and ``recursive`` are the bits AA and RA.
    """

    rcode: str | None = None
    answers: tuple[str, ...] = ()
    authoritative: bool = False
    ttl: int | None = None
    error: str | None = None
    recursive: bool = False
    records: tuple[DnsRecord, ...] = ()
    referral: tuple[DnsRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What a name server of resolv.conf(5) said when it was asked for ``name`` directly."""

    server: Address
    name: str
    result: DnsResult


@dataclass(frozen=True, slots=True)
class Resolution:
    """The addresses in the order in which a program would try them, and the canonical name.

    Where there are none, ``asked`` has what each name server said; ``in_time`` is false where nothing was heard at all
    for so long that programs hang.
    """

    addresses: tuple[str, ...] = ()
    canonical: str | None = None
    asked: tuple[Asked, ...] = ()
    in_time: bool = True


@dataclass(frozen=True, slots=True)
class Way:
    """What was read of the places along a way, and the machines that there are."""

    topology: Topology
    read: Mapping[Want, Fact | Unreadable]


State = Text | Namespaces | Stack | Ruleset | Listeners | Processes | Conntrack | RouteChoice | Way
Fact = Docker | Reservations | State | PingResult | TcpResult | UdpResult | HttpResult | DnsResult | Resolution


@dataclass(frozen=True, slots=True)
class Facts:
    """All answers of one reading. ``answers`` are the learner's own replies to questions, by goal id."""

    read: Mapping[Want, Fact | Unreadable] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)

    @overload
    def of(self, want: wants.NamespacesOf) -> Namespaces | Unreadable: ...
    @overload
    def of(self, want: wants.StackOf) -> Stack | Unreadable: ...
    @overload
    def of(self, want: wants.RulesetOf) -> Ruleset | Unreadable: ...
    @overload
    def of(self, want: wants.ListenersOf) -> Listeners | Unreadable: ...
    @overload
    def of(self, want: wants.ProcessesOf) -> Processes | Unreadable: ...
    @overload
    def of(self, want: wants.ConntrackOf) -> Conntrack | Unreadable: ...
    @overload
    def of(self, want: wants.SysctlOf | wants.FileOf) -> Text | Unreadable: ...
    @overload
    def of(self, want: wants.WayOf) -> Way | Unreadable: ...
    @overload
    def of(self, want: wants.RouteLookup) -> RouteChoice | Unreadable: ...
    @overload
    def of(self, want: wants.Ping) -> PingResult | Unreadable: ...
    @overload
    def of(self, want: wants.TcpProbe) -> TcpResult | Unreadable: ...
    @overload
    def of(self, want: wants.UdpProbe) -> UdpResult | Unreadable: ...
    @overload
    def of(self, want: wants.HttpGet | ContainerGet) -> HttpResult | Unreadable: ...
    @overload
    def of(self, want: DockerOf) -> Docker | Unreadable: ...
    @overload
    def of(self, want: ReservationsOf) -> Reservations | Unreadable: ...
    @overload
    def of(self, want: wants.DnsLookup) -> DnsResult | Unreadable: ...
    @overload
    def of(self, want: wants.NameLookup) -> Resolution | Unreadable: ...
    def of(self, want: Want) -> Fact | Unreadable:
        """The answer to ``want``; one that was never asked is ``Unreadable(FAILED)``, never a guess."""
        missing = Unreadable(Gone.FAILED, "it was not read")
        return self.read.get(want, missing)
