"""Validators of what a bridge has learnt, of VLANs and of spanning tree, against a real kernel."""

from __future__ import annotations

import pytest
from judging import met, soon_met, unknown, unmet
from lab_modes import MODES, use_mode
from probe_lab import BLUE, BRIDGED, HOST, RED, Bench, bench, machine

from tutor.model.facts import PortVlan, Stack
from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.model.wants import StackOf
from tutor.validators.switching import (
    FdbHas,
    NoPortVlan,
    PortState,
    PortStateIs,
    PortVlanIs,
    SpanningTree,
    VlanFiltering,
)

NOWHERE = Place("nobody")


@pytest.fixture(params=MODES, autouse=True)
def _mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def test_state_what_a_bridge_has_learnt() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "ip link set v-net-0 down; ip link set v-net-0 up; bridge fdb flush dev v-net-0 2>/dev/null || true"
        )
        await here.sh("ping -c1 -W1 192.168.15.2", RED)
        mac = (await here.look("ip -json link show veth-red", RED))[0]["address"]
        assert mac in await met(here, FdbHas("v-net-0", HOST, RED, port="veth-red-br"))
        await met(here, FdbHas("v-net-0", HOST, mac=mac.upper()))
        wrong = await unmet(here, FdbHas("v-net-0", HOST, RED, port="veth-blue-br"), Layer.LINK)
        assert wrong == f"{mac} is behind veth-red-br"
        nobody = FdbHas("v-net-0", HOST, mac="02:00:00:00:00:99")
        await unmet(here, nobody, Layer.LINK)
        await here.sh("bridge fdb add 02:00:00:00:00:99 dev veth-blue-br master static")
        await met(here, nobody)
        await unmet(here, FdbHas("br0", HOST, RED), Layer.LINK)
        await unknown(here, FdbHas("v-net-0", NOWHERE, RED))


async def test_state_vlans() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        ten = PortVlanIs("veth-red-br", 10, HOST, pvid=True, untagged=True)
        assert await unmet(here, VlanFiltering("v-net-0", HOST), Layer.LINK) == "v-net-0 does not look at VLANs"
        await met(here, VlanFiltering("v-net-0", HOST, on=False))
        assert await unmet(here, ten, Layer.LINK) == "v-net-0 does not look at VLANs"
        done = await here.lab.run("host", ["ip", "link", "set", "v-net-0", "type", "bridge", "vlan_filtering", "1"])
        if b"not supported" in done.stderr:
            pytest.skip("unsupported: the kernel's bridges do not look at VLANs")
        await met(here, VlanFiltering("v-net-0", HOST))
        assert await unmet(here, ten, Layer.LINK) == "veth-red-br carries VLAN 1"
        await here.sh("bridge vlan add dev veth-red-br vid 10")
        assert await unmet(here, ten, Layer.LINK) == "veth-red-br carries VLAN 10, tagged"
        await met(here, PortVlanIs("veth-red-br", 10, HOST))
        await met(here, PortVlanIs("veth-red-br", 10, HOST, pvid=False, untagged=False))
        await here.sh("bridge vlan add dev veth-red-br vid 10 pvid untagged; bridge vlan add dev veth-red-br vid 20-22")
        await met(here, ten)
        await met(here, PortVlanIs("veth-red-br", 21, HOST))
        await unmet(here, NoPortVlan("veth-red-br", 1, HOST), Layer.LINK)
        await here.sh("bridge vlan del dev veth-red-br vid 1")
        await met(here, NoPortVlan("veth-red-br", 1, HOST))
        assert "not a port" in await unmet(here, PortVlanIs("eth0", 1, HOST), Layer.LINK)
        assert "no link" in await unmet(here, PortVlanIs("x", 1, HOST), Layer.LINK)
        await unknown(here, PortVlanIs("x", 1, NOWHERE))
        await agrees_with_bridge(here)


async def agrees_with_bridge(here: Bench) -> None:
    """The VLANs of every port are those that ``bridge`` lists."""
    stack = (await here.lab.read([StackOf(HOST)])).of(StackOf(HOST))
    assert isinstance(stack, Stack)
    names = {link.index: link.name for link in stack.links}
    expected = {
        (port["ifname"], number, "PVID" in one.get("flags", []), "Egress Untagged" in one.get("flags", []))
        for port in await here.look("bridge -json vlan show")
        for one in port["vlans"]
        for number in range(one["vlan"], one.get("vlanEnd", one["vlan"]) + 1)
    }
    assert {(names[one.link], one.vlan, one.pvid, one.untagged) for one in stack.vlans} == expected
    assert all(isinstance(one, PortVlan) for one in stack.vlans)


async def test_state_spanning_tree() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await soon_met(here, PortStateIs("veth-red-br", HOST, (PortState.FORWARDING,)))
        await unmet(here, SpanningTree("v-net-0", HOST), Layer.LINK)
        await met(here, SpanningTree("v-net-0", HOST, on=False))
        # Two cables between two bridges: a loop, of which spanning tree must block one port.
        await here.sh("""
            ip link set v-net-0 type bridge stp_state 1 forward_delay 200
            ip link add v-net-1 type bridge stp_state 1 forward_delay 200 priority 65535
            for i in 1 2; do
              ip link add up$i master v-net-0 type veth peer name down$i
              ip link set down$i master v-net-1 up; ip link set up$i up
            done
            ip link set v-net-1 up""")
        await met(here, SpanningTree("v-net-0", HOST))
        await soon_met(here, PortStateIs("down2", HOST, (PortState.BLOCKING,)))
        await soon_met(here, PortStateIs("down1", HOST, (PortState.FORWARDING,)))
        seen = await unmet(here, PortStateIs("down2", HOST, (PortState.FORWARDING,)), Layer.LINK)
        assert seen == "down2 is blocking"
        await here.sh("ip link set veth-blue-br down")
        await met(here, PortStateIs("veth-blue-br", HOST, (PortState.DISABLED,)))
        assert "not a port" in await unmet(here, PortStateIs("eth0", HOST, (PortState.BLOCKING,)), Layer.LINK)
        await unmet(here, PortStateIs("veth-blue", BLUE, (PortState.BLOCKING,)), Layer.LINK)
        await unknown(here, SpanningTree("v-net-0", NOWHERE))
