"""Packets of our own: what comes back, and what a capture at each place saw."""

from __future__ import annotations

import asyncio
import os
from ipaddress import ip_address

from probe_lab import BLUE, BRIDGED, HOST, LAN, RED, ROUTED, Bench, bench, machine

from tutor.model.facts import Arrival, DnsResult, Gone, HttpResult, IcmpError, PingResult, Unreadable
from tutor.model.place import Place
from tutor.model.topology import ServiceSpec
from tutor.model.wants import DnsLookup, HttpGet, Ping

LAN_MACHINE = machine("lan", "192.168.1.3/24")
WEB = ServiceSpec("http", "blue", {"port": "80", "page": "hello from blue"})


async def ping(here: Bench, source: Place, target: str, *watch: Place) -> PingResult:
    want = Ping(source, ip_address(target), watch)
    answer = (await here.lab.read([want])).of(want)
    assert isinstance(answer, PingResult), answer
    return answer


async def get(here: Bench, source: Place, target: str, port: int = 80, *watch: Place) -> HttpResult:
    want = HttpGet(source, ip_address(target), port, "/", watch)
    answer = (await here.lab.read([want])).of(want)
    assert isinstance(answer, HttpResult), answer
    return answer


def seen(result: PingResult | HttpResult, place: Place, link: str, *, reply: bool = False) -> list[Arrival]:
    return [one for one in result.arrivals if (one.place, one.link, one.reply) == (place, link, reply)]


def sources(result: PingResult | HttpResult, place: Place, link: str) -> set[str]:
    return {str(one.source) for one in seen(result, place, link)}


async def test_a_ping_is_seen_on_every_link_of_its_way() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        result = await ping(here, RED, "192.168.15.2", RED, HOST, BLUE)
        assert (result.replies, result.error, result.icmp_errors) == (1, None, ())
        for place, link in ((RED, "veth-red"), (HOST, "veth-red-br"), (HOST, "veth-blue-br"), (BLUE, "veth-blue")):
            (there,), (back,) = seen(result, place, link), seen(result, place, link, reply=True)
            assert (str(there.source), str(there.destination), there.ttl) == ("192.168.15.1", "192.168.15.2", 64)
            assert (str(back.source), str(back.destination), back.ttl) == ("192.168.15.2", "192.168.15.1", 64)


async def test_a_router_takes_one_from_the_ttl_and_without_a_way_back_nothing_returns() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=ROUTED), LAN_MACHINE) as here:
        assert seen(await ping(here, BLUE, "192.168.1.3", LAN), LAN, "eth0") == []
        await here.sh("sysctl -qw net.ipv4.ip_forward=1")
        result = await ping(here, BLUE, "192.168.1.3", LAN)
        assert (result.replies, result.error) == (0, None)
        (arrival,) = seen(result, LAN, "eth0")
        assert (str(arrival.source), arrival.ttl) == ("192.168.15.2", 63)


async def test_masquerade_and_snat_show_in_the_source_seen_there() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=ROUTED), LAN_MACHINE) as here:
        await here.sh(
            "sysctl -qw net.ipv4.ip_forward=1; iptables -t nat -A POSTROUTING -s 192.168.16.0/24 -j MASQUERADE"
        )
        assert sources(await ping(here, BLUE, "192.168.1.3", LAN), LAN, "eth0") == {"192.168.15.2"}
        await here.sh(
            "iptables -t nat -F; nft add table ip n; nft 'add chain ip n p { type nat hook postrouting priority 100; }'"
        )
        await here.sh("nft add rule ip n p ip saddr 192.168.15.0/24 oifname eth0 masquerade")
        result = await ping(here, BLUE, "192.168.1.3", LAN, HOST)
        assert result.replies == 1
        assert sources(result, LAN, "eth0") == {"192.168.1.2"}
        assert sources(result, HOST, "v-net-0") == {"192.168.15.2"}, "inside it is still the private one"
        await here.sh("ip addr add 192.168.1.9/24 dev eth0; nft flush ruleset; conntrack -F >/dev/null 2>&1 || true")
        await here.sh("iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j SNAT --to-source 192.168.1.9")
        assert sources(await ping(here, BLUE, "192.168.1.3", LAN), LAN, "eth0") == {"192.168.1.9"}


