"""Docker's engine on a machine, asked through its API on its unix socket.

Docker Engine API 1.41: ``GET /containers/json``, ``/containers/NAME/json``, ``/networks``. HTTP/1.0, so that the engine
closes after its answer and sends it in one piece (RFC 1945). Reads only.
"""

from __future__ import annotations

import asyncio
import json
import socket
from ipaddress import IPv4Address, IPv4Interface, ip_address, ip_network
from typing import Any, Protocol
from urllib.parse import quote

from tutor.model.containers import Container, Docker, DockerNetwork, Endpoint, Published

SOCKET = "/run/docker.sock"
_PATIENCE = 3.0
_CHUNK = 1 << 16
_BRIDGE_NAME = "com.docker.network.bridge.name"


class Connectable(Protocol):
    async def connect(self, path: str) -> socket.socket:
        """A stream to a unix socket of the machine. ``OSError``, ``LabEnded``."""


async def docker(machine: Connectable) -> Docker:
    """All containers and networks. ``OSError`` where the engine does not answer."""
    containers, networks = await asyncio.gather(_get(machine, "/containers/json?all=1"), _get(machine, "/networks"))
    return Docker(
        tuple(sorted(map(_container, containers), key=lambda container: container.name)),
        tuple(sorted(map(_network, networks), key=lambda network: network.name)),
    )


async def running(machine: Connectable) -> tuple[str, ...]:
    """Names of the containers that have a network stack of their own; none where the engine does not answer."""
    try:
        found = map(_container, await _get(machine, "/containers/json"))
    except OSError:
        return ()
    return tuple(sorted(container.name for container in found if container.own_stack))


async def sandbox(machine: Connectable, name: str) -> str | None:
    """Where the machine has the network namespace of a container; ``None`` while it has none, or is not there."""
    try:
        answer = await _get(machine, f"/containers/{quote(name, safe='')}/json")
    except OSError:
        return None
    return str(answer["NetworkSettings"]["SandboxKey"]) or None if answer["State"]["Running"] else None


async def _get(machine: Connectable, path: str) -> Any:
    """The answer as JSON. ``OSError`` also for one that is none, such as that there is no such thing."""
    sock = await machine.connect(SOCKET)
    try:
        async with asyncio.timeout(_PATIENCE):
            data = await _exchange(sock, f"GET {path} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
    finally:
        sock.close()
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1:2]
    if status != [b"200"]:
        raise OSError(f"Docker's engine answered {b''.join(status).decode('latin-1') or 'nothing'} to {path}")
    return json.loads(body)


async def _exchange(sock: socket.socket, request: bytes) -> bytes:
    loop = asyncio.get_running_loop()
    sock.setblocking(False)
    await loop.sock_sendall(sock, request)
    parts = []
    while data := await loop.sock_recv(sock, _CHUNK):
        parts.append(data)
    return b"".join(parts)


def _container(row: dict[str, Any]) -> Container:
    networks = row["NetworkSettings"]["Networks"] or {}
    ports = [port for port in row["Ports"] or () if port.get("PublicPort")]
    return Container(
        id=row["Id"],
        name=min((name.removeprefix("/") for name in row["Names"] or [row["Id"][:12]]), key=lambda name: "/" in name),
        image=row["Image"],
        running=row["State"] == "running",
        mode=_mode(row["HostConfig"]["NetworkMode"]),
        endpoints=tuple(_endpoint(name, networks[name]) for name in sorted(networks)),
        published=tuple(
            Published(ip_address(port["IP"]), port["PublicPort"], port["PrivatePort"], port["Type"]) for port in ports
        ),
    )


def _mode(mode: str) -> str:
    return "bridge" if mode == "default" else mode


def _endpoint(name: str, row: dict[str, Any]) -> Endpoint:
    address, gateway = row["IPAddress"], row["Gateway"]
    return Endpoint(
        name,
        IPv4Interface(f"{address}/{row['IPPrefixLen']}") if address else None,
        IPv4Address(gateway) if gateway else None,
        row["MacAddress"],
    )


def _network(row: dict[str, Any]) -> DockerNetwork:
    subnets = [config["Subnet"] for config in row["IPAM"]["Config"] or () if config.get("Subnet")]
    link = None
    if row["Driver"] == "bridge":
        link = (row["Options"] or {}).get(_BRIDGE_NAME) or f"br-{row['Id'][:12]}"
    return DockerNetwork(
        row["Id"], row["Name"], row["Driver"], tuple(map(ip_network, subnets)), link, bool(row["Internal"])
    )
