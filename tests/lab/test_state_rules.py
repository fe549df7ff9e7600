"""Validators of filter and NAT rules, by each tool that writes them, against a real kernel."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from judging import met, unknown, unmet
from lab_modes import MODES, use_mode
from probe_lab import BRIDGED, HOST, RED, bench, machine

from tutor.model.place import Place
from tutor.model.verdict import Layer
from tutor.validators.filters import ChainPolicy, Filtered, Hook, Nat, Policy, RuleCounted, Translation

NOWHERE, GONE = Place("nobody"), Place("host", "gone")
INSIDE = ip_network("192.168.15.0/24")
WEB_DROPPED = Filtered(HOST, port=80, hook=Hook.FORWARD, does=Policy.DROP)
WEB_ACCEPTED = Filtered(HOST, port=80, hook=Hook.FORWARD)
HIDDEN = Nat(place=HOST, source=INSIDE, out_link="eth0", kind=Translation.SOURCE)
DOOR = Nat(place=HOST, protocol="tcp", port=8080, kind=Translation.DESTINATION, to="192.168.15.2:80")


@pytest.fixture(params=MODES, autouse=True)
def _mode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    use_mode(request.param, monkeypatch)


FILTERS = {
    "iptables": "iptables -A FORWARD -p tcp --dport 80 -j DROP",
    "reject": "iptables -A FORWARD -p tcp -m multiport --dports 79:81,443 -j REJECT",
    "own chain": "iptables -N x; iptables -A x -p tcp --dport 80 -j DROP; iptables -A FORWARD -j x",
    "legacy": "iptables-legacy -A FORWARD -p tcp --dport 80 -j DROP",
    "nft": "nft 'table inet f { chain c { type filter hook forward priority 0; tcp dport { 80, 443 } drop; }; }'",
    "policy": "iptables -P FORWARD DROP; iptables -A FORWARD -p tcp --dport 22 -j ACCEPT",
    "map": "nft 'table ip f { chain c { type filter hook forward priority 0; tcp dport vmap { 80 : drop }; }; }'",
}


@pytest.mark.parametrize("name", FILTERS)
async def test_state_packets_that_are_dropped(name: str) -> None:
    async with bench() as here:
        await met(here, WEB_ACCEPTED)
        await unmet(here, WEB_DROPPED, Layer.FILTER)
        await here.sh(FILTERS[name])
        await met(here, WEB_DROPPED)
        await unmet(here, WEB_ACCEPTED, Layer.FILTER)
        await met(here, Filtered(HOST, port=22, hook=Hook.FORWARD))
        await met(here, Filtered(HOST, port=80, hook=Hook.INPUT))


async def test_state_the_first_rule_that_fits_decides() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        from_inside = Filtered(HOST, source=INSIDE, port=80)
        await here.sh("iptables -P FORWARD DROP; iptables -A FORWARD -s 192.168.15.0/25 -j ACCEPT")
        assert "only some of them" in await unmet(here, from_inside, Layer.FILTER)
        await here.sh("iptables -A FORWARD -s 192.168.15.0/24 -p tcp --dport 80 -m conntrack --ctstate NEW -j ACCEPT")
        await met(here, from_inside)
        await unmet(here, Filtered(HOST, source=INSIDE, port=81), Layer.FILTER)
        await here.sh("iptables -I FORWARD -i v-net-0 ! -o eth0 -j DROP")
        await met(here, Filtered(HOST, source=INSIDE, port=80, in_link="v-net-0", out_link="eth0"))
        await unmet(here, Filtered(HOST, source=INSIDE, port=80, in_link="v-net-0", out_link="other"), Layer.FILTER)
        await here.sh("iptables -I FORWARD -m length --length 100:200 -j DROP")
        assert "length" in await unknown(here, from_inside)
        await unmet(here, Filtered(GONE, port=80), Layer.NAMESPACE)
        await unknown(here, Filtered(NOWHERE, port=80))


async def test_state_filters_of_ipv6() -> None:
    async with bench() as here:
        six = Filtered(HOST, port=80, hook=Hook.INPUT, does=Policy.DROP, ipv6=True)
        await here.sh("iptables -A INPUT -p tcp --dport 80 -j DROP")
        await unmet(here, six, Layer.FILTER)
        await here.sh("ip6tables -A INPUT -s fd00::/8 -p tcp --dport 80 -j DROP")
        assert "only some" in await unmet(here, six, Layer.FILTER)
        await met(here, Filtered(HOST, source=ip_network("fd00::/16"), port=80, hook=Hook.INPUT, does=Policy.DROP))
        await here.sh("ip6tables -P INPUT DROP")
        await met(here, six)


async def test_state_policies() -> None:
    async with bench() as here:
        drop, accept = (ChainPolicy(HOST, Hook.FORWARD, policy) for policy in (Policy.DROP, Policy.ACCEPT))
        await met(here, accept)
        await unmet(here, drop, Layer.FILTER)
        await here.sh("iptables -P FORWARD DROP")
        await met(here, drop)
        assert await unmet(here, accept, Layer.FILTER) == "the policy of filter FORWARD is drop"
        await met(here, ChainPolicy(HOST, Hook.FORWARD, Policy.ACCEPT, ipv6=True))
        await here.sh("iptables -P FORWARD ACCEPT")
        await met(here, accept)
        await here.sh("nft 'table inet f { chain c { type filter hook forward priority 0; policy drop; }; }'")
        await met(here, drop)
        await met(here, ChainPolicy(HOST, Hook.FORWARD, Policy.DROP, ipv6=True))
        await here.sh("nft flush ruleset; iptables-legacy -P FORWARD DROP")
        await met(here, drop)
        await unmet(here, ChainPolicy(GONE, Hook.FORWARD, Policy.DROP), Layer.NAMESPACE)
        await unknown(here, ChainPolicy(NOWHERE, Hook.FORWARD, Policy.DROP))


NATS = {
    "iptables": (
        "iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE",
        "iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80",
    ),
    "snat": (
        "iptables -t nat -A POSTROUTING -o eth0 -j SNAT --to-source 192.168.1.2",
        "iptables -t nat -N D; iptables -t nat -A PREROUTING -j D;"
        "iptables -t nat -A D -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80",
    ),
    "legacy": (
        "iptables-legacy -t nat -A POSTROUTING -s 192.168.0.0/16 -j MASQUERADE",
        "iptables-legacy -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80",
    ),
    "nft": (
        "nft 'table ip n { chain o { type nat hook postrouting priority 100;"
        " ip saddr 192.168.15.0/24 masquerade; }; }'",
        "nft 'table ip m { chain i { type nat hook prerouting priority -100;"
        " tcp dport 8080 dnat to 192.168.15.2:80; }; }'",
    ),
}


@pytest.mark.parametrize("name", NATS)
async def test_state_translations(name: str) -> None:
    out, inwards = NATS[name]
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        assert await unmet(here, HIDDEN, Layer.NAT) == "no rule at postrouting translates them"
        await here.sh(out)
        await met(here, HIDDEN)
        await unmet(here, DOOR, Layer.NAT)
        await here.sh(inwards)
        await met(here, DOOR)
        elsewhere = Nat(place=HOST, port=8080, kind=Translation.DESTINATION, to="192.168.15.1:80")
        await unmet(here, elsewhere, Layer.NAT)
        await unmet(here, Nat(place=HOST, port=8081, kind=Translation.DESTINATION), Layer.NAT)
        await unmet(here, Nat(place=HOST, port=8080, kind=Translation.DESTINATION, hook=Hook.OUTPUT), Layer.NAT)
        await unmet(here, Nat(place=GONE, kind=Translation.SOURCE), Layer.NAMESPACE)
        await unknown(here, Nat(place=NOWHERE, kind=Translation.SOURCE))


async def test_state_a_translation_of_some_of_them() -> None:
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        await here.sh("iptables -t nat -A POSTROUTING -s 192.168.15.1/32 -j MASQUERADE")
        assert "only some of them" in await unmet(here, HIDDEN, Layer.NAT)
        await here.sh("iptables -t nat -A POSTROUTING -s 192.168.15.0/24 -j MASQUERADE")
        await met(here, HIDDEN)
        await here.sh("iptables -t nat -I POSTROUTING -d 192.168.1.0/24 -j ACCEPT")
        await unmet(here, HIDDEN, Layer.NAT)


async def test_state_rules_that_cannot_be_read() -> None:
    async with bench() as here:
        await here.sh("iptables-legacy -A FORWARD -p tcp --dport 22 -j DROP")
        await met(here, WEB_ACCEPTED)
        # As on a machine without the old iptables: its rules are in the kernel, and nobody can list them.
        await here.sh("mount --bind /dev/null $(readlink -f $(command -v iptables-legacy-save))")
        for check in (WEB_ACCEPTED, WEB_DROPPED, HIDDEN, ChainPolicy(HOST, Hook.FORWARD, Policy.DROP)):
            assert await unknown(here, check) == "host has rules that could not be read"


COUNTED = {
    "iptables": "iptables -A OUTPUT -p udp --dport 9 -j ACCEPT",
    "nft": "nft 'table ip f { chain c { type filter hook output priority 0; udp dport 9 counter accept; }; }'",
    "legacy": "iptables-legacy -A OUTPUT -p udp --dport 9 -j ACCEPT",
}


@pytest.mark.parametrize("name", COUNTED)
async def test_state_counters_that_rise(name: str) -> None:
    counted = RuleCounted(HOST, "accept", Hook.OUTPUT, port=9, packets=3)
    async with bench(machine("host", "192.168.1.2/24", setup=BRIDGED)) as here:
        assert "no such rule" in await unmet(here, counted, Layer.FILTER)
        await here.sh(COUNTED[name])
        assert await unmet(here, counted, Layer.FILTER) == "the rule has counted 0"
        await here.sh("for i in 1 2 3; do echo x > /dev/udp/192.168.15.2/9; done")
        assert await met(here, counted) == "the rule has counted 3"
        await unmet(here, RuleCounted(RED, "accept", Hook.OUTPUT), Layer.FILTER)
        await unmet(here, RuleCounted(GONE, "accept", Hook.OUTPUT), Layer.NAMESPACE)
        await unknown(here, RuleCounted(NOWHERE, "accept", Hook.OUTPUT))


async def test_state_a_rule_of_nft_without_a_counter() -> None:
    async with bench() as here:
        await here.sh("nft 'table ip f { chain c { type filter hook output priority 0; udp dport 9 accept; }; }'")
        seen = await unmet(here, RuleCounted(HOST, "accept", Hook.OUTPUT, port=9), Layer.FILTER)
        assert seen.startswith("the rule does not count")
        await here.sh("iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80")
        await unmet(here, RuleCounted(HOST, "dnat", Hook.PREROUTING, to="192.168.15.2:80"), Layer.NAT)
