"""What Docker's engine says of itself."""

from __future__ import annotations

from tutor.lab.probe.opener import Opener
from tutor.model.containers import Docker, DockerOf
from tutor.model.facts import Gone, Unreadable


async def read_docker(opener: Opener, want: DockerOf) -> Docker | Unreadable:
    """Raises ``KeyError`` and ``LabEnded`` as the opener does."""
    try:
        return await opener.docker(want.machine)
    except OSError as error:
        reason = Gone.TIMED_OUT if isinstance(error, TimeoutError) else Gone.FAILED
        words = error.strerror or str(error) or "no answer"
        return Unreadable(reason, f"the Docker engine of {want.machine} does not answer: {words}")
