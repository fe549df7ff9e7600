"""State validators stay right while much else is there and changes: links that flap, processes that come and go,
a thousand routes, rules, neighbours and sockets, names that are not plain words."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from judging import met, unmet
from lab_modes import MODES, use_mode
from probe_lab import BLUE, BRIDGED, HOST, RED, Bench, bench, machine

from tutor.model.topology import ServiceSpec
from tutor.model.verdict import Layer
from tutor.validators.conntrack import Tracked
from tutor.validators.filters import Filtered, Nat, Policy, RuleCounted, Translation
from tutor.validators.filters import Hook as At
from tutor.validators.link_settings import LinkMtu, LinkPeer
from tutor.validators.neighbours import NeighbourEntry, NoNeighbour
from tutor.validators.policy import NoRule, RouteInTable, Rule
from tutor.validators.sockets import Listening, NotListening, NotRunning, Running
from tutor.validators.switching import FdbHas

NOISE = """
ip netns add 'a b'; ip link add 붙음 type bridge; ip link add fifteenletters0 type bridge
ip link set fifteenletters0 up; ip addr add 10.99.0.1/16 dev fifteenletters0
for i in $(seq 1000); do
  echo "route add 10.$((100 + i / 250)).$((i % 250)).0/24 table $((i % 7 + 1)) via 10.99.0.2"
  echo "rule add from 10.98.$((i / 250)).$((i % 250)) table $((i % 7 + 1))"
  echo "neigh add 10.99.$((i / 250 + 1)).$((i % 250)) lladdr 02:00:00:00:00:01 dev fifteenletters0"
done | ip -batch -
nft 'table inet crowd { chain c { type filter hook forward priority 10; }; }'
for part in $(seq 0 3); do
  for i in $(seq 0 249); do echo "add rule inet crowd c ip saddr 10.98.$part.$i drop"; done | nft -f -
done
for i in $(seq 200); do iptables -t nat -A PREROUTING -p tcp --dport $((9000 + i)) -j DNAT --to-destination 10.1.2.3
done
"""
LOOPS = (
    "ip link add flap type veth peer name flop; while :; do ip link set flap up; ip link set flap down; done",
    "while :; do true & wait; (exec -a etcd sleep 0.01); done",
    "exec -a 'a name (with) words' sleep 600",
)
SOCKETS = """import socket, time
held = [socket.create_server(("127.0.0.1", 20000 + i)) for i in range(300)]
time.sleep(600)"""


@pytest.fixture(params=MODES, autouse=True)
def _mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


async def judged(here: Bench) -> None:
    door = Nat(place=HOST, port=8080, kind=Translation.DESTINATION, to="192.168.15.2:80")
    for right in (
        LinkMtu("veth-red", RED, 1500),
        LinkPeer("veth-red-br", HOST, "veth-red", RED),
        Filtered(HOST, source=ip_network("192.168.15.0/24"), port=80),
        Filtered(HOST, source=ip_network("10.98.1.7/32"), does=Policy.DROP),
        door,
        RuleCounted(HOST, "dnat", At.PREROUTING, port=8080, packets=0),
        Rule(HOST, source=ip_network("10.98.0.7/32"), table="1"),
        NoRule(HOST, source=ip_network("10.97.0.7/32")),
        RouteInTable("3", ip_address("10.100.9.1"), HOST, via=ip_address("10.99.0.2")),
        NeighbourEntry(ip_address("192.168.15.2"), HOST, owner=BLUE),
        NoNeighbour(ip_address("192.168.15.77"), HOST),
        FdbHas("v-net-0", HOST, BLUE, port="veth-blue-br"),
        Listening(80, BLUE, process="nginx"),
        NotListening(81, HOST),
        Running("nginx", BLUE),
        NotRunning("nginx", HOST),
        Running("a name (with) words", HOST),
        Tracked(HOST, "icmp", destination=ip_address("192.168.15.2")),
    ):
        await met(here, right)
    await unmet(here, LinkMtu("veth-red", RED, 1400), Layer.LINK)
    await unmet(here, Nat(place=HOST, port=8080, kind=Translation.DESTINATION, to="10.1.2.3"), Layer.NAT)
    await unmet(here, Filtered(HOST, source=ip_network("10.98.0.0/16")), Layer.FILTER)
    await unmet(here, Listening(80, HOST), Layer.SERVICE)
    await unmet(here, FdbHas("v-net-0", HOST, BLUE, port="veth-red-br"), Layer.LINK)


async def test_state_is_judged_right_under_noise() -> None:
    web = ServiceSpec("http", "blue", {"port": "80", "page": "x"})
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED, services=[web])) as here:
        await here.sh(NOISE)
        await here.sh("iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80")
        for loop in LOOPS:
            await here.lab.start("host", ["bash", "-c", loop])
        await here.lab.start("host", ["python3", "-c", SOCKETS])
        await here.sh("until [ $(ss -Hltn | wc -l) -ge 300 ]; do sleep 0.05; done; ping -c1 -W2 192.168.15.2")
        for _ in range(3):
            await judged(here)
