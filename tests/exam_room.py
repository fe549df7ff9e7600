"""A checkpoint on a lesson of its own, and a learner who takes it, for the tests of the exam's screen."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tutor.grading import keys
from tutor.grading.course import Course, read_handout
from tutor.grading.paper import Paper
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item
from tutor.tui.exam.sitting import Sitting

LESSON = """\
---
id: own
title: Everybody's own
summary: Namespaces and an address, other ones for everybody.
requires: [netns]
tools: [iproute2]
parameters:
  name: [red, green, white, black]
  net: [192.168.15, 10.20.30, 172.16.9, 10.77.1]
machines:
  host:
    interfaces: {}
---

Four steps.

## A namespace {#name}

```yaml goal
id: there
text: There is `{{name}}`.
namespace-exists: host/{{name}}
```

```hint
A first hint.
```

```bash solution ip
ip netns add {{name}}
```

## An address {#address}

```yaml goal
id: carried
text: It has the address {{net}}.1.
address: {address: "{{net}}.1/24", in: host/{{name}}}
```

```yaml goal
id: links
text: How many links has `{{name}}`?
answer-link-count: host/{{name}}
```

```bash solution ip
ip -n {{name}} addr add {{net}}.1/24 dev lo
= 1
```

## Another one {#other}

```yaml goal
id: there-too
text: There is `other`.
namespace-exists: host/other
```

```bash solution ip
ip netns add other
```

## The last one {#last}

```yaml goal
id: there-last
text: There is `last`.
namespace-exists: host/last
```

```bash solution ip
ip netns add last
```
"""
KEY = keys.generate()


def lessons_in(path: Path) -> Path:
    """A directory for ``NETTUTOR_LESSONS``."""
    (path / "lessons" / "16-own").mkdir(parents=True)
    (path / "lessons" / "16-own" / "lesson.md").write_text(LESSON)
    return path / "lessons"


def course_in(path: Path, items: tuple[Item, ...], **changes: object) -> Course:
    (path / "roster.csv").write_text(f"id,name,key\nann,Ann,{keys.public_text(KEY)}\n")
    course = Course.create(path / "net", id="net", title="Networks", learners=path / "roster.csv")
    given = {"minutes": 60, **changes}
    course.add(Checkpoint("net", "mid", "Mid-term", course.public_key, items, **given))  # type: ignore[arg-type]
    return course


def played(cast: str) -> str:
    """All that a recording shows."""
    events = [json.loads(line) for line in cast.splitlines()]
    return "".join(event[2] for event in events[1:] if event[1] == "o")


@contextmanager
def sitting_at(course: Course) -> Iterator[Sitting]:
    """Begun, or gone on with."""
    checkpoint = read_handout(course.handouts / "mid.checkpoint")
    path = course.path.parent
    with Taking.open(checkpoint, "ann", root=path / "data") as taking:
        paper = Paper(checkpoint, taking.entrant.seed, "en")
        yield Sitting(taking, paper, lambda: KEY, path)
