"""What wakes the session, and what does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address

import pytest
from probe_lab import BLUE, BRIDGED, HOST, LAN, RED, Bench, bench, machine

from tutor.lab.watch import Bell, Watch
from tutor.model.place import Place
from tutor.model.wants import HttpGet, ListenersOf, Ping, RulesetOf, StackOf, Want

# IPv6 addresses announce things for some seconds after they were made.
_NO_IPV6 = "sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1"
_CALM = (_NO_IPV6,)
_NAMESPACES, _CABLES = BRIDGED[:2], BRIDGED[2:]
_CALM_BRIDGE = (
    *_CALM,
    *_NAMESPACES,
    f"ip netns exec red {_NO_IPV6}",
    f"ip netns exec blue {_NO_IPV6}",
    *_CABLES,
)


class Count:
    def __init__(self) -> None:
        self.calls = 0
        self._called = asyncio.Event()

    def __call__(self) -> None:
        self.calls += 1
        self._called.set()

    async def calm(self) -> None:
        """Until nothing was heard for a while."""
        while True:
            before = self.calls
            await asyncio.sleep(0.3)
            if self.calls == before:
                self._called.clear()
                return

    async def heard(self) -> bool:
        try:
            async with asyncio.timeout(5):
                await self._called.wait()
        except TimeoutError:
            return False
        return True


@asynccontextmanager
async def watched() -> AsyncIterator[tuple[Bench, Count]]:
    host = machine("host", "192.168.1.2/24", setup=_CALM_BRIDGE)
    async with bench(host, machine("lan", "192.168.1.3/24", setup=_CALM)) as here:
        count = Count()
        watch = Watch(here.lab, count)
        await watch.start()
        try:
            await count.calm()
            yield here, count
        finally:
            watch.close()


@pytest.mark.parametrize(
    ("place", "command"),
    [
        (HOST, "ip link set veth-red-br down"),
        (RED, "ip addr add 10.0.0.1/8 dev veth-red"),
        (BLUE, "ip route add 10.0.0.0/8 via 192.168.15.1"),
        (LAN, "ip rule add from 10.0.0.0/8 table 100"),
        (RED, "ip link del veth-red"),
        (HOST, "sysctl -qw net.ipv4.ip_forward=1"),
        (BLUE, "nft add table ip t"),
        (HOST, "iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE"),
        (HOST, "ip netns add green"),
        (HOST, "ip netns del red"),
        (LAN, "ip netns add green"),
        (HOST, "umount -l /run/netns || true; rm -rf /run/netns; ip netns add green"),
    ],
)
async def test_a_change_anywhere_wakes(place: Place, command: str) -> None:
    async with watched() as (here, count):
        await here.sh(command, place)
        assert await count.heard()


@pytest.mark.parametrize(
    "make",
    [
        "ip netns add green",
        "ip netns add red2; ip netns del red2; ip netns add green",
        "umount -l /run/netns || true; rm -rf /run/netns; ip netns add green",
    ],
)
async def test_a_change_in_a_namespace_made_later_wakes(make: str) -> None:
    async with watched() as (here, count):
        await here.sh(make)
        await count.calm()
        await here.sh("ip addr add 10.0.0.1/8 dev lo", Place("host", "green"))
        assert await count.heard()


async def test_a_namespace_made_again_under_its_old_name_is_heard() -> None:
    async with watched() as (here, count):
        await here.sh("for i in 1 2 3; do ip netns del red; ip netns add red; done")
        await count.calm()
        await here.sh("ip link set lo up", RED)
        assert await count.heard()


async def test_our_own_reading_and_traffic_wake_nobody() -> None:
    async with watched() as (here, count):
        wants: list[Want] = [StackOf(HOST), StackOf(RED), RulesetOf(HOST), ListenersOf(HOST)]
        traffic: list[Want] = [
            Ping(RED, ip_address("192.168.15.2"), (BLUE, HOST)),
            Ping(RED, ip_address("192.168.15.99")),
            HttpGet(RED, ip_address("192.168.15.2"), watch=(BLUE,)),
        ]
        await here.lab.read([*wants, *traffic])
        await count.calm()
        before = count.calls
        for _ in range(3):
            await here.lab.read([*wants, *traffic])
        await asyncio.sleep(0.3)
        assert count.calls == before


async def test_it_neither_keeps_namespaces_alive_nor_shows_in_them() -> None:
    async with watched() as (here, count):
        await here.sh("ip netns add green")
        await count.calm()
        listed = (await here.sh("ip netns list")).splitlines()
        assert "green" in listed, "without an id, as where nobody watches"
        await here.sh(
            "ip netns del red;"
            "for i in $(seq 50); do ip link show veth-red-br >/dev/null 2>&1 || exit 0; sleep .05; done; exit 1"
        )


async def test_a_flapping_link_neither_floods_nor_starves() -> None:
    async with watched() as (here, count):
        loop = asyncio.get_running_loop()
        before, begun = count.calls, loop.time()
        await here.sh(
            "for i in $(seq 100); do ip link set veth-red-br down; ip link set veth-red-br up; sleep .01; done"
        )
        seconds = loop.time() - begun
        assert 2 <= count.calls - before <= 10 * seconds + 4
        await count.calm()
        await here.sh("ip link set veth-red-br down")
        assert await count.heard()


async def test_two_hundred_namespaces_are_all_heard() -> None:
    async with watched() as (here, count):
        await here.sh("for i in $(seq 200); do ip netns add n$i; done")
        for name in ("n1", "n77", "n200"):
            await count.calm()
            await here.sh("ip link set lo up", Place("host", name))
            assert await count.heard()


async def test_more_events_than_the_buffer_holds() -> None:
    async with watched() as (here, count):
        lines = "\n".join(f"route add 172.16.{number // 250}.{number % 250}/32 dev eth0" for number in range(2000))
        done = await here.lab.run("host", ["ip", "-batch", "-"], stdin=lines.encode())
        assert done.status == 0
        assert await count.heard()
        await count.calm()
        await here.sh("ip link set lo down")
        assert await count.heard()


async def test_after_close_nothing_is_called() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=_CALM)) as here:
        count = Count()
        watch = Watch(here.lab, count)
        await watch.start()
        await count.calm()
        before = count.calls
        await here.sh("ip link set lo down")
        watch.close()
        await asyncio.sleep(0.2)
        assert count.calls == before


async def test_a_lab_that_dies_leaves_the_watch_quiet() -> None:
    async with watched() as (here, _):
        await here.lab.close()
        await asyncio.sleep(0.1)


async def test_a_bell_that_is_rung_without_end_still_calls() -> None:
    loop = asyncio.get_running_loop()
    calls: list[float] = []
    bell = Bell(lambda: calls.append(loop.time()))
    begun = loop.time()
    while loop.time() - begun < 1:
        bell.ring()
        await asyncio.sleep(0.001)
    bell.silence()
    assert 4 <= len(calls) <= 13
