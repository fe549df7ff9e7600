"""One seed, one set of values, in every part of the lesson."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path

import pytest

from tutor.content.lessons import read_lesson
from tutor.errors import ContentError
from tutor.validators.addresses import HasAddress

LESSON = """\
---
id: sample
title: Network {{net}}
summary: Says something.
parameters:
  net: [192.168.15, 10.20.30, 172.16.9]
  name:
    - red
    - green

machines:
  host:
    setup: ip netns add {{name}}
---

## Step {#step}

In {{name}}, not `{{.Name}}`.

```yaml goal
id: address
text: "{{name}} has {{net}}.1."
address: {address: {{net}}.1/24, in: host/{{name}}}
```

```hint
{{net}}.1
```

```bash solution
ip -n {{name}} addr add {{net}}.1/24 dev x
```
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "03-sample" / "lesson.md"
    path.parent.mkdir()
    path.write_text(LESSON)
    return path


def test_without_a_seed_the_first_values_are_taken(path: Path) -> None:
    lesson = read_lesson(path)
    assert lesson.parameters == {"net": "192.168.15", "name": "red"}
    assert lesson == read_lesson(path, seed=0)
    assert lesson.title == "Network 192.168.15"
    assert lesson.topology.machines[0].setup == ("ip netns add red",)
    step = lesson.steps[0]
    assert step.body == "In red, not `{{.Name}}`."
    assert isinstance(step.goals[0].check, HasAddress)
    assert step.goals[0].check.address == ip_interface("192.168.15.1/24")
    assert step.hints == ("192.168.15.1",)
    assert step.solutions[0].commands[0].text == "ip -n red addr add 192.168.15.1/24 dev x"


def test_a_seed_draws_the_same_everywhere_and_every_time(path: Path) -> None:
    drawn = {tuple(read_lesson(path, seed=seed).parameters.items()) for seed in range(1, 40)}
    assert len(drawn) == 6
    lesson = read_lesson(path, seed=7)
    assert lesson == read_lesson(path, seed=7)
    net, name = lesson.parameters["net"], lesson.parameters["name"]
    assert lesson.steps[0].solutions[0].commands[0].text == f"ip -n {name} addr add {net}.1/24 dev x"


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        ("{{net}}.1\n", "{{nett}}.1\n", 27, "no parameter 'nett'; did you mean 'net'?"),
        ("    - green", "    - \"gr een\"", 9, "may only hold letters"),
        ("    - green", "    - \"a'; rm\"", 9, "may only hold letters"),
        ("  name:", "  Name:", 8, "is not the name of a parameter"),
        ("[192.168.15, 10.20.30, 172.16.9]", "[]", 6, "has no values"),
        ("[192.168.15, 10.20.30, 172.16.9]", "{a: b}", 6, "must be a list"),
    ],
)  # fmt: skip
def test_what_is_wrong(path: Path, old: str, new: str, line: int, message: str) -> None:
    path.write_text(LESSON.replace(old, new))
    with pytest.raises(ContentError) as caught:
        read_lesson(path)
    assert message in caught.value.reason
    assert caught.value.line == line
