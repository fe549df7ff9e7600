"""What Docker's engine says of itself: containers, their networks, the ports that it publishes."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Network

from tutor.model.place import Place

_CONTAINER = "docker:"


def container_place(machine: str, name: str) -> Place:
    """The network stack of a container, written ``host/docker:web`` in lessons."""
    return Place(machine, _CONTAINER + name)


def container_of(place: Place) -> str | None:
    """The container whose network stack the place is; ``None`` where it is no container's."""
    name = place.netns or ""
    return name.removeprefix(_CONTAINER) if name.startswith(_CONTAINER) else None


@dataclass(frozen=True, slots=True)
class DockerOf:
    """A want: everything that the Docker engine of a machine knows. Answer: ``Docker``."""

    machine: str


@dataclass(frozen=True, slots=True)
class ContainerGet:
    """A want: ``GET http://ADDRESS:port/`` from ``source``, for each address that the container has at that moment, or
    for that in ``network``. Answer: the ``HttpResult`` of one that answered, if any did."""

    source: Place
    machine: str
    container: str
    port: int = 80
    network: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A container's connection to a network. ``address`` is ``None`` in the networks ``none`` and ``host``, and while
    it does not run."""

    network: str
    address: IPv4Interface | None = None
    gateway: IPv4Address | None = None
    mac: str = ""


@dataclass(frozen=True, slots=True)
class Published:
    """``-p``: what comes to ``host_port`` of the machine, at ``address`` (0.0.0.0 is any), goes to ``port``."""

    address: IPv4Address | IPv6Address
    host_port: int
    port: int
    protocol: str = "tcp"


@dataclass(frozen=True, slots=True)
class Container:
    """``mode`` is what ``--network`` said. ``image`` is the name it was started with."""

    id: str
    name: str
    image: str
    running: bool
    mode: str
    endpoints: tuple[Endpoint, ...] = ()
    published: tuple[Published, ...] = ()

    @property
    def own_stack(self) -> bool:
        """Whether it has a network stack of its own, at this moment."""
        return self.running and self.mode != "host" and not self.mode.startswith("container:")

    def endpoint(self, network: str | None = None) -> Endpoint | None:
        """Its connection to that network; without one, the first that has an address."""
        if network is None:
            return next((end for end in self.endpoints if end.address), None)
        return next((end for end in self.endpoints if end.network == network), None)


@dataclass(frozen=True, slots=True)
class DockerNetwork:
    """``link`` is the bridge on the machine that a network of the driver ``bridge`` has."""

    id: str
    name: str
    driver: str
    subnets: tuple[IPv4Network | IPv6Network, ...] = ()
    link: str | None = None
    internal: bool = False


@dataclass(frozen=True, slots=True)
class Docker:
    """All containers, running or not, and all networks, each by name."""

    containers: tuple[Container, ...] = ()
    networks: tuple[DockerNetwork, ...] = ()

    def container(self, name: str) -> Container | None:
        """By its name, its id, or the beginning of its id, as the ``docker`` command takes them."""
        for container in self.containers:
            if container.name == name:
                return container
        return next((one for one in self.containers if name and one.id.startswith(name)), None)

    def network(self, name: str) -> DockerNetwork | None:
        return next((network for network in self.networks if network.name == name), None)
