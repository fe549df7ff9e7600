"""The walk itself: out of a place, over links, through routers, to a socket, and all the way back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address

from tutor.diagnosis.choices import Choices, every
from tutor.diagnosis.hooks import Entry, Hooks, Packet
from tutor.diagnosis.neighbours import Found, Neighbours
from tutor.diagnosis.network import FORWARDING6, IGNORES6, Network, nearest, own, primary
from tutor.diagnosis.outcome import Stop, unsure
from tutor.diagnosis.routing import NONE, Refused, Routing
from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import Facts, Link, Route, Way
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import Address, WayOf
from tutor.model.why import Broken, CannotTell, Outcome, Works

_TTL = 64
_LIMITED_BROADCAST = IPv4Address("255.255.255.255")
_SMALL, _SEGMENT = 44, 1240
"""Bytes of an echo request of the tutor, and at most of a segment of its connections."""


def follow(way: Way, flow: WayOf) -> Outcome:
    """``diagnose`` over what was read for the flow."""
    return diagnose(Network(way.topology, Facts(way.read)), flow)


def diagnose(network: Network, flow: WayOf) -> Outcome:
    """Whether the flow works, and if not, its first broken hop."""
    if flow.target.version == 6 and (flow.target.is_link_local or flow.target.is_multicast):
        return CannotTell(tell("{target} is no address of one place only", target=flow.target))
    if flow.source not in network.places:
        look = words.on(flow.source.machine, "ip netns")
        sentence = tell("there is no {source}", source=words.place(flow.source))
        return Broken(flow.source, Layer.NAMESPACE, sentence, sentence, look)
    walked = every(lambda choices: Walk(network, flow, choices).outcome())
    if walked is None:
        return CannotTell(tell("too much is left open by the rules"))
    outcomes, open_question = walked
    for outcome in outcomes:
        if isinstance(outcome, CannotTell):
            return outcome
    if len({type(outcome) for outcome in outcomes}) > 1:
        return CannotTell(open_question)
    return outcomes[0]


@dataclass
class _At:
    """A packet that came to a place by a link. ``direct``: not as to a router, but as to the one with its address."""

    place: Place
    link: Link
    packet: Packet
    direct: bool


class Walk:
    """One walk, with one set of choices."""

    def __init__(self, network: Network, flow: WayOf, choices: Choices) -> None:
        self._network = network
        self._flow = flow
        self._path = [flow.source]
        self._back: list[Place] = []
        self._size = _SMALL  # bytes of the packet under way; what is cut into fragments is as long as the longest
        self._fresh = True  # it has not left the place where it was made
        self._routing = Routing(network, choices)
        self._hooks = Hooks(network, choices)
        self._neighbours = Neighbours(network, choices, self._routing)

    def outcome(self) -> Outcome:
        try:
            return self._there_and_back()
        except Stop as stop:
            if isinstance(stop.outcome, Broken):
                return replace(stop.outcome, path=tuple(self._path), back=tuple(self._back))
            return stop.outcome

    def _there_and_back(self) -> Works:
        flow = self._flow
        port = flow.port if flow.protocol != "icmp" else None
        request = Packet(NONE, flow.target, flow.protocol, destination_port=port)
        path, back = self._path, self._back
        source, arrived = self._send(flow.source, request, path)
        self._served(path[-1], arrived)
        answer = Packet(
            arrived.destination, arrived.source, arrived.protocol, arrived.destination_port, None, reply=True
        )
        back.append(path[-1])
        _, returned = self._send(path[-1], answer, back)
        if back[-1] != flow.source:
            where = words.place(back[-1])
            sentence = tell(
                "the answer to {destination} goes to {where} and never comes to {source}",
                destination=returned.destination,
                where=where,
                source=words.place(flow.source),
            )
            evidence = tell("{address} is an address of {where}", address=returned.destination, where=where)
            raise self._stop(back[-1], Layer.ADDRESS, sentence, evidence, "addr")
        if (returned.destination, returned.source_port) != (source, port) or (
            flow.protocol != "icmp" and returned.source != flow.target
        ):
            sentence = tell(
                "the answer comes from {source}, but {asker} asked {target}",
                source=returned.source,
                asker=words.place(flow.source),
                target=flow.target,
            )
            evidence = tell("source {address}", address=returned.source)
            raise self._stop(flow.source, Layer.NAT, sentence, evidence, "addr")
        if flow.protocol == "tcp":  # its third packet belongs to a connection, which rules may treat in another way
            self._send(flow.source, replace(request, source=source), [])
        return Works(tuple(path), tuple(back))

    def _served(self, place: Place, request: Packet) -> None:
        """Whether something answers at the end."""
        where = words.place(place)
        if request.protocol == "icmp":
            key = "net.ipv4.icmp_echo_ignore_all" if request.destination.version == 4 else IGNORES6
            if self._network.setting(place, key):
                look = words.command(place, f"sysctl {key}")
                raise Stop(
                    Broken(place, Layer.SERVICE, tell("{where} ignores echo requests", where=where), f"{key} = 1", look)
                )
            return
        port = request.destination_port or 0
        if not self._network.listens(place, request.protocol, request.destination, port):
            kind = "ss -ltn" if request.protocol == "tcp" else "ss -lun"
            sentence = tell(
                "the packet reaches {where}, but nothing listens there on {protocol} port {port}",
                where=where,
                protocol=request.protocol,
                port=port,
            )
            evidence = tell("no socket at {address}:{port}", address=request.destination, port=port)
            raise Stop(Broken(place, Layer.SERVICE, sentence, evidence, words.command(place, kind)))

    def _send(self, place: Place, packet: Packet, path: list[Place]) -> tuple[Address, Packet]:
        """From a process of ``place`` to the place that takes it in. Gives the source it began with, and the packet as
        it is in the end; the places on the way are added to ``path``."""
        self._size, self._fresh, self._hooks.mark = self._length(), True, 0
        route, packet = self._choose(place, packet)
        began = packet.source
        entry = self._hooks.begin(place, packet)
        before = packet.destination
        packet = self._hooks.run(place, "output", packet, entry, leaves=self._leaving(place, route))
        if packet.destination != before or self._hooks.mark:
            route = self._route(place, packet)
        for _ in range(_TTL):
            if route.type == "local":
                return began, self._to_itself(place, packet, entry)
            at = self._transmit(place, route, packet, entry)
            place = at.place
            path.append(place)
            entry = self._hooks.begin(place, at.packet)
            packet = self._hooks.run(place, "prerouting", at.packet, entry, came=at.link)
            decided = self._decide(at, packet)
            if decided is None:
                return began, self._hooks.run(place, "input", packet, entry, came=at.link)
            route = decided
            leaving = self._leaving(place, route)
            packet = self._hooks.run(place, "forward", packet, entry, came=at.link, leaves=leaving)
        sentence = tell(
            "the {packet} to {destination} goes round in a circle through {place}",
            packet=packet.name,
            destination=packet.destination,
            place=words.place(place),
        )
        raise self._stop(place, Layer.ROUTE, sentence, "time to live exceeded", f"route get {packet.destination}")

    def _choose(self, place: Place, packet: Packet) -> tuple[Route, Packet]:
        """The route of a new packet, and its source address."""
        route = self._route(place, packet)
        if packet.source != NONE:
            return route, packet
        stack = self._network.stack(place)
        link = stack.by_index(route.link)
        source: Address | None = route.source
        if source is None and route.type == "local":
            source = packet.destination
        if source is None and link is not None:
            if packet.destination.version == 6:
                source = nearest(stack, link, packet.destination)
            else:
                source = primary(stack, link, route.gateway or packet.destination, narrow=True)
        near = any(a.interface.ip.is_link_local and a.interface.version == 6 for a in stack.addresses)
        if source is None and near and packet.destination.version == 6:
            raise unsure(tell("{place} has only link-local addresses of IPv6", place=words.place(place)))
        if source is None:
            sentence = tell("{place} has no address to send from", place=words.place(place))
            evidence = tell("no address on {link}", link=link.name) if link else tell("no address on any link")
            raise self._stop(place, Layer.ADDRESS, sentence, evidence, "addr")
        packet = Packet(source, packet.destination, packet.protocol, packet.source_port, packet.destination_port)
        if packet.protocol == "tcp":
            route = self._route(place, packet)
        return route, packet

    def _route(self, place: Place, packet: Packet) -> Route:
        """Where a packet that is made here goes."""
        route = self._routing.look_up(place, packet.destination, packet.source, mark=self._hooks.mark)
        if isinstance(route, Refused):
            raise Stop(self._no_way_out(place, packet, route))
        if (
            route.type in ("broadcast", "anycast", "multicast")
            or packet.destination == _LIMITED_BROADCAST
            or packet.destination.is_multicast
        ):
            raise unsure(
                tell(
                    "{destination} is a broadcast address of {place}",
                    destination=packet.destination,
                    place=words.place(place),
                )
            )
        return route

    def _no_way_out(self, place: Place, packet: Packet, refused: Refused) -> Broken:
        """What a sender without a route lacks: a link, a link that is up, an address, or the route."""
        stack, where = self._network.stack(place), words.place(place)
        links = [link for link in stack.links if link.kind != "loopback"]
        if not packet.reply and not links:
            return Broken(
                place, Layer.LINK, tell("{where} has no link but lo", where=where), "only lo", words.ip(place, "link")
            )
        version = packet.destination.version
        given = [a for a in stack.addresses if a.interface.version == version and (version == 4 or a.scope != "link")]
        owned = [(stack.by_index(a.link), a.interface) for a in given]
        near = [link for link, interface in owned if link is not None and packet.destination in interface.network]
        down = [link for link in near or links if not link.up]
        if refused.route is None and down and len(down) == len(near or links):
            sentence = tell("{link} {within} is down", link=down[0].name, within=words.within(place))
            return Broken(place, Layer.LINK, sentence, f"{down[0].name}: state DOWN", words.ip(place, "link"))
        carried = [interface for _, interface in owned if not interface.is_loopback]
        if not packet.reply and not carried:
            sentence = tell("{where} has no address", where=where)
            if version == 6:
                sentence = tell("{where} has no IPv6 address but link-local ones", where=where)
            missing = "no inet" if version == 4 else "no inet6"
            return Broken(place, Layer.ADDRESS, sentence, missing, words.ip(place, "addr"))
        seen = words.joined(map(str, carried))
        if packet.reply:
            sentence = tell(
                "{where} ({seen}) has no way back to {destination}: {because}",
                where=where,
                seen=seen,
                destination=packet.destination,
                because=refused.because,
            )
        else:
            sentence = tell(
                "{where} ({seen}) has no route to {destination}: {because}",
                where=where,
                seen=seen,
                destination=packet.destination,
                because=refused.because,
            )
        return Broken(place, Layer.ROUTE, sentence, refused.because, words.ip(place, f"route get {packet.destination}"))

    def _decide(self, at: _At, packet: Packet) -> Route | None:
        """What a place does with a packet that came in: the route by which it goes on, or ``None`` to take it in."""
        place, link, where = at.place, at.link, words.place(at.place)
        if link.settings is None:
            raise unsure(
                tell("the settings of {link} {within} are not known", link=link.name, within=words.within(place))
            )
        six = packet.destination.version == 6
        free = (link.settings.route_localnet and not six) or self._network.everywhere(place, "route_localnet")
        if (packet.source.is_loopback or packet.destination.is_loopback) and not free:
            sentence = tell(
                "{where} throws away the {packet} from {source} to {destination}: "
                "a loopback address is never used on a cable",
                where=where,
                packet=packet.name,
                source=packet.source,
                destination=packet.destination,
            )
            raise self._stop(place, Layer.ADDRESS, sentence, "martian address", "route")
        route = self._routing.look_up(place, packet.destination, packet.source, link.name, mark=self._hooks.mark)
        kind = "" if isinstance(route, Refused) else route.type
        if kind in ("broadcast", "anycast", "multicast"):
            raise unsure(
                tell("{destination} is a broadcast address of {where}", destination=packet.destination, where=where)
            )
        if kind != "local" and not (self._network.setting(place, FORWARDING6) if six else link.settings.forwarding):
            raise self._no_forwarding(at, packet)
        if isinstance(route, Refused):
            sentence = tell(
                "{where} has no route to {destination}: {because}",
                where=where,
                destination=packet.destination,
                because=route.because,
            )
            raise self._stop(place, Layer.ROUTE, sentence, route.because, f"route get {packet.destination}")
        onward = route.link if route.type == "unicast" else None
        distrust = self._routing.distrusts(place, link, packet.source, packet.destination, onward)
        if distrust is not None:
            layer = Layer.ADDRESS if "itself" in distrust else Layer.ROUTE
            sentence = tell(
                "{where} throws away the {packet} from {source}: {distrust}",
                where=where,
                packet=packet.name,
                source=packet.source,
                distrust=distrust,
            )
            raise self._stop(place, layer, sentence, distrust, f"route get {packet.source}")
        return None if route.type == "local" else route

    def _no_forwarding(self, at: _At, packet: Packet) -> Stop:
        key = f"net.ipv4.conf.{at.link.name}.forwarding"
        if packet.destination.version == 6:
            key = FORWARDING6
        elif not self._network.setting(at.place, "net.ipv4.ip_forward"):
            key = "net.ipv4.ip_forward"
        where = words.place(at.place)
        if at.direct and packet.destination == at.packet.destination:
            sentence = tell(
                "the {packet} to {address} comes to {place}, which does not have this address",
                packet=packet.name,
                address=packet.destination,
                place=where,
            )
            evidence = tell("no {address} {within}", address=packet.destination, within=words.within(at.place))
            return self._stop(at.place, Layer.ADDRESS, sentence, evidence, "addr")
        sentence = tell(
            "{where} does not forward, so the {packet} to {destination} ends there: {key} is 0",
            where=where,
            packet=packet.name,
            destination=packet.destination,
            key=key,
        )
        return Stop(
            Broken(at.place, Layer.FORWARDING, sentence, f"{key} = 0", words.command(at.place, f"sysctl {key}"))
        )

    def _to_itself(self, place: Place, packet: Packet, entry: Entry | None) -> Packet:
        """Over the loopback of the place."""
        stack = self._network.stack(place)
        loopback = next((link for link in stack.links if link.kind == "loopback"), None)
        packet = self._hooks.run(place, "postrouting", packet, entry, leaves=loopback)
        if loopback is None or not loopback.up:
            sentence = tell(
                "{target} is an address of {place} itself, which it reaches by lo, and lo {within} is down",
                target=packet.destination,
                place=words.place(place),
                within=words.within(place),
            )
            raise self._stop(place, Layer.LINK, sentence, "lo: state DOWN", "link show lo")
        packet = self._hooks.run(place, "prerouting", packet, entry, came=loopback)
        return self._hooks.run(place, "input", packet, entry, came=loopback)

    def _transmit(self, place: Place, route: Route, packet: Packet, entry: Entry | None) -> _At:
        """Onto the cable and to whoever has the next hop's address."""
        link, gateway = self._leaving(place, route), route.gateway
        if gateway is not None and gateway.version == 4 and own(self._network.stack(place), gateway):
            gateway = None  # a router that is oneself makes everybody a neighbour
        if link is None or (route.gateway is not None and route.gateway.version != packet.destination.version):
            raise unsure(
                tell(
                    "the route of {place} to {destination} is not known here",
                    place=words.place(place),
                    destination=packet.destination,
                )
            )
        packet = self._hooks.run(place, "postrouting", packet, entry, leaves=link, gateway=gateway)
        if not link.up:
            sentence = tell("{link} {within} is down", link=link.name, within=words.within(place))
            raise self._stop(place, Layer.LINK, sentence, f"{link.name}: state DOWN", f"link show {link.name}")
        if link.kind == "loopback":
            sentence = tell(
                "a route of {place} sends the {packet} to {destination} to lo, where it ends",
                place=words.place(place),
                packet=packet.name,
                destination=packet.destination,
            )
            raise self._stop(
                place, Layer.ROUTE, sentence, f"{route.destination} dev lo", f"route get {packet.destination}"
            )
        self._fit(place, link, packet)
        end = self._flow.end if packet.destination == self._flow.target and gateway is None else None
        try:
            found = self._neighbours.find(place, link, gateway or packet.destination, packet.source, end)
        except Stop as stop:
            if isinstance(stop.outcome, Broken) and gateway is not None:
                stop.outcome = replace(stop.outcome, gateway=gateway)
            raise
        self._pass(found, packet)
        self._fresh = False
        return _At(found.place, found.link, packet, gateway is None)

    def _length(self) -> int:
        more = 0 if self._flow.target.version == 4 else 20  # the longer header
        if self._flow.protocol == "icmp":
            return more + (self._flow.size + 28 if self._flow.size else _SMALL)
        return more + (_SEGMENT if self._flow.protocol == "tcp" else _SMALL)

    def _fit(self, place: Place, link: Link, packet: Packet) -> None:
        """A packet that is longer than its link allows is cut, unless it must stay whole. Programs make the segments of
        a connection as short as the first link wants them."""
        if self._size <= link.mtu:
            return
        made_short = packet.protocol == "tcp" and self._fresh
        may_be_cut = packet.protocol == "icmp" and packet.reply  # the kernel's own answers
        if packet.destination.version == 6:
            may_be_cut = may_be_cut and self._fresh  # routers of IPv6 cut nothing
        if not made_short and not may_be_cut:
            raise self._too_long(place, link, packet, link.mtu)
        self._size = link.mtu

    def _pass(self, found: Found, packet: Packet) -> None:
        """Bridges and the far ends of cables throw away what is too long for them, and tell nobody
        (``is_skb_forwardable``, which leaves room for a VLAN tag)."""
        if found.narrowest is not None and self._size > found.narrowest[1].mtu + 4:
            raise self._too_long(*found.narrowest, packet, found.narrowest[1].mtu)

    def _too_long(self, place: Place, link: Link, packet: Packet, mtu: int) -> Stop:
        if packet.protocol == "tcp":
            return unsure(
                tell(
                    "the MTU of {link} {within} is only {mtu}: short packets pass, longer ones may not",
                    link=link.name,
                    within=words.within(place),
                    mtu=mtu,
                )
            )
        sentence = tell(
            "the {packet} of {size} bytes is too long for {link} {within}, which lets {mtu} pass",
            packet=packet.name,
            size=self._size,
            link=link.name,
            within=words.within(place),
            mtu=mtu,
        )
        return self._stop(place, Layer.LINK, sentence, f"{link.name}: mtu {mtu}", f"link show {link.name}")

    def _leaving(self, place: Place, route: Route) -> Link | None:
        stack = self._network.stack(place)
        if route.type == "local":
            return next((link for link in stack.links if link.kind == "loopback"), None)
        return stack.by_index(route.link)

    def _stop(self, place: Place, layer: Layer, sentence: str, evidence: str, command: str) -> Stop:
        return Stop(Broken(place, layer, sentence, evidence, words.ip(place, command)))
