"""What the probe makes of bytes and text, without a kernel."""

from __future__ import annotations

import json
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.lab.probe import http, iptables, nft, stack
from tutor.lab.probe.capture import Field, parse, program
from tutor.lab.probe.netlink import attribute, attributes
from tutor.lab.probe.ruletree import Chain, Rule, drops, rewrites
from tutor.model.place import Place

HOST = Place("host")


@given(st.dictionaries(st.integers(1, 200), st.binary(max_size=40), max_size=8))
def test_attributes_are_read_as_written(values: dict[int, bytes]) -> None:
    data = b"".join(attribute(kind, value) for kind, value in values.items())
    assert attributes(data) == values


@given(st.binary(max_size=200))
def test_any_bytes_are_attributes_or_none(data: bytes) -> None:
    attributes(data)


@given(st.binary(min_size=28, max_size=200))
def test_no_attributes_make_a_message_undecodable_by_name(data: bytes) -> None:
    parse(HOST, "eth0", data)


def test_a_packet_of_each_version() -> None:
    four = (
        struct.pack("!BBHHHBBH4s4s", 0x45, 0, 24, 0, 0, 63, 1, 0, bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2])) + b"icmp"
    )
    found = parse(HOST, "eth0", four)
    assert found
    assert (found.source, found.ttl, found.protocol, found.payload) == (ip_address("10.0.0.1"), 63, 1, b"icmp")
    six = (
        struct.pack("!IHBB16s16s", 0x60000000, 4, 58, 7, ip_address("fd00::1").packed, ip_address("fd00::2").packed)
        + b"icm6"
    )
    found = parse(HOST, "eth0", six)
    assert found
    assert (found.destination, found.ttl, found.protocol, found.payload) == (ip_address("fd00::2"), 7, 58, b"icm6")
    assert parse(HOST, "eth0", b"") is None
    assert parse(HOST, "eth0", b"\x45short") is None


def run_filter(code: bytes, packet: bytes) -> bool:
    """A classic BPF machine, as far as our programs use it (BSD bpf(4))."""
    instructions = [struct.unpack_from("=HBBI", code, at) for at in range(0, len(code), 8)]
    accumulator = index = at = 0
    while True:
        operation, if_true, if_false, value = instructions[at]
        at += 1
        size = {0x20: 4, 0x28: 2, 0x30: 1}.get(operation & ~0x40 | 0x20 if operation & 0x47 == 0x40 else operation)
        if size:
            start = value + (index if operation & 0x40 else 0)
            if start + size > len(packet):
                return False
            accumulator = int.from_bytes(packet[start : start + size], "big")
        elif operation == 0xB1:
            index = (packet[value] & 15) * 4
        elif operation == 0x54:
            accumulator &= value
        elif operation == 0x15:
            at += if_true if accumulator == value else if_false
        else:
            assert operation == 0x06
            return bool(value)


@pytest.mark.parametrize(
    ("packet", "passes"),
    [
        (b"\x45" + b"\0" * 8 + b"\x01" + b"\0" * 10 + b"\x07", True),
        (b"\x46" + b"\0" * 8 + b"\x01" + b"\0" * 14 + b"\x07", True),
        (b"\x46" + b"\0" * 8 + b"\x01" + b"\0" * 10 + b"\x07" + b"\0" * 4, False),
        (b"\x65" + b"\0" * 8 + b"\x01" + b"\0" * 10 + b"\x07", False),
        (b"\x00\x09" + b"\0" * 30, True),
        (b"\x45", False),
    ],
)
def test_a_filter_takes_one_alternative_or_the_other(packet: bytes, passes: bool) -> None:
    code = program(
        [Field(1, 0, 0x40, 0xF0), Field(1, 9, 1), Field(1, 0, 7, after_ip=True)],
        [Field(2, 0, 9)],
    )
    assert run_filter(code, packet.ljust(24, b"\0") if len(packet) > 1 else packet) is passes


