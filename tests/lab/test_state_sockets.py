"""Validators of sockets, processes and connections, against a real kernel."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from judging import answered, met, soon_met, unknown, unmet
from lab_modes import MODES, use_mode
from probe_lab import BLUE, BRIDGED, HOST, LAN, RED, bench, machine

from tutor.model.place import Place
from tutor.model.topology import ServiceSpec
from tutor.model.verdict import Layer
from tutor.validators.answers_state import (
    EntryCount,
    ListenAddress,
    ListenerOf,
    ListenPort,
    ReplyDestination,
)
from tutor.validators.conntrack import NotTracked, Tracked, Translated
from tutor.validators.registry import GoalId
from tutor.validators.sockets import Listening, NotListening, NotRunning, Running, Transport

Q = GoalId("q")
NOWHERE, GONE = Place("nobody"), Place("host", "gone")
LOCAL, OUTER, ANY = ip_address("127.0.0.1"), ip_address("192.168.1.2"), ip_address("0.0.0.0")
LISTEN = """python3 -c '
import socket, sys, time
held = []
for word in sys.argv[1:]:
    host, port = word.rsplit(":", 1)
    one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if host == "::1": one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind((host, int(port))); one.listen(); held.append(one)
time.sleep(600)' {0} & until [ $(ss -Hltn | wc -l) -ge {1} ]; do sleep 0.02; done"""


@pytest.fixture(params=MODES, autouse=True)
def _mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def test_state_who_listens_where() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        assert await unmet(here, Listening(2379, HOST), Layer.SERVICE) == "nobody listens on port 2379"
        await met(here, NotListening(2379, HOST))
        await here.lab.start("host", ["bash", "-c", LISTEN.format("0.0.0.0:80 127.0.0.1:2379 :::8080 ::1:9000", 4)])
        await soon_met(here, Listening(9000, HOST))
        await met(here, Listening(80, HOST, address=ANY, reached=OUTER))
        await met(here, Listening(2379, HOST, address=LOCAL))
        seen = await unmet(here, Listening(2379, HOST, reached=OUTER), Layer.SERVICE)
        assert seen == "python3 listens at 127.0.0.1:2379"
        await met(here, NotListening(2379, HOST, reached=OUTER))
        await unmet(here, NotListening(2379, HOST), Layer.SERVICE)
        await met(here, Listening(8080, HOST, reached=OUTER))  # `::` hears IPv4 as well
        assert "[::]:8080" in await met(here, Listening(8080, HOST, address=ip_address("::")))
        await unmet(here, Listening(9000, HOST, reached=LOCAL), Layer.SERVICE)
        await met(here, Listening(9000, HOST, address=ip_address("::1")))
        await met(here, Listening(80, HOST, process="python3"))
        await unmet(here, Listening(80, HOST, process="nginx"), Layer.SERVICE)
        await unmet(here, Listening(80, RED), Layer.SERVICE)
        await unmet(here, Listening(80, GONE), Layer.NAMESPACE)
        await unknown(here, Listening(80, NOWHERE))
        await unknown(here, NotListening(80, NOWHERE))
        pid = (await here.sh("ss -Hltnp 'sport = :80' | grep -o 'pid=[0-9]*' | cut -d= -f2")).strip()
        await answered(here, ListenerOf(Q, 80, HOST), f"{pid}/python3", "nginx", "1")
        await answered(here, ListenerOf(Q, 80, HOST), pid, "nginx")
        await answered(here, ListenerOf(Q, 80, HOST, number=True), f"{pid}/python3", "python3", "1")
        await answered(here, ListenAddress(Q, 2379, HOST), "127.0.0.1:2379", "0.0.0.0", "::")
        await answered(here, ListenAddress(Q, 8080, HOST), ":::8080", "0.0.0.0")
        await answered(here, ListenAddress(Q, 8080, HOST), "*:8080", "127.0.0.1")
        await answered(here, ListenPort(Q, "python3", HOST, address=LOCAL), "2379", "80")
        await answered(here, ListenPort(Q, "python3", HOST, besides=80), ":::8080", "80")


