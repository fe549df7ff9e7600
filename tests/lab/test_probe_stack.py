"""The stack as the probe reads it, against what ``ip -json`` and ``bridge -json`` say."""

from __future__ import annotations

import asyncio
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_interface

from probe_lab import BLUE, BRIDGED, HOST, LAN, RED, ROUTED, Bench, bench, machine

from tutor.model.facts import Gone, Namespaces, Neighbour, Peer, Route, RouteChoice, Stack, Unreadable
from tutor.model.place import Place
from tutor.model.topology import MachineSpec
from tutor.model.wants import NamespacesOf, RouteLookup, StackOf


async def read_stack(here: Bench, place: Place = HOST) -> Stack:
    found = (await here.lab.read([StackOf(place)])).of(StackOf(place))
    assert isinstance(found, Stack), found
    return found


def the_peer(stack: Stack, name: str) -> Peer:
    link = stack.link(name)
    assert link
    assert link.peer
    return link.peer


async def test_links_are_those_of_ip_link() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh("ip link set v-net-0 type bridge stp_state 1; ip link set veth-red-br mtu 1400 down")
        for place in (HOST, RED, BLUE):
            said = await here.look("ip -json -d link", place)
            read = (await read_stack(here, place)).links
            assert [(link.index, link.name, link.mac, link.mtu) for link in read] == [
                (one["ifindex"], one["ifname"], one["address"], one["mtu"]) for one in said
            ]
            assert [link.up for link in read] == ["UP" in one["flags"] for one in said]
            assert [link.running for link in read] == ["LOWER_UP" in one["flags"] for one in said]
            kinds = [one.get("linkinfo", {}).get("info_kind", "loopback") for one in said]
            assert [link.kind for link in read] == kinds
            masters = [
                next((other["ifindex"] for other in said if other["ifname"] == one.get("master")), None) for one in said
            ]
            assert [link.master for link in read] == masters
        host = await read_stack(here)
        bridge, off, on = (host.link(name) for name in ("v-net-0", "veth-red-br", "veth-blue-br"))
        assert bridge
        assert bridge.stp
        assert [port.name for port in host.ports_of(bridge)] == ["veth-red-br", "veth-blue-br"]
        assert off
        assert off.port_state == 0
        assert on
        assert on.port_state in (1, 2, 3), "listening, learning or forwarding"


async def test_addresses_are_those_of_ip_address() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh("ip addr add 10.9.0.1 peer 10.9.0.2/32 dev v-net-0; ip addr add fd00::5/64 dev v-net-0 nodad")
        said = await here.look("ip -json address")
        read = await read_stack(here)
        expected = {
            (one["ifindex"], f"{each['local']}/{each['prefixlen']}", each["scope"])
            for one in said
            for each in one["addr_info"]
        }
        assert {(each.link, str(each.interface), each.scope) for each in read.addresses} == expected
        bridge = read.link("v-net-0")
        assert bridge
        assert ip_interface("fd00::5/64") in [each.interface for each in read.addresses_of(bridge)]


async def test_an_address_under_duplicate_detection_is_tentative() -> None:
    async with bench(machine("host", "192.168.1.2/24"), machine("lan", "192.168.1.3/24")) as here:
        await here.sh("ip addr add fd00::7/64 dev eth0")
        found = {str(each.interface): each.tentative for each in (await read_stack(here)).addresses}
        assert found["fd00::7/64"]
        assert not found["192.168.1.2/24"]


async def test_routes_of_all_tables_but_local() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "ip route add 10.0.0.0/8 via 192.168.15.1 metric 7 src 192.168.15.5; ip route add default via 192.168.1.1;"
            "ip route add blackhole 10.66.0.0/16; ip route add 10.77.0.0/16 table 1000 dev v-net-0;"
            "ip route add 10.88.0.0/16 nexthop via 192.168.15.1 nexthop via 192.168.1.1;"
            "ip -6 addr add fd00::5/64 dev v-net-0 nodad; ip -6 route add default via fd00::1;"
            "ip route add 10.99.0.0/16 via inet6 fd00::9 dev v-net-0"
        )
        stack = await read_stack(here)
        bridge, eth0 = stack.link("v-net-0"), stack.link("eth0")
        assert bridge
        assert eth0
        inside, gateway = IPv4Address("192.168.15.1"), IPv4Address("192.168.1.1")
        expected = {
            Route("10.0.0.0/8", inside, bridge.index, IPv4Address("192.168.15.5"), metric=7),
            Route("0.0.0.0/0", gateway, eth0.index),
            Route("10.66.0.0/16", None, None, type="blackhole"),
            Route("10.77.0.0/16", None, bridge.index, table=1000),
            Route("10.88.0.0/16", inside, bridge.index),
            Route("10.88.0.0/16", gateway, eth0.index),
            Route("::/0", IPv6Address("fd00::1"), bridge.index, metric=1024),
            Route("10.99.0.0/16", IPv6Address("fd00::9"), bridge.index),
        }
        assert expected <= set(stack.routes)
        said = await here.look("ip -4 -json route show table all")
        plain = [one for one in said if one.get("table") != "local" and "nexthops" not in one]
        assert len([route for route in stack.routes if ":" not in route.destination]) == len(plain) + 2


