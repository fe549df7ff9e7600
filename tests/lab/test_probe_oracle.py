"""What the probe reads of a stack, against pyroute2 reading the same kernel through a socket of its own."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from ipaddress import ip_interface

import pytest
from pyroute2.iproute.linux import AsyncIPRoute

from tutor.lab import Lab
from tutor.model.facts import Stack
from tutor.model.place import Place
from tutor.model.topology import InterfaceSpec, MachineSpec, SwitchPort, Topology
from tutor.model.wants import StackOf

HOST = Place("host")
LOCAL_TABLE = 255
NETWORK = """
set -e
ip netns add red
ip link add br0 type bridge
ip link add v0 mtu 1400 type veth peer name v1 netns red
ip link set v0 master br0 up
ip link add vx type vxlan id 7 remote 192.0.2.9 dstport 4789
ip link add 다리-bridge type bridge
ip addr add 10.1.0.1/16 dev br0
ip addr add 2001:db8::1/64 dev br0 nodad
ip link set br0 up
ip route add 10.2.0.0/16 via 10.1.0.9 metric 7
ip route add blackhole 10.3.0.0/16
ip route add 10.4.0.0/16 via 10.1.0.8 table 100
ip route add 2001:db8:1::/48 via 2001:db8::9
ip rule add from 10.9.0.0/16 table 100 priority 77
ip neigh add 10.1.0.9 lladdr 02:00:00:00:00:09 dev br0
"""


@pytest.fixture
async def lab() -> AsyncIterator[Lab]:
    eth0 = InterfaceSpec("eth0", SwitchPort("s1"), (ip_interface("192.168.1.2/24"),))
    lab = await Lab.boot(Topology((MachineSpec("host", (eth0,)),)))
    made = await lab.run("host", ["bash", "-c", NETWORK])
    assert made.status == 0, made.stderr
    yield lab
    await lab.close()


async def stack(lab: Lab) -> Stack:
    read = (await lab.read([StackOf(HOST)])).of(StackOf(HOST))
    assert isinstance(read, Stack)
    return read


async def test_links_addresses_routes_and_neighbours_agree(lab: Lab) -> None:
    ours = await stack(lab)
    sock = await lab.socket(HOST, socket.AF_NETLINK, socket.SOCK_DGRAM, socket.NETLINK_ROUTE)
    async with AsyncIPRoute(use_socket=sock) as theirs:
        links = {
            (link["index"], link.get("ifname"), link.get("address"), link.get("mtu"), link.get("master"))
            async for link in await theirs.link("dump")
        }
        up = {link.get("ifname") async for link in await theirs.link("dump") if link["flags"] & 1}
        addresses = {
            (address["index"], f"{address.get('address')}/{address['prefixlen']}")
            async for address in await theirs.addr("dump")
        }
        routes = {
            (route.get("dst"), route["dst_len"], route.get("gateway"), route.get("oif"), route.get("table"))
            async for route in await theirs.route("dump")
            if route.get("table") != LOCAL_TABLE
        }
        neighbours = {
            (entry["ifindex"], entry.get("dst"), entry.get("lladdr"))
            async for entry in await theirs.neigh("dump")
            if entry["state"] & 0x80  # NUD_PERMANENT
        }

    assert {(link.index, link.name, link.mac, link.mtu, link.master) for link in ours.links} == links
    assert {link.name for link in ours.links if link.up} == up
    assert {(address.link, str(address.interface)) for address in ours.addresses} == addresses
    assert {
        (entry.link, str(entry.address), entry.mac) for entry in ours.neighbours if entry.state == "permanent"
    } == neighbours
    told = {
        (*_destination(route.destination), str(route.gateway) if route.gateway else None, route.link, route.table)
        for route in ours.routes
        if route.table != LOCAL_TABLE
    }
    assert told == routes


def _destination(text: str) -> tuple[str | None, int]:
    """pyroute2 leaves the address of a default route out."""
    address, _, length = text.partition("/")
    return (address if int(length) else None), int(length)
