"""Mistakes typed into a real shell: the tool says what it says, and the remark beside it says what it means."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from docker_lab import needs_docker
from lab_modes import MODES, use_mode

from tutor.content import load
from tutor.mistakes import Remark
from tutor.mistakes.catalogue import MESSAGES
from tutor.mistakes.packets import ENGINES
from tutor.model.lesson import Command
from tutor.replay import type_line
from tutor.session import Remarked, Session, SessionEvent

SPELLING = """\
iptable -t nat -L -> There is no command `iptable`: did you mean `iptables`?
iP link -> There is no command `iP`: did you mean `ip`?
ifcofnig -> There is no command `ifcofnig`: did you mean `ifconfig`?
pingg 192.168.1.3 -> There is no command `pingg`: did you mean `ping`?
ip netns exec red iptable -L -> There is no command `iptable`: did you mean `iptables`?
ip link add veth-green type beth peer name veth-black -> `beth`: did you mean `veth`?
ip link add v-net-9 type birdge -> `birdge`: did you mean `bridge`?
ip adr -> `adr`: did you mean `addr`?
ip nets add green -> `nets`: did you mean `netns`?
ip netns exec rde ip link -> `rde`: did you mean `red`?
ip -n bleu link -> `bleu`: did you mean `blue`?
iptables -t nta -L -> `nta`: did you mean `nat`?
iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQERADE -> `MASQERADE`: did you mean `MASQUERADE`?
ip netns exec red iptables -t nat -A POSTROUTNG -j MASQUERADE -> `POSTROUTNG`: did you mean `POSTROUTING`?
sysctl net.ipv4.ip_foward -> `net.ipv4.ip_foward`: did you mean `net.ipv4.ip_forward`?
brctl adbr v-net-9 -> `adbr`: did you mean `addbr`?
ifconfig eth0 upp -> `upp`: did you mean `up`?
no -> An answer is typed in the line below its question: F6 leads there.
아니요 -> An answer is typed in the line below its question: F6 leads there.
3 -> An answer is typed in the line below its question: F6 leads there.
192.168.15.2 -> An answer is typed in the line below its question: F6 leads there.
route ad default gw 192.168.1.1 -> `ad`: did you mean `add`?
"""
MEANING = """\
sudo ip netns add red -> You are `root` here already
ip netns add red -> There is a namespace `red` already.
ip netns del yellow -> No namespace is called `yellow`.
ip -n yellow link -> No namespace is called `yellow`.
ip things -> After `ip` and its options comes an object
ip -n red addr 192.168.1.1/24 dev veth-red -> After `address` comes what to do: to give `192.168.1.1/24`, write `add`
ip address 192.168.15.2/24 -> After `address` comes what to do: to give `192.168.15.2/24`, write `add`
ip link veth-red up -> After `link` comes what to do, such as `add`
ip link add v-net-9 type switch -> The word after `type` is no kind of link
ip link add veth-x type cable peer name veth-y -> `ip` understood nothing from `peer` on.
ip addr add 192.168.15.1/24 -> Which link?
ip link set nothing up -> There is no link `nothing` here.
ip addr show dev nothing -> There is no link `nothing` here.
ip link set eth0 master nothing -> There is no link `nothing` here.
ip route add 192.168.7.0/24 192.168.1.1 -> `ip` did not expect `192.168.1.1` there.
ip link set eth0 red -> `ip` did not expect `red` there. A word before it is missing (`netns`
ip addr add 192.168.15.1/24 192.168.15.2/24 dev eth0 -> `ip` did not expect `192.168.15.2/24` there.
ip addr add 192.168.1.2/24 dev eth0 -> This link has that address already
ip addr del 192.168.15.9/24 dev eth0 -> No such address is on this link.
ip addr add 192.168.15.300/24 dev eth0 -> `192.168.15.300/24` is no address
ip addr add 192.168.15.1/33 dev eth0 -> `192.168.15.1/33` is no address
ip route add 192.168.15.1/24 via 192.168.1.1 -> That is the address of a machine, not of a network
ip route add 10.0.0.0/8 via 1.2.3.4 -> The gateway must be a neighbour
ip -n red route add 10.0.0.0/8 dev lo -> The link for this route is switched off.
ip link add a-name-that-is-too-long type bridge -> The kernel does not take that name
ip link add v-net-0 type bridge -> It is there already
ip route add default via 192.168.1.1 -> It is there already
ip -n red route get 8.8.8.8 -> The kernel knows no way there from here.
ip route del 10.9.9.0/24 -> There is no such route to delete.
ip route add 192.168.7.0/24 -> A route needs a way out
ip neigh del 192.168.1.77 dev eth0 -> There is no such entry to delete
ip neigh del 192.168.1.77 -> Each link has neighbours of its own: add `dev`
ip neigh flush -> Which link?
ip link set lo master v-net-0 -> The kernel understood the words, and they do not fit together
ifconfig nothing -> There is no such link here.
ifconfig nothing 1.2.3.4 -> There is no such link here.
route add default gw 1.2.3.4 -> The address is no neighbour
arp -s 9.9.9.9 aa:bb:cc:dd:ee:ff -> The address is no neighbour
route add -net 192.168.7.0/24 192.168.1.1 -> `route` took the last word for a link
route add default gw 192.168.1.1 -> This route is there already.
route del -net 192.168.77.0/24 -> There is no such route to delete.
route add -net 192.168.15.1/24 gw 192.168.1.1 -> `route` wants the address of the network
route add -net 192.168.7.0 netmask 255.255.0.0 gw 192.168.1.1 -> `route` wants the address of the network
route add 192.168.7.0/24 gw 192.168.1.1 -> This is a route to a network: `-net` must stand before
ifconfig eth0 netmask 255.255.0.1 -> A netmask is a row of ones
ifconfig eth0 192.168.1.300 -> `192.168.1.300` is neither a word that the command knows
route add default gw nowhere -> `nowhere` is neither a word that the command knows
brctl makebr x -> `brctl` has no command `makebr`
brctl addbr v-net-0 -> A link of the name `v-net-0` is there already
brctl addif nothing eth0 -> There is no bridge `nothing` here.
brctl addif v-net-0 nothing -> There is no link `nothing` here.
brctl delbr v-net-0 -> Switch the bridge off first: `ip link set v-net-0 down`.
brctl addif eth0 veth-x-br -> `eth0` is no bridge.
brctl addif v-net-0 veth-x-br; brctl addif v-net-0 veth-x-br -> `veth-x-br` is plugged into a bridge
iptables -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE -> In this table there is no such chain or target.
iptables -t nat -A POSTROUTING -j HIDE -> `HIDE` is neither a target
iptables -t routes -L -> iptables has no table `routes`
iptables -t nat -A POSTROUTING -s 192.168.15.300/24 -j MASQUERADE -> `192.168.15.300` is no address
iptables -t nat -A POSTROUTING -s 192.168.15.0/24 j MASQUERADE -> iptables did not expect `j` there.
iptables -t nat -A PREROUTING --dport 80 -j DNAT --to-destination 1.2.3.4 -> Only TCP and UDP have ports
iptables -t nat -D POSTROUTING -s 10.0.0.0/8 -j MASQUERADE -> There is no such rule to delete
iptables -t nat -A POSTROUTING -j DNAT --to-destination 1.2.3.4 -> This target cannot be used in this chain
nft add rule ip nothing out masquerade -> The table or the chain of that rule is not there yet.
nft add chain ip mine out { type nat hook postrouting priority 100 } -> nft wants a semicolon before the brace
nft 'add chain ip mine out { type nat hook after priority 100; }' -> nft has the hooks `prerouting`
sysctl net.nothing -> The kernel has no setting of this name.
sysctl -w net.ipv4.ip_forward 1 -> `sysctl -w` wants SETTING=VALUE in one word
ip netns exec red ping -c 1 192.168.1.3 -> No packet was sent
{ROUTER}; ip netns exec blue ping -c 1 -W 1 8.8.4.4 -> A router on the way has no route for that address
ping -c 1 -w 4 192.168.1.77 -> Nobody on the local network answered
ip netns exec blue ping -c 1 -W 1 192.168.15.77 -> Nothing came back.
ping -c 1 nowhere.example -> The name could not be turned into an address
curl -sS nowhere.example -> The name could not be turned into an address
ping -> `ping` wants to know whom
dig @192.168.1.3 +time=1 +tries=1 web -> The machine answered, but no name server listens there.
dig @192.168.15.77 +time=1 +tries=1 web -> The name server does not answer.
echo > /dev/tcp/192.168.1.3/81 -> Refused at once
curl -sS 192.168.1.3:81 -> The answer was no, and at once
ip netns exec red curl -sS 8.8.8.8 -> The answer was no, and at once
curl -sS -m 5 192.168.1.77 -> The last router, or this machine itself, gets no answer
curl -sS -m 1 192.168.1.78 -> No answer at all, not even a refusal
python3 -m http.server 80 -> Another process has that address and port.
python3 -m http.server -b 8.8.8.8 80 -> A process can only use an address that its own machine has.
tcpdump -ni nothing -> There is no link `nothing` here.
arp -d 192.168.1.79 -> The ARP table has no such entry.
setpriv --bounding-set -net_admin --inh-caps -net_admin ip link del v-net-0 -> The kernel does not let you do that
ip link set lo type bridge stp_state 1 -> This kernel, or this kind of link, cannot do that.
"""
DOCKER = """\
docker run -d --name web nginx; docker run -d --name web nginx -> A container is called `web` already
docker run apache -> There is no image `apache:latest` here
docker stop wbe -> No container is called `wbe`.
docker run --network nowhere nginx -> Docker has no network `nowhere`.
docker rnu nginx -> `docker` has no command `rnu`
docker run -d -p 8080:80 nginx; docker run -d -p 8080:80 nginx -> Another process has that address and port.
docker -H unix:///run/nothing.sock ps -> Docker's engine does not run here
"""
ROUTER = "ip route del default; sysctl -qw net.ipv4.ip_forward=1; ip -n blue route add default via 192.168.15.5"
BEFORE = (
    "ip netns exec red ip link set lo down",
    "ip link add veth-x type veth peer name veth-x-br",
    "nft add table ip mine",
    "python3 -m http.server 80 >/dev/null 2>&1 &",
    "sleep 0.5",
)
FINE = (
    "ip link",
    "true",
    "echo 'RTNETLINK answers: File exists'",
    "grep nothing /etc/hosts",
    "ls --colour=never",
    "(exit 3)",
)


class Typist:
    """Types a line and says what was remarked on it."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.said: Remark | None = None
        session.subscribe(self._hear)

    def _hear(self, event: SessionEvent) -> None:
        if isinstance(event, Remarked):
            self.said = event.remark

    async def type(self, line: str, machine: str = "host") -> tuple[str, ...]:
        await type_line(self.session, Command(machine, line))
        return tuple(str(sentence) for sentence in self.said.sentences) if self.said else ()


@asynccontextmanager
async def typing_in(lesson: str) -> AsyncIterator[Typist]:
    session = await Session.boot(load(lesson))
    try:
        await session.open_step(0)
        yield Typist(session)
    finally:
        await session.close()


@pytest.fixture(params=MODES)
async def typist(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Typist]:
    use_mode(request.param, monkeypatch)
    async with typing_in("nat") as typist:
        for line in BEFORE:
            await typist.type(line)
        yield typist


def cases(table: str) -> list[tuple[str, str]]:
    return [(line.rpartition(" -> ")[0], line.rpartition(" -> ")[2]) for line in table.splitlines()]


async def test_a_slip_of_the_fingers_is_met(typist: Typist) -> None:
    for line, sentence in cases(SPELLING):
        assert (await typist.type(line))[:1] == (sentence,), line


async def test_every_message_of_the_catalogue_is_one_that_the_tools_print(typist: Typist) -> None:
    met: set[str] = set()
    wrong = []
    for line, sentence in cases(MEANING.replace("{ROUTER}", ROUTER)):
        said = await typist.type(line)
        if not said or not said[-1].startswith(sentence):
            wrong.append((line, said))
        if typist.said:
            met.update(told.template for told in typist.said.sentences)
    assert wrong == []
    engines = {message.sentence.template for message in ENGINES}
    assert {message.sentence.template for message in MESSAGES} - met - engines == set()


@pytest.mark.parametrize("mode", MODES)
async def test_every_message_of_docker_is_one_that_it_prints(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    needs_docker()
    use_mode(mode, monkeypatch)
    met: set[str] = set()
    async with typing_in("docker") as typist:
        for line, sentence in cases(DOCKER):
            said = await typist.type(line)
            assert said, line
            assert said[-1].startswith(sentence), (line, said)
            if typist.said:
                met.update(told.template for told in typist.said.sentences)
    assert {message.sentence.template for message in ENGINES} - met == set()


async def test_a_remark_is_taken_back_when_the_next_command_is_fine(typist: Typist) -> None:
    for line in FINE:
        assert await typist.type("iptable") != ()
        assert await typist.type(line) == (), line


async def test_a_remark_is_taken_back_as_the_next_command_starts(typist: Typist) -> None:
    assert await typist.type("iptable") != ()
    typist.session.shells["host"].send(b"sleep 600\n")
    await _until(lambda: typist.said is None)
    assert typist.session.shells["host"].transcript.running == "sleep 600"
    typist.session.shells["host"].send(b"\x03")


async def test_a_remark_outlives_the_end_of_what_ran_elsewhere_and_no_more(typist: Typist) -> None:
    host = typist.session.shells["host"]
    host.send(b"sleep 600\n")
    await _until(lambda: host.transcript.running == "sleep 600")
    said = await typist.type("iptable", "lan")
    assert said != ()
    host.send(b"\x03")
    await _until(lambda: not host.transcript.running)
    assert await typist.type(":", "lan") == ()


async def _until(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        await asyncio.sleep(0.05)
    assert holds()
