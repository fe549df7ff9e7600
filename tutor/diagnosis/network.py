"""The facts of all places as one network."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address

from tutor.diagnosis.outcome import unsure
from tutor.model import words
from tutor.model.facts import Facts, Link, Listeners, Namespaces, Ruleset, Stack, Text
from tutor.model.place import Place
from tutor.model.rules import PacketChain
from tutor.model.topology import SwitchPort, Topology
from tutor.model.wants import Address, ListenersOf, NamespacesOf, RulesetOf, StackOf, SysctlOf, Want

_ALL = "net.ipv4.conf.all."
_SYSCTLS = (
    *(f"{_ALL}{name}" for name in ("rp_filter", "proxy_arp", "accept_local", "arp_ignore", "arp_filter")),
    f"{_ALL}route_localnet",
    "net.ipv4.ip_forward",
    "net.ipv4.icmp_echo_ignore_all",
    "net.bridge.bridge-nf-call-iptables",
)


def first_wants(topology: Topology) -> frozenset[Want]:
    """The first round: which places there are."""
    return frozenset(NamespacesOf(machine.name) for machine in topology.machines)


def places(topology: Topology, facts: Facts) -> tuple[Place, ...]:
    found: list[Place] = []
    for machine in topology.machines:
        found.append(Place(machine.name))
        named = facts.of(NamespacesOf(machine.name))
        if isinstance(named, Namespaces):
            found += [Place(machine.name, name) for name in named.names]
    return tuple(found)


def wants(topology: Topology, facts: Facts) -> frozenset[Want]:
    """The second round: everything about every place. ``facts`` answer the first."""
    found: set[Want] = set(first_wants(topology))
    for place in places(topology, facts):
        found.update((StackOf(place), RulesetOf(place), ListenersOf(place)))
        found.update(SysctlOf(place, key) for key in _SYSCTLS)
    return frozenset(found)


@dataclass(frozen=True)
class Network:
    """All places with what was read of them. Methods raise ``Stop`` where a fact is missing."""

    topology: Topology
    facts: Facts
    places: tuple[Place, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "places", places(self.topology, self.facts))

    def stack(self, place: Place) -> Stack:
        stack = self.facts.of(StackOf(place))
        if not isinstance(stack, Stack):
            raise unsure(f"{words.place(place)} could not be read: {stack.detail}")
        return stack

    def program(self, place: Place) -> tuple[PacketChain, ...]:
        rules = self.facts.of(RulesetOf(place))
        if not isinstance(rules, Ruleset):
            raise unsure(f"the rules of {words.place(place)} could not be read: {rules.detail}")
        if rules.unread:
            raise unsure(f"{words.place(place)} has {rules.unread[0].strip('# ').strip()}")
        return rules.program

    def setting(self, place: Place, key: str) -> int:
        """A sysctl that is a number; 0 where the kernel has none of that name."""
        value = self.facts.of(SysctlOf(place, key))
        return int(value.text) if isinstance(value, Text) and value.text.strip().isdigit() else 0

    def everywhere(self, place: Place, name: str) -> int:
        """``net.ipv4.conf.all.NAME``."""
        return self.setting(place, f"{_ALL}{name}")

    def listens(self, place: Place, protocol: str, address: Address, port: int) -> bool:
        listeners = self.facts.of(ListenersOf(place))
        if not isinstance(listeners, Listeners):
            raise unsure(f"the sockets of {words.place(place)} could not be read: {listeners.detail}")
        return any(
            one.protocol.removesuffix("6") == protocol
            and one.port == port
            and (
                int(one.address) == 0 or one.address == address or getattr(one.address, "ipv4_mapped", None) == address
            )
            for one in listeners.sockets
        )

    def owners(self, address: Address) -> Iterator[tuple[Place, Link]]:
        """Every place and link that has this address, whatever state it is in."""
        for place in self.places:
            stack = self.facts.of(StackOf(place))
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


def own(stack: Stack, address: Address) -> bool:
    """Whether a link here has this address."""
    return any(given.interface.ip == address for given in stack.addresses)


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
