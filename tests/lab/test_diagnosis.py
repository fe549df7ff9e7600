"""Diagnosis against real packets: random networks, randomly broken.

For each the facts are read, the walk says whether the flow works, and then the flow is tried. Nothing else decides who
is right.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address
from itertools import groupby
from shlex import quote

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from random_networks import ADDRESS, BLUE, FAR, HOST, LAN, RED, Case, Line, case, in_six, six, sound, topology

from tutor.diagnosis import Broken, CannotTell, Flow, Outcome, Works, follow
from tutor.lab import Lab
from tutor.model.facts import HttpResult, PingResult, Way
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import HttpGet, Ping

NETWORKS, LEAST_BROKEN = (456, 300) if os.geteuid() == 0 else (60, 25)
AT_ONCE = 12
PATIENCE, LONG_PATIENCE = 0.3, 2.0
"""Seconds for an answer: in one kernel it takes less than a millisecond, but a proxy waits up to 0.8 s (arp(7)), and
this machine may be busy."""


async def build(lab: Lab, lines: tuple[Line, ...]) -> None:
    """Type the lines; broken ones may fail, as they do for a learner."""
    scripts: dict[str, list[str]] = {}
    for place, group in groupby(lines, lambda line: line.place):
        scripts.setdefault(place.machine, []).extend(_script(place, [line.text for line in group]))
    await asyncio.gather(*(lab.run(machine, ["bash", "-c", "\n".join(script)]) for machine, script in scripts.items()))


def _script(place: Place, texts: list[str]) -> Iterator[str]:
    """Lines of bash that do this in a place of the machine. Many lines of ip are one process: half the time."""
    inside = f"-n {place.netns} " if place.netns else ""
    for plain, group in groupby(texts, lambda text: re.match("ip [a-z]", text) is not None and ";" not in text):
        if plain:
            batch = "\n".join(text.removeprefix("ip ") for text in group)
            yield f"ip {inside}-force -batch - <<END\n{batch}\nEND"
        else:
            shell = "\n".join(group)
            yield f"nsenter --net=/run/netns/{place.netns} bash -c {quote(shell)}" if place.netns else shell


async def verdict(lab: Lab, flow: Flow) -> Outcome:
    for _ in range(20):  # a busy machine may be too slow for one reading
        way = (await lab.read([flow])).of(flow)
        if isinstance(way, Way):
            return follow(way, flow)
    raise AssertionError(way)


async def tried(lab: Lab, flow: Flow, patience: float = PATIENCE) -> tuple[bool, str]:
    """Whether real packets make it, and what came of them."""
    if flow.protocol == "icmp":
        ping = Ping(flow.source, flow.target, size=flow.size)
        result = (await lab.read([ping], patience=patience)).of(ping)
        assert isinstance(result, PingResult), result
        return result.replies > 0, str(result)
    get = HttpGet(flow.source, flow.target, flow.port or 80)
    page = (await lab.read([get], patience=patience)).of(get)
    assert isinstance(page, HttpResult), page
    return page.status is not None, str(page)


async def compare(tested: Case) -> tuple[Outcome, bool, str]:
    lab = await Lab.boot(topology(pages=tested.flow.protocol == "tcp"))
    try:
        await build(lab, tested.lines)
        outcome = await verdict(lab, tested.flow)
        works, seen = await tried(lab, tested.flow)
        if isinstance(outcome, Works) and not works:
            works, seen = await tried(lab, tested.flow, LONG_PATIENCE)
        return outcome, works, seen
    finally:
        await lab.close()


async def compare_all(cases: list[Case]) -> list[tuple[Outcome, bool, str]]:
    return await asyncio.gather(*map(compare, cases))


class Tally:
    """What was seen over all examples."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.layers: Counter[str] = Counter()

    def add(self, tested: Case, outcome: Outcome, works: bool) -> None:
        self.counts["networks"] += 1
        self.counts["works" if works else "broken"] += 1
        self.counts["networks of IPv6"] += tested.flow.target.version == 6
        match outcome:
            case CannotTell():
                self.counts["unknown"] += 1
                self.counts["unknown of IPv6"] += tested.flow.target.version == 6
            case Broken(layer=layer):
                self.layers[layer.value] += 1
            case Works():
                pass


