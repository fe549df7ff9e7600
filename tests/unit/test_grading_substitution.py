"""Other values in the place of a learner's own."""

from __future__ import annotations

import pytest

from tutor.grading.substitution import elsewhere, in_pieces, mentions, pieced, substituted

OWN = {"net": "192.168.15", "wide": "10.244", "port": "8080", "red": "red", "blue": "blue", "mac": "02:00:00:00:00:0a"}
OTHER = {"net": "192.168.37", "wide": "10.99", "port": "8123", "red": "blue", "blue": "red", "mac": "02:00:00:00:00:b1"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("ip -n red addr add 192.168.15.2/24 dev veth-red", "ip -n blue addr add 192.168.37.2/24 dev veth-blue"),
        ("iptables -s192.168.15.0/24 -p tcp --dport 8080", "iptables -s192.168.37.0/24 -p tcp --dport 8123"),
        ("docker run -p 8080:80 nginx; docker run -p8080:80 x", "docker run -p 8123:80 nginx; docker run -p8123:80 x"),
        ("curl http://192.168.15.2:8080/", "curl http://192.168.37.2:8123/"),
        ("dig -x 192.168.15.2; dig 2.15.168.192.in-addr.arpa", "dig -x 192.168.37.2; dig 2.37.168.192.in-addr.arpa"),
        (r"sed s/192\.168\.15\.5/x/ f", r"sed s/192\.168\.37\.5/x/ f"),
        (r"printf 'a\nblue\n192.168.15.1 x\tred'", r"printf 'a\nred\n192.168.37.1 x\tblue'"),
        ("for n in red blue; do ip netns add $n; done", "for n in blue red; do ip netns add $n; done"),
        ("N=192.168.15; ip a add $N.1/24 dev veth-red-br", "N=192.168.37; ip a add $N.1/24 dev veth-blue-br"),
        *((same, same) for same in ("ping 1.192.168.15; ping 192.168.151", "echo 18080 8080.1 10.8080")),
        ("ip route add 10.244.0.0/16 dev x", "ip route add 10.99.0.0/16 dev x"),
        ("sudo redis; ip link del covered", "sudo redis; ip link del covered"),
        ("ip link set x address 02:00:00:00:00:0A", "ip link set x address 02:00:00:00:00:B1"),
        ("arp -s 192.168.15.1 02-00-00-00-00-0a", "arp -s 192.168.37.1 02-00-00-00-00-b1"),
        ("echo r''ed $((8000+80))", "echo r''ed $((8000+80))"),
        ("", ""),
    ],
)  # fmt: skip
def test_words_are_replaced_all_at_once(before: str, after: str) -> None:
    assert substituted(before, OWN, OTHER) == after
    assert substituted(after, OTHER, OWN) == before


@pytest.mark.parametrize(
    ("before", "after", "part"),
    [
        ("for i in 15 16; do ping 192.168.$i.1; done", "for i in 37 16; do ping 192.168.$i.1; done", "15"),
        ("ping 192.168.{15,16}.1", "ping 192.168.{37,16}.1", "15"),
        ("sed -i s/15.2/15.3/ f", "sed -i s/37.2/37.3/ f", "15"),
        (r"sed -i 's/168\.15\.2/x/' f", r"sed -i 's/168\.37\.2/x/' f", r"168\.15"),
        ("N=15; ip a add 192.168.$N.2/24 dev x", "N=37; ip a add 192.168.$N.2/24 dev x", "15"),
        ("P=10; S=244; ip r add $P.$S.0.0/16 dev x", "P=10; S=99; ip r add $P.$S.0.0/16 dev x", "244"),
        *((same, same, "") for same in ("ping -c 15 10.0.0.1", "ip a add 10.0.0.1/15 dev x", "echo x15 15m", "")),
        ("ping 192.168.15.2 -p 8080", "ping 192.168.37.2 -p 8123", ""),
    ],
)
def test_a_part_of_an_address_may_stand_alone(before: str, after: str, part: str) -> None:
    assert in_pieces(before, OWN, OTHER) == part
    assert pieced(before, OWN, OTHER) == after


def test_a_part_of_two_addresses_is_seen_and_left() -> None:
    own, other = {"a": "10.5.1", "b": "10.5.2"}, {"a": "10.6.1", "b": "10.7.2"}
    assert in_pieces("N=5", own, other) == "5"
    assert pieced("N=5; ping 10.5.2.1", own, other) == "N=5; ping 10.7.2.1"


def test_the_longest_wins() -> None:
    own, other = (
        {"a": "10.1", "b": "10.1.2", "c": "v-net", "d": "v-net-0"},
        {"a": "9.9", "b": "8.8.8", "c": "x", "d": "y"},
    )
    assert substituted("10.1.2.3 10.1.3 v-net-0 v-net-1 v-net", own, other) == "8.8.8.3 9.9.3 y x-1 x"


def test_a_value_wins_over_what_another_is_turned_round() -> None:
    own, other = {"a": "10.20.30", "b": "30.20.10"}, {"a": "1.2.3", "b": "7.8.9"}
    assert substituted("10.20.30.1 30.20.10.1", own, other) == "1.2.3.1 7.8.9.1"


def test_what_is_unknown_on_one_side_stays() -> None:
    assert substituted("red 8080", {"red": "red"}, {"port": "1"}) == "red 8080"
    assert substituted("red 8080", {}, {}) == "red 8080"


def test_values_are_found() -> None:
    assert mentions("ip -n red addr add 192.168.15.1/24 dev lo", OWN) == {"red", "net"}
    assert mentions("15.168.192.in-addr.arpa", OWN) == {"net"}
    assert mentions("ip -n reds", OWN) == frozenset()
    assert mentions("ip", {}) == frozenset()


def test_the_other_addresses_are_of_the_same_class() -> None:
    own = {"net": "192.168.15", "name": "red"}
    draws = [
        {"net": "10.1.2", "name": "sky"},
        {"net": "192.168.15", "name": "sky"},
        {"net": "192.168.4", "name": "ivy"},
    ]
    assert elsewhere(["ifconfig eth0 192.168.15.1"], own, draws) == 2
    assert elsewhere(["ifconfig eth0 10.9.9.1"], {"net": "10.9.9", "name": "red"}, draws) == 0


def test_the_other_values_differ_and_are_not_in_use() -> None:
    own = {"red": "red", "net": "192.168.15"}
    draws = [
        {"red": "red", "net": "192.168.20"},
        {"red": "gold", "net": "192.168.21"},
        {"red": "sky", "net": "192.168.22"},
    ]
    assert elsewhere(["ip netns add red"], own, draws) == 1
    assert elsewhere(["ip netns add red", "ip link add veth-gold type veth"], own, draws) == 2
    assert elsewhere(["ip a add 192.168.22.1 dev gold"], own, draws) == 1
    assert elsewhere([], own, draws[:1]) == 0
