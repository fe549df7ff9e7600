"""Names on the real thing: the C library of a machine, its files, and an internet of name servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from ipaddress import ip_address

import pytest
from lab_modes import MODES, sh, use_mode

from tutor.content import machines, tree
from tutor.content.source import from_text
from tutor.lab import Lab
from tutor.model.facts import Facts, Resolution
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.topology import Topology
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import NameLookup
from tutor.validators.combined import Count
from tutor.validators.dns import Cached
from tutor.validators.dns import Resolves as Answers
from tutor.validators.files import FileContains, FileGone, FileValue
from tutor.validators.name_answers import (
    AnswerOf,
    Flag,
    FlagOf,
    NameserverOf,
    OriginOf,
    ProgramsGet,
    RcodeOf,
    ReferralOf,
    TtlOf,
    ValueIn,
)
from tutor.validators.names import HostsEntry, Nameserver, NameSources, ResolverOption, Resolves, SearchDomain
from tutor.validators.registry import GoalId

HOST, RED, GOAL = Place("host"), Place("host", "red"), GoalId("goal")
GOOGLE, COMPANY, ROOT, COM, EXAMPLE = (
    ip_address(text) for text in ("8.8.8.8", "192.168.1.53", "198.41.0.4", "192.5.6.30", "203.0.113.53")
)
SILENT = ip_address("192.168.1.77")
WORLD = """\
host:
  interfaces:
    eth0: {switch: lan, addresses: 192.168.1.2/24}
  routes: {default: 192.168.1.1}
  hosts: {printer: 192.168.1.9}
  resolver: 192.168.1.53
  setup: |
    ip netns add red
    ip -n red link set lo up
