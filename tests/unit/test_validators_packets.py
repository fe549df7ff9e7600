"""Rules against packets that are described in part; VLANs that no kernel of ours can set; what learners type."""

from __future__ import annotations

import struct
from ipaddress import ip_network

import pytest

from tutor.lab.probe.netlink import attribute
from tutor.lab.probe.stack import decode_vlans
from tutor.model.facts import Facts, Link, PortVlan, Ruleset, Stack
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.rules import UNKNOWN, Match, PacketChain, PacketRule
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict
from tutor.model.wants import RulesetOf, StackOf
from tutor.validators import typed
from tutor.validators.filters import Filtered, Hook, Nat, Policy, Translation
from tutor.validators.program import Fit, Packets, fits
from tutor.validators.switching import NoPortVlan, PortVlanIs, VlanFiltering

HOST = Place("host")


def fit(key: str, *values: str, negated: bool = False, **packets: object) -> Fit:
    rule = PacketRule((Match(key, values, negated),), "drop")
    return fits(rule, Packets(**packets))  # type: ignore[arg-type]


def test_a_condition_fits_all_some_or_none() -> None:
    inside = ip_network("192.168.15.0/24")
    assert fit("source", "192.168.0.0/16", source=inside) is Fit.ALL
    assert fit("source", "192.168.15.1", source=inside) is Fit.SOME
    assert fit("source", "192.168.15.0-192.168.15.255", source=inside) is Fit.ALL
    assert fit("source", "10.0.0.0/8", source=inside) is Fit.NONE
    assert fit("source", "10.0.0.0/8", negated=True, source=inside) is Fit.ALL
    assert fit("source", "192.168.15.1", negated=True, source=inside) is Fit.SOME
    assert fit("source", "10.0.0.0/8") is Fit.SOME
    assert fit("source", "0.0.0.0/0") is Fit.ALL
    assert fit("destination", "lan", destination=inside) is Fit.UNKNOWN
    assert fit("destination_port", "22", "79-81", port=80) is Fit.ALL
    assert fit("destination_port", "22", port=80) is Fit.NONE
    assert fit("destination_port", "http", port=80) is Fit.UNKNOWN
    assert fit("in_link", "veth*", in_link="veth-red") is Fit.ALL
    assert fit("in_link", "eth0") is Fit.SOME
    assert fit("state", "established") is Fit.NONE
    assert fit("protocol", "udp", protocol="tcp") is Fit.NONE
    assert fit("version", "6") is Fit.NONE
    assert fit(UNKNOWN, "limit", negated=True) is Fit.UNKNOWN


def chain(name: str, *rules: PacketRule, policy: str = "accept", hook: str | None = "forward") -> PacketChain:
    return PacketChain("ip", "filter", name, hook, "filter", 0, policy, rules)


def said(check: Check, *chains: PacketChain) -> Verdict:
    return check.judge(Facts({RulesetOf(HOST): Ruleset(program=chains)}))


TCP80 = (Match("protocol", ("tcp",)), Match("destination_port", ("80",)))
ALL = PacketRule((), "drop", text="drop all")
UNSURE = PacketRule((Match(UNKNOWN, ("limit",)),), "drop", text="limited")
ACCEPT = PacketRule(TCP80, "accept", text="accept 80")


@pytest.mark.parametrize(
    ("chains", "accepted"),
    [
        ((), True),
        ((chain("f", policy="drop"),), False),
        ((chain("f", ACCEPT, ALL),), True),
        ((chain("f", ALL, ACCEPT),), False),
        ((chain("f", ACCEPT), chain("g", ALL)), False),
        ((chain("f", PacketRule((), "jump", "x"), ALL), chain("x", ACCEPT, hook=None)), True),
        ((chain("f", PacketRule((), "jump", "x"), ALL), chain("x", PacketRule((), "return"), hook=None)), False),
        ((chain("f", PacketRule((), "goto", "x"), ACCEPT, policy="drop"), chain("x", hook=None)), False),
        ((chain("f", PacketRule((), "jump", "f")),), None),
        ((chain("f", PacketRule((), "jump", "gone")),), None),
        ((chain("f", UNSURE),), None),
        ((chain("f", UNSURE, ALL),), None),
        ((chain("f", PacketRule((), UNKNOWN, text="queue")),), None),
    ],
)
def test_what_a_hook_does(chains: tuple[PacketChain, ...], accepted: bool | None) -> None:
    verdicts = [said(Filtered(HOST, port=80, hook=Hook.FORWARD, does=does), *chains) for does in Policy]
    expected = {True: (Met, Unmet), False: (Unmet, Met), None: (Unknown, Unknown)}[accepted]
    assert tuple(type(one) for one in verdicts) == expected, verdicts


