"""Docker: networks and containers as its engine tells of them, and what it made in the kernel for them."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

from tutor.i18n import tell
from tutor.model.containers import (
    Container,
    ContainerGet,
    Docker,
    DockerNetwork,
    DockerOf,
    Published,
    container_place,
)
from tutor.model.facts import Facts, Gone, HttpResult, Link, Listeners, Ruleset, Stack, TcpResult, Unreadable
from tutor.model.place import Place
from tutor.model.rules import PacketRule
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import Address, ListenersOf, RulesetOf, StackOf, TcpProbe, Want
from tutor.validators import say
from tutor.validators.registry import param, validator


@validator("docker-network")
@dataclass(frozen=True)
class NetworkExists:
    """Docker has a network of this name; where asked, of this driver and with this subnet."""

    name: str = param("the network, as in `docker network ls`")
    machine: Place = param("the machine where Docker runs", name="in")
    driver: str | None = param("its driver, such as bridge", default=None)
    subnet: IPv4Network | IPv6Network | None = param("its subnet, such as 172.18.0.0/16", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({DockerOf(self.machine.machine)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a Docker network {name}", name=self.name)
        look = say.on(self.machine.machine, f"docker network inspect {self.name}")
        network = network_of(facts, self.machine, self.name, expected)
        if not isinstance(network, DockerNetwork):
            return network
        if self.driver is not None and network.driver != self.driver:
            observed = tell("its driver is {driver}, not {other}", driver=network.driver, other=self.driver)
            return Unmet(expected, observed, Layer.SERVICE, look)
        if self.subnet is not None and self.subnet not in network.subnets:
            seen = say.joined(map(str, network.subnets))
            observed = tell("its subnet is {seen}, not {other}", seen=seen, other=self.subnet)
            return Unmet(tell("{network} with {subnet}", network=expected, subnet=self.subnet), observed,
                         Layer.ADDRESS, look)  # fmt: skip
        return Met(tell("the network {name} is there", name=self.name))


@validator("container")
@dataclass(frozen=True)
class ContainerRuns:
    """A container of this name runs; where asked, from this image and connected to this network."""

    name: str = param("the container, as in `docker ps`")
    machine: Place = param("the machine where Docker runs", name="in")
    image: str | None = param("the image it was started from, such as nginx", default=None)
    network: str | None = param("a network it must be connected to: bridge, none, host, or one's own", default=None)

    def wants(self) -> frozenset[Want]:
        return frozenset({DockerOf(self.machine.machine)})

    def judge(self, facts: Facts) -> Verdict:
        expected = tell("a container {name} that runs", name=self.name)
        container = container_of(facts, self.machine, self.name, expected)
        if not isinstance(container, Container):
            return container
        if self.image is not None and _tagged(container.image) != _tagged(self.image):
            observed = tell("{name} was started from {image}, not {other}", name=self.name, image=container.image,
                            other=self.image)  # fmt: skip
            return Unmet(expected, observed, Layer.SERVICE, say.on(self.machine.machine, "docker ps"))
        if self.network is not None and container.endpoint(self.network) is None:
            expected = tell("{container} in the network {network}", container=expected, network=self.network)
            seen = say.joined(endpoint.network for endpoint in container.endpoints)
            observed = tell("{name} is connected to {seen}", name=self.name, seen=seen)
            return Unmet(expected, observed, Layer.LINK, say.on(self.machine.machine, f"docker inspect {self.name}"))
        return Met(tell("{name} runs", name=self.name))


@validator("container-gone")
@dataclass(frozen=True)
class ContainerGone:
    """There is no container of this name, not even a stopped one (give the goal `baseline: true`)."""

    name: str = param("the container, as in `docker ps -a`")
    machine: Place = param("the machine where Docker runs", name="in")

    def wants(self) -> frozenset[Want]:
        return frozenset({DockerOf(self.machine.machine)})

    def judge(self, facts: Facts) -> Verdict:
        docker = engine(facts, self.machine)
        if not isinstance(docker, Docker):
            return docker
        container = docker.container(self.name)
        if container is None:
            return Met(tell("{name} is gone", name=self.name))
        state = tell("{name} still runs", name=self.name)
        if not container.running:
            state = tell("{name} is stopped, but still there", name=self.name)
        look = say.on(self.machine.machine, "docker ps -a")
        return Unmet(tell("no container {name}", name=self.name), state, Layer.SERVICE, look)


@validator("published")
@dataclass(frozen=True)
class PortPublished:
    """Docker publishes a container's port on a port of the machine: its engine says so, the kernel has the rule for it
    or docker-proxy listens there and, with `from` and `to`, a connection from there is accepted."""

    port: int = param("the port of the machine")
    container_port: int = param("the port in the container", name="container-port")
    machine: Place = param("the machine where Docker runs", name="in")
    container: str | None = param("the container; any will do without", default=None)
    source: Place | None = param("where a connection is tried from", name="from", default=None)
    target: Address | None = param("the address of the machine to connect to", name="to", default=None)

    @property
    def _probe(self) -> TcpProbe | None:
        return TcpProbe(self.source, self.target, self.port) if self.source and self.target else None

    def wants(self) -> frozenset[Want]:
        found: set[Want] = {DockerOf(self.machine.machine), RulesetOf(self.machine), ListenersOf(self.machine)}
        if self._probe:
            found.add(self._probe)
        return frozenset(found)

    def judge(self, facts: Facts) -> Verdict:
        who = self.container or tell("a container")
        expected = tell("port {port} of {machine} is published for port {inner} of {who}", port=self.port,
                        machine=say.place(self.machine), inner=self.container_port, who=who)  # fmt: skip
        found = self._bound(facts, expected)
        if not isinstance(found, Container):
            return found
        broken = self._in_kernel(facts, found, expected)
        if broken is not None:
            return broken
        return self._connects(facts, expected)

    def _bound(self, facts: Facts, expected: str) -> Container | Unmet | Unknown:
        """The running container whose port it is."""
        docker = engine(facts, self.machine)
        if not isinstance(docker, Docker):
            return docker
        look = say.on(self.machine.machine, "docker ps")
        if self.container is not None:
            named = container_of(facts, self.machine, self.container, expected)
            if not isinstance(named, Container):
                return named
        candidates = [c for c in docker.containers if c.running and self.container in (None, c.name)]
        for container in candidates:
            if any(p.host_port == self.port and p.port == self.container_port for p in container.published):
                return container
        ports = [_told(port) for container in candidates for port in container.published if port.address.version == 4]
        observed = tell("nothing is published") if not ports else tell("published is {ports}", ports=say.joined(ports))
        return Unmet(expected, observed, Layer.NAT, look)

    def _in_kernel(self, facts: Facts, container: Container, expected: str) -> Unmet | Unknown | None:
        """Docker gave it to the kernel: as a rule that rewrites, or as a process of its own that listens."""
        rules, sockets = facts.of(RulesetOf(self.machine)), facts.of(ListenersOf(self.machine))
        if isinstance(rules, Unreadable):
            return say.unreadable(rules, self.machine, expected)
        if isinstance(sockets, Unreadable):
            return say.unreadable(sockets, self.machine, expected)
        if rewriting(rules, self.port) or _proxied(sockets, self.port):
            return None
        observed = tell("Docker says so of {name}, but no rule rewrites port {port} and docker-proxy does not listen",
                        name=container.name, port=self.port)  # fmt: skip
        return Unmet(expected, observed, Layer.NAT, say.on(self.machine.machine, "iptables -t nat -nvL DOCKER"))

    def _connects(self, facts: Facts, expected: str) -> Verdict:
        if self._probe is None:
            return Met(tell("port {port} is published", port=self.port))
        where = say.place(self._probe.source)
        result = facts.of(self._probe)
        if isinstance(result, Unreadable):
            return say.unreadable(result, self._probe.source, expected)
        assert isinstance(result, TcpResult)
        if result.connected:
            return Met(tell("{where} connects to port {port}", where=where, port=self.port))
        observed = tell("it is, but a connection from {where} fails: {error}", where=where,
                        error=result.error or tell("no answer"))  # fmt: skip
        look = say.command(self._probe.source, f"curl {self.target}:{self.port}")
        return Unmet(expected, observed, Layer.SERVICE if result.error == "connection refused" else Layer.FILTER, look)


@validator("container-page")
@dataclass(frozen=True)
class ContainerPage:
    """A web page can be fetched from a container at its own address, whatever that is."""

    source: Place = param("where the request starts", name="from")
    container: str = param("the container, as in `docker ps`")
    machine: Place = param("the machine where Docker runs", name="in")
    port: int = param("the port in the container", default=80)
    network: str | None = param("the network whose address is meant; without one, any", default=None)

    @property
    def _get(self) -> ContainerGet:
        return ContainerGet(self.source, self.machine.machine, self.container, self.port, self.network)

    @property
    def _inside(self) -> Place:
        return container_place(self.machine.machine, self.container)

    def wants(self) -> frozenset[Want]:
        here = Place(self.machine.machine)
        return frozenset({DockerOf(self.machine.machine), self._get, StackOf(self._inside), StackOf(here)})

    def judge(self, facts: Facts) -> Verdict:
        where = say.place(self.source)
        expected = tell("{where} gets the page of the container {name}", where=where, name=self.container)
        container = container_of(facts, self.machine, self.container, expected)
        if not isinstance(container, Container):
            return container
        end = container.endpoint(self.network)
        if end is None or end.address is None:
            observed = tell("{name} has no address of its own", name=self.container)
            if self.network and end is None:
                observed = tell("{name} is not in the network {network}", name=self.container, network=self.network)
            look = say.on(self.machine.machine, f"docker inspect {self.container}")
            return Unmet(expected, observed, Layer.ADDRESS, look)
        result = facts.of(self._get)
        if isinstance(result, Unreadable):
            if result.reason is Gone.NO_NAMESPACE:
                return say.unreadable(result, self.source, expected)
            return Unknown(tell("the request could not be sent: {detail}", detail=result.detail))
        url = f"http://{end.address.ip}:{self.port}/"
        if result.status == 200:
            return Met(tell("{where} got the page of {name}", where=where, name=self.container))
        if result.status is None and (cause := self._cable(facts)):
            return Unmet(expected, cause, Layer.LINK, say.on(self.machine.machine, "ip link"))
        observed = tell("{url} answered with status {status}", url=url, status=result.status)
        if result.status is None:
            observed = tell("no page from {url}: {error}", url=url, error=result.error or tell("no answer"))
        return Unmet(expected, observed, _layer(result), say.command(self.source, f"curl -m 2 {url}"))

    def _cable(self, facts: Facts) -> str | None:
        """What is wrong with the container's cables, where every one is broken."""
        inside, here = facts.of(StackOf(self._inside)), facts.of(StackOf(Place(self.machine.machine)))
        if not isinstance(inside, Stack) or not isinstance(here, Stack):
            return None
        causes = [_broken(link, here) for link in inside.links if link.peer is not None]
        return next(iter(causes), None) if all(causes) else None