internet:
  interfaces:
    eth0: {switch: lan, addresses: [192.168.1.1/24, 192.168.1.53/24]}
  services:
    - zones:
        .: {server: 198.41.0.4}
        com: {server: 192.5.6.30, ttl: 86400}
        example.com:
          server: 203.0.113.53
          ttl: 40
          records:
            "@": [203.0.113.80, "2001:db8::80"]
            www: CNAME web
            web: 203.0.113.80
            big: ["TXT aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]
        lame.com: {server: 203.0.113.99}
    - resolver: {address: 8.8.8.8, root: 198.41.0.4}
    - resolver: {address: 192.168.1.53, forward: 8.8.8.8, names: {intra.corp: 192.168.1.9}}
"""


def topology(text: str) -> Topology:
    source = from_text("lesson.md", text)
    return machines.topology(tree.parse(source, 1, source.lines))


@pytest.fixture(params=MODES)
async def lab(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Lab]:
    use_mode(request.param, monkeypatch)
    started = await Lab.boot(topology(WORLD))
    # The server of one zone is there, and knows nothing of it.
    await sh(started, "ip addr del 203.0.113.99/32 dev lo", "internet")
    try:
        yield started
    finally:
        await started.close()


async def judged(lab: Lab, check: Check, answer: str = "") -> Verdict:
    facts = await lab.read(check.wants())
    return check.judge(Facts(facts.read, {GOAL: answer}))


async def met(lab: Lab, check: Check, answer: str = "") -> bool:
    verdict = await judged(lab, check, answer)
    return isinstance(verdict, Met)


async def unmet(lab: Lab, check: Check, layer: Layer, words: str, answer: str = "") -> Unmet:
    verdict = await judged(lab, check, answer)
    assert isinstance(verdict, Unmet), verdict
    assert verdict.layer is layer, verdict
    assert words in verdict.observed, verdict
    return verdict


async def test_programs_get_names_from_the_file_and_from_dns(lab: Lab) -> None:
    assert await met(lab, Resolves("printer", HOST, (ip_address("192.168.1.9"),)))
    assert await met(lab, Resolves("web.example.com", HOST, (ip_address("203.0.113.80"),)))
    assert await met(lab, Resolves("intra.corp", HOST))
    assert await met(lab, OriginOf(GOAL, "printer", HOST), "the hosts file")
    assert await met(lab, OriginOf(GOAL, "web.example.com", HOST), "dns")
    assert await met(lab, ProgramsGet(GOAL, "web.example.com", HOST), "203.0.113.80")
    await unmet(lab, Resolves("nobody.example.com", HOST), Layer.NAME, "says that there is no nobody.example.com")
    await sh(lab, "echo 192.168.1.200 web.example.com >>/etc/hosts", "host")
    await unmet(lab, Resolves("web.example.com", HOST, (ip_address("203.0.113.80"),)), Layer.NAME, "as /etc/hosts says")
    assert await met(lab, OriginOf(GOAL, "web.example.com", HOST), "files")
    await sh(lab, "sed -i 's/^hosts:.*/hosts: dns files/' /etc/nsswitch.conf", "host")
    assert await met(lab, Resolves("web.example.com", HOST, (ip_address("203.0.113.80"),)))
    assert await met(lab, OriginOf(GOAL, "web.example.com", HOST), "dns")


async def test_the_reason_is_named_when_programs_get_nothing(lab: Lab) -> None:
    web = Resolves("web.example.com", HOST)
    await sh(lab, "sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf", "host")
    await unmet(lab, web, Layer.NAME, "looks names up in files alone")
    await sh(lab, "sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf; : >/etc/resolv.conf", "host")
    await unmet(lab, web, Layer.NAME, "names no name server")
    await sh(lab, "echo nameserver 192.168.1.2 >/etc/resolv.conf", "host")
    await unmet(lab, web, Layer.SERVICE, "192.168.1.2 gives no answer: connection refused")
    await sh(lab, f"echo nameserver {SILENT} >/etc/resolv.conf", "host")
    await unmet(lab, web, Layer.SERVICE, f"{SILENT} gives no answer")
    silent = "".join(rf"nameserver 192.168.1.{number}\n" for number in (77, 78, 79))
    await sh(lab, f"printf '{silent}search a.com b.com\\n' >/etc/resolv.conf", "host")
    await unmet(lab, Resolves("web", HOST), Layer.SERVICE, f"{SILENT} gives no answer")
    await sh(lab, "echo nameserver 198.41.0.4 >/etc/resolv.conf", "host")
    await unmet(lab, web, Layer.NAME, "198.41.0.4 has no address for")


async def test_who_is_slower_than_one_waits_is_silent(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library gave up in time; asked directly, the server had not answered yet when the time was over."""
    monkeypatch.setattr("tutor.lab.probe.names._DIRECTLY", 0.01)
    await sh(lab, f"echo nameserver {SILENT} >/etc/resolv.conf", "host")
    await unmet(lab, Resolves("web.example.com", HOST), Layer.SERVICE, f"{SILENT} gives no answer: timed out")


async def test_a_namespace_has_files_of_its_own(lab: Lab) -> None:
    assert await met(lab, Resolves("printer", RED))
    wrong = await unmet(lab, Resolves("printer", RED, (ip_address("10.9.9.8"),)), Layer.NAME, "as /etc/hosts says")
    assert wrong.look_next == "ip netns exec red grep printer /etc/hosts"
    await unmet(lab, Resolves("web.example.com", RED), Layer.SERVICE, "gives no answer")
    await sh(lab, "mkdir -p /etc/netns/red; echo 10.9.9.9 only-red >/etc/netns/red/hosts", "host")
    assert await met(lab, Resolves("only-red", RED, (ip_address("10.9.9.9"),)))
    await unmet(lab, Resolves("only-red", HOST), Layer.NAME, "there is no only-red")
    await unmet(lab, Resolves("x", Place("host", "blue")), Layer.NAMESPACE, "there is no namespace blue")


async def test_files_that_harm_are_no_harm(lab: Lab) -> None:
    await sh(lab, "rm /etc/hosts; mkfifo /etc/hosts", "host")
    found = await asyncio.wait_for(judged(lab, Resolves("printer", HOST)), 8)
    assert not isinstance(found, Met)
    assert isinstance(await judged(lab, HostsEntry("printer", ip_address("192.168.1.9"), HOST)), Unknown)
    await sh(lab, "rm /etc/hosts; truncate -s 1G /etc/hosts", "host")
    await unmet(lab, HostsEntry("printer", ip_address("192.168.1.9"), HOST), Layer.NAME, "it has no printer")
    await sh(lab, "rm /etc/hosts; ln -s hosts /etc/hosts", "host")
    assert isinstance(await judged(lab, HostsEntry("printer", ip_address("192.168.1.9"), HOST)), Unknown)
    await sh(lab, "rm /etc/hosts", "host")
    await unmet(lab, HostsEntry("printer", ip_address("192.168.1.9"), HOST), Layer.NAME, "no file /etc/hosts")


async def test_the_hosts_file_is_read_as_the_library_reads_it(lab: Lab) -> None:
    lines = (r"10.1.1.1\tWeb  www # 10.9.9.9 no", "#10.2.2.2 off", "10.3.3.3", "fe80::1 six", "10.0.0.300 bad", "")
    written = r"\n".join(lines)
    await sh(lab, f"printf '{written}' >/etc/hosts", "host")
    for name in ("web", "WWW", "six", "off", "no", "bad", "10.9.9.9"):
        want = NameLookup(HOST, name)
        resolution = (await lab.read([want])).of(want)
        assert isinstance(resolution, Resolution)
        address = ip_address(resolution.addresses[0]) if resolution.addresses else None
        if address is None or name == "10.9.9.9":
            assert not await met(lab, HostsEntry(name, ip_address("10.1.1.1"), HOST)), name
        else:
            assert await met(lab, HostsEntry(name, address, HOST)), name
    await sh(lab, "echo 10.1.1.2 web >>/etc/hosts", "host")
    await unmet(lab, HostsEntry("web", ip_address("10.1.1.2"), HOST), Layer.NAME, "web is 10.1.1.1 and 10.1.1.2")


async def test_settings_of_the_resolver(lab: Lab) -> None:
    assert await met(lab, Nameserver(COMPANY, HOST))
    assert await met(lab, NameserverOf(GOAL, HOST), "192.168.1.53")
    assert await met(lab, NameSources(("files", "dns"), HOST))
    await unmet(lab, NameSources(("dns", "files"), HOST), Layer.NAME, "files, dns")
    await unmet(lab, SearchDomain("example.com", HOST), Layer.NAME, "has no search domain")
    await unmet(lab, Resolves("web", HOST), Layer.NAME, "there is no web")
    await sh(lab, "printf 'search corp example.com\\noptions ndots:2 rotate\\n' >>/etc/resolv.conf", "host")
    assert await met(lab, SearchDomain("example.com", HOST))
    assert await met(lab, ResolverOption("ndots:2", HOST))
    await unmet(lab, ResolverOption("debug", HOST), Layer.NAME, "ndots:2 and rotate")
    assert await met(lab, Resolves("web", HOST, (ip_address("203.0.113.80"),)))
    await sh(lab, "sed -i '1i nameserver 8.8.8.8' /etc/resolv.conf", "host")
    await unmet(lab, Nameserver(COMPANY, HOST), Layer.NAME, "it asks 8.8.8.8 first")
    await sh(lab, "echo nameservers 192.168.1.53 >/etc/resolv.conf", "host")
    await unmet(lab, Nameserver(COMPANY, HOST), Layer.NAME, "the line `nameservers 192.168.1.53` is not understood")


async def test_authority_recursion_and_referral(lab: Lab) -> None:
    name = "web.example.com"
    assert await met(lab, Answers(HOST, EXAMPLE, name, authoritative=True, recursive=False))
    assert await met(lab, Answers(HOST, GOOGLE, name, authoritative=False, recursive=True, longest=40))
    await unmet(lab, Answers(HOST, GOOGLE, name, authoritative=True), Layer.NAME, "has no authority")
    await unmet(lab, Answers(HOST, EXAMPLE, name, recursive=True), Layer.NAME, "does not ask others")
    await unmet(lab, Answers(HOST, EXAMPLE, name, longest=39), Layer.NAME, "its TTL is 40 seconds")
    await unmet(lab, Answers(HOST, ROOT, name), Layer.NAME, "the answer holds nothing")
    for answer in ("com", "ns.com.", "192.5.6.30", "the zone com."):
        assert await met(lab, ReferralOf(GOAL, HOST, ROOT, name), answer)
    assert not await met(lab, ReferralOf(GOAL, HOST, ROOT, name), "example.com")
    assert await met(lab, ReferralOf(GOAL, HOST, EXAMPLE, name), "none")
    assert await met(lab, FlagOf(GOAL, HOST, EXAMPLE, name, Flag.AUTHORITATIVE), "yes")
    assert await met(lab, FlagOf(GOAL, HOST, EXAMPLE, name, Flag.RECURSIVE), "no")
    assert await met(lab, FlagOf(GOAL, HOST, GOOGLE, name, Flag.RECURSIVE), "yes")
    await unmet(lab, FlagOf(GOAL, HOST, SILENT, name, Flag.RECURSIVE), Layer.SERVICE, "timed out", "no")
    settings = "/etc/unbound/8.8.8.8/unbound.conf"
    assert await met(lab, ValueIn(GOAL, settings, "interface", Place("internet"), "?", "?"), "8.8.8.8")
    assert await met(lab, TtlOf(GOAL, HOST, EXAMPLE, name), "40 seconds")


async def test_kinds_of_answers(lab: Lab) -> None:
    www = Answers(HOST, COMPANY, "www.example.com", through=("web.example.com",))
    assert await met(lab, www)
    assert await met(lab, Answers(HOST, COMPANY, "www.example.com", answers=("203.0.113.80",), tcp=True))
    await unmet(lab, Answers(HOST, COMPANY, "web.example.com", through=("x.com",)), Layer.NAME, "lead to nothing")
    assert await met(lab, Answers(HOST, COMPANY, "example.com", "AAAA", ("2001:db8::80",)))
    assert await met(lab, AnswerOf(GOAL, HOST, COMPANY, "www.example.com", "CNAME"), "web.example.com")
    assert await met(lab, AnswerOf(GOAL, HOST, COMPANY, "web.example.com", "AAAA"), "none")
    assert await met(lab, Answers(HOST, GOOGLE, "nope.example.com", rcode="NXDOMAIN"))
    assert await met(lab, Answers(HOST, GOOGLE, "x.lame.com", rcode="SERVFAIL"))
    assert await met(lab, Answers(HOST, EXAMPLE, "www.other.net", rcode="REFUSED"))
    assert await met(lab, RcodeOf(GOAL, HOST, GOOGLE, "nope.example.com"), "nxdomain")
    await unmet(lab, Answers(HOST, GOOGLE, "web.example.com", rcode="NXDOMAIN"), Layer.NAME, "the server said NOERROR")
    await unmet(lab, Answers(HOST, ip_address("192.168.1.2"), "a.com"), Layer.SERVICE, "connection refused")
    await unmet(lab, Answers(RED, GOOGLE, "a.com"), Layer.ROUTE, "Network is unreachable")


async def test_looking_into_a_cache_does_not_fill_it(lab: Lab) -> None:
    there = Cached(HOST, COMPANY, "web.example.com")
    for _ in range(2):
        await unmet(lab, there, Layer.NAME, "its cache has no web.example.com")
    await sh(lab, "dig web.example.com", "host")
    assert await met(lab, there)
    assert await met(lab, Cached(HOST, GOOGLE, "web.example.com"))
    await unmet(lab, Cached(HOST, EXAMPLE, "web.example.com"), Layer.NAME, "has the say over")
    assert isinstance(await judged(lab, Cached(HOST, EXAMPLE, "www.other.net")), Unknown)
    await sh(lab, "ip addr del 203.0.113.53/32 dev lo", "internet")
    assert await met(lab, Resolves("web.example.com", HOST))


async def test_files_and_their_values(lab: Lab) -> None:
    await sh(
        lab,
        """cd /root; echo '{"a": {"b": [1, true]}}' >x.json; printf 'a:\\n  b: [x, null]\\n' >x.yaml
        echo 'net.ipv4.ip_forward = 1' >x.conf; printf '[a]\\nb = c\\n' | tee x.ini >x.toml; printf '{' >bad.json""",
        "host",
    )

    def value(name: str, key: str, text: str) -> FileValue:
        return FileValue(f"/root/{name}", key, text, HOST)

    assert await met(lab, value("x.json", "a.b.0", "1"))
    assert await met(lab, value("x.json", "/a/b/1", "true"))
    assert await met(lab, value("x.yaml", "a.b.1", "null"))
    assert await met(lab, value("x.conf", "net.ipv4.ip_forward", "1"))
    assert await met(lab, value("x.ini", "a.b", "c"))
    await unmet(lab, value("x.toml", "a.b", "c"), Layer.SERVICE, "it is not well formed")
    await unmet(lab, value("x.json", "a.c", "1"), Layer.SERVICE, "it has no a.c")
    await unmet(lab, value("x.json", "a.b.0", "2"), Layer.SERVICE, "a.b.0 is 1")
    await unmet(lab, value("bad.json", "a", "2"), Layer.SERVICE, "it is not well formed")
    await unmet(lab, value("none.json", "a", "2"), Layer.SERVICE, "there is no file")
    assert await met(lab, FileContains("/root/x.conf", "net.ipv4.ip_forward  =   1", HOST, whole=True))
    await unmet(lab, FileContains("/root/x.conf", "ip_forward", HOST, whole=True), Layer.SERVICE, "no line has it")
    await sh(lab, "truncate -s 1G /root/big; mkfifo /root/fifo", "host")
    assert isinstance(await judged(lab, FileContains("/root/big", "x", HOST)), Unknown)
    assert isinstance(await judged(lab, FileContains("/root/fifo", "x", HOST)), Unknown)
    assert await met(lab, FileGone("/root/none", HOST))
    await unmet(lab, FileGone("/root/x.conf", HOST), Layer.SERVICE, "it is there")
    assert isinstance(await judged(lab, FileGone("/root/fifo", HOST)), Unknown)


async def test_so_many_of_them(lab: Lab) -> None:
    yes, no = FileGone("/root/none", HOST), FileGone("/etc/hosts", HOST)
    await sh(lab, "mkfifo /root/fifo", "host")
    unclear = FileGone("/root/fifo", HOST)
    assert await met(lab, Count((yes, yes, no), at_least=2))
    assert await met(lab, Count((yes, yes, no), exactly=2))
    assert await met(lab, Count((yes, unclear), at_least=1))
    assert isinstance(await judged(lab, Count((yes, unclear), exactly=1)), Unknown)
    assert isinstance(await judged(lab, Count((no, unclear), at_least=1)), Unknown)
    await unmet(lab, Count((yes, no, no), at_least=2), Layer.SERVICE, "it is there")
    await unmet(lab, Count((yes, yes, unclear), at_most=1), Layer.LINK, "2 hold")