def test_conditions_of_a_jump_hold_for_the_rules_behind_it() -> None:
    below = Chain("ip", "t", "below", rules=[Rule("b", {"source": "10.0.0.0/8"}, "masquerade"), Rule("d", {}, "drop")])
    loop = Chain("ip", "t", "loop", rules=[Rule("l", jumps=("loop", "below"))])
    base = Chain("ip", "t", "base", "postrouting", "accept", [Rule("j", {"out_link": "eth0"}, jumps=("loop",))])
    (rewrite,) = rewrites([below, loop, base])
    assert (rewrite.hook, rewrite.source, rewrite.out_link) == ("postrouting", "10.0.0.0/8", "eth0")
    assert drops([below, loop, base]) == ("d",)
    assert drops([below, loop]) == ()


def test_saved_rules_with_odd_words() -> None:
    saved = """# a comment
*nat
:PREROUTING ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8080:8090 -j DNAT --to-destination 172.17.0.2:80
-A OUTPUT -d 10.0.0.1/32 -m comment --comment "it's -j DROP" -j REDIRECT --to-ports 81
-A NOWHERE -j DROP
-A OUTPUT -m comment --comment "unclosed -j ACCEPT
COMMIT
"""
    first, second = rewrites(iptables.parse(saved, 4))
    assert (first.action, first.hook, first.in_link, first.port) == ("dnat", "prerouting", "! docker0", "8080-8090")
    assert (second.action, second.destination, second.to) == ("redirect", "10.0.0.1", ":81")
    assert drops(iptables.parse(saved, 4)) == ()


def test_xt_targets_are_understood_by_name_where_iptables_save_is_missing() -> None:
    chain = {"family": "ip", "table": "nat", "name": "POSTROUTING", "hook": "postrouting", "policy": "accept"}
    expressions = [{"xt": {"type": "target", "name": "MASQUERADE"}}, {"xt": None}]
    rule = {"family": "ip", "table": "nat", "chain": "POSTROUTING", "handle": 2, "expr": expressions}
    document = json.dumps({"nftables": [{"chain": chain}, {"rule": rule}]})
    (rewrite,) = rewrites(nft.parse(document, ""))
    assert rewrite.action == "masquerade"


@pytest.mark.parametrize(
    "document", ["", "{}", '{"nftables": [{"rule": {"x": 1}}]}', '{"nftables": [7]}', '{"nftables": 7}', "[]"]
)
def test_what_is_not_the_json_of_nft_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match="nft said"):
        nft.parse(document, "")


def test_the_handles_are_taken_from_the_listing_only_at_the_end_of_a_line() -> None:
    listing = 'table ip t { # handle 1\n\tchain c { # handle 2\n\t\tdrop comment "# handle 7" # handle 3\n\t}\n}\n'
    assert nft.without_handles(listing) == 'table ip t {\n\tchain c {\n\t\tdrop comment "# handle 7"\n\t}\n}\n'
    assert nft.rule_texts(listing) == {("ip", "t", 3): 'drop comment "# handle 7"'}


@pytest.mark.parametrize(
    ("answer", "status", "body", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", 200, "hi", None),
        (b"HTTP/1.1 404 No\r\n\r\nsorry", 404, "sorry", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n", 200, "hi", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut", 200, "cut", None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 200, "", None),
        (b"SSH-2.0-OpenSSH\r\n", None, "", "the answer was not HTTP"),
        (b"", None, "", "the server closed without an answer"),
    ],
)
def test_answers_of_servers(answer: bytes, status: int | None, body: str, error: str | None) -> None:
    assert http.parse_answer(answer, None) == (status, body, error)


def test_a_route_of_an_unknown_type_and_family() -> None:
    header = struct.pack("=BBBBBBBBI", 2, 24, 0, 0, 254, 0, 0, 99, 0)
    (route,) = stack.decode_route(header + attribute(1, bytes([10, 1, 2, 0])))
    assert (route.destination, route.type) == ("10.1.2.0/24", "99")
    assert stack.decode_route(struct.pack("=BBBBBBBBI", 28, 0, 0, 0, 254, 0, 0, 1, 0)) == []
