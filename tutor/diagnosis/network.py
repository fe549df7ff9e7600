"""The facts of all places as one network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_network

from tutor.diagnosis.outcome import unsure
from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import (
    Facts,
    Link,
    LinkAddress,
    Listener,
    Listeners,
    Namespaces,
    Ruleset,
    Stack,
    Text,
    Unreadable,
)
from tutor.model.place import Place
from tutor.model.rules import PacketChain
from tutor.model.topology import SwitchPort, Topology
from tutor.model.wants import Address, ListenersOf, NamespacesOf, RulesetOf, StackOf, SysctlOf, Want

_ALL = "net.ipv4.conf.all."
FORWARDING6, IGNORES6 = "net.ipv6.conf.all.forwarding", "net.ipv6.icmp.echo_ignore_all"
BRIDGED = {4: "net.bridge.bridge-nf-call-iptables", 6: "net.bridge.bridge-nf-call-ip6tables"}
_SYSCTLS6 = (FORWARDING6, IGNORES6, BRIDGED[6])
_SYSCTLS = (
    *(f"{_ALL}{name}" for name in ("rp_filter", "proxy_arp", "accept_local", "arp_ignore", "arp_filter")),
    f"{_ALL}route_localnet",
    "net.ipv4.ip_forward",
    "net.ipv4.icmp_echo_ignore_all",
    BRIDGED[4],
)


def rules_of(place: Place, version: int) -> frozenset[Want]:
    """What decides about packets of this version of IP in a place, beside its stack."""
    keys = _SYSCTLS if version == 4 else _SYSCTLS6
    return frozenset((RulesetOf(place), ListenersOf(place), *(SysctlOf(place, key) for key in keys)))


def places(topology: Topology, facts: Facts) -> tuple[Place, ...]:
    found: list[Place] = []
    for machine in topology.machines:
        found.append(Place(machine.name))
        named = facts.of(NamespacesOf(machine.name))
        if isinstance(named, Namespaces):
            found += [Place(machine.name, name) for name in named.names]
    return tuple(found)


@dataclass(frozen=True)
class Network:
    """All places with what was read of them. Methods raise ``Stop`` where a fact is missing.

    ``missing`` gathers what was asked for and had not been read.
    """

    topology: Topology
    facts: Facts
    places: tuple[Place, ...] = field(init=False)
    missing: set[Want] = field(default_factory=set, init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", places(self.topology, self.facts))

    def _asked(self, want: Want) -> None:
        if want not in self.facts.read:
            self.missing.add(want)

    def _stack(self, place: Place) -> Stack | Unreadable:
        want = StackOf(place)
        self._asked(want)
        return self.facts.of(want)

    def stack(self, place: Place) -> Stack:
        stack = self._stack(place)
        if not isinstance(stack, Stack):
            raise unsure(tell("{place} could not be read: {detail}", place=words.place(place), detail=stack.detail))
        return stack

    def program(self, place: Place) -> tuple[PacketChain, ...]:
        self._asked(want := RulesetOf(place))
        rules = self.facts.of(want)
        if not isinstance(rules, Ruleset):
            raise unsure(
                tell("the rules of {place} could not be read: {detail}", place=words.place(place), detail=rules.detail)
            )
        if rules.unread:
            raise unsure(tell("{place} has {what}", place=words.place(place), what=rules.unread[0].strip("# ").strip()))
        return rules.program

    def setting(self, place: Place, key: str) -> int:
        """A sysctl that is a number; 0 where the kernel has none of that name."""
        self._asked(want := SysctlOf(place, key))
        value = self.facts.of(want)
        return int(value.text) if isinstance(value, Text) and value.text.strip().isdigit() else 0

    def everywhere(self, place: Place, name: str) -> int:
        """``net.ipv4.conf.all.NAME``."""
        return self.setting(place, f"{_ALL}{name}")

    def listens(self, place: Place, protocol: str, address: Address, port: int) -> bool:
        self._asked(want := ListenersOf(place))
        listeners = self.facts.of(want)
        if not isinstance(listeners, Listeners):
            raise unsure(
                tell(
                    "the sockets of {place} could not be read: {detail}",
                    place=words.place(place),
                    detail=listeners.detail,
                )
            )
        return any(
            one.port == port and one.protocol.removesuffix("6") == protocol and _reaches(one, address)
            for one in listeners.sockets
        )

    def owners(self, address: Address) -> Iterator[tuple[Place, Link]]:
        """Every place and link that has this address, whatever state it is in."""
        for place in self.places:
            stack = self._stack(place)
            if isinstance(stack, Stack):
                for given in stack.addresses:
                    link = stack.by_index(given.link)
                    if given.interface.ip == address and link is not None:
                        yield place, link

    def switch_of(self, place: Place, link: Link) -> str | None:
        """The switch of the topology into which this link is plugged."""
        if place.netns is not None:
            return None
        for interface in self.topology.machine(place.machine).interfaces:
            if interface.name == link.name and isinstance(interface.plug, SwitchPort):
                return interface.plug.switch
        return None

    def plugged(self, switch: str) -> Iterator[tuple[Place, str]]:
        """The places and names of all interfaces at a switch."""
        for machine in self.topology.machines:
            for interface in machine.interfaces:
                if interface.plug == SwitchPort(switch):
                    yield Place(machine.name), interface.name


def _reaches(listener: Listener, address: Address) -> bool:
    """Whether packets to the address come to the socket: an IPv6 one gets those of IPv4, too, unless it refused."""
    if listener.address.version == address.version:
        return int(listener.address) == 0 or listener.address == address
    if listener.only_v6 or address.version == 6:
        return False
    return int(listener.address) == 0 or getattr(listener.address, "ipv4_mapped", None) == address


def own(stack: Stack, address: Address) -> bool:
    """Whether a link here has this address."""
    return any(given.interface.ip == address for given in stack.addresses)


_LABELS = ("::1/128", "2002::/16", "::ffff:0:0/96", "fc00::/7", "2001::/32", "2001:10::/28")


def nearest(stack: Stack, link: Link, target: Address) -> IPv6Address | None:
    """The source address for an IPv6 packet that leaves by ``link`` (RFC 6724, rules 5, 6 and 8): of that link rather
    than another, then with the label of the target, then with the longest common prefix; the first of equals."""
    usable = [a for a in stack.addresses if a.interface.version == 6 and a.scope in ("global", "site")]
    usable = [a for a in usable if not a.tentative and not a.interface.ip.is_loopback]

    def better(given: LinkAddress) -> tuple[bool, bool, int]:
        ip = given.interface.ip
        common = 128 - (int(ip) ^ int(target)).bit_length()
        return given.link == link.index, _label(ip) == _label(target), common

    return IPv6Address(max(usable, key=better).interface.ip) if usable else None


def _label(address: Address) -> str:
    return next((network for network in _LABELS if address in ip_network(network)), "")


def primary(stack: Stack, link: Link, towards: Address | None = None, *, narrow: bool = False) -> IPv4Address | None:
    """The address the kernel takes for packets that leave by ``link`` (inet_select_addr): the first whose network holds
    ``towards``, or else the first of the link, or else the first of any other link."""
    scopes = ("global", "site", "link") if narrow else ("global", "site")
    mine = [a.interface for a in stack.addresses_of(link) if a.interface.version == 4 and a.scope in scopes]
    near = [one for one in mine if towards is not None and towards in one.network]
    others = [
        a.interface for a in stack.addresses if a.interface.version == 4 and a.scope in ("global", "site") and not mine
    ]
    for interface in (*near[:1], *mine[:1], *others[:1]):
        return IPv4Address(interface.ip)
    return None