TALLY = Tally()


@settings(
    max_examples=NETWORKS // AT_ONCE,
    phases=[Phase.generate],
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.integers(0, 2**48), min_size=AT_ONCE, max_size=AT_ONCE, unique=True))
def agree(seeds: list[int]) -> None:
    cases = [six(case(seed)) if seed % 4 == 0 else case(seed) for seed in seeds]
    for tested, (outcome, works, seen) in zip(cases, asyncio.run(compare_all(cases)), strict=True):
        TALLY.add(tested, outcome, works)
        if not isinstance(outcome, CannotTell):
            assert isinstance(outcome, Works) == works, f"{tested}\n\nsaid: {outcome}\nseen: {seen}"


@pytest.mark.timeout(1800)
def test_the_walk_agrees_with_real_packets(capsys: pytest.CaptureFixture[str]) -> None:
    agree()
    counts = TALLY.counts
    with capsys.disabled():
        print(f"\ndiagnosis: {counts['networks']} networks ({counts['networks of IPv6']} of IPv6)", end=", ")
        print(f"{counts['broken']} broken, 0 disagreements, ", end="")
        print(f"{counts['unknown']} unknown ({counts['unknown of IPv6']} of IPv6); {dict(TALLY.layers)}")
    assert counts["broken"] >= LEAST_BROKEN
    of_four, unknown_of_four = (counts[kind] - counts[f"{kind} of IPv6"] for kind in ("networks", "unknown"))
    assert unknown_of_four <= 0.05 * of_four
    assert counts["unknown of IPv6"] <= 0.25 * counts["networks of IPv6"], "rules that neighbour discovery has to pass"


