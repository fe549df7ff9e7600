"""Filter and NAT rules, from whichever tool wrote them, against ``nft -j`` and ``iptables-save``."""

from __future__ import annotations

import pytest
from probe_lab import HOST, RED, Bench, bench

from tutor.model.facts import BaseChain, Gone, NatRule, Ruleset, Unreadable
from tutor.model.place import Place
from tutor.model.topology import MachineSpec
from tutor.model.wants import RulesetOf

NFT = """
table ip mine {
  set lans { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 172.16.0.0/12 }; }
  chain more {
    ip daddr 192.168.1.2 udp dport 53 dnat to 10.0.0.53
  }
  chain pre {
    type nat hook prerouting priority dstnat; policy accept;
    iifname "eth0" tcp dport 8080 dnat to 192.168.15.2:80
    tcp dport { 81, 82 } dnat to 1.2.3.4
    tcp dport 90-95 redirect to :9000
    iifname "eth1" jump more
  }
  chain post {
    type nat hook postrouting priority srcnat; policy accept;
    ip saddr 192.168.15.0/24 oifname "eth0" masquerade
    ip saddr != 192.168.0.0/16 snat to 5.6.7.8
    ip saddr @lans meta l4proto tcp snat to 5.6.7.9-5.6.7.12
    ip saddr 192.168.15.2 oifname != "br0" counter masquerade
    udp sport 5353 masquerade
  }
}
table inet mine {
  chain below { ip6 saddr fe80::/10 drop comment "a # b { c"; }
  chain on {
    type filter hook forward priority filter; policy drop;
    ct state vmap { invalid : drop, established : accept }
    ip saddr 10.0.0.0/8 drop
    jump below
    reject with icmpx admin-prohibited
  }
  chain unused { ip saddr 10.77.0.0/16 drop; }
}
"""


async def read_rules(here: Bench, place: Place = HOST) -> Ruleset:
    answer = (await here.lab.read([RulesetOf(place)])).of(RulesetOf(place))
    assert isinstance(answer, Ruleset), answer
    return answer


async def load(here: Bench, rules: str, place: Place = HOST) -> None:
    done = await here.lab.run(
        place.machine, ["nft", "-f", "-"], netns=place.netns, stdin=rules.replace("; }", "\n}").encode()
    )
    assert done.status == 0, done.stderr.decode()


async def test_rules_of_nft() -> None:
    async with bench() as here:
        await load(here, NFT)
        rules = await read_rules(here)
        post, pre = "postrouting", "prerouting"
        expected = [
            NatRule("dnat", pre, protocol="tcp", port="8080", in_link="eth0", to="192.168.15.2:80"),
            NatRule("dnat", pre, protocol="tcp", port="81,82", to="1.2.3.4"),
            NatRule("redirect", pre, protocol="tcp", port="90-95", to=":9000"),
            NatRule("dnat", pre, destination="192.168.1.2", protocol="udp", port="53", in_link="eth1", to="10.0.0.53"),
            NatRule("masquerade", post, source="192.168.15.0/24", out_link="eth0"),
            NatRule("snat", post, source="! 192.168.0.0/16", to="5.6.7.8"),
            NatRule("snat", post, source="@lans", protocol="tcp", to="5.6.7.9-5.6.7.12"),
            NatRule("masquerade", post, source="192.168.15.2", out_link="! br0"),
            NatRule("masquerade", post, protocol="udp", source_port="5353"),
        ]
        assert [_without_text(rule) for rule in rules.nat] == expected
        assert rules.nat[4].text == 'ip mine post: ip saddr 192.168.15.0/24 oifname "eth0" masquerade'
        assert set(rules.chains) == {
            BaseChain("ip", "mine", "pre", pre, "accept"),
            BaseChain("ip", "mine", "post", post, "accept"),
            BaseChain("inet", "mine", "on", "forward", "drop"),
        }
        assert rules.drops == (
            "inet mine on: ct state vmap { invalid : drop, established : accept }",
            "inet mine on: ip saddr 10.0.0.0/8 drop",
            'inet mine below: ip6 saddr fe80::/10 drop comment "a # b { c"',
            "inet mine on: reject with icmpx admin-prohibited",
        )
        assert rules.text == await here.sh("nft -s list ruleset")


def _without_text(rule: NatRule) -> NatRule:
    return NatRule(
        rule.action,
        rule.hook,
        rule.source,
        rule.destination,
        rule.protocol,
        rule.port,
        rule.out_link,
        rule.in_link,
        rule.to,
        source_port=rule.source_port,
    )


