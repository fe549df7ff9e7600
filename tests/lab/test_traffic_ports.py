"""TCP and UDP validators on the real kernel, in both modes: met, unmet in the right layer, unknown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from lab_modes import MODES, use_mode
from probe_lab import BLUE, HOST, LAN, RED, Bench
from traffic_lab import judged, made, met, routed, settled, unknown, unmet

from tutor.model.place import Place
from tutor.model.verdict import Layer, Unmet
from tutor.model.why import Broken

FORWARDED = "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80"
DROP_8080 = "iptables -I FORWARD -p tcp --dport 80 -j DROP"


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def serve(here: Bench, place: Place, *argv: str) -> None:
    """Start a program in a place and wait until it listens."""
    before = int(await here.sh("ss -Hltun | wc -l", place))
    inside = ["ip", "netns", "exec", place.netns] if place.netns else []
    await here.lab.start(place.machine, [*inside, *argv])
    await here.sh(f"for i in $(seq 100); do test $(ss -Hltun | wc -l) -gt {before} && exit; sleep .05; done", place)


async def test_tcp_is_accepted_and_seen_as_it_was_asked() -> None:
    async with routed() as here:
        await here.sh(FORWARDED)
        assert (
            await met(here, "tcp", from_=RED, to="192.168.15.2", port=80) == "192.168.15.2:80 accepted the connection"
        )
        to_host = {"from_": LAN, "to": "192.168.1.2", "port": 8080, "via": (HOST,)}
        seen = await met(here, "tcp", **to_host, at=BLUE, as_="192.168.1.3", at_port=80)
        assert seen.startswith("blue saw it come from 192.168.1.3:")
        assert seen.endswith("for port 80")
        observed = await unmet(here, Layer.NAT, "tcp", **to_host, at=BLUE, as_="192.168.15.5")
        assert "192.168.1.3" in observed
        await unmet(here, Layer.NAT, "tcp", **to_host, at=BLUE, at_port=8080)
        await here.sh("iptables -t nat -A POSTROUTING -p tcp -d 192.168.15.2 -j MASQUERADE --to-ports 5000")
        await met(here, "tcp", **to_host, at=BLUE, as_="192.168.15.5", as_port=5000)
        # Another port: the first one stays taken until conntrack forgets the connection.
        await here.sh("iptables -t nat -R POSTROUTING 1 -p tcp -d 192.168.15.2 -j MASQUERADE --to-ports 6000")
        await unmet(here, Layer.NAT, "tcp", **to_host, at=BLUE, as_port=5000)


async def test_tcp_refused_or_lost() -> None:
    async with routed() as here:
        observed = await unmet(here, Layer.SERVICE, "tcp", from_=RED, to="192.168.15.2", port=81, at=BLUE)
        assert "81" in observed
        to_host = {"from_": LAN, "to": "192.168.1.2", "port": 8080, "at": BLUE, "via": (HOST,)}
        await unmet(here, Layer.NAT, "tcp", **to_host)
        await here.sh(FORWARDED)
        await met(here, "tcp", **to_host)
        await here.sh(DROP_8080)
        await unmet(here, Layer.FILTER, "tcp", **to_host)
        await here.sh("iptables -R FORWARD 1 -p tcp --dport 80 -j REJECT")
        await unmet(here, Layer.FILTER, "tcp", **to_host)
        await here.sh("iptables -F FORWARD; sysctl -qw net.ipv4.ip_forward=0")
        await unmet(here, Layer.FORWARDING, "tcp", **to_host)
        gone = await unmet(here, Layer.NAMESPACE, "tcp", from_=Place("host", "none"), to="192.168.15.2", port=80)
        assert "none" in gone
        assert await unknown(here, "tcp", from_=Place("nowhere"), to="192.168.15.2", port=80)


async def test_an_address_that_only_a_rule_knows() -> None:
    async with routed() as here:
        await here.sh("ip route add 10.96.0.80 via 192.168.1.2", LAN)
        service: dict[str, Any] = {"from_": LAN, "to": "10.96.0.80", "port": 80, "at": BLUE, "via": (HOST,)}
        assert "nobody has the address 10.96.0.80" in await unmet(here, Layer.NAT, "tcp", **service)
        verdict = await judged(here, made("tcp", **service))
        assert isinstance(verdict, Unmet)
        assert isinstance(verdict.why, Broken)
        assert (verdict.why.path, verdict.why.hop) == ((LAN, HOST), HOST)
        assert verdict.why.sentence == verdict.observed
        itself = await unmet(here, Layer.NAT, "tcp", from_=HOST, to="192.168.1.2", port=8080, at=BLUE)
        assert itself.startswith("host refused itself")
        elsewhere = (
            "iptables -t nat -A PREROUTING -d 10.96.0.90 -p tcp --dport 80 -j DNAT --to-destination 192.168.15.1"
        )
        await here.sh(elsewhere)
        assert "nobody has the address" in await unmet(here, Layer.NAT, "tcp", **service), "that rule is for another"
        await here.sh(elsewhere.replace("0.90", "0.80"))
        assert "192.168.15.1" in await unmet(here, Layer.NAT, "tcp", **service)
        await here.sh(elsewhere.replace("0.90", "0.80").replace("15.1", "15.2").replace("-A", "-I"))
        await met(here, "tcp", **service, at_port=80)


async def test_the_probe_is_not_noticed_by_a_server_that_serves_once() -> None:
    async with routed() as here:
        await serve(here, BLUE, "nc", "-l", "7000")
        for _ in range(3):
            await met(here, "tcp", from_=RED, to="192.168.15.2", port=7000)
            await met(here, "no-tcp", from_=RED, to="192.168.15.2", port=7001)
        assert ":7000" in await here.sh("ss -Hltn", BLUE)
        assert "hello" in await here.sh("echo hello | nc -N 192.168.15.2 7000 && echo hello", RED)


async def test_udp_arrives_is_answered_or_refused() -> None:
    async with routed() as here:
        await here.sh("iptables -t nat -A PREROUTING -p udp --dport 5353 -j DNAT --to-destination 192.168.15.2:53")
        to_host = {"from_": LAN, "to": "192.168.1.2", "port": 5353, "at": BLUE, "via": (HOST,)}
        seen = await met(here, "udp", **to_host, as_="192.168.1.3", at_port=53)
        assert seen.endswith("for port 53"), "nobody listens, and it arrived all the same"
        observed = await unmet(here, Layer.SERVICE, "udp", **to_host, answered=True)
        assert "53" in observed
        await unmet(here, Layer.NAT, "udp", **to_host, at_port=5353)
        script = "import socket;s=socket.socket(2,2);s.bind(('',53))\nwhile 1:d,a=s.recvfrom(99);s.sendto(d,a)"
        await serve(here, BLUE, "python3", "-c", script)
        await met(here, "udp", **to_host, answered=True)
        await met(here, "udp", from_=RED, to="192.168.15.2", port=53)
        await unmet(here, Layer.SERVICE, "udp", from_=RED, to="192.168.15.2", port=54)
        await here.sh("iptables -I FORWARD -p udp --dport 53 -j DROP")
        await unmet(here, Layer.FILTER, "udp", **to_host)
        assert await unknown(here, "udp", from_=Place("nowhere"), to="192.168.15.2", port=53)


async def test_what_must_not_get_through() -> None:
    async with routed() as here:
        await here.sh(FORWARDED)
        page = {"from_": LAN, "to": "192.168.1.2", "port": 8080}
        assert "accepted" in await unmet(here, Layer.FILTER, "no-tcp", **page)
        assert "answered" in await unmet(here, Layer.FILTER, "no-http", **page)
        await met(here, "no-tcp", from_=LAN, to="192.168.1.2", port=9, how="refused", at=BLUE)
        assert "refused" in await unmet(here, Layer.FILTER, "no-tcp", from_=LAN, to="192.168.1.2", port=9, how="silent")
        await here.sh(DROP_8080)
        await met(here, "no-tcp", **page, how="silent", at=BLUE)
        assert "timed out" in await unmet(here, Layer.FILTER, "no-tcp", **page, how="refused")
        await met(here, "no-http", **page)
        await here.sh("iptables -F FORWARD; iptables -A INPUT -p tcp --dport 80 -j DROP", BLUE)
        await here.sh("iptables -F FORWARD")
        await unmet(here, Layer.FILTER, "no-tcp", **page, at=BLUE)
        await here.sh("iptables -A OUTPUT -p tcp --dport 99 -j DROP", LAN)
        await met(here, "no-tcp", from_=LAN, to="192.168.1.2", port=99)


async def test_silence_must_be_proven() -> None:
    async with routed() as here:
        await here.sh(DROP_8080)
        silent = {"from_": RED, "to": "192.168.15.99", "port": 80}
        cause = await unknown(here, "no-tcp", **silent)
        assert "proves nothing" in cause, "nobody answered ARP, so no SYN ever left"
        good = made("tcp", from_=RED, to="192.168.15.2", port=80)
        await met(here, "no-tcp", **silent, proof=good)
        await met(here, "no-udp", from_=LAN, to="192.168.1.2", port=9)
        await met(here, "no-arrival", from_=LAN, to="192.168.1.2", at=BLUE)
        await unmet(here, Layer.FILTER, "no-arrival", from_=RED, to="192.168.15.2", at=BLUE)
        bad = made("tcp", from_=RED, to="192.168.15.2", port=81)
        assert "81" in await unmet(here, Layer.SERVICE, "no-tcp", **silent, proof=bad)
        for name in ("no-http", "no-udp"):
            await unmet(here, Layer.SERVICE, name, from_=LAN, to="192.168.1.2", port=9, proof=bad)
        await unmet(here, Layer.SERVICE, "no-arrival", from_=LAN, to="192.168.1.2", at=BLUE, proof=bad)
        lost = made("tcp", from_=Place("nowhere"), to="192.168.15.2", port=81)
        await unknown(here, "no-tcp", **silent, proof=lost)


async def test_ports_over_ipv6() -> None:
    async with routed() as here:
        await settled(here)
        await met(here, "tcp", from_=LAN, to="fd15::2", port=80, at=BLUE, via=(HOST,), as_="fd01::3")
        await met(here, "http", from_=LAN, to="fd15::2", at=BLUE, via=(HOST,), as_="fd01::3", contains="hello")
        await unmet(here, Layer.SERVICE, "tcp", from_=LAN, to="fd15::2", port=81, at=BLUE, via=(HOST,))
        await met(here, "udp", from_=LAN, to="fd15::2", port=9, at=BLUE, via=(HOST,), as_="fd01::3")
        await here.sh("ip6tables -t nat -A POSTROUTING -o v-net-0 -j MASQUERADE")
        await met(here, "tcp", from_=LAN, to="fd15::2", port=80, at=BLUE, via=(HOST,), as_="fd15::5")
        await here.sh("ip6tables -A FORWARD -p tcp --dport 80 -j DROP")
        await unmet(here, Layer.FILTER, "http", from_=LAN, to="fd15::2", at=BLUE, via=(HOST,))
        await met(here, "no-http", from_=LAN, to="fd15::2")
        await met(here, "no-tcp", from_=LAN, to="fd15::2", port=80, how="silent", at=BLUE)
        await here.sh("ip6tables -R FORWARD 1 -p tcp --dport 80 -j REJECT")
        await met(here, "no-tcp", from_=LAN, to="fd15::2", port=80, how="refused", at=BLUE)


async def test_many_probes_side_by_side_are_told_apart() -> None:
    async with routed() as here:
        await settled(here)
        await asyncio.gather(
            *(met(here, "tcp", from_=RED, to="192.168.15.2", port=80, at=BLUE, as_="192.168.15.1") for _ in range(10)),
            *(met(here, "tcp", from_=LAN, to="fd15::2", port=80, at=BLUE, as_="fd01::3") for _ in range(10)),
            *(met(here, "udp", from_=RED, to="192.168.15.2", port=9, at=BLUE, at_port=9) for _ in range(10)),
            *(unmet(here, Layer.SERVICE, "tcp", from_=RED, to="192.168.15.2", port=81, at=BLUE) for _ in range(10)),
        )
