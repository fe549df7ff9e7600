"""A lesson file becomes the lesson it describes, whatever line ends and byte order mark it has."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface
from pathlib import Path

import pytest

from tutor import paths
from tutor.content import catalogue, headers, load
from tutor.content.lessons import read_lesson
from tutor.errors import UsageError
from tutor.model.lesson import Command, GoalKind
from tutor.model.place import Place
from tutor.model.topology import Cable, RouteSpec, SwitchPort
from tutor.validators.links import LinkExists
from tutor.validators.namespaces import NamespaceExists
from tutor.validators.predictions import YesOrNo
from tutor.validators.traffic import Pings

LESSON = """\
---
id: sample
title: A sample
summary: Says
  something.
requires: [netns]
tools: ping
machines:
  host:
    interfaces:
      eth0: {switch: lan, addresses: 192.168.1.2/24}
      eth1: {cable: far/eth0, addresses: [10.0.0.1/24, "fd00::1/64"], mtu: 1400, up: false}
    routes: {default: 192.168.1.1, 10.9.0.0/16: 10.0.0.2}
    hosts: {web.example: 192.168.1.3}
    setup: |
      # a comment
      ip netns add blue

      ip -n blue link set lo up
    services:
      - http: {netns: blue, page: "Hi: there"}
      - dns: {port: 5353, names: {web.example: 192.168.1.3}}
  far:
    forward: true
    interfaces:
      eth0: {cable: host/eth1}
---

Before the first step.

## Make it {#make-it}

Do this:

```bash
ip netns add red
```

```yaml goal
id: red
text: There is a
  namespace `red`.
namespace-exists: host/red
```

Between.

```yaml goal
id: cable
kind: edge
text: A link.
link-exists: {name: veth-red, in: [host, host/red], kind: veth}
```

````hint
Like this:

```bash
ip netns add red
```
````

```hint
Almost.
```

```bash solution one way
# said to the reader
ip netns add red
ip link add veth-red \\
  type veth
@far
ip link
= yes
```

```bash solution
echo other
= no
```

## And then {#then}

```yaml goal
id: asked
text: Does it answer?
answer-yes-no:
  asked: whether it answers
  look: ping 10.0.0.2
  check:
    ping: {from: host/red, to: 10.0.0.2, at: far}
```

```yaml goal
id: gone
baseline: true
kind: preserve
text: It is gone.
link-gone: {name: x, in: host}
```

```bash solution
= yes
```

## Recap

All of it.
"""


def written(tmp_path: Path, text: str | bytes, directory: str = "03-sample") -> Path:
    path = tmp_path / directory / "lesson.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_front_matter(tmp_path: Path) -> None:
    lesson = read_lesson(written(tmp_path, LESSON))
    assert (lesson.id, lesson.number, lesson.title) == ("sample", 3, "A sample")
    assert lesson.summary == "Says something."
    assert (lesson.requires, lesson.tools) == (("netns",), ("ping",))
    assert lesson.introduction == "Before the first step."
    assert lesson.recap == "All of it."


def test_machines(tmp_path: Path) -> None:
    topology = read_lesson(written(tmp_path, LESSON)).topology
    assert topology.switches == ("lan",)
    assert topology.shells == ("host", "far")
    host, far = topology.machines
    eth0, eth1 = host.interfaces
    assert eth0.plug == SwitchPort("lan")
    assert eth0.addresses == (ip_interface("192.168.1.2/24"),)
    assert eth1.plug == Cable("far", "eth0")
    assert eth1.addresses == (ip_interface("10.0.0.1/24"), ip_interface("fd00::1/64"))
    assert (eth1.mtu, eth1.up) == (1400, False)
    assert host.routes == (RouteSpec("default", "192.168.1.1"), RouteSpec("10.9.0.0/16", "10.0.0.2"))
    assert host.hosts == {"web.example": "192.168.1.3"}
    assert host.setup == ("ip netns add blue", "ip -n blue link set lo up")
    http, dns = host.services
    assert (http.kind, http.netns, dict(http.options)) == ("http", "blue", {"page": "Hi: there"})
    assert (dns.kind, dict(dns.options)) == ("dns", {"port": "5353", "web.example": "192.168.1.3"})
    assert far.forward
    assert not host.forward


def test_steps(tmp_path: Path) -> None:
    path = written(tmp_path, LESSON)
    make, then = read_lesson(path).steps
    assert (make.id, make.title) == ("make-it", "Make it")
    assert make.body == "Do this:\n\n```bash\nip netns add red\n```\n\nBetween."
    assert make.hints == ("Like this:\n\n```bash\nip netns add red\n```", "Almost.")
    red, cable = make.goals
    assert red.text == "There is a namespace `red`."
    assert red.check == NamespaceExists(Place("host", "red"))
    assert str(red.source) == f"{path}:{LESSON.split('id: red')[0].count(chr(10)) + 1}"
    assert cable.kind is GoalKind.EDGE
    assert cable.check == LinkExists("veth-red", (Place("host"), Place("host", "red")), "veth")
    asked, gone = then.goals
    ping = Pings(Place("host", "red"), ip_address("10.0.0.2"), Place("far"))
    assert isinstance(asked.check, YesOrNo)
    assert asked.check.goal == "asked"
    assert asked.check.check == ping
    assert (asked.kind, asked.question) == (GoalKind.EDGE, True)
    assert (gone.kind, gone.baseline, gone.question) == (GoalKind.PRESERVE, True, False)


def test_solutions(tmp_path: Path) -> None:
    one, other = read_lesson(written(tmp_path, LESSON)).steps[0].solutions
    first = LESSON.split("ip netns add red\nip link add")[0].count("\n") + 1
    assert one.title == "one way"
    assert one.commands == (
        Command("host", "ip netns add red", line=first),
        Command("host", "ip link add veth-red type veth", line=first + 1),
        Command("far", "ip link", line=first + 4),
        Command("far", "yes", answer=True, line=first + 5),
    )
    assert other.commands[0].machine == "host"


@pytest.mark.parametrize(
    "text",
    [LESSON.replace("\n", "\r\n"), "\ufeff" + LESSON, LESSON.rstrip("\n")],
    ids=["CRLF", "BOM", "no last newline"],
)
def test_other_line_ends_make_no_difference(tmp_path: Path, text: str) -> None:
    path = written(tmp_path, LESSON)
    plain = read_lesson(path)
    written(tmp_path, text)
    assert read_lesson(path) == plain


def test_the_shipped_lessons_load_and_are_in_order() -> None:
    lessons = catalogue()
    old = ("namespaces", "bridges", "nat")
    assert tuple(lesson.id for lesson in lessons if lesson.id in old) == old
    assert [header.id for header in headers()] == [lesson.id for lesson in lessons]
    assert [lesson.number for lesson in lessons] == sorted({lesson.number for lesson in lessons})


def test_an_unknown_lesson_names_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"no lesson 'namespace'; did you mean 'namespaces'\?"):
        load("namespace")


def test_another_set_of_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(tmp_path))
    with pytest.raises(UsageError, match="there are no lessons in"):
        catalogue()
    written(tmp_path, LESSON)
    assert [lesson.id for lesson in catalogue()] == ["sample"]
    assert paths.lessons() == tmp_path
    monkeypatch.setenv("NETTUTOR_LESSONS", str(tmp_path / "nowhere"))
    with pytest.raises(UsageError, match="cannot be read"):
        headers()
