"""Labs for the tests of the probe and the watch, and ways to look into them that are not the probe's."""

from __future__ import annotations

import json
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from ipaddress import ip_interface
from typing import Any

from tutor.lab import Lab
from tutor.model.place import Place
from tutor.model.topology import InterfaceSpec, MachineSpec, ServiceSpec, SwitchPort, Topology

HOST, RED, BLUE, LAN = Place("host"), Place("host", "red"), Place("host", "blue"), Place("lan")

BRIDGED = (
    "ip netns add red",
    "ip netns add blue",
    "ip link add v-net-0 type bridge",
    "ip link set v-net-0 up",
    "ip addr add 192.168.15.5/24 dev v-net-0",
    *(
        line.format(name=name, address=address)
        for name, address in (("red", "192.168.15.1/24"), ("blue", "192.168.15.2/24"))
        for line in (
            "ip link add veth-{name} type veth peer name veth-{name}-br",
            "ip link set veth-{name} netns {name}",
            "ip link set veth-{name}-br master v-net-0 up",
            "ip -n {name} addr add {address} dev veth-{name}",
            "ip -n {name} link set veth-{name} up",
            "ip -n {name} link set lo up",
        )
    ),
)
ROUTED = (*BRIDGED, "ip -n red route add default via 192.168.15.5", "ip -n blue route add default via 192.168.15.5")


def machine(name: str, address: str, *, setup: Sequence[str] = (), services: Sequence[ServiceSpec] = ()) -> MachineSpec:
    plug = InterfaceSpec("eth0", SwitchPort("lan"), (ip_interface(address),))
    return MachineSpec(name, (plug,), setup=tuple(setup), services=tuple(services))


class Bench:
    """A running lab and short ways to type into it."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    async def sh(self, script: str, place: Place = HOST) -> str:
        """Run lines of shell; they must succeed."""
        done = await self.lab.run(place.machine, ["bash", "-ec", script], netns=place.netns, timeout=60)
        assert done.status == 0, (script, done.stderr.decode())
        return done.stdout.decode()

    async def look(self, command: str, place: Place = HOST) -> Any:
        """What a command that prints JSON says."""
        done = await self.lab.run(place.machine, shlex.split(command), netns=place.netns)
        assert done.status == 0, (command, done.stderr.decode())
        return json.loads(done.stdout or b"[]")


@asynccontextmanager
async def bench(*machines: MachineSpec) -> AsyncIterator[Bench]:
    lab = await Lab.boot(Topology(machines or (MachineSpec("host"),)))
    try:
        yield Bench(lab)
    finally:
        await lab.close()
