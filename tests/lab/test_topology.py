"""The network that a lesson declares, as the kernel then has it."""

from __future__ import annotations

import json
from ipaddress import ip_interface
from typing import Any

import pytest
from lab_modes import MODES, running, sh, use_mode

from tutor.errors import LabError
from tutor.lab import Lab
from tutor.model.topology import Cable, InterfaceSpec, MachineSpec, RouteSpec, SwitchPort, Topology


@pytest.fixture(params=MODES, autouse=True)
def mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    use_mode(request.param, monkeypatch)
    return str(request.param)


def interface(name: str, plug: SwitchPort | Cable, *addresses: str, **more: Any) -> InterfaceSpec:
    return InterfaceSpec(name, plug, tuple(ip_interface(address) for address in addresses), **more)


async def ip(lab: Lab, machine: str, *arguments: str) -> Any:
    done = await lab.run(machine, ["ip", "-json", *arguments])
    assert done.status == 0, done.stderr
    return json.loads(done.stdout)


LAN = SwitchPort("lan")
SMALL_INTERNET = Topology(
    (
        MachineSpec("pc", (interface("eth0", LAN, "192.168.1.3/24"),), (RouteSpec("default", "192.168.1.1"),)),
        MachineSpec(
            "gateway",
            (interface("eth0", LAN, "192.168.1.1/24"), interface("eth1", Cable("far", "eth0"), "203.0.113.1/30")),
            (RouteSpec("8.8.8.8/32", "203.0.113.2"),),
            forward=True,
        ),
        MachineSpec(
            "far",
            (interface("eth0", Cable("gateway", "eth1"), "203.0.113.2/30"),),
            (RouteSpec("192.168.1.0/24", "203.0.113.1"),),
            addresses=(ip_interface("8.8.8.8/32"),),
        ),
    )
)


async def test_packets_go_through_switches_cables_and_routers() -> None:
    async with running(SMALL_INTERNET) as lab:
        assert "1 received" in await sh(lab, "ping -c 1 -W 2 8.8.8.8", "pc")
        assert "1 received" in await sh(lab, "ping -c 1 -W 2 192.168.1.3", "far")
        assert await sh(lab, "sysctl -n net.ipv4.ip_forward", "gateway") == "1\n"
        assert await sh(lab, "sysctl -n net.ipv4.ip_forward", "pc") == "0\n"


async def test_every_property_of_an_interface_is_as_declared() -> None:
    first = interface("lan0", LAN, "10.0.0.1/24", "fd00::1/64", mac="02:00:00:00:00:07", mtu=1400)
    topology = Topology((MachineSpec("a", (first, interface("off0", LAN, up=False))), MachineSpec("b")))
    async with running(topology) as lab:
        links = {link["ifname"]: link for link in await ip(lab, "a", "address")}
        assert set(links) == {"lo", "lan0", "off0"}
        assert links["lan0"]["address"] == "02:00:00:00:00:07"
        assert links["lan0"]["mtu"] == 1400
        assert {(a["local"], a["prefixlen"]) for a in links["lan0"]["addr_info"]} >= {("10.0.0.1", 24), ("fd00::1", 64)}
        assert not [a for a in links["lan0"]["addr_info"] if a["local"] == "fd00::1" and a.get("tentative")]
        assert links["lan0"]["addr_info"][0]["broadcast"] == "10.0.0.255"
        assert "UP" in links["lo"]["flags"]
        assert "UP" not in links["off0"]["flags"]
        assert await sh(lab, "hostname", "b") == "b\n"


async def test_carrier_is_there_from_the_start() -> None:
    async with running(SMALL_INTERNET) as lab:
        for machine, names in (("pc", ["eth0"]), ("gateway", ["eth0", "eth1"]), ("far", ["eth0"])):
            states = {link["ifname"]: link["operstate"] for link in await ip(lab, machine, "link")}
            assert [states[name] for name in names] == ["UP"] * len(names), machine


