"""What a lesson uses without saying so: tools of its solutions and services, features of the kernel."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

from tutor import paths
from tutor.model.lesson import Lesson, Source

_SERVICES = {
    "http": ("nginx",),
    "dns": ("dnsmasq",),
    "authority": ("nsd",),
    "resolver": ("unbound",),
    "docker": ("docker", "iptables", "nginx", "busybox"),
    "etcd": ("etcd",),
}
_WRITTEN = {"authority": "zones"}
"""Services that a lesson calls by another word."""
_KINDS = {"veth": "veth", "bridge": "bridge", "vlan": "vlan", "vxlan": "vxlan", "macvlan": "macvlan"}
_WRAPPERS = (("ip", "netns", "exec"), ("ip", "-n"))
_BREAKS = re.compile(r"&&|\|\||[;|]")
_PROGRAMS_OF_FEATURES = {"brctl": "bridge"}


def undeclared(lesson: Lesson) -> Iterator[tuple[Source, str]]:
    """Each tool and feature once, with the place where it is used first."""
    seen = {*lesson.tools, *lesson.requires}
    for source, name, kind, use in _used(lesson):
        if name not in seen:
            seen.add(name)
            yield source, f"{use} needs {kind} {name!r}, which the front matter does not name"


def _used(lesson: Lesson) -> Iterator[tuple[Source, str, str, str]]:
    for machine in lesson.topology.machines:
        for service in machine.services:
            for tool in _SERVICES.get(service.kind, ()):
                use = f"the service {_WRITTEN.get(service.kind, service.kind)!r}"
                yield lesson.source, tool, "the tool", use
        for line in machine.setup:
            yield from ((lesson.source, *need) for need in _of_line(line))
    for step in lesson.steps:
        for solution in step.solutions:
            for command in solution.commands:
                if not command.answer:
                    at = Source(solution.source.path, command.line)
                    yield from ((at, *need) for need in _of_line(command.text))


def _of_line(line: str) -> Iterator[tuple[str, str, str]]:
    for part in _BREAKS.split(line):
        try:
            words = shlex.split(part)
        except ValueError:
            words = part.split()
        for program in _programs(words):
            if program in _tools():
                yield _tools()[program], "the tool", f"`{program}`"
            if program in _PROGRAMS_OF_FEATURES:
                yield _PROGRAMS_OF_FEATURES[program], "the feature", f"`{program}`"
        yield from _features(words)


def _programs(words: list[str]) -> Iterator[str]:
    """The program, and the one that it runs in a namespace."""
    if words:
        yield words[0].rpartition("/")[2]
    if tuple(words[:3]) == _WRAPPERS[0] and len(words) > 4:
        yield from _programs(words[4:])


def _features(words: list[str]) -> Iterator[tuple[str, str, str]]:
    if words[:2] == ["ip", "netns"] or words[:2] == ["ip", "-n"]:
        yield "netns", "the feature", "`ip netns`"
    for flag, kind in pairwise(words):
        if flag == "type" and words[0] == "ip" and kind in _KINDS:
            yield _KINDS[kind], "the feature", f"`type {kind}`"
        if (flag, kind) == ("-t", "nat"):
            yield "nat", "the feature", "`-t nat`"


@cache
def _tools() -> dict[str, str]:
    """Each program of the manifest with the tool that brings it."""
    with (paths.assets() / "tools.toml").open("rb") as file:
        tables = tomllib.load(file)["tools"]
    return {program: name for name, table in tables.items() for program in table["programs"]}
