"""Who answers ARP: links that hear the question, addresses, proxies, and what asking teaches the other side.

RFC 826; net/ipv4/arp.c (arp_process): a question is looked at only where its sender is believed, and whoever answers it
learns the asker's MAC address.
"""

from __future__ import annotations

from dataclasses import dataclass

from tutor.diagnosis.choices import Choices
from tutor.diagnosis.network import Network, own, primary
from tutor.diagnosis.outcome import Stop, unsure
from tutor.diagnosis.routing import NONE, Refused, Routing
from tutor.diagnosis.segment import Flood, Segment, unplugged
from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import Link, Neighbour
from tutor.model.place import Place
from tutor.model.rules import PacketRule
from tutor.model.verdict import Layer
from tutor.model.wants import Address
from tutor.model.why import Broken

_USABLE = {"reachable", "stale", "delay", "permanent", "noarp"}


@dataclass(frozen=True, slots=True)
class Found:
    """Who gets the packet. ``narrowest`` is the link on the way there that lets the least pass, with its place."""

    place: Place
    link: Link
    narrowest: tuple[Place, Link] | None


def _spares_discovery(rule: PacketRule) -> bool:
    """Whether a rule cannot throw away packets of neighbour discovery, which are ICMPv6 and which conntrack passes
    over."""
    for match in rule.matches:
        meant = {"protocol": {"icmpv6", "ipv6-icmp", "58"}, "state": {"untracked"}, "icmp_type": set[str]()}.get(
            match.key
        )
        if meant is not None and not match.negated and not meant & set(match.values):
            return True
    return rule.verdict in (None, "accept", "mark")