async def test_what_the_kernel_refuses_to_send() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        assert (await ping(here, RED, "8.8.8.8")).error == "Network is unreachable"
        assert (await ping(here, RED, "fd00::1")).error == "Network is unreachable"
        assert (await ping(here, RED, "fe80::1%nolink")).error == "No such device"
        await here.sh("ip route add unreachable 9.9.9.0/24; iptables -A OUTPUT -d 192.168.15.2 -j DROP")
        assert (await ping(here, HOST, "9.9.9.9")).error == "No route to host"
        refused = await ping(here, HOST, "192.168.15.2", BLUE)
        assert (refused.sent, refused.replies, refused.error) == (0, 0, "Operation not permitted")
        assert refused.arrivals == ()


async def test_who_says_no_on_the_way() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=ROUTED), LAN_MACHINE) as here:
        await here.sh("sysctl -qw net.ipv4.ip_forward=1")
        gateway = ip_address("192.168.15.5")
        assert (await ping(here, BLUE, "8.8.8.8")).icmp_errors == (IcmpError(gateway, "network unreachable"),)
        await here.sh("nft add table inet f; nft 'add chain inet f c { type filter hook forward priority 0; }'")
        await here.sh("nft add rule inet f c ip daddr 192.168.1.3 reject with icmp type admin-prohibited")
        said = (await ping(here, BLUE, "192.168.1.3")).icmp_errors
        assert said == (IcmpError(gateway, "administratively prohibited"),)
        await here.sh("nft flush ruleset; sysctl -qw net.ipv4.ip_default_ttl=1", BLUE)
        assert (await ping(here, BLUE, "192.168.1.3")).icmp_errors == (IcmpError(gateway, "time exceeded"),)


async def test_dropped_by_nft_on_the_way() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "nft add table inet f; nft 'add chain inet f c { type filter hook input priority 0; policy drop; }'"
        )
        result = await ping(here, BLUE, "192.168.15.5", HOST)
        assert (result.replies, result.error, result.icmp_errors) == (0, None, ())
        assert seen(result, HOST, "v-net-0"), "it came as far as the link; the filter is behind that"


async def test_a_link_that_is_down_and_a_mask_that_is_wrong() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh("ip link set veth-blue-br down")
        down = await ping(here, RED, "192.168.15.2", HOST, BLUE)
        assert down.replies == 0
        assert seen(down, BLUE, "veth-blue") == []
        await here.sh(
            "ip link set veth-blue-br up;"
            "ip -n red addr flush dev veth-red; ip -n red addr add 192.168.15.1/32 dev veth-red"
        )
        assert (await ping(here, RED, "192.168.15.2")).error == "Network is unreachable"


async def test_ipv6_and_link_local() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh(
            "ip -n red addr add fd00::1/64 dev veth-red nodad; ip -n blue addr add fd00::2/64 dev veth-blue nodad"
        )
        result = await ping(here, RED, "fd00::2", BLUE)
        assert result.replies == 1
        assert sources(result, BLUE, "veth-blue") == {"fd00::1"}
        (link,) = await here.look("ip -json -6 addr show dev veth-blue scope link", BLUE)
        for place in (RED, BLUE):
            await here.sh("for i in $(seq 60); do ip -6 addr | grep -q tentative || exit 0; sleep .1; done", place)
        local = next(each["local"] for each in link["addr_info"] if "local" in each)
        assert (await ping(here, RED, f"{local}%veth-red", BLUE)).replies == 1
        assert (await ping(here, RED, "fd00::99")).replies == 0


async def test_a_flood_beside_ours_neither_counts_nor_drowns_it() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        flood = asyncio.create_task(here.lab.run("host", ["ping", "-q", "-f", "-w", "2", "192.168.15.2"], netns="red"))
        await asyncio.sleep(0.3)
        results = [await ping(here, RED, "192.168.15.2", BLUE) for _ in range(10)]
        await flood
        assert all(0 < result.replies <= result.sent for result in results)
        assert all(len(seen(result, BLUE, "veth-blue")) == 1 for result in results)
        await here.sh("ip link set veth-blue-br down")
        assert (await ping(here, RED, "192.168.15.2")).replies == 0


async def test_many_pings_side_by_side_are_told_apart() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        wants = [Ping(RED, ip_address(f"192.168.15.{last}"), (BLUE, HOST)) for last in (2, 5, 77)]
        wants += [Ping(BLUE, ip_address("192.168.15.1"), (RED,)), Ping(HOST, ip_address("127.0.0.1"), (HOST,))]
        facts = await here.lab.read(wants)
        replies = []
        for want in wants:
            result = facts.of(want)
            assert isinstance(result, PingResult)
            replies.append(result.replies)
            requests = {str(one.destination) for one in result.arrivals if not one.reply}
            assert requests <= {str(want.target)}
        assert replies == [1, 1, 0, 1, 1]