def test_a_masquerade_leaves_the_address_open() -> None:
    rule = PacketRule((), "masquerade", text="masquerade")
    nat = PacketChain("ip", "nat", "out", "postrouting", "nat", 100, "accept", (rule,))
    check = Nat(place=HOST, kind=Translation.SOURCE, to="192.168.1.2")
    assert isinstance(said(check, nat), Unknown)
    assert isinstance(said(Nat(place=HOST, kind=Translation.SOURCE), nat), Met)
    assert isinstance(said(Nat(place=HOST, kind=Translation.DESTINATION, hook=Hook.POSTROUTING), nat), Unmet)


def _vlan(number: int, flags: int) -> bytes:
    return attribute(2, struct.pack("=HH", flags, number))


def test_vlans_of_a_port_are_decoded() -> None:
    spec = attribute(0, struct.pack("=H", 1)) + _vlan(1, 0x6) + _vlan(20, 0)
    payload = struct.pack("=BxHiII", 7, 1, 5, 0, 0) + attribute(3, b"eth0\0") + attribute(26, spec)
    assert decode_vlans(payload) == [PortVlan(5, 1, pvid=True, untagged=True), PortVlan(5, 20)]


def test_vlans_of_a_port_are_judged() -> None:
    bridge = Link(2, "br0", "bridge", True, True, "02:00:00:00:00:02", 1500, vlan_filtering=True)
    port = Link(3, "p", "veth", True, True, "02:00:00:00:00:03", 1500, 2)
    vlans = (PortVlan(3, 1, True, True), PortVlan(3, 20), PortVlan(2, 30))
    facts = Facts({StackOf(HOST): Stack((bridge, port), vlans=vlans)})
    assert isinstance(VlanFiltering("br0", HOST).judge(facts), Met)
    assert isinstance(PortVlanIs("p", 1, HOST, pvid=True, untagged=True).judge(facts), Met)
    assert isinstance(PortVlanIs("p", 20, HOST, pvid=False, untagged=False).judge(facts), Met)
    assert isinstance(NoPortVlan("p", 30, HOST).judge(facts), Met)
    for check, observed in (
        (PortVlanIs("p", 20, HOST, untagged=True), "p carries VLAN 20, tagged"),
        (PortVlanIs("p", 30, HOST), "p carries VLAN 1 and 20"),
        (NoPortVlan("p", 20, HOST), "p carries VLAN 1 and 20"),
    ):
        verdict = check.judge(facts)
        assert isinstance(verdict, Unmet)
        assert (verdict.observed, verdict.layer) == (observed, Layer.LINK)
        assert verdict.look_next == "bridge vlan show dev p"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("etcd", "etcd"),
        ("312/etcd", "etcd"),
        ("12/nginx: master pr", "nginx"),
        ("nginx: master", "nginx"),
        ('users:(("etcd",pid=312,fd=4))', "etcd"),
        ("process 312", "312"),
        ("pid 312, etcd", "etcd"),
        ("nginx or etcd", None),
    ],
)
def test_a_process_as_typed(text: str, meant: str | None) -> None:
    assert typed.process(text.replace(" or ", " ")) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("0.0.0.0", "0.0.0.0"),
        ("0.0.0.0:2379", "0.0.0.0"),
        ("127.0.0.1:2379.", "127.0.0.1"),
        (":::2379", "::"),
        ("::", "::"),
        ("[::]:80", "::"),
        ("*:80", "::"),
        ("`*`", "::"),
        ("::1", "::1"),
        ("[::1]:80", "::1"),
        ("2379", None),
        ("0.0.0.0 and 127.0.0.1", None),
    ],
)
def test_a_listening_address_as_typed(text: str, meant: str | None) -> None:
    assert typed.listening(text) == meant


@pytest.mark.parametrize(("text", "meant"), [("2379", "2379"), (":::2379", "2379"), ("2379/tcp", "2379"), ("x", None)])
def test_a_port_as_typed(text: str, meant: str | None) -> None:
    assert typed.port(text) == meant