async def test_state_udp_and_services() -> None:
    server = ServiceSpec("dns", "blue", {"web.example": "192.168.15.2"})
    web = ServiceSpec("http", "blue", {"port": "80", "page": "x"})
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED, services=[server, web])) as here:
        await met(here, Listening(53, BLUE, Transport.UDP, process="dnsmasq"))
        await met(here, Listening(53, BLUE, process="dnsmasq"))
        await met(here, Listening(80, BLUE, process="nginx"))
        seen = await unmet(here, Listening(80, BLUE, Transport.UDP), Layer.SERVICE)
        assert seen == "nginx listens on port 80, but for tcp"
        await answered(here, ListenerOf(Q, 80, BLUE), "nginx", "dnsmasq")
        await met(here, Running("nginx", BLUE))
        await met(here, Running("dnsmasq", BLUE, "--keep-in-foreground"))
        await unmet(here, Running("dnsmasq", BLUE, "--no-such-word"), Layer.SERVICE)
        await unmet(here, Running("nginx", HOST), Layer.SERVICE)
        await met(here, NotRunning("nginx", HOST))
        await unmet(here, NotRunning("nginx", BLUE), Layer.SERVICE)
        await unmet(here, Running("nginx", GONE), Layer.NAMESPACE)
        await unknown(here, Running("nginx", NOWHERE))
        await unknown(here, NotRunning("nginx", NOWHERE))
        await here.sh("pkill nginx; pkill dnsmasq", BLUE)
        await soon_met(here, NotRunning("nginx", BLUE))
        await soon_met(here, NotListening(80, BLUE))


async def test_state_connections_and_what_nat_made_of_them() -> None:
    blue = ip_address("192.168.15.2")
    web = ServiceSpec("http", None, {"port": "80", "page": "x"})
    far = machine("lan", "192.168.1.3/24", services=[web])
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED), far) as here:
        target = ip_address("192.168.1.3")
        entry = Tracked(HOST, "tcp", source=blue, destination=target, port=80, reply_destination=OUTER)
        assert await unmet(here, entry, Layer.NAT) == "nothing is remembered yet"
        await met(here, NotTracked(HOST, "tcp", destination=target))
        await here.sh(
            "sysctl -qw net.ipv4.ip_forward=1; ip -n blue route add default via 192.168.15.5;"
            "iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE"
        )
        await here.sh("curl -sm 3 192.168.1.3 >/dev/null", BLUE)
        assert "answered by src=192.168.1.3 dst=192.168.1.2 sport=80" in await met(here, entry)
        await met(here, Tracked(HOST, "tcp", source=blue, translated=Translated.SOURCE))
        await unmet(here, Tracked(HOST, "tcp", source=blue, translated=Translated.DESTINATION), Layer.NAT)
        seen = await unmet(here, Tracked(HOST, "tcp", source=blue, port=80, reply_destination=blue), Layer.NAT)
        assert "dst=192.168.1.2" in seen
        await unmet(here, NotTracked(HOST, "tcp", destination=target), Layer.NAT)
        await answered(here, ReplyDestination(HOST, "tcp", source=blue, goal=Q), "192.168.1.2", "192.168.15.2")
        await answered(here, EntryCount(HOST, "tcp", source=blue, goal=Q), "1", "2")
        await here.sh("ping -c1 -W1 192.168.1.3", BLUE)
        await met(here, Tracked(HOST, "icmp", source=blue, destination=target))
        listed = (await here.sh("conntrack -L 2>/dev/null")).splitlines()
        await answered(here, EntryCount(HOST, goal=Q), str(len(listed)), str(len(listed) + 1))
        await here.sh("conntrack -F")
        await met(here, NotTracked(HOST, "tcp", destination=target))
        await unmet(here, Tracked(GONE), Layer.NAMESPACE)
        await unknown(here, Tracked(NOWHERE))


async def test_state_connections_of_ipv6_and_a_port_that_is_forwarded() -> None:
    web = ServiceSpec("http", "blue", {"port": "80", "page": "x"})
    host = machine("host", "192.168.1.2/24", setup=BRIDGED, services=[web])
    async with bench(host, machine("lan", "192.168.1.3/24")) as here:
        await here.sh(
            "sysctl -qw net.ipv4.ip_forward=1; ip -n blue route add default via 192.168.15.5;"
            "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80;"
            "ip addr add fd00::2/64 dev eth0 nodad; ip6tables -A INPUT -m conntrack --ctstate NEW -j ACCEPT"
        )
        await here.sh("curl -sm 3 192.168.1.2:8080 >/dev/null; ip addr add fd00::3/64 dev eth0 nodad", LAN)
        await here.sh("ping -c1 -W3 fd00::2", LAN)
        forwarded = Tracked(HOST, "tcp", port=8080, reply_source=ip_address("192.168.15.2"), reply_port=80)
        await met(here, forwarded)
        await met(here, Tracked(HOST, port=8080, translated=Translated.DESTINATION))
        await met(here, Tracked(HOST, "icmpv6", source=ip_address("fd00::3"), translated=Translated.NONE))
