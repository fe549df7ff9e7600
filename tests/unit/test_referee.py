"""The referee, with a reader that knows everything."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from ipaddress import IPv4Interface

from tutor.content import load
from tutor.model.containers import Container, ContainerGet, Docker, DockerOf, Endpoint
from tutor.model.facts import Fact, Facts, HttpResult
from tutor.model.place import Place
from tutor.model.verdict import Unknown, Unmet
from tutor.model.wants import Want
from tutor.session.referee import Referee

WEB = Container(
    "0123456789abcdef", "web", "nginx", True, "bridge", (Endpoint("bridge", IPv4Interface("172.17.0.2/16")),)
)
GET = ContainerGet(Place("host"), "host", "web")


class Knowing:
    async def read(self, wants: Collection[Want], *, patience: float = 0.5) -> Facts:
        known: dict[Want, Fact] = {DockerOf("host"): Docker((WEB,)), GET: HttpResult(error="timed out")}
        return Facts({want: known[want] for want in wants if want in known})


def test_a_try_that_is_not_said_yet_is_not_said_to_be_unknown_either() -> None:
    lesson = load("docker")
    referee = Referee(Knowing())
    referee.open(lesson.steps[lesson.index("outside")])
    asyncio.run(referee.look_at_traffic(patience=0.1, settled=False))
    assert not isinstance(referee.states[0].verdict, Unknown)
    asyncio.run(referee.look_at_traffic(patience=0.1))
    assert isinstance(referee.states[0].verdict, Unmet)
