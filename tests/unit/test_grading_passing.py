"""Which lines name what only one lab had."""

from __future__ import annotations

import pytest

from tutor.grading.passing import passing


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("kill 4711", "process 4711"),
        ("sudo kill -9 4711", "process 4711"),
        ("kill -s TERM 12; ls", "process 12"),
        ("CNI_NETNS=/proc/211/ns/net ./bridge", "process 211"),
        ("nsenter -t 300 -n ip link", "process 300"),
        ("nsenter --net --target=300 ip link", "process 300"),
        ("docker rm -f 3f2ac81d90ab", "container 3f2ac81d90ab"),
        ("docker stop -t 2 3f2a", "container 3f2a"),
        ("docker container rm -f quirky_turing", "container quirky_turing"),
        ("docker network connect back sad_bell", "container sad_bell"),
        ("ip link show veth1a2b3c4", "link veth1a2b3c4"),
        ("ip link show br-0123456789ab", "link br-0123456789ab"),
        ("ip neigh replace 192.168.1.3 lladdr 9A:00:00:00:00:01 dev eth0", "MAC address 9A:00:00:00:00:01"),
        ("arp -s 192.168.1.3 9a:00:00:00:00:01", "MAC address 9a:00:00:00:00:01"),
    ],
)
def test_what_passes(line: str, named: str) -> None:
    assert passing(["ip link", line]) == f"the {named} was in the learner's lab alone"


@pytest.mark.parametrize(
    "line",
    [
        "kill %1",
        "kill -9 -1",
        "kill $(pgrep nc)",
        "pkill -x nc",
        "docker rm -f web",
        "docker rm -f $(docker ps -q)",
        "docker run -d --name my_web nginx; docker stop my_web",
        "docker logs web | grep 1234",
        "docker exec web cat /etc/resolv.conf",
        "ip link show veth-red",
        "ip link set eth0 address 02:00:00:00:00:03",
        "cat /proc/sys/net/ipv4/ip_forward",
        "",
    ],
)
def test_what_does_not(line: str) -> None:
    assert passing([line]) == ""
