"""Verdicts under noise: two hundred namespaces, a thousand routes, a thousand rules, a link that flaps all the time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable

import pytest
from probe_lab import BLUE, HOST, LAN, RED
from traffic_lab import met, routed, unmet

from tutor.content import load
from tutor.model.verdict import Layer, Met, Unmet
from tutor.session import Session, SessionEvent, StepCompleted

LIMIT = 30.0

NOISE = """
set -e
for i in $(seq 200); do echo "netns add n$i"; done | ip -batch -
ip link add crowd type bridge
ip link set crowd up
ip addr add 10.99.0.1/16 dev crowd
for i in $(seq 1000); do echo "route add 10.$((100 + i / 250)).$((i % 250)).0/24 via 10.99.0.2"; done | ip -batch -
nft 'table inet crowd { chain c { type filter hook forward priority 10; }; }'
for part in $(seq 0 9); do
  for i in $(seq 100); do echo "add rule inet crowd c ip saddr 10.98.$part.$i drop"; done | nft -f -
done
ip link add flap type veth peer name flop
"""
FLAP = "while :; do ip link set flap up; ip link set flap down; sleep 0.01; done"


async def make_noise(session: Session) -> None:
    made = await session.lab.run("host", ["bash", "-c", NOISE], timeout=60)
    assert made.status == 0, made.stderr
    await session.lab.start("host", ["bash", "-c", FLAP])


@pytest.fixture
async def noisy() -> AsyncIterator[Session]:
    session = await Session.boot(load("namespaces"))
    try:
        await make_noise(session)
        await session.open_step(0)
        await session.start()
        yield session
    finally:
        await session.close()


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(LIMIT):
        while not holds():  # noqa: ASYNC110 - any of many events may make it true
            await asyncio.sleep(0.01)


async def test_verdicts_are_right_and_the_loop_goes_on(noisy: Session) -> None:
    events: list[SessionEvent] = []
    noisy.subscribe(events.append)
    turns: list[float] = []
    watcher = asyncio.create_task(_turns(turns))
    shell = noisy.shells["host"]

    await until(lambda: isinstance(noisy.state.goals[0].verdict, Unmet))
    await shell.type("ip netns add red", timeout=LIMIT)
    await until(lambda: isinstance(noisy.state.goals[0].verdict, Met))
    assert isinstance(noisy.state.goals[1].verdict, Unmet)
    await shell.type("ip netns add blue", timeout=LIMIT)
    await until(lambda: any(isinstance(event, StepCompleted) for event in events))

    watcher.cancel()
    print(f"turns of the loop: {len(turns)}, the longest took {max(turns) * 1000:.0f} ms")
    assert len(turns) > 10, "the loop never came to a turn while it judged"


async def _turns(turns: list[float]) -> None:
    """How long the event loop took from one turn to the next."""
    before = time.monotonic()
    while True:
        await asyncio.sleep(0)
        now = time.monotonic()
        turns.append(now - before)
        before = now


async def test_a_whole_lesson_with_the_noise_going_on() -> None:
    session = await Session.boot(load("bridges"))
    try:
        await make_noise(session)
        await session.open_step(0)
        await session.start()
        for step in session.lesson.steps:
            for command in step.solutions[0].commands:
                if command.answer:
                    question = next(s for s in session.state.goals if s.goal.question and not s.done)
                    session.answer(question.goal.id, command.text)
                else:
                    await session.shells["host"].type(command.text, timeout=LIMIT)
            await until(lambda s=step: s.id in session.completed)  # type: ignore[misc]
    finally:
        await session.close()


async def test_probes_of_traffic_with_the_noise_going_on() -> None:
    async with routed() as here:
        await here.sh(NOISE)
        await here.lab.start("host", ["bash", "-c", FLAP])
        await here.lab.start("host", ["ip", "netns", "exec", "red", "ping", "-q", "-f", "192.168.15.2"])
        await here.sh("iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80")
        to_host = {"from_": LAN, "to": "192.168.1.2", "port": 8080, "via": (HOST,)}
        for _ in range(3):
            await met(here, "tcp", **to_host, at=BLUE, as_="192.168.1.3", at_port=80)
            await met(here, "udp", from_=RED, to="192.168.15.2", port=9, at=BLUE)
            await met(here, "path", from_=BLUE, to="192.168.1.2", along=(HOST,), avoiding=(RED, LAN))
            await met(here, "ping", from_=RED, to="192.168.15.2", at=BLUE, size=1400)
            await met(here, "no-tcp", from_=LAN, to="192.168.1.2", port=9, how="refused", at=BLUE)
            await met(here, "no-arrival", from_=RED, to="192.168.15.2", at=LAN)
        await here.sh("iptables -I FORWARD -p tcp --dport 80 -j DROP")
        await unmet(here, Layer.FILTER, "tcp", **to_host, at=BLUE)