async def test_a_cable_implies_its_other_end() -> None:
    topology = Topology((MachineSpec("a", (interface("x", Cable("b", "y"), "10.1.1.1/31"),)), MachineSpec("b")))
    async with running(topology) as lab:
        assert "UP" in (await ip(lab, "b", "link", "show", "y"))[0]["flags"]
        assert (
            await sh(lab, "ip addr add 10.1.1.0/31 dev y; ping -c 1 -W 2 10.1.1.1 >/dev/null && echo ok", "b") == "ok\n"
        )


async def test_a_switch_is_silent_and_cannot_be_seen() -> None:
    async with running(SMALL_INTERNET) as lab:
        heard = await sh(lab, "ip neigh flush all; timeout 2 tcpdump -nei eth0 -Q in 2>/dev/null | wc -l", "pc")
        own = "grep -c . /proc/net/dev"
        assert int(await sh(lab, own, "pc")) == 4  # two lines of headings, lo, eth0
        assert int(heard) < 10  # multicast of the neighbours' own kernels, and nobody else's


async def test_machines_have_their_own_names_and_files() -> None:
    topology = Topology((MachineSpec("web", hosts={"db": "10.0.0.9"}, resolver="10.0.0.53"), MachineSpec("db")))
    async with running(topology, home={".bashrc": "# mine\n", ".config/x/y": "deep\n"}) as lab:
        assert "10.0.0.9" in await sh(lab, "getent hosts db", "web")
        assert "localhost" in await sh(lab, "getent hosts 127.0.0.1", "web")
        assert await sh(lab, "cat /etc/resolv.conf /etc/hostname", "web") == "nameserver 10.0.0.53\nweb\n"
        assert await sh(lab, "cat ~/.bashrc ~/.config/x/y", "db") == "# mine\ndeep\n"
        assert await sh(lab, "echo changed > /tmp/x; ip netns add red", "web") == ""
        assert await sh(lab, "ls /tmp /run/netns", "db") == "/run/netns:\n\n/tmp:\n"


async def test_set_up_lines_run_in_order_and_share_a_shell() -> None:
    lines = ("cd /tmp; name=red", "ip netns add $name", "pwd > where", "echo out; echo err >&2")
    async with running(Topology((MachineSpec("a", setup=lines),))) as lab:
        assert await sh(lab, "cat /tmp/where; ip netns list") == "/tmp\nred\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ip link set nowhere up", "Cannot find device"),
        ("exit 3", "exit status 3"),
        ("if then", "syntax error"),
        ("false", "exit status 1"),
    ],
)
async def test_a_set_up_line_that_fails_is_named(line: str, words: str) -> None:
    with pytest.raises(LabError) as caught:
        await Lab.boot(Topology((MachineSpec("good"), MachineSpec("bad", setup=("true", line, "true")))))
    assert "bad" in str(caught.value)
    assert f"`{line}`" in str(caught.value)
    assert words in str(caught.value)


async def test_what_the_kernel_refuses_is_named() -> None:
    topology = Topology(
        (MachineSpec("a", (interface("eth0", LAN, "10.0.0.1/24"),), (RouteSpec("default", "10.9.9.9"),)),)
    )
    with pytest.raises(LabError, match=r"a: route 0\.0\.0\.0/0 via 10\.9\.9\.9: .*gateway"):
        await Lab.boot(topology)


@pytest.mark.parametrize("far", [Cable("nobody", "eth0"), Cable("b", "eth0")])
async def test_a_topology_that_contradicts_itself_is_refused(far: Cable) -> None:
    other = MachineSpec("b", (interface("eth0", LAN),))
    with pytest.raises(LabError, match=r"a eth0|b eth0"):
        await Lab.boot(Topology((MachineSpec("a", (interface("eth0", far),)), other)))


async def test_a_hundred_machines_on_a_switch() -> None:
    machines = tuple(MachineSpec(f"m{n}", (interface("eth0", LAN, f"10.0.0.{n}/24"),)) for n in range(1, 101))
    async with running(Topology(machines)) as lab:
        assert "1 received" in await sh(lab, "ping -c 1 -W 3 10.0.0.100", "m1")