GREY = Place("host", "grey")
RED_TO_BLUE = Flow(RED, IPv4Address(ADDRESS[BLUE]))
RED_TO_LAN = Flow(RED, IPv4Address(ADDRESS[LAN]), end=LAN)
LONG_TO_LAN = Flow(RED, IPv4Address(ADDRESS[LAN]), size=1400)
RED_TO_FAR = Flow(RED, IPv4Address(ADDRESS[FAR]))
BREAKS = [
    (HOST, "ip link set v-blue-b down", RED_TO_BLUE, "v-blue-b on host is down", HOST, Layer.LINK),
    (BLUE, "ip link set v-blue down", RED_TO_BLUE, "v-blue in blue, the other end of v-blue-b", BLUE, Layer.LINK),
    (HOST, "ip link set v-blue-b nomaster", RED_TO_BLUE, "is in no bridge", HOST, Layer.LINK),
    (HOST, "ip link set br0 down", RED_TO_BLUE, "the bridge br0 on host is down", HOST, Layer.LINK),
    (RED, "ip addr flush dev v-red", RED_TO_BLUE, "red has no address", RED, Layer.ADDRESS),
    (BLUE, "ip addr flush dev v-blue", RED_TO_BLUE, "nobody answers", RED, Layer.ADDRESS),
    (BLUE, "ip addr add 10.1.0.11/32 dev lo", RED_TO_BLUE, "is an address of blue itself", RED, Layer.ADDRESS),
    (RED, "ip route del default", RED_TO_LAN, "no route to 192.168.1.3", RED, Layer.ROUTE),
    (RED, "ip route replace default via 10.1.0.12", RED_TO_LAN, "blue does not forward", BLUE, Layer.FORWARDING),
    (RED, "ip route replace default via 10.1.0.99", RED_TO_LAN, "asks for 10.1.0.99", RED, Layer.ADDRESS),
    (RED, "ip rule add to 192.168.1.0/24 prohibit", RED_TO_LAN, "a rule says prohibit", RED, Layer.ROUTE),
    (RED, "ip neigh replace 10.1.0.5 lladdr 02:00:00:00:00:99 dev v-red", RED_TO_LAN, "fixed entry", RED,
     Layer.NEIGHBOUR),
    (HOST, "sysctl -qw net.ipv4.ip_forward=0", RED_TO_LAN, "net.ipv4.ip_forward is 0", HOST, Layer.FORWARDING),
    (HOST, "iptables -P FORWARD DROP", RED_TO_LAN, "the chain FORWARD", HOST, Layer.FILTER),
    (HOST, "iptables -A FORWARD -m mark ! --mark 1 -j DROP", RED_TO_LAN, "a rule drops it", HOST, Layer.FILTER),
    (HOST, "iptables -t mangle -A PREROUTING -i br0 -j MARK --set-mark 7; ip rule add fwmark 7 prohibit", RED_TO_LAN,
     "a rule says prohibit", HOST, Layer.ROUTE),
    (LAN, "iptables -A INPUT -m addrtype --dst-type LOCAL -j DROP", RED_TO_LAN, "a rule drops it", LAN, Layer.FILTER),
    (LAN, "iptables -A INPUT -s 10.0.0.0/8 -p icmp -j DROP", RED_TO_LAN, "a rule drops it", LAN, Layer.FILTER),
    (HOST, "iptables -A FORWARD -d 10.1.0.0/24 -j REJECT", RED_TO_LAN, "the answer is thrown away", HOST, Layer.FILTER),
    (LAN, "ip route del 10.0.0.0/8", RED_TO_LAN, "has no way back to 10.1.0.11", LAN, Layer.ROUTE),
    (LAN, "ip route replace 10.0.0.0/8 via 192.168.1.77", RED_TO_LAN, "asks for 192.168.1.77", LAN, Layer.ADDRESS),
    (LAN, "sysctl -qw net.ipv4.conf.eth0.rp_filter=1; ip route replace 10.0.0.0/8 dev eth1", RED_TO_FAR,
     "rp_filter is 1", LAN, Layer.ROUTE),
    (FAR, "ip route del default", RED_TO_FAR, "far (203.0.113.2/24) has no way back", FAR, Layer.ROUTE),
    (LAN, "sysctl -qw net.ipv4.icmp_echo_ignore_all=1", RED_TO_LAN, "ignores echo requests", LAN, Layer.SERVICE),
    (HOST, "iptables -t nat -A POSTROUTING -o eth0 -j SNAT --to-source 192.168.1.77", RED_TO_LAN,
     "asks for 192.168.1.77", LAN, Layer.ADDRESS),
    (RED, "true", Flow(RED, IPv4Address(ADDRESS[FAR]), "tcp", 80), "nothing listens there on tcp port 80", FAR,
     Layer.SERVICE),
    (RED, "ip link set v-red mtu 1000", LONG_TO_LAN, "1428 bytes is too long for v-red in red", RED, Layer.LINK),
    (HOST, "ip link set eth0 mtu 1000", LONG_TO_LAN, "too long for eth0 on host, which lets 1000", HOST, Layer.LINK),
    (LAN, "ip link set eth0 mtu 1000", LONG_TO_LAN, "too long for eth0 on lan", LAN, Layer.LINK),
    (HOST, "ip link set v-blue-b mtu 1000", Flow(RED, RED_TO_BLUE.target, size=1400), "too long for v-blue-b", HOST,
     Layer.LINK),
    (RED, "true", Flow(GREY, IPv4Address("10.1.0.5")), "no grey", GREY, Layer.NAMESPACE),
]  # fmt: skip


