"""Policy routing: the rules of ``ip rule``, and what stands in one table of routes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network

from tutor.i18n import tell
from tutor.model.facts import Facts, PolicyRule, Route, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, StackOf, Want
from tutor.validators import say
from tutor.validators.registry import param, validator

Network = IPv4Network | IPv6Network

_TABLES = {"default": 253, "main": 254, "local": 255}


@dataclass(frozen=True)
class _RuleLike:
    place: Place = param("where", name="in")
    table: str | None = param("the table that is looked up: a number, or main, default, local", default=None)
    source: Network | None = param("the source addresses it is for", name="from", default=None)
    destination: Network | None = param("the destinations it is for", name="to", default=None)
    in_link: str | None = param("the link by which the packets come in", name="iif", default=None)
    mark: int | None = param("the firewall mark that it is for", default=None)
    priority: int | None = param("its priority", default=None)
    ipv6: bool = param("it is one of `ip -6 rule`, where no address tells", default=False)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    @property
    def _version(self) -> int:
        network = self.source or self.destination
        return network.version if network else 6 if self.ipv6 else 4

    def _wanted(self) -> str:
        parts = [f"priority {self.priority}"] if self.priority is not None else []
        parts += [f"from {self.source}"] if self.source else []
        parts += [f"to {self.destination}"] if self.destination else []
        parts += [f"fwmark {self.mark:#x}"] if self.mark is not None else []
        parts += [f"iif {self.in_link}"] if self.in_link else []
        return " ".join([*parts, f"lookup {self.table}"] if self.table else parts)

    def _found(self, stack: Stack) -> PolicyRule | None:
        return next((rule for rule in stack.rules if rule.version == self._version and self._fits(rule)), None)

    def _fits(self, rule: PolicyRule) -> bool:
        table = number(self.table) if self.table else None
        return (
            table in (None, rule.table if rule.action == "lookup" else -1)
            and _same(self.source, rule.source)
            and _same(self.destination, rule.destination)
            and self.in_link in (None, rule.in_link)
            and self.mark in (None, rule.mark)
            and self.priority in (None, rule.priority)
        )

    @property
    def _look(self) -> str:
        return say.ip(self.place, "-6 rule") if self._version == 6 else say.ip(self.place, "rule")


@validator("rule")
@dataclass(frozen=True)
class Rule(_RuleLike):
    """There is a routing rule like this in `ip rule`; what is not given may be anything."""

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a routing rule {rule} {within}", rule=self._wanted(), within=say.within(self.place))
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        if found := self._found(stack):
            return Met(tell("there is the rule {rule}", rule=told(found)))
        own = [told(rule) for rule in stack.rules if rule.version == self._version and not _usual(rule)]
        listed = tell("the rules are {rules}", rules=say.joined(own)) if own else tell("only the usual rules are there")
        return Unmet(expected, listed, Layer.ROUTE, self._look)


@validator("no-rule")
@dataclass(frozen=True)
class NoRule(_RuleLike):
    """There is no routing rule like this (give the goal `baseline: true`)."""

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("no routing rule {rule} {within}", rule=self._wanted(), within=say.within(self.place))
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        if found := self._found(stack):
            return Unmet(expected, tell("there is the rule {rule}", rule=told(found)), Layer.ROUTE, self._look)
        return Met(tell("there is no such rule"))


@validator("route-in-table")
@dataclass(frozen=True)
class RouteInTable:
    """One table of routes leads to an address, whether or not a rule looks it up."""

    table: str = param("the table: a number, or main, default, local")
    target: Address = param("the address to reach", name="to")
    place: Place = param("where", name="in")
    via: Address | None = param("the next hop that it must take", default=None)
    link: str | None = param("the link that it must leave by", name="dev", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self.place)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a route to {target} in table {table}", target=self.target, table=self.table)
        if self.via:
            expected = tell("{way} via {gateway}", way=expected, gateway=self.via)
        if self.link:
            expected = tell("{way} by {link}", way=expected, link=self.link)
        stack = facts.of(StackOf(self.place))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self.place, expected)
        look = say.ip(self.place, f"{'-6 ' if self.target.version == 6 else ''}route show table {self.table}")
        table = number(self.table)
        if table is None:
            return Unknown(tell("the table {table} has no number that is known", table=self.table))
        best = _best([*stack.routes, *stack.local], table, self.target)
        if not best:
            observed = tell("table {table} has no route to {target}", table=self.table, target=self.target)
            return Unmet(expected, observed, Layer.ROUTE, look)
        if any(self._fits(route, stack) for route in best):
            return Met(tell("table {table} has a route to {target}", table=self.table, target=self.target))
        seen = _told_route(best[0], stack)
        observed = tell("table {table} sends packets to {target} {way}", table=self.table, target=self.target, way=seen)
        return Unmet(expected, observed, Layer.ROUTE, look)

    def _fits(self, route: Route, stack: Stack) -> bool:
        link = stack.by_index(route.link)
        return (
            route.type in ("unicast", "local")
            and self.via in (None, route.gateway)
            and self.link in (None, link.name if link else None)
        )


def number(table: str) -> int | None:
    """The number of a table; ``None`` for a name that only the machine's own files would explain."""
    return int(table) if table.isdecimal() else _TABLES.get(table)


def told(rule: PolicyRule) -> str:
    """As ``ip rule`` would say it."""
    parts = [f"{rule.priority}: from {rule.source or 'all'}"]
    parts += [f"to {rule.destination}"] if rule.destination else []
    parts += [f"fwmark {rule.mark:#x}"] if rule.mark is not None else []
    parts += [f"iif {rule.in_link}"] if rule.in_link else []
    names = {value: name for name, value in _TABLES.items()}
    does = f"lookup {names.get(rule.table, rule.table)}" if rule.action == "lookup" else rule.action
    return " ".join([*parts, does])


def _usual(rule: PolicyRule) -> bool:
    return rule.priority in (0, 32766, 32767) and rule.source is None and rule.destination is None


def _same(wanted: Network | None, prefix: str | None) -> bool:
    return wanted is None or (prefix is not None and ip_network(prefix) == wanted)


def _best(routes: Iterable[Route], table: int, target: Address) -> list[Route]:
    """The routes of the table that win for the target: the longest prefix, then the lowest metric."""
    fitting = [
        (network.prefixlen, -route.metric, route)
        for route in routes
        if route.table == table and not route.dead and route.tos == 0 and route.type != "broadcast"
        for network in (ip_network(route.destination),)
        if network.version == target.version and target in network
    ]
    first = max((key[:2] for key in fitting), default=None)
    return [route for length, metric, route in fitting if (length, metric) == first]


def _told_route(route: Route, stack: Stack) -> str:
    link = stack.by_index(route.link)
    if route.type not in ("unicast", "local"):
        return tell("to {kind}", kind=route.type)
    said = tell("via {gateway}", gateway=route.gateway) if route.gateway else tell("straight")
    return tell("{way} by {link}", way=said, link=link.name) if link else said