class Neighbours:
    """The neighbour tables of all places, during one walk."""

    def __init__(self, network: Network, choices: Choices, routing: Routing) -> None:
        self._network = network
        self._choices = choices
        self._routing = routing
        self._learned: dict[tuple[Place, int, Address], tuple[Place, Link]] = {}

    def find(self, place: Place, link: Link, hop: Address, source: Address, end: Place | None) -> Found:
        """Where packets for ``hop`` go to; ``Stop`` where nobody answers. ``end`` is a place that is expected to have
        the address."""
        segment = Flood(self._network, hop.version).start(place, link)
        other, near = self._answering(place, link, hop, source, end, segment)
        return Found(other, near, segment.narrowest.get((other, near.index)))

    def _answering(
        self, place: Place, link: Link, hop: Address, source: Address, end: Place | None, segment: Segment
    ) -> tuple[Place, Link]:
        if (known := self._known(place, link, hop, segment)) is not None:
            return known
        stack = self._network.stack(place)
        master = stack.by_index(link.master)
        if master is not None:
            sentence = tell(
                "packets leave {place} by {link}, a port of {master}: "
                "answers come in on {master}, which should have the address instead",
                place=words.place(place),
                link=link.name,
                master=master.name,
            )
            raise self._stop(place, Layer.ADDRESS, sentence, f"{link.name}: master {master.name}", "addr")
        asker = source if own(stack, source) else primary(stack, link, hop, narrow=True) or NONE
        if hop.version == 6:
            self._discovered(place)
        answering, silent = [], list[str]()
        for other, near in segment.heard:
            refusal = self._silence(other, near, asker, hop) if hop.version == 4 else self._mute(other, near, hop)
            if refusal is None:
                answering.append((other, near))
            elif refusal:
                silent.append(refusal)
        if not answering:
            raise self._nobody(place, link, hop, segment, silent, end)
        why = tell("several links answer when {place} asks for {hop}", place=words.place(place), hop=hop)
        chosen = answering[self._choices.pick(len(answering), why)]
        for other, near in answering:
            self._learned[other, near.index, asker] = (place, link)
        self._learned[place, link.index, hop] = chosen
        return chosen

    def _known(self, place: Place, link: Link, hop: Address, segment: Segment) -> tuple[Place, Link] | None:
        """Whom an entry of the neighbour table names."""
        entry = next(
            (n for n in self._network.stack(place).neighbours if (n.link, n.address) == (link.index, hop)), None
        )
        if entry is not None and entry.state in _USABLE and entry.mac is not None:
            for other, near in segment.heard:
                if near.mac == entry.mac:
                    return other, near
            if entry.state in ("permanent", "noarp") and segment.unclear is None:
                raise self._fixed(place, link, entry)
        return self._learned.get((place, link.index, hop))

    def _fixed(self, place: Place, link: Link, entry: Neighbour) -> Stop:
        sentence = tell(
            "{place} has a fixed entry that {address} is at {mac}, where nobody is",
            place=words.place(place),
            address=entry.address,
            mac=entry.mac,
        )
        evidence = f"{entry.address} dev {link.name} lladdr {entry.mac} PERMANENT"
        return self._stop(place, Layer.NEIGHBOUR, sentence, evidence, "neigh")

    def _silence(self, place: Place, link: Link, asker: Address, hop: Address) -> str | None:
        """``None`` where the link answers, else why not; the empty text where it has no reason to."""
        network, stack, settings = self._network, self._network.stack(place), link.settings
        if settings is None:
            raise unsure(
                tell("the settings of {link} {within} are not known", link=link.name, within=words.within(place))
            )
        where = words.place(place)
        found = self._routing.look_up(place, hop, asker, link.name)
        local = not isinstance(found, Refused) and found.type == "local"
        if not link.up:
            return tell("{link} of {where} is down", link=link.name, where=where) if local else ""
        if asker == NONE:
            return None if local else ""
        if local:
            if (distrust := self._routing.distrusts(place, link, asker, hop)) is not None:
                return tell("{where} does not answer {asker}: {distrust}", where=where, asker=asker, distrust=distrust)
            return self._ignores(place, link, hop)
        proxied = any(entry.address == hop and entry.link in (None, link.index) for entry in stack.proxies)
        if not settings.forwarding or not (proxied or settings.proxy_arp or network.everywhere(place, "proxy_arp")):
            return ""
        route = self._routing.look_up(place, hop, asker, link.name)
        if isinstance(route, Refused) or route.type != "unicast" or route.link == link.index:
            return ""
        if (distrust := self._routing.distrusts(place, link, asker, hop, route.link)) is not None:
            return tell("{where} does not answer {asker}: {distrust}", where=where, asker=asker, distrust=distrust)
        return None

    def _mute(self, place: Place, link: Link, hop: Address) -> str | None:
        """The same for neighbour discovery (RFC 4861): only the link that has the address answers."""
        stack = self._network.stack(place)
        here = next((given for given in stack.addresses_of(link) if given.interface.ip == hop), None)
        if here is None:
            if any(entry.address == hop for entry in stack.proxies):
                raise unsure(tell("{place} answers in place of {hop}", place=words.place(place), hop=hop))
            return ""
        if here.tentative:
            raise unsure(tell("{hop} is still being tested for duplicates", hop=hop))
        if not link.up:
            return tell("{link} of {where} is down", link=link.name, where=words.place(place))
        self._discovered(place)
        return None

    def _discovered(self, place: Place) -> None:
        """Neighbour discovery is made of IPv6 packets: rules may throw them away."""
        for chain in self._network.program(place):
            mild = chain.policy == "accept" and all(map(_spares_discovery, chain.rules))
            if (
                chain.hook
                and chain.hook != "forward"
                and chain.kind != "nat"
                and chain.family in ("ip6", "inet")
                and not mild
            ):
                raise unsure(tell("{place} has rules that neighbour discovery has to pass", place=words.place(place)))

    def _ignores(self, place: Place, link: Link, hop: Address) -> str | None:
        settings = link.settings
        assert settings is not None
        level = max(settings.arp_ignore, self._network.everywhere(place, "arp_ignore"))
        if settings.arp_filter or self._network.everywhere(place, "arp_filter") or level not in (0, 1, 8):
            raise unsure(
                tell(
                    "{place} chooses which ARP questions it answers (arp_filter, arp_ignore)", place=words.place(place)
                )
            )
        here = any(a.interface.ip == hop for a in self._network.stack(place).addresses_of(link))
        if level == 8 or (level == 1 and not here):
            return tell("arp_ignore of {place} is {level}", place=words.place(place), level=level)
        return None

    def _nobody(
        self, place: Place, link: Link, hop: Address, segment: Segment, silent: list[str], end: Place | None
    ) -> Stop:
        """Why no link answered."""
        where, asks = (
            words.place(place),
            tell("nobody answers when {place} asks for {hop}", place=words.place(place), hop=hop),
        )
        if silent:
            layer = Layer.ADDRESS if "itself" in silent[0] else Layer.NEIGHBOUR
            return self._stop(place, layer, tell("{asks}: {why}", asks=asks, why=silent[0]), silent[0], "neigh")
        if segment.unclear is not None:
            return unsure(tell("{asks}, but {unclear}", asks=asks, unclear=segment.unclear))
        owners = [(other, carrying) for other, carrying in self._network.owners(hop) if other != place]
        if not owners:
            if end is not None:
                sentence = tell("{end} does not have the address {hop}", end=words.place(end), hop=hop)
                evidence = tell("no {address} {within}", address=hop, within=words.within(end))
                return self._stop(end, Layer.ADDRESS, sentence, evidence, "addr")
            return self._stop(
                place, Layer.ADDRESS, tell("{asks}: no link has this address", asks=asks), f"{hop} FAILED", "neigh"
            )
        other, carrying = owners[0]
        if carrying.kind not in ("veth", "bridge", "loopback"):
            return unsure(
                tell(
                    "{hop} is on {carrying} of {other}, a link of the kind {kind}, which is not followed",
                    hop=hop,
                    carrying=carrying.name,
                    other=words.place(other),
                    kind=carrying.kind,
                )
            )
        if segment.obstacles:
            return Stop(self._nearest(segment, other))
        if not carrying.up:
            sentence = tell("{carrying} {within} is down", carrying=carrying.name, within=words.within(other))
            return self._stop(other, Layer.LINK, sentence, f"{carrying.name}: state DOWN", "link")
        for at, one in ((place, link), (other, carrying)):
            if (broken := unplugged(self._network, at, one, hop.version)) is not None:
                return Stop(broken)
        sentence = tell(
            "{where} takes {hop} to be on the same network as {link}, but {other} has it elsewhere",
            where=where,
            hop=hop,
            link=link.name,
            other=words.place(other),
        )
        return self._stop(place, Layer.ROUTE, sentence, f"{hop} dev {link.name} FAILED", f"route get {hop}")

    def _nearest(self, segment: Segment, owner: Place) -> Broken:
        """The obstacle at the owner, or else the first."""
        return next((broken for broken in segment.obstacles if broken.hop == owner), segment.obstacles[0])

    def _stop(self, place: Place, layer: Layer, sentence: str, evidence: str, command: str) -> Stop:
        return Stop(Broken(place, layer, sentence, evidence, words.ip(place, command)))
