"""The Container Network Interface: what its plugins were told, what they said, and what they made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from tutor.i18n import tell
from tutor.model.cni import (
    RESERVED,
    Assigned,
    NotUsable,
    Plugin,
    Reservations,
    ReservationsOf,
    Result,
    plugins,
)
from tutor.model.facts import Facts, Ruleset, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.rules import PacketChain, PacketRule
from tutor.model.verdict import Layer, Met, Unmet, Verdict
from tutor.model.wants import Address, FileOf, RulesetOf, StackOf, Want
from tutor.validators import say
from tutor.validators.addresses import carried
from tutor.validators.contents import text_of
from tutor.validators.registry import param, validator

_DNAT = "CNI-HOSTPORT-DNAT"


@validator("cni-conf")
@dataclass(frozen=True)
class Configured:
    """A file is a network configuration, or a list of them, for a CNI plugin."""

    file: str = param("the file, such as /etc/cni/net.d/10-lab.conf")
    machine: Place = param("the machine", name="in")
    type: str = param("the plugin, such as bridge")
    network: str | None = param("the name of the network", default=None)
    subnet: IPv4Network | IPv6Network | None = param("where its addresses come from", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.machine.machine, self.file)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{file} configures the plugin {type}", file=self.file, type=self.type)
        look = say.on(self.machine.machine, f"cat {self.file}")
        text = text_of(facts, self.machine, self.file, expected, Layer.SERVICE)
        if not isinstance(text, str):
            return text
        try:
            found = plugins(text)
        except NotUsable as error:
            return Unmet(expected, tell("{file}: {why}", file=self.file, why=error.why), Layer.SERVICE, look)
        plugin = next((one for one in found if one.type == self.type), None)
        if plugin is None:
            types = say.joined(one.type for one in found)
            observed = tell("{file} is for the plugin {types}", file=self.file, types=types)
            return Unmet(expected, observed, Layer.SERVICE, look)
        return self._judged(plugin, expected, look)

    def _judged(self, plugin: Plugin, expected: str, look: str) -> Verdict:
        if self.network is not None and plugin.network != self.network:
            expected = tell("a network called {name}", name=self.network)
            return Unmet(expected, tell("it is called {name}", name=plugin.network), Layer.SERVICE, look)
        if self.subnet is not None and self.subnet not in plugin.subnets:
            expected = tell("addresses out of {subnet}", subnet=self.subnet)
            observed = tell("its ipam names no subnet")
            if plugin.subnets:
                observed = tell("its ipam has {subnets}", subnets=say.joined(map(str, plugin.subnets)))
            return Unmet(expected, observed, Layer.ADDRESS, look)
        return Met(tell("{file} configures {type}", file=self.file, type=self.type))


@validator("cni-result")
@dataclass(frozen=True)
class ResultHolds:
    """A file holds what a plugin printed for ADD, and the namespace is as it says: links, addresses and routes."""

    file: str = param("the file, such as /root/result.json")
    place: Place = param("the namespace of the container", name="in")
    link: str | None = param("the link that it must be about; any will do without", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({FileOf(self.place.machine, self.file), StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("{file} holds the result of an ADD for {place}", file=self.file, place=say.place(self.place))
        text = text_of(facts, self.place, self.file, expected, Layer.SERVICE)
        if not isinstance(text, str):
            return text
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        try:
            result = Result.parse(text)
        except NotUsable as error:
            look = say.on(self.place.machine, f"cat {self.file}")
            return Unmet(expected, tell("{file}: {why}", file=self.file, why=error.why), Layer.SERVICE, look)
        inside = [one for one in result.addresses if one.interface and one.interface.sandbox]
        if not inside or self.link not in (None, *(one.interface.name for one in inside if one.interface)):
            observed = tell("it names no address of {link}", link=self.link or tell("a link in a namespace"))
            look = say.on(self.place.machine, f"cat {self.file}")
            return Unmet(expected, observed, Layer.SERVICE, look)
        for one in inside:
            if (unmet := self._compare(one, stack)) is not None:
                return unmet
        return self._routed(result, stack)

    def _compare(self, one: Assigned, stack: Stack) -> Unmet | None:
        assert one.interface is not None
        name, where = one.interface.name, say.place(self.place)
        expected = tell("{link} of {place} has {address}, as the result says", link=name, place=where,
                        address=one.address)  # fmt: skip
        link = stack.link(name)
        if link is None:
            observed = tell("{place} has no link {link}", place=where, link=name)
            return Unmet(expected, observed, Layer.LINK, say.ip(self.place, "link"))
        if one.interface.mac and one.interface.mac != link.mac:
            observed = tell("{link} has another MAC address than in the result: it is a new link", link=name)
            return Unmet(expected, observed, Layer.LINK, say.ip(self.place, f"link show {name}"))
        if not any(held.link == link.index and held.interface == one.address for held in stack.addresses):
            observed = tell("{link} has not got {address}", link=name, address=one.address)
            return Unmet(expected, observed, Layer.ADDRESS, say.ip(self.place, f"addr show {name}"))
        return None

    def _routed(self, result: Result, stack: Stack) -> Verdict:
        known = {route.destination for route in stack.routes}
        for network in result.routes:
            if str(network) not in known:
                where = say.place(self.place)
                expected = tell("{place} has a route to {network}, as the result says", place=where, network=network)
                observed = tell("{place} has no route to {network}", place=where, network=network)
                return Unmet(expected, observed, Layer.ROUTE, say.ip(self.place, "route"))
        given = say.joined(str(one.address) for one in result.addresses)
        return Met(tell("{place} has {addresses}, as the result says", place=say.place(self.place), addresses=given))


@validator("cni-reserved")
@dataclass(frozen=True)
class Reserved:
    """The plugin host-local has noted down an address of the namespace as given away."""

    network: str = param("the name of the network, as in its configuration")
    place: Place = param("the namespace of the container", name="in")
    container: str | None = param("the container id that it must be noted for", name="by", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({ReservationsOf(self.place.machine, self.network), StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.place)
        expected = tell("host-local has noted down the address of {place}", place=where)
        noted = facts.of(ReservationsOf(self.place.machine, self.network))
        if isinstance(noted, Unreadable):
            return say.unreadable(noted, Place(self.place.machine), expected)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        held = {address.interface.ip for _, address in carried(stack)}
        found = [one for one in noted.reserved if one.address in held]
        if not found:
            return Unmet(expected, self._observed(noted, held), Layer.ADDRESS, _look(self.place, self.network))
        others = [one for one in found if self.container not in (None, one.container)]
        if len(others) == len(found):
            observed = tell("{address} is noted for {other}", address=found[0].address, other=found[0].container)
            expected = tell("{address} is noted for {container}", address=found[0].address, container=self.container)
            return Unmet(expected, observed, Layer.ADDRESS, _look(self.place, self.network))
        return Met(tell("{address} is noted for {container}", address=found[0].address, container=found[0].container))

    def _observed(self, noted: Reservations, held: set[Address]) -> str:
        if not noted.reserved:
            return tell("no address of the network {network} is noted down", network=self.network)
        seen = say.joined(str(one.address) for one in noted.reserved)
        if not held:
            return tell("{seen} is noted down, but {place} has no address", seen=seen, place=say.place(self.place))
        return tell("{place} has no address of those noted down: {seen}", seen=seen, place=say.place(self.place))


@validator("cni-released")
@dataclass(frozen=True)
class Released:
    """The plugin host-local has no address noted down for a container (give the goal `baseline: true`)."""

    network: str = param("the name of the network, as in its configuration")
    machine: Place = param("the machine", name="in")
    container: str | None = param("the container id; without, nobody may have one", name="by", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({ReservationsOf(self.machine.machine, self.network)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("no address of {network} is given away", network=self.network)
        if self.container is not None:
            expected = tell("{container} has no address of {network}", container=self.container, network=self.network)
        noted = facts.of(ReservationsOf(self.machine.machine, self.network))
        if isinstance(noted, Unreadable):
            return say.unreadable(noted, Place(self.machine.machine), expected)
        left = [one for one in noted.reserved if self.container in (None, one.container)]
        if left:
            observed = tell("{address} is still noted for {container}", address=left[0].address,
                            container=left[0].container)  # fmt: skip
            return Unmet(expected, observed, Layer.ADDRESS, _look(self.machine, self.network))
        return Met(expected)


@validator("cni-port")
@dataclass(frozen=True)
class PortMapped:
    """The chains of the plugin portmap lead a TCP port of the host to a port of a container."""

    port: int = param("the port of the host")
    place: Place = param("the namespace of the container", name="to")
    machine: Place = param("the host", name="in")
    inner: int = param("the container's port", name="container-port", default=80)

    def wants(self) -> frozenset[Want]:
        return frozenset({RulesetOf(self.machine), StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("portmap leads port {port} to port {inner} of {place}", port=self.port, inner=self.inner,
                        place=say.place(self.place))  # fmt: skip
        rules = facts.of(RulesetOf(self.machine))
        if isinstance(rules, Unreadable):
            return say.unreadable(rules, self.machine, expected)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        wanted = {f"{address.interface.ip}:{self.inner}" for _, address in carried(stack)}
        found = self._targets(rules)
        if isinstance(found, str):
            return Unmet(expected, found, Layer.NAT, say.command(self.machine, "iptables -t nat -nvL"))
        observed = tell("port {port} leads to {other}", port=self.port, other=found[0])
        if wanted.isdisjoint(found):
            return Unmet(expected, observed, Layer.NAT, say.command(self.machine, f"iptables -t nat -nvL {_DNAT}"))
        return Met(observed)

    def _targets(self, rules: Ruleset) -> tuple[str, ...] | str:
        """Where the chains lead the port, or what is missing for that."""
        chains = {chain.name: chain for chain in rules.program if chain.table == "nat" and chain.family == "ip"}
        if _DNAT not in chains:
            return tell("there is no chain {chain}", chain=_DNAT)
        if not any(_jumps(chain, _DNAT) for chain in chains.values() if chain.hook == "prerouting"):
            return tell("PREROUTING does not lead to {chain}", chain=_DNAT)
        found = [rule for rule in _behind(chains, _DNAT) if rule.verdict == "dnat" and _for_port(rule, self.port)]
        if not found:
            return tell("behind {chain} there is no rule for port {port}", chain=_DNAT, port=self.port)
        return tuple(str(rule.to) for rule in found)


@validator("cni-masquerade")
@dataclass(frozen=True)
class Masqueraded:
    """A chain of the plugin bridge (`ipMasq`) translates what the namespace sends."""

    source: Place = param("the namespace of the container", name="from")
    machine: Place = param("the host", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({RulesetOf(self.machine), StackOf(self.source)})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.source)
        expected = tell("a chain of CNI's masquerades what {place} sends", place=where)
        look = say.command(self.machine, "iptables -t nat -nvL POSTROUTING")
        rules = facts.of(RulesetOf(self.machine))
        if isinstance(rules, Unreadable):
            return say.unreadable(rules, self.machine, expected)
        stack = facts.of(StackOf(self.source))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.source, expected)
        held = [address.interface.ip for _, address in carried(stack)]
        if not held:
            observed = tell("{place} has no address", place=where)
            return Unmet(expected, observed, Layer.ADDRESS, say.ip(self.source, "addr"))
        for chain in _masquerading(rules, held):
            return Met(tell("{chain} masquerades what {place} sends", chain=chain, place=where))
        observed = tell("no chain CNI-… in POSTROUTING is for {address}", address=held[0])
        return Unmet(expected, observed, Layer.NAT, look)


def _look(place: Place, network: str) -> str:
    return say.on(place.machine, f"ls {RESERVED}/{network}")


def _jumps(chain: PacketChain, to: str) -> bool:
    return any(rule.verdict in ("jump", "goto") and rule.to == to for rule in chain.rules)


def _behind(chains: dict[str, PacketChain], name: str) -> Iterator[PacketRule]:
    """The rules of the chains that a chain leads to."""
    for rule in chains[name].rules:
        if rule.verdict in ("jump", "goto") and rule.to in chains:
            yield from chains[rule.to].rules


def _for_port(rule: PacketRule, port: int) -> bool:
    return any(match.key == "destination_port" and str(port) in match.values for match in rule.matches)


def _masquerading(rules: Ruleset, held: list[Address]) -> Iterator[str]:
    """The chains that POSTROUTING leads packets from one of these addresses to, and that masquerade."""
    chains = {chain.name: chain for chain in rules.program if chain.table == "nat" and chain.family == "ip"}
    wanted = {f"{address}/{address.max_prefixlen}" for address in held}
    for chain in chains.values():
        for rule in chain.rules if chain.hook == "postrouting" else ():
            target = rule.to or ""
            if not target.startswith("CNI-") or target not in chains:
                continue
            ours = any(match.key == "source" and wanted & set(match.values) for match in rule.matches)
            if ours and any(inner.verdict == "masquerade" for inner in chains[target].rules):
                yield target
