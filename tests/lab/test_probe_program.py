"""Rules in the kernel's order and words, from nft and from iptables; the local table; settings of links."""

from __future__ import annotations

from ipaddress import IPv4Address

from probe_lab import HOST, bench

from tutor.model.facts import LinkSettings, ProxyEntry, Ruleset, Stack
from tutor.model.rules import UNKNOWN, Match, PacketChain
from tutor.model.wants import RulesetOf, StackOf

NFT = """
nft 'add table inet t; add chain inet t g
add set inet t s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 }; }
add chain inet t f { type filter hook forward priority -5; policy drop; }
add chain inet t n { type nat hook prerouting priority -100; }
add rule inet t f ct state established,related accept
add rule inet t f ct state vmap { invalid : drop, new : jump g }
add rule inet t f iifname "eth*" tcp dport { 80, 90-99 } counter log drop
add rule inet t f ip saddr != @s icmp type echo-request reject
add rule inet t f meta mark 1 limit rate 3/second accept
add rule inet t f meta mark set 2
add rule inet t n ip daddr 10.1.2.3 tcp dport 8080 dnat ip to 10.9.9.9:80
add rule inet t n udp dport 53 redirect to :5353'
"""
IPTABLES = """
iptables -A FORWARD ! -s 10.0.0.0/8 -p tcp -m tcp --dport 80:90 -m conntrack --ctstate NEW,ESTABLISHED -j REJECT
iptables -N X
iptables -A FORWARD -i eth+ -p icmp -m icmp --icmp-type 8 -m comment --comment "a ! b" -j X
iptables -A X -m mark ! --mark 3 -j RETURN
iptables -A X -j MARK --set-mark 1
iptables -t nat -A POSTROUTING -o eth0 -j SNAT --to-source 1.2.3.4
iptables -t nat -A PREROUTING -p tcp -m multiport --dports 80,90:99 -j REDIRECT --to-ports 8080
"""


async def chains(script: str) -> dict[str, PacketChain]:
    async with bench() as here:
        await here.sh(script)
        rules = (await here.lab.read([RulesetOf(HOST)])).of(RulesetOf(HOST))
        assert isinstance(rules, Ruleset)
        assert rules.unread == ()
        return {f"{chain.table} {chain.name}": chain for chain in rules.program}


def told(chain: PacketChain) -> list[tuple[tuple[Match, ...], str | None, str | None]]:
    return [(rule.matches, rule.verdict, rule.to) for rule in chain.rules]


async def test_nft_in_order() -> None:
    found = await chains(NFT)
    forward, nat = found["t f"], found["t n"]
    assert (forward.hook, forward.kind, forward.priority, forward.policy) == ("forward", "filter", -5, "drop")
    assert (nat.hook, nat.kind, nat.priority) == ("prerouting", "nat", -100)
    assert (found["t g"].hook, found["t g"].rules) == (None, ())
    four, tcp = Match("version", ("4",)), Match("protocol", ("tcp",))
    rules = told(forward)
    assert rules[:5] == [
        ((Match("state", ("established", "related")),), "accept", None),
        ((Match("state", ("invalid",)),), "drop", None),
        ((Match("state", ("new",)),), "jump", "g"),
        ((Match("in_link", ("eth*",)), tcp, Match("destination_port", ("80", "90-99"))), "drop", None),
        (
            (
                four,
                Match("source", ("10.0.0.0/8",), negated=True),
                Match("protocol", ("icmp",)),
                Match("icmp_type", ("echo-request",)),
            ),
            "reject",
            None,
        ),
    ]
    assert [match.key for match in rules[5][0]] == [UNKNOWN, UNKNOWN]
    assert rules[5][1] == "accept"
    assert rules[6] == ((), UNKNOWN, None)
    assert told(nat) == [
        ((four, Match("destination", ("10.1.2.3",)), tcp, Match("destination_port", ("8080",))), "dnat", "10.9.9.9:80"),
        ((Match("protocol", ("udp",)), Match("destination_port", ("53",))), "redirect", ":5353"),
    ]


async def test_iptables_in_order() -> None:
    found = await chains(IPTABLES)
    tcp, icmp = Match("protocol", ("tcp",)), Match("protocol", ("icmp",))
    assert told(found["filter FORWARD"]) == [
        (
            (
                Match("source", ("10.0.0.0/8",), negated=True),
                tcp,
                Match("destination_port", ("80-90",)),
                Match("state", ("new", "established")),
            ),
            "reject",
            None,
        ),
        ((Match("in_link", ("eth*",)), icmp, Match("icmp_type", ("echo-request",))), "jump", "X"),
    ]
    assert found["filter X"].hook is None
    assert told(found["filter X"]) == [
        ((Match("mark", ("0x3",), negated=True),), "return", None),
        ((), "mark", "0x1/0xffffffff"),
    ]
    assert told(found["nat POSTROUTING"]) == [((Match("out_link", ("eth0",)),), "snat", "1.2.3.4")]
    assert told(found["nat PREROUTING"]) == [((tcp, Match("destination_port", ("80", "90-99"))), "redirect", ":8080")]
    assert (found["nat PREROUTING"].kind, found["nat PREROUTING"].priority) == ("nat", -100)
    assert (found["nat POSTROUTING"].kind, found["nat POSTROUTING"].priority) == ("nat", 100)


async def test_the_local_table_and_the_settings_of_a_link() -> None:
    async with bench() as here:
        await here.sh(
            "ip link add br0 type bridge; ip link set br0 up; ip addr add 10.1.0.1/24 dev br0\n"
            "sysctl -qw net.ipv4.conf.br0.rp_filter=2 net.ipv4.conf.br0.proxy_arp=1 net.ipv4.conf.br0.forwarding=1 "
            "net.ipv4.conf.br0.arp_ignore=1 net.ipv4.conf.br0.accept_local=1 net.ipv4.conf.br0.route_localnet=1\n"
            "ip neigh add proxy 10.9.9.9 dev br0\n"
            "ip rule add iif br0 unreachable priority 7; ip rule add fwmark 9 lookup 5 priority 8"
        )
        stack = (await here.lab.read([StackOf(HOST)])).of(StackOf(HOST))
        assert isinstance(stack, Stack)
        link = stack.link("br0")
        assert link
        assert link.settings == LinkSettings(
            forwarding=True, rp_filter=2, proxy_arp=True, accept_local=True, route_localnet=True, arp_ignore=1
        )
        assert (link.vlan_filtering, link.queue) == (False, "noqueue")
        assert stack.proxies == (ProxyEntry(link.index, IPv4Address("10.9.9.9")),)
        kernel = {(entry["type"], entry["dst"]) for entry in await here.look("ip -json -4 route show table local")}
        ours = {
            (route.type, route.destination.removesuffix("/32")) for route in stack.local if "." in route.destination
        }
        assert ours == kernel
        rules = {rule.priority: rule for rule in stack.rules if rule.version == 4}
        assert (rules[7].action, rules[7].in_link, rules[7].other) == ("unreachable", "br0", None)
        assert (rules[8].action, rules[8].other, rules[32766].other) == ("lookup", "fwmark", None)
