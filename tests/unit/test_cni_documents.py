"""Configurations and results of CNI as texts, well made and not."""

from __future__ import annotations

import json
from ipaddress import ip_address, ip_interface, ip_network

import pytest

from tutor.model.cni import NotUsable, Reservation, Result, plugins, reservation

RESULT = {
    "cniVersion": "1.0.0",
    "interfaces": [{"name": "cni0", "mac": "02:00:00:00:00:01"}, {"name": "eth0", "sandbox": "/run/netns/blue"}],
    "ips": [{"interface": 1, "address": "10.22.0.2/24", "gateway": "10.22.0.1"}, {"address": "fd00::2/64"}],
    "routes": [{"dst": "0.0.0.0/0"}, {"dst": "::/0", "gw": "fd00::1"}],
    "dns": {},
}


def test_a_result_is_read() -> None:
    result = Result.parse(json.dumps(RESULT))
    assert [one.name for one in result.interfaces] == ["cni0", "eth0"]
    first, second = result.addresses
    assert first.address == ip_interface("10.22.0.2/24")
    assert first.interface is not None
    assert first.interface.sandbox == "/run/netns/blue"
    assert second.interface is None
    assert result.routes == (ip_network("0.0.0.0/0"), ip_network("::/0"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "it is empty"),
        ("[]", "it is not one { }"),
        ('{\n"a": 1,\n}', "line 3 is no JSON: expecting property name enclosed in double quotes"),
        ('{"code": 11, "msg": "try again"}', "it is an error: try again"),
        ('{"cniVersion": "1.0.0"}', "it has no ips"),
        ('{"ips": []}', "it has no cniVersion"),
        ('{"cniVersion": "1.0.0", "ips": [{"address": "10.22.0.999/24"}]}', "it is not as a plugin prints it"),
        ('{"cniVersion": "1.0.0", "ips": [{"interface": 3, "address": "10.0.0.1/8"}]}', "it is not as a plugin"),
        ('{"cniVersion": "1.0.0", "ips": 7}', "it is not as a plugin prints it"),
    ],
)
def test_what_is_no_result(text: str, said: str) -> None:
    with pytest.raises(NotUsable) as caught:
        Result.parse(text)
    assert str(caught.value).startswith(said)


def test_a_configuration_is_one_plugin_or_a_list() -> None:
    one = {"cniVersion": "1.0.0", "name": "lab", "type": "bridge", "ipam": {"subnet": "10.22.0.0/24"}}
    (plugin,) = plugins(json.dumps(one))
    assert (plugin.network, plugin.type, plugin.subnets) == ("lab", "bridge", (ip_network("10.22.0.0/24"),))
    ranges = {"type": "bridge", "ipam": {"ranges": [[{"subnet": "10.1.0.0/16"}], [{"subnet": "x"}, 3], 4]}}
    both = plugins(json.dumps({"cniVersion": "1.0.0", "name": "lab", "plugins": [ranges, {"type": "portmap"}]}))
    assert [each.type for each in both] == ["bridge", "portmap"]
    assert [each.subnets for each in both] == [(ip_network("10.1.0.0/16"),), ()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"cniVersion": "1.0.0", "type": "bridge"}', "it has no name"),
        ('{"name": "lab", "type": "bridge"}', "it has no cniVersion"),
        ('{"cniVersion": "1.0.0", "name": "lab"}', "it has no type"),
        ('{"cniVersion": "1.0.0", "name": "lab", "plugins": [1]}', "its plugins are no list"),
        ('{"name": "lab" "type": "bridge"}', "line 1 is no JSON: expecting ',' delimiter"),
    ],
)
def test_what_is_no_configuration(text: str, said: str) -> None:
    with pytest.raises(NotUsable) as caught:
        plugins(text)
    assert str(caught.value).startswith(said)


def test_reservations_are_files_called_like_addresses() -> None:
    assert reservation("10.22.0.2", "blue\neth0") == Reservation(ip_address("10.22.0.2"), "blue", "eth0")
    assert reservation("10.22.0.2", "blue") == Reservation(ip_address("10.22.0.2"), "blue")
    assert reservation("fd00::2", "") == Reservation(ip_address("fd00::2"), "")
    assert reservation("last_reserved_ip.0", "10.22.0.2") is None
    assert reservation("lock", "") is None
