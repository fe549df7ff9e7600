"""One seed, one set of values, in every part of the lesson."""

from __future__ import annotations

from ipaddress import ip_interface
from pathlib import Path

import pytest

from tutor.content import lint
from tutor.content.lessons import read_header, read_lesson
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
        ("172.16.9]", "172.16.9..]", 6, "may only hold letters"),
        ("172.16.9]", "172.16..x]", 6, "is no range; one is written as in 192.168.21..89"),
        ("172.16.9]", "1..3.4..9]", 6, "is no range"),
        ("172.16.9]", "172.16.9..3]", 6, "from a smaller number to a larger one"),
        ("172.16.9]", "172.16.007..9]", 6, "from a smaller number to a larger one"),
        ("172.16.9]", "1..1002]", 6, "over less than 1000"),
        ("172.16.9]", "10.20.29..31]", 6, "has '10.20.30' twice"),
        ("    - green", "    - red", 9, "has 'red' twice"),
        ("    - green", "    - {a: b}", 8, "each case of parameter 'name' must be a mapping"),
        ("    - red\n    - green", "    - {a: b}\n    - {c: d}", 9, "a case of parameter 'name' has no 'c'"),
        ("    - red\n    - green", "    - {a: b, c: d}\n    - {a: d}", 9, "needs 'c'"),
        ("    - red\n    - green", "    - {A: b}", 8, "is not the name of a part"),
        ("    - red\n    - green", '    - {a: "{{net}}"}', 8, "is one line of at most 200 characters"),
        ("    - red\n    - green", "    - 10.20.30", 8, "too few values beside"),
        ("    - red", "    - 192.168.15", 8, "'net' and 'name' begin with the same value"),
    ],
)  # fmt: skip
def test_what_is_wrong(path: Path, old: str, new: str, line: int, message: str) -> None:
    path.write_text(LESSON.replace(old, new))
    with pytest.raises(ContentError) as caught:
        read_lesson(path)
    assert message in caught.value.reason
    assert caught.value.line == line


def test_a_range_is_all_its_values(path: Path) -> None:
    path.write_text(LESSON.replace("[192.168.15, 10.20.30, 172.16.9]", "[192.168.15, 10.20..22.7, 172.16.8..10]"))
    drawn = {read_lesson(path, seed=seed).parameters["net"] for seed in range(1, 120)}
    assert drawn == {"192.168.15", "10.20.7", "10.21.7", "10.22.7", "172.16.8", "172.16.9", "172.16.10"}


def test_no_two_parameters_draw_the_same(path: Path) -> None:
    path.write_text(LESSON.replace("    - red\n    - green", "    - 10.20.30\n    - 192.168.15\n    - 172.16.9"))
    drawn = [read_lesson(path, seed=seed).parameters for seed in range(60)]
    assert all(values["net"] != values["name"] for values in drawn)
    assert len({tuple(values.values()) for values in drawn}) == 6


CASES = """\
  name:
    - {is: red, made: ip netns add red}
    - {is: green, made: 'mkdir -p /run/netns; ip netns attach green $$ #'}
"""


def test_a_case_is_drawn_as_a_whole_and_by_a_seed_of_its_own(path: Path) -> None:
    text = LESSON.replace("  name:\n    - red\n    - green\n", CASES)
    path.write_text(
        text.replace("setup: ip netns add {{name}}", "setup: |\n      {{name.made}}").replace("{{name}}", "{{name.is}}")
    )
    made = {read_lesson(path, seed=seed).topology.machines[0].setup[0] for seed in range(1, 30)}
    assert made == {"ip netns add red", "mkdir -p /run/netns; ip netns attach green $$ #"}
    for seed in range(1, 20):
        lesson = read_lesson(path, seed=seed)
        name = "red" if "red" in lesson.topology.machines[0].setup[0] else "green"
        assert lesson.steps[0].goals[0].text.startswith(name)
        assert lesson.parameters.keys() == {"net"}
        kept = read_lesson(path, seed=100 + seed, cases=seed)
        assert kept.topology == lesson.topology
        assert kept.parameters == read_lesson(path, seed=100 + seed).parameters


def test_numbers_with_dots_are_there_reversed(path: Path) -> None:
    path.write_text(LESSON.replace("{{net}}.1\n", "{{net.reversed}}.in-addr.arpa\n"))
    assert read_lesson(path).steps[0].hints == ("15.168.192.in-addr.arpa",)
    path.write_text(LESSON.replace("{{net}}.1\n", "{{name.reversed}}\n"))
    with pytest.raises(ContentError, match=r"no parameter 'name.reversed'"):
        read_lesson(path)


def test_a_header_is_read_with_the_first_values(path: Path) -> None:
    path.write_text(LESSON.replace("ip netns add {{name}}", "ip netns add x\n    addresses: {{net}}.1/24"))
    assert read_header(path).title == "Network 192.168.15"


def test_lint_finds_values_that_stand_as_they_are_and_draws_that_break(path: Path) -> None:
    path.write_text(LESSON.replace("In {{name}}, not", "In red, {{net}} and 10.20.30.7, 1.10.20.30, bored, not"))
    said = [f"{remark.source.line}: {remark.text}" for remark in lint(path) if "stands here" in remark.text]
    assert said == ["18: 'red' stands here as it is, and is a value of parameter 'name'"]
    path.write_text(LESSON.replace("10.20.30, 172.16.9]", "10.20.301..309]"))
    assert "with seed" in " ".join(remark.text for remark in lint(path))