async def test_rules_of_iptables() -> None:
    async with bench() as here:
        lines = [
            "iptables -t nat -A PREROUTING -p tcp -m tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80",
            "iptables -t nat -A POSTROUTING -s 192.168.15.0/24 ! -o br0 -j MASQUERADE",
            "iptables -A INPUT -p icmp -j DROP",
            "iptables -t nat -A POSTROUTING -p udp -m udp --sport 5353:5355 -j MASQUERADE",
            "iptables -A FORWARD -s 1.2.3.4/32 -j REJECT --reject-with icmp-port-unreachable",
            "iptables -N MINE",
            "iptables -A FORWARD -i eth0 -j MINE",
            'iptables -A MINE -p tcp -m comment --comment "a b" -m multiport --dports 80,81 -j DROP',
            "iptables -N UNUSED",
            "iptables -A UNUSED -j DROP",
            "iptables -P FORWARD DROP",
            "ip6tables -A OUTPUT -d fe80::/10 -j DROP",
        ]
        await here.sh("\n".join(lines))
        rules = await read_rules(here)
        assert rules.nat == (
            NatRule("dnat", "prerouting", protocol="tcp", port="8080", to="192.168.15.2:80", text=lines[0]),
            NatRule("masquerade", "postrouting", source="192.168.15.0/24", out_link="! br0", text=lines[1]),
            NatRule("masquerade", "postrouting", protocol="udp", source_port="5353-5355", text=lines[3]),
        )
        assert sorted(rules.drops) == sorted([lines[2], lines[4], lines[7], lines[11]])
        assert BaseChain("ip", "filter", "FORWARD", "forward", "drop") in rules.chains
        saved = await here.sh("iptables-save")
        assert all(line.removeprefix("iptables ").removeprefix("-t nat ") in saved for line in (lines[0], lines[1]))


async def test_both_tools_in_the_same_place_and_none_in_another() -> None:
    async with bench() as here:
        await here.sh("ip netns add red; iptables -t nat -A POSTROUTING -s 10.1.0.0/16 -j MASQUERADE")
        await load(here, NFT)
        here_rules = await read_rules(here)
        assert {rule.source for rule in here_rules.nat if rule.action == "masquerade"} == {
            "10.1.0.0/16",
            "192.168.15.0/24",
            "192.168.15.2",
            None,
        }
        assert await read_rules(here, RED) == Ruleset()


async def test_a_native_table_with_the_name_of_one_of_iptables() -> None:
    async with bench() as here:
        await load(here, "table ip nat { chain post { type nat hook postrouting priority 100; }\n}\n")
        await here.sh("nft add rule ip nat post ip saddr 10.1.0.0/16 masquerade")
        (rule,) = (await read_rules(here)).nat
        assert (rule.action, rule.source) == ("masquerade", "10.1.0.0/16")


async def test_counters_do_not_make_a_difference() -> None:
    async with bench() as here:
        await here.sh("nft add table inet t; nft 'add chain inet t c { type filter hook output priority 0; }'")
        await here.sh("nft add rule inet t c counter accept; iptables -A OUTPUT -j ACCEPT")
        before = await read_rules(here)
        await here.sh("ping -c1 -W1 127.0.0.1 >/dev/null")
        assert await read_rules(here) == before


async def test_rules_of_the_old_iptables_where_the_kernel_has_it() -> None:
    async with bench() as here:
        done = await here.lab.run("host", ["iptables-legacy", "-A", "INPUT", "-s", "9.9.9.9", "-j", "DROP"])
        if done.status != 0:
            pytest.skip(f"unsupported: iptables-legacy: {done.stderr.decode().strip()}")
        rules = await read_rules(here)
        readable = (await here.lab.run("host", ["iptables-legacy-save"])).status == 0
        assert rules.drops == (("iptables -A INPUT -s 9.9.9.9/32 -j DROP",) if readable else ())
        assert "9.9.9.9" in rules.text if readable else "could not be read" in rules.text


async def test_a_thousand_rules() -> None:
    async with bench() as here:
        rules = "\n".join(f"ip saddr 10.{number // 250}.{number % 250}.0/24 drop" for number in range(1000))
        await load(here, f"table ip f {{\nchain c {{\ntype filter hook forward priority 0;\n{rules}\n}}\n}}\n")
        assert len((await read_rules(here)).drops) == 1000


async def test_without_the_programs_it_is_unreadable_never_empty() -> None:
    async with bench(MachineSpec("host"), MachineSpec("bare")) as here:
        await here.sh("mount -t tmpfs none /usr/sbin", Place("bare"))
        answer = (await here.lab.read([RulesetOf(Place("bare"))])).of(RulesetOf(Place("bare")))
        assert isinstance(answer, Unreadable)
        assert answer.reason is Gone.FAILED
        assert "neither nft nor iptables-save" in answer.detail


async def test_a_namespace_that_is_not_there() -> None:
    async with bench() as here:
        answer = (await here.lab.read([RulesetOf(RED)])).of(RulesetOf(RED))
        assert answer == Unreadable(Gone.NO_NAMESPACE, "there is no namespace red on host")
