"""Questions about Docker: addresses, links and rules that it made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from tutor.i18n import tell
from tutor.model.containers import Container, Docker, DockerNetwork, DockerOf, container_place
from tutor.model.facts import Facts, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Layer, Unknown, Unmet, Verdict
from tutor.model.wants import RulesetOf, StackOf, Want
from tutor.validators import say, typed
from tutor.validators.conditions import wants_beside
from tutor.validators.docker import container_of, engine, network_of, rewriting
from tutor.validators.questions import judged, too_early
from tutor.validators.registry import GoalId, param, validator


@validator("answer-docker-network-count")
@dataclass(frozen=True)
class NetworkCount:
    """How many networks does `docker network ls` list?"""

    goal: GoalId
    machine: Place = param("the machine where Docker runs", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({DockerOf(self.machine.machine)})

    def judge(self, facts: Facts) -> Verdict:
        docker = engine(facts, self.machine)
        if not isinstance(docker, Docker):
            return docker
        asked = tell("the number of Docker's networks")
        look = say.on(self.machine.machine, "docker network ls")
        return judged(facts, self.goal, typed.number, [str(len(docker.networks))], asked, look)


@validator("answer-docker-bridge")
@dataclass(frozen=True)
class BridgeOf:
    """Which link of the machine is the bridge of a Docker network?"""

    differs: ClassVar[bool] = True

    goal: GoalId
    network: str = param("the network, as in `docker network ls`")
    machine: Place = param("the machine where Docker runs", name="in")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, DockerOf(self.machine.machine))

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the bridge of the network {name}", name=self.network)
        early = too_early(facts, self.when, asked)
        if early is not None:
            return early
        network = network_of(facts, self.machine, self.network, asked)
        if not isinstance(network, DockerNetwork):
            return network
        look = say.on(self.machine.machine, "ip link show type bridge")
        if network.link is None:
            return Unmet(asked, tell("{name} has no bridge", name=self.network), Layer.LINK, look)
        return judged(facts, self.goal, typed.name, [network.link], asked, look)


@validator("answer-container-address")
@dataclass(frozen=True)
class ContainerAddress:
    """Which IPv4 address has a container?"""

    goal: GoalId
    container: str = param("the container, as in `docker ps`")
    machine: Place = param("the machine where Docker runs", name="in")
    network: str | None = param("in which network; without one, the first that gave it an address", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({DockerOf(self.machine.machine)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the address of the container {name}", name=self.container)
        container = container_of(facts, self.machine, self.container, asked)
        if not isinstance(container, Container):
            return container
        endpoint = container.endpoint(self.network)
        right = [str(endpoint.address.ip) if endpoint and endpoint.address else "none"]
        look = say.on(self.machine.machine, f"docker inspect {self.container}")
        return judged(facts, self.goal, typed.ip, right, asked, look)


@dataclass(frozen=True)
class _Cable:
    """A container's link, whose other end lies on the machine."""

    goal: GoalId
    container: str = param("the container, as in `docker ps`")
    machine: Place = param("the machine where Docker runs", name="in")
    link: str = param("the link in the container", default="eth0")

    @property
    def _inside(self) -> Place:
        return container_place(self.machine.machine, self.container)

    def wants(self) -> frozenset[Want]:
        return frozenset({StackOf(self._inside)})


@validator("answer-container-veth")
@dataclass(frozen=True)
class ContainerVeth(_Cable):
    """Which link of the machine is the other end of a container's cable?"""

    differs: ClassVar[bool] = True

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the other end of {link} {within}", link=self.link, within=say.within(self._inside))
        stack = facts.of(StackOf(self._inside))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self._inside, asked)
        link = stack.link(self.link)
        if link is None or link.peer is None or link.peer.place != Place(self.machine.machine) or not link.peer.name:
            observed = tell("{place} has no {link} with its other end on {machine}", place=say.place(self._inside),
                            link=self.link, machine=self.machine.machine)  # fmt: skip
            return Unmet(asked, observed, Layer.LINK, say.ip(self._inside, "link"))
        look = say.on(self.machine.machine, "ip link show master docker0")
        return judged(facts, self.goal, typed.name, [link.peer.name.casefold()], asked, look)


@validator("answer-container-peer")
@dataclass(frozen=True)
class ContainerPeer(_Cable):
    """Which number has the other end of a container's cable: 7 in `eth0@if7`?"""

    differs: ClassVar[bool] = True

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the number of the other end of {link} {within}", link=self.link, within=say.within(self._inside))
        stack = facts.of(StackOf(self._inside))
        if isinstance(stack, Unreadable):
            return say.unreadable(stack, self._inside, asked)
        look = say.ip(self._inside, "link")
        link = stack.link(self.link)
        if link is None or link.peer is None:
            observed = tell("{place} has no cable {link}", place=say.place(self._inside), link=self.link)
            return Unmet(asked, observed, Layer.LINK, look)
        return judged(facts, self.goal, _index, [str(link.peer.index)], asked, look)


