"""Facts in words: the map is that of the network, and nothing of another reading is lost."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface

from tutor.grading.described import MAP, described, drawing, of_fact, of_want
from tutor.model.facts import Gone, Link, LinkAddress, Listener, Listeners, Peer, Route, Stack, Text, Unreadable
from tutor.model.place import Place
from tutor.model.wants import FileOf, ListenersOf, Ping, StackOf, Want

HOST, RED = Place("host"), Place("host", "red")


def link(index: int, name: str, kind: str = "veth", **about: object) -> Link:
    return Link(index, name, kind, **{"up": True, "running": True, "mac": "", "mtu": 1500, **about})  # type: ignore[arg-type]


STACKS = {
    RED: Stack(
        (link(1, "lo", "loopback", up=False), link(2, "veth-red", peer=Peer(HOST, 4, "veth-red-br"))),
        (LinkAddress(2, IPv4Interface("192.168.15.1/24")),),
        (
            Route("0.0.0.0/0", IPv4Address("192.168.15.5"), 2),
            Route("192.168.15.0/24", None, 2),
        ),
    ),
    HOST: Stack(
        (
            link(3, "v-net-0", "bridge"),
            link(4, "veth-red-br", running=False, master=3, peer=Peer(RED, 2, "veth-red")),
        ),
        (LinkAddress(3, IPv4Interface("192.168.15.5/24")),),
    ),
}


def test_the_map() -> None:
    assert drawing(STACKS).split("\n") == [
        "host",
        "├─ ● v-net-0     192.168.15.5/24  (bridge)",
        "└─ ◌ veth-red-br ══ host/red veth-red  ▸ v-net-0",
        "host/red",
        "├─ ○ lo",
        "├─ ● veth-red 192.168.15.1/24  ══ host veth-red-br",
        "└─ default via 192.168.15.5 dev veth-red",
    ]


def test_other_readings() -> None:
    read: dict[Want, object] = {
        **{StackOf(place): stack for place, stack in STACKS.items()},
        StackOf(Place("lan")): Unreadable(Gone.NO_MACHINE, "there is no lan"),
        FileOf("host", "/etc/hosts"): Text("127.0.0.1 localhost\n"),
        ListenersOf(RED): Listeners((Listener("tcp", IPv4Address("0.0.0.0"), 80, "nginx"),)),
    }
    found = described(read)
    assert found[MAP] == drawing(STACKS)
    assert found["stack of: lan"] == "no such machine: there is no lan"
    assert found["file of: host, /etc/hosts"] == "127.0.0.1 localhost\n"
    assert found["listeners of: host/red"] == "sockets: (protocol=tcp address=0.0.0.0 port=80 process=nginx)"
    assert len(found) == 4


def test_what_was_asked_is_told_apart() -> None:
    assert of_want(Ping(RED, IPv4Address("10.0.0.1"))) == "ping: host/red, 10.0.0.1"
    assert of_want(Ping(RED, IPv4Address("10.0.0.1"), (HOST,), 1400)) == "ping: host/red, 10.0.0.1, host, 1400"
    assert of_fact(Listeners(())) == "sockets: none"
