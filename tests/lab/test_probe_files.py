"""Listening sockets against ``ss``; sysctls and files against what is there, hostile files too."""

from __future__ import annotations

import asyncio
import re
from ipaddress import ip_address

from probe_lab import BLUE, HOST, RED, bench, machine

from tutor.model.facts import Gone, Listener, Listeners, Text, Unreadable
from tutor.model.place import Place
from tutor.model.topology import ServiceSpec
from tutor.model.wants import FileOf, ListenersOf, SysctlOf

_NAMESPACES = ("ip netns add red", "ip netns add blue", "ip -n blue link set lo up")
_WEB = ServiceSpec("http", "blue", {"port": "8099", "page": "x"})


async def test_listeners_are_those_of_ss() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=_NAMESPACES, services=[_WEB])) as here:
        facts = await here.lab.read([ListenersOf(BLUE), ListenersOf(HOST), ListenersOf(RED)])
        assert facts.of(ListenersOf(RED)) == Listeners(())
        answer = facts.of(ListenersOf(BLUE))
        assert isinstance(answer, Listeners)
        said = (await here.sh("ss -H -l -n -t -u", BLUE)).splitlines()
        ports = sorted(int(re.split(r"\s+", line)[4].rpartition(":")[2]) for line in said)
        assert sorted(one.port for one in answer.sockets) == ports
        assert Listener("tcp", ip_address("0.0.0.0"), 8099, "nginx") in answer.sockets


async def test_bound_udp_sockets_and_the_name_of_their_process() -> None:
    server = ServiceSpec("dns", "blue", {"web.example": "192.168.15.2"})
    async with bench(machine("host", "192.168.1.2/24", setup=_NAMESPACES, services=[server])) as here:
        answer = (await here.lab.read([ListenersOf(BLUE)])).of(ListenersOf(BLUE))
        assert isinstance(answer, Listeners)
        assert {(one.protocol, one.process) for one in answer.sockets if one.port == 53} >= {
            ("udp", "dnsmasq"),
            ("tcp", "dnsmasq"),
        }


async def test_a_sysctl_is_that_of_its_namespace() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=_NAMESPACES)) as here:
        await here.sh("sysctl -qw net.ipv4.ip_forward=1; ip -n red link add v.100 type bridge")
        dotted = SysctlOf(RED, "net.ipv4.conf.v/100.forwarding")
        missing, gone = SysctlOf(RED, "net.ipv4.nonsense"), SysctlOf(Place("host", "no"), "net.ipv4.ip_forward")
        out = SysctlOf(HOST, "////etc/passwd")
        keys = [SysctlOf(HOST, "net.ipv4.ip_forward"), SysctlOf(RED, "net.ipv4.ip_forward"), dotted, missing, gone, out]
        facts = await here.lab.read(keys)
        assert facts.of(keys[0]) == Text("1")
        assert facts.of(keys[1]) == Text("0")
        assert facts.of(dotted) == Text("0")
        assert facts.of(missing) == Unreadable(Gone.NO_FILE, "host/red has no sysctl net.ipv4.nonsense")
        assert facts.of(gone) == Unreadable(Gone.NO_NAMESPACE, "there is no namespace no on host")
        assert isinstance(facts.of(out), Unreadable)


async def test_a_file_is_read_to_64_kib_and_never_blocks() -> None:
    async with bench(machine("host", "192.168.1.2/24")) as here:
        await here.sh(
            "cd /root; printf 'good\\xff' >text; mkfifo fifo; mkdir folder; : >empty;"
            "ln -s /etc/hostname inside; ln -s loop loop;"
            "truncate -s 1G big; ln -s /proc/1/root/etc/passwd magic; ln -s /dev/zero zero"
        )
        names = ["text", "fifo", "folder", "inside", "loop", "big", "magic", "zero", "empty", "none"]
        facts = await asyncio.wait_for(here.lab.read([FileOf("host", f"/root/{name}") for name in names]), 5)
        found = {name: facts.of(FileOf("host", f"/root/{name}")) for name in names}
        assert found["text"] == Text("good�")
        assert found["empty"] == Text("")
        assert found["inside"] == Text(await here.sh("cat /etc/hostname"))
        big = found["big"]
        assert isinstance(big, Text)
        assert len(big.text) == 64 * 1024
        for name in ("fifo", "folder", "zero"):
            refused = found[name]
            assert isinstance(refused, Unreadable)
            assert "is not a regular file" in refused.detail
        assert isinstance(found["loop"], Unreadable)
        assert isinstance(found["magic"], Unreadable)
        assert found["none"] == Unreadable(Gone.NO_FILE, "there is no file /root/none on host")


async def test_an_unknown_machine_is_an_answer() -> None:
    async with bench() as here:
        there = Place("nobody")
        wants = (FileOf("nobody", "/x"), SysctlOf(there, "net.ipv4.ip_forward"), ListenersOf(there))
        read = (await here.lab.read(wants)).read
        assert [read[want] for want in wants] == [Unreadable(Gone.NO_MACHINE, "there is no machine nobody")] * 3
