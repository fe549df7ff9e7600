"""Containers as places, and in words."""

from __future__ import annotations

from ipaddress import IPv4Interface

import pytest

from tutor.model import words
from tutor.model.containers import Container, Docker, Endpoint, container_of, container_place
from tutor.model.place import Place

WEB = Container(
    "0123456789abcdef", "web", "nginx", True, "bridge",
    (Endpoint("back", IPv4Interface("172.18.0.2/16")), Endpoint("bridge", IPv4Interface("172.17.0.2/16"))),
)  # fmt: skip


def test_a_container_is_a_place_that_a_lesson_can_name() -> None:
    place = container_place("host", "web")
    assert place == Place.parse("host/docker:web")
    assert container_of(place) == "web"
    assert container_of(Place("host", "web")) is None
    assert container_of(Place("host")) is None


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("ps", "docker exec web ps"),
        ("tcpdump -ni any tcp port 80", "tcpdump -ni any tcp port 80"),
        ("tcpdump -ni eth0 host 192.168.1.3", "tcpdump -ni any host 192.168.1.3"),
        ("curl -m 2 http://172.17.0.3/", "docker exec web wget -qO- http://172.17.0.3/"),
        ("dig +norecurse @127.0.0.11 db", "docker exec web nslookup db 127.0.0.11"),
    ],
)
def test_commands_in_a_container_are_those_that_it_has(line: str, shown: str) -> None:
    assert words.command(container_place("host", "web"), line) == shown


def test_a_container_is_called_by_its_name() -> None:
    assert words.place(container_place("host", "web")) == "web"
    assert words.place(container_place("node1", "web")) == "web on node1"
    assert words.ip(container_place("host", "web"), "route") == "docker exec web ip route"


def test_a_container_is_found_by_name_and_by_the_beginning_of_its_id() -> None:
    docker = Docker((WEB,))
    assert docker.container("web") == docker.container("0123") == WEB
    assert docker.container("") is None
    assert docker.container("we") is None


def test_the_first_address_is_taken_where_no_network_is_asked_for() -> None:
    assert WEB.endpoint() == WEB.endpoints[0]
    assert WEB.endpoint("bridge") == WEB.endpoints[1]
    assert WEB.endpoint("none") is None


@pytest.mark.parametrize(
    ("mode", "running", "own"),
    [("bridge", True, True), ("none", True, True), ("host", True, False), ("container:x", True, False),
     ("bridge", False, False)],
)  # fmt: skip
def test_which_containers_have_a_stack_of_their_own(mode: str, running: bool, own: bool) -> None:
    assert Container("1", "one", "nginx", running, mode).own_stack is own
