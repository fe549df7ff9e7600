"""What Docker's engine says of itself, and what its containers answer."""

from __future__ import annotations

from tutor.lab.probe.opener import Opener
from tutor.model.containers import ContainerGet, Docker, DockerOf
from tutor.model.facts import Gone, HttpResult, Unreadable
from tutor.model.wants import HttpGet


async def read_docker(opener: Opener, want: DockerOf) -> Docker | Unreadable:
    """Raises ``KeyError`` and ``LabEnded`` as the opener does."""
    try:
        return await opener.docker(want.machine)
    except OSError as error:
        reason = Gone.TIMED_OUT if isinstance(error, TimeoutError) else Gone.FAILED
        words = error.strerror or str(error) or "no answer"
        return Unreadable(reason, f"the Docker engine of {want.machine} does not answer: {words}")


async def container_get(opener: Opener, want: ContainerGet, patience: float) -> HttpResult | Unreadable:
    """Raises what the opener raises."""
    from tutor.lab.probe.http import http_get

    docker = await read_docker(opener, DockerOf(want.machine))
    if isinstance(docker, Unreadable):
        return docker
    container = docker.container(want.container)
    end = container.endpoint(want.network) if container else None
    if end is None or end.address is None:
        return Unreadable(Gone.FAILED, f"{want.container} has no address")
    return await http_get(opener, HttpGet(want.source, end.address.ip, want.port), patience)
