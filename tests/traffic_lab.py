"""A lab for the tests of traffic validators: blue and red behind the host, lan on the other side, IPv4 and IPv6."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from typing import Any

from probe_lab import BLUE, HOST, LAN, RED, ROUTED, Bench, bench, machine

from tutor.model.lesson import Check
from tutor.model.topology import ServiceSpec
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.validators import registry
from tutor.validators.absent import How

V6 = (
    "sysctl -qw net.ipv6.conf.all.forwarding=1",
    "ip addr add fd15::5/64 dev v-net-0 nodad",
    "ip addr add fd01::2/64 dev eth0 nodad",
    "ip -n red addr add fd15::1/64 dev veth-red nodad",
    "ip -n blue addr add fd15::2/64 dev veth-blue nodad",
    "ip -n red route add default via fd15::5",
    "ip -n blue route add default via fd15::5",
)
LAN_SETUP = ("ip addr add fd01::3/64 dev eth0 nodad", "ip route add fd15::/64 via fd01::2")
WEB = ServiceSpec("http", "blue", {"port": "80", "page": "hello from blue"})


@asynccontextmanager
async def routed(forward: bool = True) -> AsyncIterator[Bench]:
    """Blue serves a page on port 80; without a rule, lan knows no IPv4 way to it."""
    setup = (*ROUTED, *V6, *(("sysctl -qw net.ipv4.ip_forward=1",) if forward else ()))
    host = machine("host", "192.168.1.2/24", setup=setup, services=[WEB])
    async with bench(host, machine("lan", "192.168.1.3/24", setup=LAN_SETUP)) as here:
        yield here


async def settled(here: Bench) -> None:
    """Wait for the duplicate address detection of IPv6: a router without a link-local address asks for nobody."""
    for place in (HOST, RED, BLUE, LAN):
        await here.sh("for i in $(seq 100); do ip -6 addr | grep -q tentative || exit 0; sleep .1; done; exit 1", place)


def made(name: str, **parameters: Any) -> Check:
    """A validator as a lesson would write it: parameters by their words, with ``_`` for ``-`` and ``from_`` for
    ``from``; addresses as text."""
    spec = registry.spec(name)
    given = {}
    for word, value in parameters.items():
        if word == "goal" and spec.goal_field is not None:
            given[spec.goal_field] = value
            continue
        parameter = spec.parameter(word.rstrip("_").replace("_", "-"))
        assert parameter is not None, f"{name} has no {word}"
        if isinstance(value, str) and word in ("to", "as_", "proof"):
            value = ip_address(value)
        elif isinstance(value, str) and parameter.type is How:
            value = How(value)
        given[parameter.field] = value
    return spec.check(**given)


async def judged(here: Bench, check: Check, patience: float = 0.5) -> Verdict:
    return check.judge(await here.lab.read(check.wants(), patience=patience))


async def met(here: Bench, name: str, **parameters: Any) -> str:
    """What a validator observed, which must be met."""
    verdict = await judged(here, made(name, **parameters))
    assert isinstance(verdict, Met), verdict
    return verdict.observed


async def unmet(here: Bench, layer: Layer, name: str, **parameters: Any) -> str:
    """What a validator observed, which must be unmet in this layer, and say what to look at."""
    verdict = await judged(here, made(name, **parameters))
    assert isinstance(verdict, Unmet), verdict
    assert verdict.layer is layer, verdict
    assert verdict.expected
    assert verdict.look_next
    return verdict.observed


async def unknown(here: Bench, name: str, **parameters: Any) -> str:
    verdict = await judged(here, made(name, **parameters))
    assert isinstance(verdict, Unknown), verdict
    return verdict.cause
