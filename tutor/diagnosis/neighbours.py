"""Who answers ARP: links that hear the question, addresses, proxies, and what asking teaches the other side.

RFC 826; net/ipv4/arp.c (arp_process): a question is looked at only where its sender is believed, and whoever answers it
learns the asker's MAC address.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from tutor.diagnosis.choices import Choices
from tutor.diagnosis.network import Network, own, primary
from tutor.diagnosis.outcome import Stop, unsure
from tutor.diagnosis.routing import NONE, Refused, Routing
from tutor.diagnosis.segment import Flood, Segment, unplugged
from tutor.model import words
from tutor.model.facts import Link, Neighbour
from tutor.model.place import Place
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
        segment = Flood(self._network).start(place, link)
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
            sentence = (
                f"packets leave {words.place(place)} by {link.name}, a port of {master.name}: answers come in on "
            )
            sentence += f"{master.name}, which should have the address instead"
            raise self._stop(place, Layer.ADDRESS, sentence, f"{link.name}: master {master.name}", "addr")
        asker = source if own(stack, source) else primary(stack, link, hop, narrow=True) or NONE
        answering, silent = [], list[str]()
        for other, near in segment.heard:
            refusal = self._silence(other, near, asker, IPv4Address(int(hop)))
            if refusal is None:
                answering.append((other, near))
            elif refusal:
                silent.append(refusal)
        if not answering:
            raise self._nobody(place, link, hop, segment, silent, end)
        why = f"several links answer when {words.place(place)} asks for {hop}"
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
        sentence = f"{words.place(place)} has a fixed entry that {entry.address} is at {entry.mac}, where nobody is"
        evidence = f"{entry.address} dev {link.name} lladdr {entry.mac} PERMANENT"
        return self._stop(place, Layer.NEIGHBOUR, sentence, evidence, "neigh")

    def _silence(self, place: Place, link: Link, asker: Address, hop: Address) -> str | None:
        """``None`` where the link answers, else why not; the empty text where it has no reason to."""
        network, stack, settings = self._network, self._network.stack(place), link.settings
        if settings is None:
            raise unsure(f"the settings of {link.name} {words.within(place)} are not known")
        where = words.place(place)
        found = self._routing.look_up(place, hop, asker, link.name)
        local = not isinstance(found, Refused) and found.type == "local"
        if not link.up:
            return f"{link.name} of {where} is down" if local else ""
        if asker == NONE:
            return None if local else ""
        if local:
            if (distrust := self._routing.distrusts(place, link, asker, hop)) is not None:
                return f"{where} does not answer {asker}: {distrust}"
            return self._ignores(place, link, hop)
        proxied = any(entry.address == hop and entry.link in (None, link.index) for entry in stack.proxies)
        if not settings.forwarding or not (proxied or settings.proxy_arp or network.everywhere(place, "proxy_arp")):
            return ""
        route = self._routing.look_up(place, hop, asker, link.name)
        if isinstance(route, Refused) or route.type != "unicast" or route.link == link.index:
            return ""
        if (distrust := self._routing.distrusts(place, link, asker, hop, route.link)) is not None:
            return f"{where} does not answer {asker}: {distrust}"
        return None

    def _ignores(self, place: Place, link: Link, hop: Address) -> str | None:
        settings = link.settings
        assert settings is not None
        level = max(settings.arp_ignore, self._network.everywhere(place, "arp_ignore"))
        if settings.arp_filter or self._network.everywhere(place, "arp_filter") or level not in (0, 1, 8):
            raise unsure(f"{words.place(place)} chooses which ARP questions it answers (arp_filter, arp_ignore)")
        here = any(a.interface.ip == hop for a in self._network.stack(place).addresses_of(link))
        if level == 8 or (level == 1 and not here):
            return f"arp_ignore of {words.place(place)} is {level}"
        return None

    def _nobody(
        self, place: Place, link: Link, hop: Address, segment: Segment, silent: list[str], end: Place | None
    ) -> Stop:
        """Why no link answered."""
        where, asks = words.place(place), f"nobody answers when {words.place(place)} asks for {hop}"
        if silent:
            layer = Layer.ADDRESS if "itself" in silent[0] else Layer.NEIGHBOUR
            return self._stop(place, layer, f"{asks}: {silent[0]}", silent[0], "neigh")
        if segment.unclear is not None:
            return unsure(f"{asks}, but {segment.unclear}")
        owners = [(other, carrying) for other, carrying in self._network.owners(hop) if other != place]
        if not owners:
            if end is not None:
                sentence = f"{words.place(end)} does not have the address {hop}"
                return self._stop(end, Layer.ADDRESS, sentence, f"no {hop} {words.within(end)}", "addr")
            return self._stop(place, Layer.ADDRESS, f"{asks}: no link has this address", f"{hop} FAILED", "neigh")
        other, carrying = owners[0]
        if carrying.kind not in ("veth", "bridge", "loopback"):
            return unsure(f"{hop} is on {carrying.name} of {words.place(other)}, a link of the kind {carrying.kind}")
        if segment.obstacles:
            return Stop(self._nearest(segment, other))
        if not carrying.up:
            sentence = f"{carrying.name} {words.within(other)} is down"
            return self._stop(other, Layer.LINK, sentence, f"{carrying.name}: state DOWN", "link")
        for at, one in ((place, link), (other, carrying)):
            if (broken := unplugged(self._network, at, one)) is not None:
                return Stop(broken)
        sentence = (
            f"{where} takes {hop} to be on the same network as {link.name}, but {words.place(other)} has it elsewhere"
        )
        return self._stop(place, Layer.ROUTE, sentence, f"{hop} dev {link.name} FAILED", f"route get {hop}")

    def _nearest(self, segment: Segment, owner: Place) -> Broken:
        """The obstacle at the owner, or else the first."""
        return next((broken for broken in segment.obstacles if broken.hop == owner), segment.obstacles[0])

    def _stop(self, place: Place, layer: Layer, sentence: str, evidence: str, command: str) -> Stop:
        return Stop(Broken(place, layer, sentence, evidence, words.ip(place, command)))
