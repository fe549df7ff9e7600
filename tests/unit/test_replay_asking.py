"""The words of ``nettutor why``."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from tutor.errors import UsageError
from tutor.model.place import Place
from tutor.model.topology import MachineSpec, Topology
from tutor.replay import asked

TOPOLOGY = Topology((MachineSpec("host"), MachineSpec("lan")))
RED, LAN, WEB = Place("host", "red"), Place("lan"), Place("host", "docker:web")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lan", (LAN, None)),
        ("lan:80", (LAN, 80)),
        ("host/red", (RED, None)),
        ("192.168.1.3:80", (ip_address("192.168.1.3"), 80)),
        ("fd00::3", (ip_address("fd00::3"), None)),
        ("[fd00::3]:80", (ip_address("fd00::3"), 80)),
        ("host/docker:web", (WEB, None)),
        ("host/docker:web:80", (WEB, 80)),
    ],
)
def test_a_destination(text: str, meant: tuple[object, int | None]) -> None:
    assert asked(TOPOLOGY, "host/red", text) == (RED, *meant)


@pytest.mark.parametrize("text", ["", "nobody", "lan:", "lan:x", "lan:0", "lan:65536", "host/", ":80", "[fd00::3]"])
def test_what_is_none(text: str) -> None:
    with pytest.raises(UsageError):
        asked(TOPOLOGY, "host/red", text)
