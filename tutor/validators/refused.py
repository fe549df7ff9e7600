"""Why nobody accepted a connection: it was refused, sent on to somebody else, or lost on its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from tutor.i18n import tell
from tutor.model.facts import Facts, HttpResult, NatRule, Ruleset, Stack, TcpResult, UdpResult
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import Address, RulesetOf, StackOf
from tutor.model.why import Broken, Outcome
from tutor.validators import say
from tutor.validators.addresses import carried
from tutor.validators.flow import Cause, Flow, explain, owns

REFUSED = "connection refused"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A connection to a port that came to nothing. ``look`` is a command that tries the same by hand."""

    flow: Flow  # with its protocol and port
    facts: Facts
    result: HttpResult | TcpResult | UdpResult
    look: str

    def cause(self) -> Cause:
        """The first thing that is wrong."""
        if self.result.error == REFUSED and not self._rejected:
            return self._refused()
        if astray := self._sent_astray():
            return astray
        found = explain(self.flow, self.facts, self.result)
        came = any(arrival.place in self.flow.via for arrival in self.result.arrivals)
        lost = found.layer is Layer.ADDRESS or (came and found.layer in (Layer.ROUTE, Layer.NEIGHBOUR))
        return self._unwritten(found) if lost else found

    def _unwritten(self, found: Cause) -> Cause:
        """Nobody has the address because a rule is to rewrite it: that of a service, which leads to the end."""
        flow = self.flow
        places = (flow.source, *flow.watch)
        if flow.end is None or any(self._owns(place, flow.target) for place in places):
            return found
        if any(self._met(place, rule) for place, rule in self._rewrites()):
            return found
        if any(arrival.destination != flow.target for arrival in self.result.arrivals if not arrival.reply):
            return found
        observed = tell(
            "nobody has the address {address}, and no rule sends the connection on to {place}",
            address=flow.target,
            place=say.place(flow.end),
        )
        router = flow.via[0] if flow.via and flow.source.netns else flow.source
        return Cause(
            observed, Layer.NAT, say.command(router, "iptables -t nat -nvL"), self._short_of(found.why, observed)
        )

    def _short_of(self, why: Outcome | None, sentence: str) -> Outcome | None:
        """A walk for the address itself ends at whoever should have it; the last place before was to rewrite it."""
        if not isinstance(why, Broken):
            return why
        path = tuple(place for place in why.path if place != self.flow.end) or (self.flow.source,)
        evidence = tell("no rule for {address}:{port}", address=self.flow.target, port=self._port)
        return Broken(path[-1], Layer.NAT, sentence, evidence, say.command(path[-1], "iptables -t nat -nvL"), path)

    def _met(self, place: Place, rule: NatRule) -> bool:
        """Whether the connection came by this rule, and is what the rule is for."""
        came = any(arrival.place == place and not arrival.reply for arrival in self.result.arrivals)
        hook = "output" if place == self.flow.source else "prerouting"
        other = rule.source is not None or rule.source_port is not None  # what a client's packets seldom are
        return came and rule.hook == hook and not other and self._for_this_port(rule) and self._for_this_address(rule)

    @property
    def _rejected(self) -> bool:
        """TCP refuses by a segment of its own; an ICMP error is the word of a filter."""
        return isinstance(self.result, TcpResult) and bool(self.result.icmp_errors)

    @property
    def _port(self) -> int:
        return self.flow.port or 0

    def _sent_astray(self) -> Cause | None:
        """A rule sends the connection on, but not to the server."""
        flow, arrivals = self.flow, self.result.arrivals
        end = self.facts.of(StackOf(flow.end)) if flow.end is not None else None
        if not isinstance(end, Stack) or any(arrival.place == flow.end for arrival in arrivals):
            return None
        for router, rule in self._rewrites():
            host, _, _ = (rule.to or "").rpartition(":")
            meant = self._for_this_port(rule) and self._for_this_address(rule)
            if meant and rule.to and str(host or rule.to) not in _addresses(end):
                observed = tell("a rule of {place} sends the connection to {to}", place=say.place(router), to=rule.to)
                return Cause(observed, Layer.NAT, listing(router, rule))
        return None

    def _rewrites(self) -> Iterator[tuple[Place, NatRule]]:
        for router in self.flow.via:
            rules = self.facts.of(RulesetOf(router))
            if isinstance(rules, Ruleset):
                yield from ((router, rule) for rule in rules.nat if rule.action == "dnat")

    def _for_this_port(self, rule: NatRule) -> bool:
        return rule.port in (None, str(self._port)) and rule.protocol in (None, self.flow.protocol)

    def _for_this_address(self, rule: NatRule) -> bool:
        if rule.destination is None:
            return True
        network = rule.destination.removeprefix("!").strip()
        try:
            inside = self.flow.target in ip_network(network, strict=False)
        except ValueError:  # such as the name of a set
            return False
        return inside is not rule.destination.startswith("!")

    def _refused(self) -> Cause:
        """Somebody said that nothing listens: the machine with the address, or the one it was forwarded to."""
        end, arrivals = self.flow.end, self.result.arrivals
        at_end = [arrival for arrival in arrivals if arrival.place == end and not arrival.reply]
        if end is not None and any(arrival.place == end for arrival in arrivals):
            knocked = next((arrival for arrival in at_end if arrival.destination_port), None)
            observed = tell(
                "the connection reached {place}, where nothing listens on port {port} of {address}",
                place=say.place(end),
                port=knocked.destination_port if knocked else self._port,
                address=knocked.destination if knocked else self.flow.target,
            )
            return Cause(observed, Layer.SERVICE, say.command(end, self._listening))
        owner = next((place for place in self.flow.via if self._owns(place, self.flow.target)), None)
        if owner is None and end is not None and self._is_own(end):
            observed = tell(
                "{place} refused itself: nothing listens on its port {port}, and no rule sends the connection on",
                place=say.place(self.flow.source),
                port=self._port,
            )
            return Cause(observed, Layer.NAT, say.command(self.flow.source, "iptables -t nat -nvL OUTPUT"))
        if owner is None and (astray := self._sent_astray()):
            return astray
        if owner is None:
            observed = tell(
                "{address} refused: nothing listens on port {port}", address=self.flow.target, port=self._port
            )
            return Cause(observed, Layer.SERVICE, self.look)
        return self._refused_by(owner)

    def _is_own(self, end: Place) -> bool:
        """Whether one connects to one's own address, to be sent on to another place."""
        return end != self.flow.source and self._owns(self.flow.source, self.flow.target)

    def _refused_by(self, owner: Place) -> Cause:
        """By a router that should have passed it on."""
        where = say.place(owner)
        rewrite = next((rule for router, rule in self._rewrites() if router == owner), None)
        if rewrite is None:
            look = say.command(owner, "iptables -t nat -nvL PREROUTING")
            observed = tell(
                "{place} refused: nothing listens on its port {port}, and no rule sends the connection on",
                place=where,
                port=self._port,
            )
            return Cause(observed, Layer.NAT, look)
        if astray := self._sent_astray():
            return astray
        if rewrite.port not in (None, str(self._port)):
            observed = tell(
                "{place} refused: nothing listens on its port {port}, and its DNAT rule is for port {other}",
                place=where,
                port=self._port,
                other=rewrite.port,
            )
        else:
            observed = tell(
                "{place} refused: nothing listens on its port {port}, and its DNAT rule does not match this connection",
                place=where,
                port=self._port,
            )
        return Cause(observed, Layer.NAT, listing(owner, rewrite))

    def _owns(self, place: Place, address: Address) -> bool:
        stack = self.facts.of(StackOf(place))
        return isinstance(stack, Stack) and owns(stack, address)

    @property
    def _listening(self) -> str:
        return "ss -ltn" if self.flow.protocol == "tcp" else "ss -lun"


def listing(router: Place, rule: NatRule) -> str:
    """The command that lists the rule, by the tool that made it."""
    classic = rule.text.startswith("iptables")
    return say.command(router, "iptables -t nat -nvL PREROUTING" if classic else "nft list ruleset")


def _addresses(stack: Stack) -> frozenset[str]:
    return frozenset(str(address.interface.ip) for _, address in carried(stack))
