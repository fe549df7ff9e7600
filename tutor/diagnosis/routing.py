"""Routes as the kernel looks them up: policy rules, tables, longest prefix, metric; and whether it believes a source.

ip-rule(8), ip-route(8), net/ipv4/fib_frontend.c (fib_validate_source), Documentation/networking/ip-sysctl.rst.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, ip_network

from tutor.diagnosis.choices import Choices
from tutor.diagnosis.network import Network, own
from tutor.diagnosis.outcome import unsure
from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import Link, PolicyRule, Route, Stack
from tutor.model.place import Place
from tutor.model.wants import Address

_DEFAULT = {(0, 255), (32766, 254), (32767, 253)}
NONE = IPv4Address(0)
"""No source was chosen yet."""


@dataclass(frozen=True, slots=True)
class Refused:
    """There is no way: ``because`` in the kernel's words."""

    because: str
    route: Route | None = None


class Routing:
    """Look-ups in the tables of all places."""

    def __init__(self, network: Network, choices: Choices) -> None:
        self._network = network
        self._choices = choices

    def look_up(
        self,
        place: Place,
        destination: Address,
        source: Address = NONE,
        came_by: str = "lo",
        leaves: int | None = None,
        mark: int = 0,
    ) -> Route | Refused:
        """The route of a packet; one that is made here came by ``lo``. ``leaves``: only routes over that link."""
        stack = self._network.stack(place)
        for rule in sorted(stack.rules, key=lambda rule: rule.priority):
            if rule.version != destination.version:
                continue
            if not self._selects(place, rule, destination, source, came_by, mark):
                continue
            if rule.action in ("blackhole", "unreachable", "prohibit"):
                return Refused(
                    tell("a rule says {action} (priority {priority})", action=rule.action, priority=rule.priority)
                )
            if rule.action == "nop":
                continue
            if rule.action != "lookup":
                raise unsure(
                    tell(
                        "a rule of {place} says {action} (priority {priority})",
                        place=words.place(place),
                        action=rule.action,
                        priority=rule.priority,
                    )
                )
            route = self._in_table(place, stack, rule.table, destination, leaves)
            if route is None or route.type == "throw":
                continue
            if rule.table == 255 and destination.version == 4 and _usual(stack):
                # Without rules of one's own the kernel keeps both tables in one trie: the longer prefix wins.
                nearer = self._in_table(place, stack, 254, destination, leaves)
                if nearer is not None and _length(nearer) > _length(route):
                    continue
            if route.type in ("blackhole", "unreachable", "prohibit"):
                return Refused(
                    tell("the route {destination} is {type}", destination=route.destination, type=route.type), route
                )
            return route
        return Refused("Network is unreachable")

    def _selects(
        self, place: Place, rule: PolicyRule, destination: Address, source: Address, came_by: str, mark: int
    ) -> bool:
        for selector, address in ((rule.source, source), (rule.destination, destination)):
            if selector is not None and address not in ip_network(selector, strict=False):
                return False
        if rule.in_link is not None and rule.in_link != came_by:
            return False
        if rule.mark is not None and rule.mark != mark:
            if not mark:
                return False
            why = tell(
                "a rule of {place} depends on a part of the mark (priority {priority})",
                place=words.place(place),
                priority=rule.priority,
            )
            return bool(self._choices.pick(2, why))
        if rule.other is None or (rule.other == "fwmark" and rule.mark is not None):
            return True
        why = tell(
            "a rule of {place} depends on {other} (priority {priority})",
            place=words.place(place),
            other=rule.other,
            priority=rule.priority,
        )
        return bool(self._choices.pick(2, why))

    def _in_table(self, place: Place, stack: Stack, table: int, target: Address, leaves: int | None) -> Route | None:
        routes = stack.local if table == 255 else [route for route in stack.routes if route.table == table]
        fitting = [
            (ip_network(route.destination), route)
            for route in routes
            if not route.dead and route.tos == 0 and leaves in (None, route.link)
        ]
        fitting = [(net, route) for net, route in fitting if target in net]
        if not fitting:
            return None
        length, metric = max((net.prefixlen, -route.metric) for net, route in fitting)
        best = [route for net, route in fitting if net.prefixlen == length and -route.metric == metric]
        if len(best) > 1 and (best[0].hops > 1 or target.version == 6):
            return best[self._choices.pick(len(best), f"{words.place(place)} has several next hops to {target}")]
        return best[0]

    def distrusts(
        self, place: Place, link: Link, source: Address, destination: Address, leaves: int | None = None
    ) -> str | None:
        """Why a packet from ``source`` that came by ``link`` is thrown away, or ``None``. ``leaves`` is the link by
        which it would go on. IPv6 believes every source."""
        if source.version == 6:
            return None
        stack, settings = self._network.stack(place), link.settings
        if settings is None:
            raise unsure(
                tell("the settings of {link} {within} are not known", link=link.name, within=words.within(place))
            )
        local = settings.accept_local or self._network.everywhere(place, "accept_local") != 0
        strict = max(settings.rp_filter, self._network.everywhere(place, "rp_filter"))
        if strict == 0 and leaves != link.index and (local or _usual(stack)):
            return (
                None
                if local or not own(stack, source)
                else tell("{source} is an address of {place} itself", source=source, place=words.place(place))
            )
        by_name = stack.by_index(leaves)
        back = self.look_up(place, source, destination, by_name.name if by_name else "lo")
        if isinstance(back, Refused):
            return (
                tell("rp_filter is {strict} and there is no route back to {source}", strict=strict, source=source)
                if strict
                else None
            )
        if back.type != "unicast" and not (back.type == "local" and local):
            return tell("{source} is an address of {place} itself", source=source, place=words.place(place))
        hops = [back, *(route for route in stack.routes if _same(route, back))]
        if any(route.link == link.index for route in hops):
            return None
        addressed = any(address.interface.version == 4 for address in stack.addresses_of(link))
        if (strict and not addressed) or strict == 1:
            by = stack.by_index(back.link)
            return tell(
                "rp_filter is {strict} and the route back to {source} leaves by {by}",
                strict=strict,
                source=source,
                by=by.name if by else "no link",
            )
        return None


def _usual(stack: Stack) -> bool:
    return {(rule.priority, rule.table) for rule in stack.rules if rule.version == 4} <= _DEFAULT


def _length(route: Route) -> int:
    return ip_network(route.destination).prefixlen


def _same(one: Route, other: Route) -> bool:
    """Whether they are hops of one route."""
    return one.hops > 1 and (one.destination, one.table, one.metric) == (other.destination, other.table, other.metric)