async def test_a_place_that_is_gone_is_named_also_when_it_only_watches() -> None:
    here_ip, nowhere = ip_address("127.0.0.1"), Place("host", "none")
    async with bench() as here:
        for want in (Ping(HOST, here_ip, (nowhere,)), DnsLookup(nowhere, here_ip, "web.example")):
            answer = (await here.lab.read([want])).of(want)
            assert answer == Unreadable(Gone.NO_NAMESPACE, "there is no namespace none on host")


async def test_a_page_through_a_forwarded_port() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=ROUTED, services=[WEB]), LAN_MACHINE) as here:
        assert (await get(here, LAN, "192.168.1.2", 8080)).error == "connection refused"
        await here.sh(
            "sysctl -qw net.ipv4.ip_forward=1;"
            "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80"
        )
        result = await get(here, LAN, "192.168.1.2", 8080, HOST, BLUE)
        assert (result.status, result.body, result.error) == (200, "hello from blue\n", None)
        (outside,), (inside,) = seen(result, HOST, "eth0"), seen(result, BLUE, "veth-blue")
        assert (str(outside.destination), outside.destination_port) == ("192.168.1.2", 8080)
        assert (str(inside.destination), inside.destination_port) == ("192.168.15.2", 80)
        assert seen(result, BLUE, "veth-blue", reply=True)


async def test_our_syn_is_known_behind_a_nat_that_chooses_ports() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=ROUTED, services=[WEB]), LAN_MACHINE) as here:
        await here.sh("sysctl -qw net.ipv4.ip_forward=1; iptables -t nat -A POSTROUTING -o eth0 -j MASQUERADE --random")
        result = await get(here, BLUE, "192.168.1.3", 80, BLUE, LAN)
        assert result.error == "connection refused"
        (inside,), (outside,) = seen(result, BLUE, "veth-blue"), seen(result, LAN, "eth0")
        assert str(outside.source) == "192.168.1.2"
        assert inside.source_port != outside.source_port
        assert seen(result, LAN, "eth0", reply=True), "the refusal is captured, too"


async def test_why_a_page_did_not_come() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED, services=[WEB]), LAN_MACHINE) as here:
        assert (await get(here, HOST, "192.168.15.2")).status == 200
        assert (await get(here, RED, "8.8.8.8")).error == "Network is unreachable"
        assert (await get(here, HOST, "192.168.15.2", 81)).error == "connection refused"
        await here.sh(
            "nft add table inet f; nft 'add chain inet f c { type filter hook input priority 0; policy drop; }'", BLUE
        )
        silent = await get(here, HOST, "192.168.15.2", 80, BLUE)
        assert silent.error == "timed out"
        assert seen(silent, BLUE, "veth-blue")
        assert not seen(silent, BLUE, "veth-blue", reply=True)


async def test_a_name_is_looked_up() -> None:
    server = machine("lan", "192.168.1.3/24", services=[ServiceSpec("dns", None, {"web.example": "192.168.15.2"})])
    async with bench(machine("host", "192.168.1.2/24"), server) as here:
        there = ip_address("192.168.1.3")
        good, missing = DnsLookup(HOST, there, "web.example"), DnsLookup(HOST, there, "nope.example")
        refused, unreachable = (
            DnsLookup(HOST, ip_address("127.0.0.1"), "x"),
            DnsLookup(HOST, ip_address("8.8.8.8"), "x"),
        )
        odd = DnsLookup(HOST, there, "a..b")
        facts = await here.lab.read([good, missing, refused, unreachable, odd])
        answer = facts.of(good)
        assert isinstance(answer, DnsResult)
        assert (answer.rcode, answer.answers) == ("NOERROR", ("192.168.15.2",))
        none = facts.of(missing)
        assert isinstance(none, DnsResult)
        assert none.answers == ()
        assert none.rcode in ("NXDOMAIN", "REFUSED")
        assert facts.of(refused) == DnsResult(error="connection refused")
        assert facts.of(unreachable) == DnsResult(error="Network is unreachable")
        cannot = facts.of(odd)
        assert isinstance(cannot, DnsResult)
        assert cannot.error


async def test_no_socket_outlives_its_reading() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED, services=[WEB])) as here:
        await ping(here, RED, "192.168.15.2", BLUE)  # the first reading starts the pool of threads
        before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
        for _ in range(3):
            await ping(here, RED, "192.168.15.2", RED, BLUE, HOST)
            await get(here, RED, "192.168.15.2", 80, BLUE)
        await asyncio.sleep(0.5)  # packet sockets are closed in a thread
        assert len(os.listdir("/proc/self/fd")) <= before  # noqa: PTH208
