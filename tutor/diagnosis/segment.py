"""How far an Ethernet broadcast gets: cables, bridges with the state of their ports, switches of the topology."""

from __future__ import annotations

from dataclasses import dataclass, field

from tutor.diagnosis.network import BRIDGED, Network
from tutor.diagnosis.outcome import unsure
from tutor.i18n import tell
from tutor.model import words
from tutor.model.facts import Link, Stack
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.why import Broken

_QUEUES = {"", "noqueue", "noop", "pfifo_fast", "pfifo", "fq_codel", "fq", "mq"}
_FORWARDING = 3
_STATES = {0: "disabled", 1: "listening", 2: "learning", 4: "blocking"}


@dataclass
class Segment:
    """The links of places that hear the broadcast, what kept it from going further, and what is not known about it.

    ``narrowest`` is the link with the least MTU on the way to each that hears it, by place and index.
    """

    heard: list[tuple[Place, Link]] = field(default_factory=list)
    narrowest: dict[tuple[Place, int], tuple[Place, Link]] = field(default_factory=dict)
    obstacles: list[Broken] = field(default_factory=list)
    unclear: str | None = None


class Flood:
    """One broadcast, or for IPv6 a multicast that all bridges pass on."""

    def __init__(self, network: Network, version: int) -> None:
        self._network = network
        self._version = version
        self._bridges: set[tuple[Place, int]] = set()
        self._switches: set[str] = set()
        self._way: list[tuple[Place, Link]] = []
        self.segment = Segment()

    def start(self, place: Place, link: Link) -> Segment:
        """From a link of a place, which is up."""
        if link.kind == "bridge":
            self._through(place, link, None)
        elif link.kind == "veth":
            self._leave(place, link)
        else:
            raise unsure(
                tell(
                    "packets leave {place} by {link}, a link of the kind {kind}, which is not followed",
                    place=words.place(place),
                    link=link.name,
                    kind=link.kind or tell("unknown"),
                )
            )
        self._agree(place, link)
        return self.segment

    def _leave(self, place: Place, link: Link) -> None:
        self._way.append((place, link))
        self._out(place, link)
        self._way.pop()

    def _out(self, place: Place, link: Link) -> None:
        if not link.up:
            self._off(place, link)
            return
        if link.queue not in _QUEUES:
            raise unsure(
                tell(
                    "{link} {within} has the queueing discipline {queue}",
                    link=link.name,
                    within=words.within(place),
                    queue=link.queue,
                )
            )
        switch = self._network.switch_of(place, link)
        far = self._far(link)
        if not link.running:
            if far is not None:
                where, end = far
                sentence = tell(
                    "{end} {within}, the other end of {link}, is down",
                    end=end.name,
                    within=words.within(where),
                    link=link.name,
                )
                self._blocked(where, Layer.LINK, sentence, _state(end), end)
            else:
                sentence = tell(
                    "{link} {within} is up, but the other end of its cable is down",
                    link=link.name,
                    within=words.within(place),
                )
                self._blocked(place, Layer.LINK, sentence, _state(link), link)
        elif far is not None:
            self._arrive(*far)
        elif switch is not None:
            self._over(switch, place)
        elif link.kind == "veth":
            self.segment.unclear = tell(
                "the other end of {link} {within} is in no place that has a name",
                link=link.name,
                within=words.within(place),
            )
        else:
            raise unsure(
                tell(
                    "{link} {within} is a link of the kind {kind}, which is not followed",
                    link=link.name,
                    within=words.within(place),
                    kind=link.kind or tell("unknown"),
                )
            )

    def _far(self, link: Link) -> tuple[Place, Link] | None:
        """The other end of the cable."""
        if link.peer is None or link.peer.place is None:
            return None
        end = self._network.stack(link.peer.place).by_index(link.peer.index)
        return (link.peer.place, end) if end is not None else None

    def _over(self, switch: str, sender: Place) -> None:
        if switch in self._switches:
            raise unsure(tell("there is a loop through the switch {switch}", switch=switch))
        self._switches.add(switch)
        for place, name in self._network.plugged(switch):
            link = self._network.stack(place).link(name)
            if place == sender and link is not None and (place, link) in self.segment.heard:
                continue
            if link is None or link.kind != "veth":
                self._missing(place, name)
            elif not link.up:
                self._off(place, link)
            elif place != sender or len([1 for other, _ in self._network.plugged(switch) if other == sender]) > 1:
                self._arrive(place, link)

    def _off(self, place: Place, link: Link) -> None:
        sentence = tell("{link} {within} is down", link=link.name, within=words.within(place))
        self._blocked(place, Layer.LINK, sentence, _state(link), link)

    def _missing(self, place: Place, name: str) -> None:
        """An interface of the topology is gone, unless some link could be it under another name or elsewhere."""
        for other in self._network.places:
            for link in self._network.stack(other).links:
                if link.peer is not None and link.peer.place is None and not self._network.switch_of(other, link):
                    self.segment.unclear = tell(
                        "{name} of {place} is not where it was", name=name, place=words.place(place)
                    )
                    return
        sentence = tell("{place} has no {name} any more", place=words.place(place), name=name)
        self.segment.obstacles.append(Broken(place, Layer.LINK, sentence, f"no {name}", words.ip(place, "link")))

    def _arrive(self, place: Place, link: Link) -> None:
        self._way.append((place, link))
        self._in(place, link)
        self._way.pop()

    def _hear(self, place: Place, link: Link) -> None:
        self.segment.heard.append((place, link))
        if self._way:
            self.segment.narrowest[place, link.index] = min(self._way, key=lambda passed: passed[1].mtu)

    def _in(self, place: Place, link: Link) -> None:
        stack = self._network.stack(place)
        if link.master is None:
            self._hear(place, link)
            return
        bridge = stack.by_index(link.master)
        if bridge is None or bridge.kind != "bridge":
            raise unsure(
                tell("{link} {within} belongs to a link that is no bridge", link=link.name, within=words.within(place))
            )
        if self._open(place, bridge, link):
            self._through(place, bridge, link)

    def _open(self, place: Place, bridge: Link, port: Link) -> bool:
        """Whether a port lets frames through."""
        if not bridge.up:
            self._blocked(
                place,
                Layer.LINK,
                tell("the bridge {bridge} {within} is down", bridge=bridge.name, within=words.within(place)),
                _state(bridge),
                bridge,
            )
            return False
        if not port.up:
            self._off(place, port)
            return False
        if port.running and port.port_state != _FORWARDING:
            state = _STATES.get(port.port_state or 0, str(port.port_state))
            sentence = tell(
                "the port {port} of {bridge} {within} is {state}",
                port=port.name,
                bridge=bridge.name,
                within=words.within(place),
                state=state,
            )
            self._blocked(place, Layer.LINK, sentence, f"{port.name}: state {state}", port)
            return False
        return True

    def _through(self, place: Place, bridge: Link, came_by: Link | None) -> None:
        if (place, bridge.index) in self._bridges:
            raise unsure(
                tell(
                    "there is a loop of cables through the bridge {bridge} {within}",
                    bridge=bridge.name,
                    within=words.within(place),
                )
            )
        self._bridges.add((place, bridge.index))
        self._plain(place, bridge)
        if came_by is not None:
            self._hear(place, bridge)
        for port in self._network.stack(place).ports_of(bridge):
            if port != came_by and self._open(place, bridge, port):
                self._leave(place, port)

    def _plain(self, place: Place, bridge: Link) -> None:
        """Refuse what this walk does not know of bridges."""
        if bridge.vlan_filtering:
            raise unsure(
                tell("the bridge {bridge} {within} filters VLANs", bridge=bridge.name, within=words.within(place))
            )
        for chain in self._network.program(place):
            if chain.family in ("bridge", "netdev") and chain.hook and (chain.rules or chain.policy != "accept"):
                raise unsure(tell("{place} has rules for bridged packets", place=words.place(place)))
            if chain.hook and self._network.setting(place, BRIDGED[self._version]):
                raise unsure(tell("{place} sends bridged packets through its rules", place=words.place(place)))

    def _agree(self, place: Place, link: Link) -> None:
        """MAC addresses must tell the listeners apart, and no bridge may hold one of them fast at a port."""
        ends = [(place, link), *self.segment.heard]
        macs = [one.mac for _, one in ends]
        if len(set(macs)) < len(macs):
            raise unsure(tell("two links have the same MAC address"))
        for where, _ in self._bridges:
            if any(entry.static and entry.mac in macs for entry in self._network.stack(where).fdb):
                raise unsure(
                    tell(
                        "a bridge {within} has a static entry for one of the MAC addresses", within=words.within(where)
                    )
                )

    def _blocked(self, place: Place, layer: Layer, sentence: str, evidence: str, link: Link) -> None:
        command = words.ip(place, f"link show {link.name}")
        self.segment.obstacles.append(Broken(place, layer, sentence, evidence, command))


def _state(link: Link) -> str:
    if not link.up:
        return f"{link.name}: state DOWN"
    return f"{link.name}: " + ("state UP" if link.running else "NO-CARRIER, state LOWERLAYERDOWN")


def unplugged(network: Network, place: Place, link: Link, version: int) -> Broken | None:
    """The far end of the cable of ``link`` is in no bridge and has no address: nobody is behind it."""
    if link.peer is None or link.peer.place is None:
        return None
    stack: Stack = network.stack(link.peer.place)
    end = stack.by_index(link.peer.index)
    if (
        end is None
        or end.master is not None
        or any(a.interface.version == version and a.scope != "link" for a in stack.addresses_of(end))
    ):
        return None
    where = link.peer.place
    sentence = tell(
        "{end} {within}, the other end of {link}, has no address and is in no bridge",
        end=end.name,
        within=words.within(where),
        link=link.name,
    )
    return Broken(where, Layer.LINK, sentence, f"{end.name}: no master", words.ip(where, f"link show {end.name}"))