@pytest.mark.parametrize(("place", "text", "flow", "said", "hop", "layer"), BREAKS, ids=lambda value: str(value)[:40])
async def test_the_first_broken_hop(place: Place, text: str, flow: Flow, said: str, hop: Place, layer: Layer) -> None:
    lab = await Lab.boot(topology(pages=False))
    try:
        await build(lab, sound())
        if flow.source != GREY and flow.protocol == "icmp":
            assert isinstance(await verdict(lab, flow), Works)
        await build(lab, (Line(place, text),))
        outcome = await verdict(lab, flow)
        assert isinstance(outcome, Broken), outcome
        assert said in outcome.sentence
        assert (outcome.hop, outcome.layer) == (hop, layer), outcome
        if flow.source != GREY:
            assert not (await tried(lab, flow))[0]
    finally:
        await lab.close()


SIX = {place: IPv6Address(in_six(address)) for place, address in ADDRESS.items()}
BREAKS_OF_SIX = [
    (RED, "ip -6 addr flush dev v-red", Flow(RED, SIX[BLUE]), "has no address to send from", RED,
     Layer.ADDRESS),
    (BLUE, "ip -6 addr flush dev v-blue scope global", Flow(RED, SIX[BLUE], end=BLUE), "does not have", BLUE,
     Layer.ADDRESS),
    (HOST, "ip link set v-blue-b down", Flow(RED, SIX[BLUE]), "v-blue-b on host is down", HOST, Layer.LINK),
    (RED, "ip -6 route del default", Flow(RED, SIX[LAN]), "has no route to", RED, Layer.ROUTE),
    (HOST, "sysctl -qw net.ipv6.conf.all.forwarding=0", Flow(RED, SIX[LAN]), "host does not forward", HOST,
     Layer.FORWARDING),
    (HOST, "ip6tables -P FORWARD DROP", Flow(RED, SIX[LAN]), "the chain FORWARD", HOST, Layer.FILTER),
    (LAN, "ip -6 route flush root fd00:10::/32", Flow(RED, SIX[LAN]), "has no way back to", LAN, Layer.ROUTE),
    (LAN, "sysctl -qw net.ipv6.icmp.echo_ignore_all=1", Flow(RED, SIX[LAN]), "ignores echo requests", LAN,
     Layer.SERVICE),
    (LAN, "ip link set eth0 mtu 1300", Flow(RED, SIX[LAN], size=1400), "too long for eth0 on lan", LAN, Layer.LINK),
]  # fmt: skip


@pytest.mark.parametrize(("place", "text", "flow", "said", "hop", "layer"), BREAKS_OF_SIX, ids=lambda v: str(v)[:40])
async def test_the_first_broken_hop_in_six(
    place: Place, text: str, flow: Flow, said: str, hop: Place, layer: Layer
) -> None:
    lab = await Lab.boot(topology(pages=False))
    try:
        await build(lab, six(Case(sound(), flow)).lines)
        assert isinstance(await verdict(lab, flow), Works)
        assert (await tried(lab, flow))[0]
        await build(lab, (Line(place, text),))
        outcome = await verdict(lab, flow)
        assert isinstance(outcome, Broken), outcome
        assert said in outcome.sentence
        assert (outcome.hop, outcome.layer) == (hop, layer), outcome
        assert not (await tried(lab, flow))[0]
    finally:
        await lab.close()


async def test_what_it_cannot_know_is_said() -> None:
    lab = await Lab.boot(topology(pages=False))
    try:
        await build(lab, sound())
        await build(lab, (Line(HOST, "iptables -A FORWARD -m ttl --ttl-gt 3 -j DROP"),))
        outcome = await verdict(lab, RED_TO_LAN)
        assert isinstance(outcome, CannotTell)
        assert "--ttl-gt" in outcome.why
        assert isinstance(await verdict(lab, RED_TO_BLUE), Works)
        here = Flow(RED, IPv6Address("fe80::1"))
        assert isinstance(await verdict(lab, here), CannotTell)
    finally:
        await lab.close()
