"""Services of the front matter: zones in their short form, resolvers, addresses that services bring along."""

from __future__ import annotations

import io
from ipaddress import ip_interface
from typing import Any

import dns.rdatatype
import dns.zone
import pytest

from tutor.content import machines, tree
from tutor.content.source import from_text
from tutor.errors import ContentError
from tutor.model.topology import MachineSpec

INTERNET = """\
internet:
  addresses: 203.0.113.80/32
  services:
    - zones:
        .: {server: 198.41.0.4}
        com: {server: 192.5.6.30, name: a.gtld-servers.net}
        example.com:
          server: 203.0.113.53
          ttl: 30
          records:
            "@": [203.0.113.80, "2001:db8::80"]
            www: CNAME web
            web: 203.0.113.80
            mail: MX 10 web
        shop.example.com: {server: 203.0.113.53}
    - resolver: {address: 8.8.8.8, root: 198.41.0.4}
    - resolver: {address: 192.168.1.53, forward: 8.8.8.8, names: {intra.corp: 192.168.1.9}}
    - http: {address: 203.0.113.80}
"""


def read(text: str) -> MachineSpec:
    source = from_text("lesson.md", text)
    return machines.topology(tree.parse(source, 1, source.lines)).machines[0]


def zone(spec: MachineSpec, server: str, name: str) -> dict[tuple[str, str], set[str]]:
    """The zone as dnspython reads it: (owner, type) -> data."""
    options = next(service.options for service in spec.services if service.options["address"] == server)
    parsed: Any = dns.zone.from_file(io.StringIO(options[f"zone {name}"]), origin=name, relativize=False)
    return {
        (str(owner), dns.rdatatype.to_text(rdataset.rdtype)): {data.to_text() for data in rdataset}
        for owner, node in parsed.nodes.items()
        for rdataset in node.rdatasets
    }


def test_each_name_server_gets_its_zones() -> None:
    spec = read(INTERNET)
    assert [service.kind for service in spec.services] == ["authority"] * 3 + ["resolver", "resolver", "http"]
    assert "zone shop.example.com." in spec.services[2].options
    assert "zone example.com." in spec.services[2].options


def test_the_addresses_of_services_are_put_on_lo() -> None:
    wanted = ["203.0.113.80", "198.41.0.4", "192.5.6.30", "203.0.113.53", "8.8.8.8", "192.168.1.53"]
    assert read(INTERNET).addresses == tuple(ip_interface(f"{address}/32") for address in wanted)


def test_a_zone_is_delegated_by_the_nearest_above() -> None:
    spec = read(INTERNET)
    root = zone(spec, "198.41.0.4", ".")
    assert root["com.", "NS"] == {"a.gtld-servers.net."}
    assert root["a.gtld-servers.net.", "A"] == {"192.5.6.30"}
    assert root["a.root-servers.net.", "A"] == {"198.41.0.4"}
    assert ("example.com.", "NS") not in root
    com = zone(spec, "192.5.6.30", "com.")
    assert com["com.", "NS"] == {"a.gtld-servers.net."}
    assert com["example.com.", "NS"] == {"ns.example.com."}
    assert com["ns.example.com.", "A"] == {"203.0.113.53"}
    assert ("a.gtld-servers.net.", "A") not in com
    assert zone(spec, "203.0.113.53", "example.com.")["shop.example.com.", "NS"] == {"ns.shop.example.com."}


def test_records_are_written_as_they_are_meant() -> None:
    example = zone(read(INTERNET), "203.0.113.53", "example.com.")
    assert example["example.com.", "A"] == {"203.0.113.80"}
    assert example["example.com.", "AAAA"] == {"2001:db8::80"}
    assert example["www.example.com.", "CNAME"] == {"web.example.com."}
    assert example["mail.example.com.", "MX"] == {"10 web.example.com."}


@pytest.mark.parametrize(
    ("wrong", "line", "message"),
    [
        ("zones: {Com_: {server: 1.2.3.4}}", 3, "is not the name of a zone"),
        ("zones: {com: {}}", 3, "needs 'server'"),
        ("zones: {com: {server: x}}", 3, "must be an IP address"),
        ("zones: {com: {sever: 1.2.3.4}}", 3, "did you mean 'server'"),
        ("zones: {com: {server: 1.2.3.4, records: {a: [CNAME b, 1.2.3.4]}}}", 3, "can have nothing else"),
        ("zones: {com: {server: 1.2.3.4, records: {a: web}}}", 3, "must be an IP address"),
        ("zones: {com: {server: 1.2.3.4, records: {a: CNMAE web}}}", 3, "neither an address nor one of"),
        ("zones: {com: {server: 1.2.3.4, records: {a: AAAA 1.2.3.4}}}", 3, "no address for a record of type AAAA"),
        ("zones: {com: {server: 1.2.3.4, records: {a..b: 1.2.3.4}}}", 3, "is not a name in the zone"),
        ("zones: {com: {server: 1.2.3.4, ttl: -1}}", 3, "must be between 0 and"),
        ("resolver: {}", 3, "needs either 'root' or 'forward'"),
        ("resolver: {root: 1.2.3.4, forward: 1.2.3.4}", 3, "needs either 'root' or 'forward'"),
        ("zone: {com: {server: 1.2.3.4}}", 3, "did you mean 'zones'"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(wrong: str, line: int, message: str) -> None:
    with pytest.raises(ContentError, match=message) as error:
        read(f"host:\n  services:\n    - {wrong}\n")
    assert error.value.line == line