async def test_rules_are_those_of_ip_rule() -> None:
    async with bench() as here:
        await here.sh(
            "ip rule add from 10.1.0.0/16 table 100 priority 50; ip -6 rule add to fd00::/8 table 300 priority 60"
        )
        rules = (await read_stack(here)).rules
        said = [await here.look(f"ip -{version} -json -N rule") for version in (4, 6)]
        for version, lines in zip((4, 6), said, strict=True):
            of_version = [rule for rule in rules if rule.version == version]
            assert [(rule.priority, str(rule.table)) for rule in of_version] == [
                (one["priority"], one["table"]) for one in lines
            ]
        assert [rule.source for rule in rules if rule.priority == 50] == ["10.1.0.0/16"]
        assert [rule.destination for rule in rules if rule.priority == 60] == ["fd00::/8"]


async def test_neighbours_and_learned_macs() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "ip neigh add 192.168.15.77 lladdr 02:00:00:00:00:77 dev v-net-0; ping -c1 -W1 192.168.15.2 >/dev/null"
        )
        host, blue = await read_stack(here), await read_stack(here, BLUE)
        mac = next(link.mac for link in blue.links if link.name == "veth-blue")
        bridge, port = host.link("v-net-0"), host.link("veth-blue-br")
        assert bridge
        assert port
        entry = next(each for each in host.neighbours if str(each.address) == "192.168.15.2")
        assert entry.mac == mac
        assert entry.state in ("reachable", "delay", "stale", "probe")
        by_hand = Neighbour(bridge.index, IPv4Address("192.168.15.77"), "02:00:00:00:00:77", "permanent")
        assert by_hand in host.neighbours
        learned = {
            (one["ifname"], one["mac"])
            for one in await here.look("bridge -json fdb show br v-net-0")
            if "state" not in one
        }
        read = {(link.name, each.mac) for each in host.fdb if not each.permanent and (link := host.by_index(each.link))}
        assert (port.name, mac) in read
        assert learned <= read


async def test_the_other_end_of_a_cable_is_named_wherever_it_is() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED), machine("lan", "192.168.1.3/24")) as here:
        await here.sh("ip link add left type veth peer name right")
        host, red = await read_stack(here), await read_stack(here, RED)
        index = {link.name: link.index for link in host.links}
        assert the_peer(red, "veth-red") == Peer(HOST, index["veth-red-br"], "veth-red-br")
        back = the_peer(host, "veth-red-br")
        assert (back.place, back.name) == (RED, "veth-red")
        assert the_peer(host, "veth-blue-br").place == BLUE
        assert the_peer(host, "left") == Peer(HOST, index["right"], "right")
        assert the_peer(host, "eth0").place is None, "a switch is no place"


async def test_a_cable_into_a_nameless_namespace_has_a_peer_without_place() -> None:
    async with bench() as here:
        await here.sh("ip link add near type veth peer name far; unshare -n sleep 30 >/dev/null 2>&1 & sleep .2")
        await here.sh("ip link set far netns $(pgrep -x sleep)")
        peer = the_peer(await read_stack(here), "near")
        assert (peer.place, peer.name) == (None, "far")


async def test_odd_names() -> None:
    names = ["빨강", "with space", "ü-name"]
    async with bench() as here:
        await here.sh(
            "".join(f"ip netns add '{name}'; ip -n '{name}' link add 'fifteen-letters' type bridge;" for name in names)
        )
        await here.sh("ip link add name '연결' type bridge")
        found = (await here.lab.read([NamespacesOf("host")])).of(NamespacesOf("host"))
        assert found == Namespaces(tuple(sorted(names)))
        for name in names:
            assert (await read_stack(here, Place("host", name))).link("fifteen-letters")
        assert (await read_stack(here)).link("연결")


