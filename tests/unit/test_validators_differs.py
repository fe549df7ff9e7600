"""For every question somebody has decided whether its right answer is the same when the same is done again."""

from __future__ import annotations

from dataclasses import fields
from typing import cast

from tutor.validators import registry

THE_SAME = frozenset(
    f"answer-{name}"
    for name in """
    link-count only-link route-count neighbour-count bridge-port address gateway device sysctl mtu peer listener
    listen-address listen-port conntrack-reply conntrack-answerer connection port-seen docker-network-count
    container-address dnat-chain dnat-target dns ttl rcode flag referral resolves name-origin nameserver file-value
    source-seen ttl-seen client-seen yes-no last-seen
    """.split()
)
"""By the same commands, in a lab with the same values, the answer is the same one."""

ANOTHER = frozenset(
    f"answer-{name}"
    for name in """
    mac neighbour-mac neighbour-state conntrack-count docker-bridge container-veth container-peer published-port
    rule-packets
    """.split()
)
"""Drawn by the kernel or by Docker, counted, or running by the clock."""


def test_every_question_is_decided() -> None:
    questions = {name for name in registry.names() if registry.spec(name).question}
    assert questions == THE_SAME | ANOTHER
    assert not THE_SAME & ANOTHER


def test_those_that_differ_say_so() -> None:
    assert {name for name in registry.names() if registry.spec(name).differs} == ANOTHER


def test_it_is_no_parameter() -> None:
    for name in ANOTHER:
        spec = registry.spec(name)
        assert spec.parameter("differs") is None
        assert "differs" not in {field.name for field in fields(cast("type", spec.check))}
