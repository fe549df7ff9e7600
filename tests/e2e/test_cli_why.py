"""``nettutor why`` as a script calls it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PLUGGED = """\
ip link add veth-red type veth peer name veth-blue
ip link set veth-red netns red; ip link set veth-blue netns blue
ip -n red addr add 192.168.15.1/24 dev veth-red; ip -n red link set veth-red up
ip -n blue addr add 192.168.15.2/24 dev veth-blue
"""
UP = "ip -n blue link set veth-blue up\n"


def why(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tutor", "why", *argv]
    return subprocess.run(
        command, input=stdin, capture_output=True, text=True, cwd=REPOSITORY, env=dict(os.environ), check=False
    )


def lines(more: str = "") -> str:
    return f"ip netns add red; ip netns add blue\n{PLUGGED}{more}"


def test_the_first_broken_hop_is_named() -> None:
    done = why("namespaces", "host/red", "192.168.15.2", "--script", "-", stdin=lines())
    assert done.returncode == 1, done.stderr
    assert done.stdout.splitlines() == [
        "✗ veth-blue in blue, the other end of veth-red, is down",
        "  layer:   link",
        "  kernel:  veth-blue: state DOWN",
        "  look at: ip -n blue link show veth-blue",
    ]


def test_a_way_that_works_is_shown() -> None:
    done = why("namespaces", "host/red", "host/blue", "--script", "-", "--json", stdin=lines(UP))
    assert done.returncode == 0, done.stderr
    path = ["host/red", "host/blue"]
    nothing = dict.fromkeys(("hop", "layer", "sentence", "evidence", "command"))
    assert json.loads(done.stdout) == {"outcome": "works", "path": path, "back": path[::-1], **nothing}


def test_a_port_is_a_connection() -> None:
    done = why("namespaces", "host/red", "host/blue:80", "--script", "-", "--json", stdin=lines(UP))
    report = json.loads(done.stdout)
    assert done.returncode == 1
    assert (report["outcome"], report["hop"], report["layer"]) == ("broken", "host/blue", "service")
    assert report["command"] == "ip netns exec blue ss -ltn"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("namespaces", "nowhere", "10.0.0.1"), "there is no machine 'nowhere'"),
        (("namespaces", "host", "10.0.0.1:x"), "'10.0.0.1:x' is no address or place"),
        (("namespaces", "host", "10.0.0.1:0"), "'10.0.0.1:0' is no address or place"),
        (("namespaces", "host/", "10.0.0.1"), "'host/' is not a place"),
        (("namespaces", "host", "host/red"), "host/red has no address to send to"),
    ],
)
def test_wrong_arguments(argv: tuple[str, ...], said: str) -> None:
    done = why(*argv)
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert done.stdout == ""