@validator("answer-published-port")
@dataclass(frozen=True)
class HostPort:
    """On which port of the machine is a container's port published?"""

    differs: ClassVar[bool] = True

    goal: GoalId
    container: str = param("the container, as in `docker ps`")
    port: int = param("the port in the container")
    machine: Place = param("the machine where Docker runs", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({DockerOf(self.machine.machine)})

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the port of {machine} for port {port} of {name}", machine=say.place(self.machine), port=self.port,
                     name=self.container)  # fmt: skip
        container = container_of(facts, self.machine, self.container, asked)
        if not isinstance(container, Container):
            return container
        right = {str(published.host_port) for published in container.published if published.port == self.port}
        look = say.on(self.machine.machine, f"docker port {self.container}")
        if not right:
            return Unmet(asked, tell("{name} publishes no port {port}", name=self.container, port=self.port), Layer.NAT,
                         look)  # fmt: skip
        return judged(facts, self.goal, typed.number, right, asked, look)


class _OfPort:
    """A question about the rule that sends what comes for a TCP port elsewhere."""

    goal: GoalId
    port: int
    machine: Place

    def wants(self) -> frozenset[Want]:
        return frozenset({RulesetOf(self.machine)})

    def _judged(self, facts: Facts, reader: typed.Reader, asked: str, *, chain: bool) -> Verdict:
        rules = facts.of(RulesetOf(self.machine))
        if isinstance(rules, Unreadable):
            return say.unreadable(rules, self.machine, asked)
        found = rewriting(rules, self.port)
        look = say.command(self.machine, "iptables -t nat -nvL")
        if not found:
            return Unmet(asked, tell("no rule rewrites port {port}", port=self.port), Layer.NAT, look)
        right = [name.casefold() if chain else str(rule.to) for name, rule in found]
        return judged(facts, self.goal, reader, right, asked, look)


@validator("answer-dnat-chain")
@dataclass(frozen=True)
class RuleChain(_OfPort):
    """In which chain is the rule that sends what comes for a TCP port elsewhere?"""

    goal: GoalId
    port: int = param("the port that packets come for")
    machine: Place = param("where the rule is", name="in")

    def judge(self, facts: Facts) -> Verdict:
        return self._judged(facts, _chain, tell("the chain of the rule for port {port}", port=self.port), chain=True)


@validator("answer-dnat-target")
@dataclass(frozen=True)
class RuleTarget(_OfPort):
    """Where does the rule for a TCP port send packets? Address and port, such as 172.17.0.2:80."""

    goal: GoalId
    port: int = param("the port that packets come for")
    machine: Place = param("where the rule is", name="in")

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the address and port that the rule for port {port} writes", port=self.port)
        return self._judged(facts, _address_and_port, asked, chain=False)


@validator("answer-rule-packets")
@dataclass(frozen=True)
class RulePackets:
    """How many packets has the rule that sends what comes for a TCP port elsewhere counted?"""

    differs: ClassVar[bool] = True

    goal: GoalId
    port: int = param("the port that packets come for")
    machine: Place = param("where the rule is", name="in")
    when: Check | None = param("what must hold before the question means anything", default=None)

    def wants(self) -> frozenset[Want]:
        return wants_beside(self.when, RulesetOf(self.machine))

    def judge(self, facts: Facts) -> Verdict:
        asked = tell("the packets that the rule for port {port} has counted", port=self.port)
        early = too_early(facts, self.when, asked)
        if early is not None:
            return early
        rules = facts.of(RulesetOf(self.machine))
        if isinstance(rules, Unreadable):
            return say.unreadable(rules, self.machine, asked)
        counts = [rule.packets for _, rule in rewriting(rules, self.port)]
        look = say.command(self.machine, "iptables -t nat -nvL")
        if not counts:
            return Unmet(asked, tell("no rule rewrites port {port}", port=self.port), Layer.NAT, look)
        known = [str(count) for count in counts if count is not None]
        if not known:
            return Unknown(tell("the counters of the rule could not be read"))
        return judged(facts, self.goal, typed.number, known, asked, look)


def _index(text: str) -> str | None:
    """``eth0@if7`` is ``7``."""
    found = {match[1] for word in typed.words(text) if (match := re.fullmatch(r"(?:[^@]*@)?(?:if)?([0-9]+)", word))}
    return found.pop() if len(found) == 1 else None


def _chain(text: str) -> str | None:
    """``the DOCKER chain`` is ``docker``."""
    found = {word for word in typed.words(text) if word not in ("the", "chain", "in", "nat", "table", "it", "is")}
    return found.pop() if len(found) == 1 else None


def _address_and_port(text: str) -> str | None:
    found = {match[0] for word in typed.words(text) if (match := re.fullmatch(r"[0-9]+(\.[0-9]+){3}:[0-9]+", word))}
    return found.pop() if len(found) == 1 else None
