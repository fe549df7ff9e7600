"""Netfilter: the chains of a hook in their order, and what conntrack remembers of the flow.

nft(8), iptables-extensions(8); net/netfilter/nf_nat_core.c: all chains of kind nat of a hook work at one fixed place in
the order, for the first packet of a connection only, and the answer is rewritten back at the same places.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address, ip_address, ip_network

from tutor.diagnosis.choices import Choices
from tutor.diagnosis.network import Network, nearest, primary
from tutor.diagnosis.outcome import Stop, unsure
from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import Link, Route
from tutor.model.place import Place
from tutor.model.rules import UNKNOWN, Match, PacketChain, PacketRule
from tutor.model.verdict import Layer
from tutor.model.wants import Address
from tutor.model.why import Broken

_NAT_AT = {"prerouting": -100, "output": -100, "input": 100, "postrouting": 100}
_FAMILIES = {4: ("ip", "inet"), 6: ("ip6", "inet")}
_ICMP6 = ("icmpv6", "ipv6-icmp", "58")
_CONNTRACK_AT = -200
_FIRST_CHOSEN = 1024  # the kernel itself chooses no port below: ip_local_port_range (ip-sysctl.rst)
_FINAL = {"accept", "drop", "reject", "masquerade", "snat", "dnat", "redirect", UNKNOWN}


@dataclass(frozen=True, slots=True)
class Packet:
    """``source_port`` is ``None`` for one that the kernel chooses. ``name`` is how a sentence calls it."""

    source: Address
    destination: Address
    protocol: str
    source_port: int | None = None
    destination_port: int | None = None
    reply: bool = False

    @property
    def name(self) -> str:
        return tell("answer") if self.reply else tell("packet")


@dataclass
class Entry:
    """What conntrack of a place holds: the request as it came, and as it goes on."""

    first: Packet
    now: Packet
    destination_done: bool = False
    source_done: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class _Passing:
    """A packet at a hook of a place."""

    place: Place
    hook: str
    packet: Packet
    came_by: str
    leaves_by: str
    states: frozenset[str]  # conntrack calls invalid what it has not seen yet
    mark: int = 0
    local: tuple[Route, ...] = ()


class Hooks:
    """The rules of all places, during one walk."""

    def __init__(self, network: Network, choices: Choices) -> None:
        self._network = network
        self._choices = choices
        self._entries: dict[Place, list[Entry]] = {}
        self.mark = 0
        """The firewall mark of the packet under way, which it loses where it leaves a place."""

    def begin(self, place: Place, packet: Packet) -> Entry | None:
        """Conntrack looks at a packet that has come to a place. ``None`` where nothing needs it, or for an answer to a
        request that it never saw."""
        self.mark = 0
        if not self._tracks(place, packet.destination.version):
            return None
        entries = self._entries.setdefault(place, [])
        for entry in entries:
            if packet.reply and _answers(packet, entry.now):
                entry.answered = True
                return entry
            if not packet.reply and packet in (entry.first, entry.now):
                return entry
        if packet.reply:
            return None
        entries.append(Entry(packet, packet))
        return entries[-1]

    def _tracks(self, place: Place, version: int) -> bool:
        chains = [chain for chain in self._network.program(place) if chain.family in _FAMILIES[version]]
        return any(
            (chain.kind == "nat" and chain.hook) or any(m.key == "state" for rule in chain.rules for m in rule.matches)
            for chain in chains
        )

    def run(
        self,
        place: Place,
        hook: str,
        packet: Packet,
        entry: Entry | None,
        *,
        came: Link | None = None,
        leaves: Link | None = None,
        gateway: Address | None = None,
    ) -> Packet:
        """The packet as it leaves the hook. ``Stop`` where it is dropped."""
        program, version = self._network.program(place), packet.destination.version
        chains = [chain for chain in program if chain.hook == hook and chain.family in _FAMILIES[version]]
        if any(c.hook == "ingress" or (c.family in ("netdev", "arp") and c.hook) for c in program):
            raise unsure(tell("{place} has rules below IP", place=words.place(place)))
        tracked = self._tracks(place, version)
        if any(chain.priority < _CONNTRACK_AT and _opaque(chain) for chain in chains):
            raise unsure(
                tell("{place} has rules before connection tracking that are not known here", place=words.place(place))
            )
        nat = _NAT_AT.get(hook)
        before = [c for c in chains if c.kind != "nat" and (nat is None or c.priority < nat)]
        after = [c for c in chains if c.kind != "nat" and c not in before]
        names = came.name if came else "", leaves.name if leaves else ""

        def passing(current: Packet, chain: PacketChain) -> _Passing:
            fresh = hook == "output" or (hook == "prerouting" and came is not None and came.kind != "loopback")
            early = tracked and fresh and chain.priority < _CONNTRACK_AT
            states = frozenset({"invalid"}) if early else self._states(current, entry)
            return self._passing(place, hook, current, names, states)

        for chain in sorted(before, key=lambda chain: chain.priority):
            self._filter(chain, program, passing(packet, chain))
        if nat is not None and entry is not None:
            packet = self._translate(place, hook, packet, entry, chains, program, names, came, leaves, gateway)
        for chain in sorted(after, key=lambda chain: chain.priority):
            self._filter(chain, program, passing(packet, chain))
        return packet

    def _passing(
        self, place: Place, hook: str, packet: Packet, names: tuple[str, str], states: frozenset[str]
    ) -> _Passing:
        return _Passing(place, hook, packet, *names, states, self.mark, self._network.stack(place).local)

    def _states(self, packet: Packet, entry: Entry | None) -> frozenset[str]:
        if entry is None:
            return frozenset({"invalid"} if packet.reply else {"new"})
        found = {"established" if entry.answered else "new"}
        if (entry.first.destination, entry.first.destination_port) != (
            entry.now.destination,
            entry.now.destination_port,
        ):
            found.add("dnat")
        if entry.first.source != entry.now.source:
            found.add("snat")
        return frozenset(found)

    def _filter(self, chain: PacketChain, program: tuple[PacketChain, ...], passing: _Passing) -> None:
        rule = self._verdict(chain, program, passing)
        if rule is None:
            if chain.policy == "drop":
                how = tell(
                    "the chain {chain} of the table {table} drops what no rule accepts",
                    chain=chain.name,
                    table=chain.table,
                )
                raise self._dropped(passing, how, f"{chain.family} {chain.table} {chain.name}: policy drop", chain)
        elif rule.verdict in ("drop", "reject"):
            how = tell("a rule drops it") if rule.verdict == "drop" else tell("a rule rejects it")
            raise self._dropped(passing, how, rule.text, chain)
        elif rule.verdict != "accept":
            raise unsure(
                tell(
                    "{place} has a rule that is not known here: {text}",
                    place=words.place(passing.place),
                    text=rule.text,
                )
            )

    def _dropped(self, passing: _Passing, how: str, evidence: str, chain: PacketChain) -> Stop:
        where = passing.place
        sentence = tell(
            "the {packet} is thrown away {within} ({hook}): {how}",
            packet=passing.packet.name,
            within=words.within(where),
            hook=passing.hook,
            how=how,
        )
        look = "nft list ruleset"
        if evidence.startswith("iptables"):
            look = f"iptables {'' if chain.table == 'filter' else f'-t {chain.table} '}-nvL {chain.name}"
        return Stop(Broken(where, Layer.FILTER, sentence, evidence, words.command(where, look)))

    def _translate(
        self,
        place: Place,
        hook: str,
        packet: Packet,
        entry: Entry,
        chains: list[PacketChain],
        program: tuple[PacketChain, ...],
        names: tuple[str, str],
        came: Link | None,
        leaves: Link | None,
        gateway: Address | None,
    ) -> Packet:
        """Rewrite the request by rule, the answer by memory."""
        at_destination = hook in ("prerouting", "output")
        if packet.reply:
            if at_destination:
                return replace(packet, destination=entry.first.source)
            return replace(packet, source=entry.first.destination, source_port=entry.first.destination_port)
        if entry.destination_done if at_destination else entry.source_done:
            return (
                replace(packet, destination=entry.now.destination, destination_port=entry.now.destination_port)
                if at_destination
                else replace(packet, source=entry.now.source)
            )
        for chain in self._in_order(place, [c for c in chains if c.kind == "nat" and (c.rules or c.policy == "drop")]):
            passing = self._passing(place, hook, packet, names, self._states(packet, entry))
            rule = self._verdict(chain, program, passing)
            if rule is None or rule.verdict in ("drop", "reject", "accept", UNKNOWN):
                if rule is not None or chain.policy == "drop":
                    self._filter(replace(chain, rules=(replace(rule, matches=()),) if rule else ()), program, passing)
                continue
            packet = self._rewritten(passing, chain, rule, came, leaves, gateway)
            break
        if at_destination:
            entry.destination_done = True
        else:
            entry.source_done = True
        entry.now = packet
        return packet

    def _in_order(self, place: Place, chains: list[PacketChain]) -> list[PacketChain]:
        """By priority. Of two with the same, the kernel takes the younger first, and no listing tells their age."""
        if len({chain.priority for chain in chains}) < len(chains):
            why = tell("{place} has several chains that translate with the same priority", place=words.place(place))
            if len(chains) > 2:
                raise unsure(why)
            chains = chains[:: -1 if self._choices.pick(2, why) else 1]
        return sorted(chains, key=lambda chain: chain.priority)

    def _rewritten(
        self,
        passing: _Passing,
        chain: PacketChain,
        rule: PacketRule,
        came: Link | None,
        leaves: Link | None,
        gateway: Address | None,
    ) -> Packet:
        stack, packet = self._network.stack(passing.place), passing.packet
        address, port = _target(rule)
        match rule.verdict:
            case "masquerade" if leaves is not None:
                chosen: Address | None = nearest(stack, leaves, packet.destination)
                if packet.source.version == 4:
                    chosen = primary(stack, leaves, gateway or packet.destination)
                if chosen is None:
                    raise self._dropped(passing, tell("masquerade finds no address to write"), rule.text, chain)
                return replace(packet, source=chosen)
            case "snat" if address is not None:
                return replace(packet, source=address)
            case "dnat" if address is not None or port is not None:
                return replace(
                    packet,
                    destination=address or packet.destination,
                    destination_port=packet.destination_port if port is None else port,
                )
            case "redirect" if packet.source.version == 4:
                to: Address | None = IPv4Address("127.0.0.1")
                if passing.hook == "prerouting":
                    to = primary(stack, came) if came is not None else None
                if to is not None:
                    number = packet.destination_port if port is None else port
                    return replace(packet, destination=to, destination_port=number)
        raise unsure(
            tell(
                "{place} rewrites the packet in a way not known here: {text}",
                place=words.place(passing.place),
                text=rule.text,
            )
        )

    def _verdict(
        self, chain: PacketChain, program: tuple[PacketChain, ...], passing: _Passing, depth: int = 0
    ) -> PacketRule | None:
        """The rule that decides, or ``None`` where the chain came to its end."""
        if depth > 16:
            raise unsure(tell("the chains of {place} jump too deep", place=words.place(passing.place)))
        for rule in chain.rules:
            if rule.verdict is None or not self._matches(rule, passing):
                continue
            if rule.verdict == "mark":
                passing = replace(passing, mark=self._marked(passing, rule))
                continue
            if rule.verdict in _FINAL:
                return rule
            if rule.verdict == "return":
                return None
            if rule.verdict in ("jump", "goto"):
                below = next(
                    (c for c in program if (c.family, c.table, c.name) == (chain.family, chain.table, rule.to)), None
                )
                if below is None:
                    raise unsure(
                        tell(
                            "{place} has a rule that is not known here: {text}",
                            place=words.place(passing.place),
                            text=rule.text,
                        )
                    )
                found = self._verdict(below, program, passing, depth + 1)
                passing = replace(passing, mark=self.mark)
                if found is not None or rule.verdict == "goto":
                    return found
        return None

    def _marked(self, passing: _Passing, rule: PacketRule) -> int:
        value, _, mask = (rule.to or "").partition("/")
        try:
            covered = int(mask, 0) if mask else 0xFFFFFFFF
            self.mark = (passing.mark & ~covered) ^ int(value, 0)
        except ValueError:
            raise unsure(
                tell(
                    "{place} has a rule that is not known here: {text}",
                    place=words.place(passing.place),
                    text=rule.text,
                )
            ) from None
        return self.mark

    def _matches(self, rule: PacketRule, passing: _Passing) -> bool:
        answers = [_holds(match, passing) for match in rule.matches]
        if False in answers:
            return False
        if None in answers:
            why = tell(
                "whether a rule {within} applies is not known here: {text}",
                within=words.within(passing.place),
                text=rule.text,
            )
            return bool(self._choices.pick(2, why))
        return True


def _opaque(chain: PacketChain) -> bool:
    return any(rule.verdict == UNKNOWN for rule in chain.rules)


def _answers(packet: Packet, request: Packet) -> bool:
    return (packet.source, packet.destination, packet.source_port) == (
        request.destination,
        request.source,
        request.destination_port,
    )


def _target(rule: PacketRule) -> tuple[Address | None, int | None]:
    """The address and port of ``to``; ``None`` for what is not there, ``Stop`` for a range."""
    to = rule.to or ""
    bracketed, _, port = to.removeprefix("[").partition("]:") if to.startswith("[") else (to, "", "")
    host = bracketed.removesuffix("]")
    if not to.startswith("[") and to.count(":") == 1:
        host, _, port = to.partition(":")
    try:
        return ip_address(host) if host else None, int(port) if port else None
    except ValueError:
        raise unsure(tell("the rule lets the kernel choose: {text}", text=rule.text)) from None


def _holds(match: Match, passing: _Passing) -> bool | None:
    """``None`` where it cannot be known."""
    answer = _compare(match, passing)
    return None if answer is None else answer != match.negated


def _compare(match: Match, passing: _Passing) -> bool | None:
    packet = passing.packet
    match match.key:
        case "source":
            return _any(_within(packet.source, value) for value in match.values)
        case "destination":
            return _any(_within(packet.destination, value) for value in match.values)
        case "protocol":
            if packet.protocol == "icmp" and packet.destination.version == 6:
                return any(name in match.values for name in _ICMP6)
            return packet.protocol in match.values
        case "version":
            return str(packet.source.version) in match.values
        case "source_port":
            return _any(_port(packet.source_port, value) for value in match.values)
        case "destination_port":
            return _any(_port(packet.destination_port, value) for value in match.values)
        case "in_link":
            return any(_named(passing.came_by, value) for value in match.values)
        case "out_link":
            return any(_named(passing.leaves_by, value) for value in match.values)
        case "state":
            return bool(passing.states & set(match.values))
        case "mark":
            return _any(_masked(passing.mark, value) for value in match.values)
        case "source_type":
            return _kind(passing.local, packet.source) in match.values
        case "destination_type":
            return _kind(passing.local, packet.destination) in match.values
        case "icmp_type":
            kind = "echo-reply" if packet.reply else "echo-request"
            return packet.protocol == "icmp" and kind in match.values
        case _:
            return None


def _masked(mark: int, value: str) -> bool | None:
    wanted, _, mask = value.partition("/")
    try:
        return mark & (int(mask, 0) if mask else 0xFFFFFFFF) == int(wanted, 0)
    except ValueError:
        return None


def _kind(local: tuple[Route, ...], address: Address) -> str:
    """As the addrtype match calls it (``inet_addr_type``): the local table knows what is not unicast."""
    if address.is_multicast:
        return "multicast"
    networks = [(ip_network(route.destination), route.type) for route in local]
    fitting = [(network.prefixlen, kind) for network, kind in networks if address in network]
    return max(fitting, default=(0, "unicast"))[1]


def _any(answers: object) -> bool | None:
    found = list(answers)  # type: ignore[call-overload]
    return True if True in found else None if None in found else False


def _within(address: Address, value: str) -> bool | None:
    try:
        low, dash, high = value.partition("-")
        if dash:
            first, last = ip_address(low), ip_address(high)
            return first.version == address.version and int(first) <= int(address) <= int(last)
        network = ip_network(value, strict=False)
        return network.version == address.version and address in network
    except ValueError:
        return None


def _port(port: int | None, value: str) -> bool | None:
    low, dash, high = value.partition("-")
    if not low.isdigit() or (dash and not high.isdigit()):
        return None
    if port is None:
        return False if int(high or low) < _FIRST_CHOSEN else None
    return int(low) <= port <= int(high or low)


def _named(name: str, value: str) -> bool:
    return name.startswith(value[:-1]) if value.endswith("*") else name == value