async def test_what_is_not_there_is_named() -> None:
    gone, nobody = Place("host", "no"), Place("nobody")
    async with bench() as here:
        await here.sh("touch /run/netns/no" if await here.sh("ls -d /run/netns || true") else "true")
        facts = await here.lab.read([StackOf(gone), StackOf(nobody), NamespacesOf("nobody"), NamespacesOf("host")])
        assert facts.of(StackOf(gone)) == Unreadable(Gone.NO_NAMESPACE, "there is no namespace no on host")
        assert facts.of(StackOf(nobody)) == Unreadable(Gone.NO_MACHINE, "there is no machine nobody")
        assert facts.of(NamespacesOf("nobody")) == Unreadable(Gone.NO_MACHINE, "there is no machine nobody")
        assert facts.of(NamespacesOf("host")) == Namespaces(())


async def test_reading_does_not_keep_a_namespace_alive() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.lab.read([StackOf(HOST), StackOf(RED)])
        await here.sh(
            "ip netns del red;"
            "for i in $(seq 50); do ip link show veth-red-br >/dev/null 2>&1 || exit 0; sleep .05; done; exit 1"
        )


async def test_a_namespace_deleted_and_made_again_under_the_reader() -> None:
    async with bench() as here:
        churn = asyncio.create_task(here.sh("for i in $(seq 40); do ip netns add red; ip netns del red; done"))
        seen = set()
        while not churn.done():
            answer = (await here.lab.read([StackOf(RED)])).of(StackOf(RED))
            assert isinstance(answer, Stack) or answer.reason is Gone.NO_NAMESPACE, answer
            seen.add(type(answer))
        await churn
        assert Unreadable in seen


async def test_a_thousand_routes_and_two_hundred_namespaces() -> None:
    async with bench() as here:
        await here.sh(
            "ip link add br0 type bridge; ip addr add 10.0.0.1/24 dev br0; ip link set br0 up;"
            "for i in $(seq 1000); do"
            " echo route add 172.$((i / 250 + 16)).$((i % 250)).0/24 via 10.0.0.$((i % 200 + 2)); "
            "done | ip -batch -;"
            "for i in $(seq 200); do ip netns add n$i; ip link add v$i type veth peer name p$i netns n$i; done"
        )
        places = [Place("host", f"n{number}") for number in range(1, 201)]
        facts = await here.lab.read([StackOf(place) for place in (HOST, *places)])
        host = facts.of(StackOf(HOST))
        assert isinstance(host, Stack)
        assert len([route for route in host.routes if route.destination.startswith("172.")]) == 1000
        for number, place in enumerate(places, 1):
            assert the_peer(host, f"v{number}").place == place
            inside = facts.of(StackOf(place))
            assert isinstance(inside, Stack)
            assert the_peer(inside, f"p{number}").place == HOST


async def test_a_machine_that_died_is_an_answer() -> None:
    async with bench(MachineSpec("host"), MachineSpec("other")) as here:
        await here.lab.run("other", ["bash", "-c", "kill -9 -1"])
        await here.lab.read([StackOf(HOST), StackOf(Place("other"))])
        await here.lab.close()
        answer = (await here.lab.read([StackOf(HOST)])).of(StackOf(HOST))
        assert isinstance(answer, Unreadable)
        assert answer.reason is Gone.FAILED


async def test_route_lookup_is_the_kernels_choice_or_refusal() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=ROUTED), machine("lan", "192.168.1.3/24")) as here:
        targets = [(RED, "192.168.1.3"), (HOST, "192.168.15.2"), (HOST, "127.0.0.1"), (HOST, "::1")]
        wants = [RouteLookup(place, ip_address(target)) for place, target in targets]
        facts = await here.lab.read(
            [*wants, RouteLookup(LAN, ip_address("8.8.8.8")), RouteLookup(LAN, ip_address("fd00::1"))]
        )
        for want in wants:
            (said,) = await here.look(f"ip -json route get {want.target}", want.place)
            answer = facts.of(want)
            assert isinstance(answer, RouteChoice)
            assert (answer.link, str(answer.source)) == (said["dev"], said["prefsrc"])
            assert answer.gateway == (ip_address(said["gateway"]) if "gateway" in said else None)
        for target in ("8.8.8.8", "fd00::1"):
            answer = facts.of(RouteLookup(LAN, ip_address(target)))
            assert answer == RouteChoice(error="Network is unreachable")
        await here.sh("ip route add prohibit 9.9.9.0/24; ip route add unreachable 9.9.8.0/24")
        refused = [RouteLookup(HOST, ip_address("9.9.9.9")), RouteLookup(HOST, ip_address("9.9.8.9"))]
        facts = await here.lab.read(refused)
        assert facts.of(refused[0]) == RouteChoice(error="Permission denied")
        assert facts.of(refused[1]) == RouteChoice(error="No route to host")
