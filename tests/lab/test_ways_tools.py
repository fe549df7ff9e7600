"""The same thing done with another tool passes, and the same mistake fails for the same reason, in both modes."""

from __future__ import annotations

import pytest
from lab_modes import MODES, use_mode
from lesson_ways import Way, Wrong, fails, passes

from tutor.lab import Lab
from tutor.model.topology import MachineSpec, Topology
from tutor.model.verdict import Layer

NFT_OUT = """
nft add table ip mine
nft "add chain ip mine out { type nat hook postrouting priority 100; }"
nft add rule ip mine out ip saddr 192.168.15.0/24 {translation}
"""
CLASSIC_OUT = "{iptables} -t nat -A POSTROUTING -s 192.168.15.0/24 -j {translation}"
NFT_DOOR = """
nft add table inet door
nft "add chain inet door in { type nat hook prerouting priority -100; }"
nft add rule inet door in ip daddr 192.168.1.2 tcp dport 8080 dnat ip to 192.168.15.2:80
= 192.168.1.3
"""

RIGHT = [
    Way("nat", "masquerade", "iptables", CLASSIC_OUT.format(iptables="iptables", translation="MASQUERADE")),
    Way("nat", "masquerade", "legacy", CLASSIC_OUT.format(iptables="iptables-legacy", translation="MASQUERADE")),
    Way("nat", "masquerade", "nft", NFT_OUT.replace("{translation}", "masquerade")),
    Way(
        "nat", "masquerade", "snat", CLASSIC_OUT.format(iptables="iptables", translation="SNAT --to-source 192.168.1.2")
    ),
    Way(
        "nat",
        "masquerade",
        "legacy snat",
        CLASSIC_OUT.format(iptables="iptables-legacy", translation="SNAT --to-source 192.168.1.2"),
    ),
    Way("nat", "masquerade", "nft snat", NFT_OUT.replace("{translation}", "snat to 192.168.1.2")),
    Way("nat", "forwarding", "nft in inet", NFT_DOOR),
    Way(
        "nat",
        "forwarding",
        "legacy",
        """
        iptables-legacy -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80
        = 192.168.1.3
        """,
    ),
    Way("nat", "route", "ip route", "ip -n blue route add 192.168.1.0/24 via 192.168.15.5\n= host"),
    Way(
        "nat",
        "route",
        "route",
        "ip netns exec blue route add -net 192.168.1.0 netmask 255.255.255.0 gw 192.168.15.5\n= host",
    ),
    Way(
        "nat",
        "internet",
        "route",
        "ip netns exec blue route add default gw 192.168.15.5 metric 7\n= 203.0.113.2",
    ),
    Way(
        "namespaces",
        "addresses",
        "ifconfig",
        """
        ip netns exec red ifconfig veth-red inet 192.168.15.1 netmask 255.255.255.0
        ip netns exec red ifconfig veth-red down
        ip netns exec blue ifconfig veth-blue 192.168.15.2 netmask 255.255.255.0
        ip netns exec blue ifconfig veth-blue down
        = no
        """,
    ),
    Way("namespaces", "up", "ifconfig", "\n".join(f"ip netns exec {n} ifconfig veth-{n} up" for n in ("red", "blue"))),
    Way("bridges", "bridge", "brctl", "brctl addbr v-net-0\nifconfig v-net-0 up"),
    Way("bridges", "ports", "brctl", "brctl addif v-net-0 veth-red-br veth-blue-br"),
    Way(
        "bridges",
        "ports",
        "ip link master",
        "ip link set dev veth-red-br master v-net-0\nip link set dev veth-blue-br master v-net-0",
    ),
    Way("bridges", "host", "ifconfig", "ifconfig v-net-0 192.168.15.5 netmask 255.255.255.0"),
]

WRONG = [
    Wrong(
        Way("nat", "masquerade", f"wrong range, {tool}", lines),
        "translated",
        Layer.NAT,
        "192.168.15.2",
    )
    for tool, lines in (
        ("iptables", "iptables -t nat -A POSTROUTING -s 192.168.16.0/24 -j MASQUERADE"),
        ("legacy", "iptables-legacy -t nat -A POSTROUTING -s 192.168.16.0/24 -j MASQUERADE"),
        ("nft", NFT_OUT.replace("{translation}", "masquerade").replace("15.0", "16.0")),
    )
] + [
    Wrong(
        Way(
            "nat",
            "masquerade",
            f"an address that nobody has, {tool}",
            CLASSIC_OUT.format(iptables=tool, translation="SNAT --to-source 192.168.1.77"),
        ),
        "translated",
        Layer.NAT,
        "192.168.1.77",
    )
    for tool in ("iptables", "iptables-legacy")
]


@pytest.fixture(params=MODES, autouse=True)
async def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)
    named = request.node.callspec.params.get("way") or request.node.callspec.params["wrong"].way
    if "iptables-legacy" in named.lines and not await _legacy_works():
        pytest.skip("unsupported: this kernel has no tables of the old iptables")


async def _legacy_works() -> bool:
    lab = await Lab.boot(Topology((MachineSpec("host"),)))
    try:
        return (await lab.run("host", ["iptables-legacy", "-t", "nat", "-S"])).status == 0
    finally:
        await lab.close()


@pytest.mark.parametrize("way", RIGHT, ids=str)
async def test_another_tool_passes(way: Way) -> None:
    await passes(way)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
async def test_the_same_mistake_with_another_tool(wrong: Wrong) -> None:
    await fails(wrong)