def _broken(link: Link, machine: Stack) -> str | None:
    """What is wrong with a container's cable ``link``, whose other end lies on the machine."""
    far = machine.by_index(link.peer.index) if link.peer else None
    if not link.up:
        return tell("{link} in the container is down", link=link.name)
    if far is None:
        return None
    if not far.up:
        return tell("{far}, the other end of its {link}, is down", far=far.name, link=link.name)
    bridge = machine.by_index(far.master)
    if bridge is None:
        return tell("{far}, the other end of its {link}, is plugged into no bridge", far=far.name, link=link.name)
    return None if bridge.up else tell("its bridge {bridge} is down", bridge=bridge.name)


def _layer(result: HttpResult) -> Layer:
    if result.status is not None or result.error == "connection refused":
        return Layer.SERVICE
    return Layer.FILTER if result.error == "timed out" else Layer.ROUTE


def engine(facts: Facts, machine: Place) -> Docker | Unknown:
    """What the engine said."""
    docker = facts.of(DockerOf(machine.machine))
    return Unknown(docker.detail) if isinstance(docker, Unreadable) else docker


def network_of(facts: Facts, machine: Place, name: str, expected: str) -> DockerNetwork | Unmet | Unknown:
    docker = engine(facts, machine)
    if not isinstance(docker, Docker):
        return docker
    network = docker.network(name)
    if network is not None:
        return network
    seen = say.joined(one.name for one in docker.networks)
    observed = tell("there is no network {name}, only {seen}", name=name, seen=seen)
    return Unmet(expected, observed, Layer.SERVICE, say.on(machine.machine, "docker network ls"))


