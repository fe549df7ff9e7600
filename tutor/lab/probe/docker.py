"""What Docker's engine says of itself, and what its containers answer."""

from __future__ import annotations

import asyncio

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
    """The first page that comes from one of its addresses. Raises what the opener raises."""
    from tutor.lab.probe.http import http_get

    docker = await read_docker(opener, DockerOf(want.machine))
    if isinstance(docker, Unreadable):
        return docker
    container = docker.container(want.container)
    ends = container.endpoints if container else ()
    addresses = [end.address.ip for end in ends if end.address and want.network in (None, end.network)]
    if not addresses:
        return Unreadable(Gone.FAILED, f"{want.container} has no address")
    gets = (http_get(opener, HttpGet(want.source, address, want.port), patience) for address in addresses)
    pages = await asyncio.gather(*gets)
    return next((page for page in pages if page.status is not None), pages[0])