def container_of(facts: Facts, machine: Place, name: str, expected: str) -> Container | Unmet | Unknown:
    """The running container of that name."""
    docker = engine(facts, machine)
    if not isinstance(docker, Docker):
        return docker
    container = docker.container(name)
    if container is not None and container.running:
        return container
    look = say.on(machine.machine, "docker ps -a")
    if container is not None:
        return Unmet(expected, tell("{name} is there, but does not run", name=name), Layer.SERVICE, look)
    names = [one.name for one in docker.containers if one.running]
    observed = tell("there is no container {name}", name=name)
    if names:
        observed = tell("there is no container {name}, only {seen}", name=name, seen=say.joined(names))
    return Unmet(expected, observed, Layer.SERVICE, look)


def rewriting(rules: Ruleset, port: int) -> list[tuple[str, PacketRule]]:
    """The rules that send what comes for this TCP port elsewhere, each with the name of its chain."""
    return [
        (chain.name, rule)
        for chain in rules.program
        for rule in chain.rules
        if rule.verdict in ("dnat", "redirect") and _fits(rule, port)
    ]


def _fits(rule: PacketRule, port: int) -> bool:
    ports = [match for match in rule.matches if match.key == "destination_port"]
    return bool(ports) and all((str(port) in match.values) is not match.negated for match in ports)


def _proxied(sockets: Listeners, port: int) -> bool:
    return any(one.port == port and one.process == "docker-proxy" for one in sockets.sockets)


def _tagged(image: str) -> str:
    return image if ":" in image.rpartition("/")[2] else f"{image}:latest"


def _told(port: Published) -> str:
    return f"{port.host_port}:{port.port}"
