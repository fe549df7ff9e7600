"""Whatever is wrong in a lesson file, the message names file and line, says it in one sentence, and nothing hangs."""

from __future__ import annotations

import os
import re
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tutor.content import catalogue, headers, lint
from tutor.content.lessons import read_lesson
from tutor.errors import ContentError

LESSON = """\
---
id: sample
title: A sample
summary: Says something.
machines:
  host:
    interfaces:
      eth0: {switch: lan, addresses: 192.168.1.2/24}
---

Before.

## Make it {#make}

Do this.

```yaml goal
id: red
text: There is red.
namespace-exists: host/red
```

```hint
Almost.
```

```bash solution
ip netns add red
```

## Recap

All.
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "03-sample" / "lesson.md"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


Write = Callable[[str | bytes], Path]


def failure(path: Path) -> ContentError:
    with pytest.raises(ContentError) as caught:
        read_lesson(path)
    error = caught.value
    assert error.exit_code == 2
    assert "\n" not in str(error)
    assert str(error).startswith(f"{path}:{error.line}: ")
    return error


# What is replaced, by what, the line named (of the changed file), and a part of the message.
WRONG = {
    "no front matter": ("---\nid", "id", 1, "a lesson begins with front matter"),
    "not closed": ("/24}\n---\n", "/24}\n", 1, "the front matter is not closed"),
    "unknown key": ("summary:", "summaryy:", 4, "the front matter has no 'summaryy'; did you mean 'summary'?"),
    "missing key": ("title: A sample\n", "", 2, "the front matter needs 'title'"),
    "empty value": ("title: A sample", "title:", 3, "'title' is empty"),
    "a list for a text": ("title: A sample", "title: [a]", 3, "'title' must be one value, not a list"),
    "twice": ("title: A sample", "id: sample\ntitle: A", 3, "'id' is given twice, first at line 2"),
    "id and directory": ("id: sample", "id: simple", 2, "the id is 'simple', but the directory is called"),
    "not YAML": ("title: A sample", "title: a: b", 3, "this is not YAML"),
    "tab": ("  host:", "\thost:", 6, "this is not YAML"),
    "alias": ("title: A sample", "title: &a x\nsummary: *a", 3, "anchors and aliases (& and *) are not allowed"),
    "tag": ("title: A sample", "title: !!python/object:os.system x", 3, "is not allowed"),
    "machine name": ("  host:", "  Host_1:", 6, "'Host_1' is not a host name"),
    "machine key": ("    interfaces:", "    interface:", 7, "did you mean 'interfaces'?"),
    "interface name": ("eth0:", "an-interface-name-far-too-long:", 8, "at most 15 characters"),
    "no plug": ("switch: lan, ", "", 8, "needs either 'switch' or 'cable'"),
    "no prefix length": ("192.168.1.2/24}", "192.168.1.2}", 8, "with its prefix length, such as"),
    "bad address": ("192.168.1.2/24}", "192.168.1.256/24}", 8, "not '192.168.1.256/24'"),
    "cable to nowhere": ("switch: lan", "cable: far/eth0", 6, "leads to no machine"),
    "cable to itself": ("switch: lan", "cable: host/eth0", 6, "which does not say so too"),
    "step without id": ("## Make it {#make}", "## Make it", 13, "a step's heading ends in its id"),
    "no step": ("## Make it", "Make it", 9, "the lesson has no step"),
    "bad step id": ("{#make}", "{#Make It}", 13, "'Make It' is not an id"),
    "heading of level 1": ("## Make it", "# Make it", 13, "a heading of level 2"),
    "no goal": ("```yaml goal", "```yaml", 13, "step 'make' has no goal"),
    "no solution": ("```bash solution", "```bash", 13, "step 'make' has no solution"),
    "block misspelt": ("```yaml goal", "```yaml gaol", 17, "no block 'yaml gaol'; did you mean 'goal'?"),
    "block's language": ("```yaml goal", "```yml goal", 17, "write this block as ```yaml goal"),
    "block in a list": ("```yaml goal", "- a\n\n  ```yaml goal", 19, "inside a list"),
    "goal before the steps": ("Before.", "```hint\nx\n```", 11, "stands before the first step"),
    "goal after the steps": ("All.", "```hint\nx\n```", 33, "stands under 'Recap'"),
    "not the last": ("## Recap", "## Recap\n\n## More {#more}", 31, "'Recap' must be the last heading"),
    "empty hint": ("Almost.\n", "", 23, "the hint is empty"),
    "empty solution": ("ip netns add red", "# nothing", 27, "the solution is empty"),
    "solution elsewhere": ("ip netns add red", "@hast", 28, "no machine 'hast' with a shell; did you mean 'host'?"),
    "empty answer": ("ip netns add red", "=", 28, "the answer is empty"),
    "open backslash": ("ip netns add red", "ip netns \\", 28, "ends in a backslash"),
    "unknown validator": ("namespace-exists:", "namespace-exist:", 20, "did you mean 'namespace-exists'?"),
    "no validator": ("namespace-exists: host/red\n", "", 18, "goal 'red' needs exactly one validator"),
    "two validators": ("id: red\n", "id: red\nroute: {}\n", 18, "exactly one validator, not route, namespace-exists"),
    "bad place": ("host/red\n", "host/\n", 20, "is not a place"),
    "unknown machine": ("host/red\n", "hots/red\n", 20, "no machine 'hots'; did you mean 'host'?"),
    "unknown parameter": ("namespace-exists: host/red", "namespace-exists: {namee: a}", 20, "did you mean 'name'?"),
    "missing parameter": ("namespace-exists: host/red", "link-up: {name: x}", 20, "'link-up' needs 'in'"),
    "not a number": (
        "namespace-exists: host/red",
        "http: {from: host, to: 1.1.1.1, port: x}",
        20,
        "'port' must be a whole number",
    ),
    "not a truth": ("namespace-exists: host/red", "bridge: {name: b, in: host, up: yes}", 20, "must be true or false"),
    "not an address": ("namespace-exists: host/red", "ping: {from: host, to: x}", 20, "must be an IP address, not 'x'"),
    "not two": ("namespace-exists: host/red", "cable: {between: [host]}", 20, "must be a list of 2"),
    "unknown kind": ("id: red\n", "id: red\nkind: edgee\n", 19, "there is no 'edgee'; did you mean 'edge'?"),
    "nested unknown": ("namespace-exists: host/red", "all: [{pnig: {}}]", 20, "did you mean 'ping'?"),
    "nested question": (
        "namespace-exists: host/red",
        "all: [{answer-link-count: host}]",
        20,
        "cannot be a question",
    ),
    "goal twice": (
        "```hint",
        "```yaml goal\nid: red\ntext: x\nlink-up: {name: x, in: host}\n```\n\n```hint",
        24,
        "first at",
    ),
    "step twice": (
        "## Recap",
        "## B {#make}\n\n```yaml goal\nid: b\ntext: x\nlink-up: {name: x, in: host}\n```\n\n"
        "```bash solution\nx\n```\n\n## Recap",
        31,
        "step 'make' is there twice, first at line 13",
    ),
    "placeholder": ("Do this.", "Do {{thisx}}.", 15, "there is no parameter 'thisx'"),
    "control character": ("Do this.", "Do \x1b]52;c;eA==\x07 this.", 15, "the control character U+001B is not allowed"),
    "C1 control": ("Do this.", "Do \x9b31m this.", 15, "U+009B"),
    "no shell": ("    interfaces:", "    shell: false\n    interfaces:", 6, "no machine has a shell"),
}


@pytest.mark.parametrize("name", WRONG)
def test_every_error_names_its_line(lesson: Write, name: str) -> None:
    old, new, line, message = WRONG[name]
    assert old in LESSON
    error = failure(lesson(LESSON.replace(old, new, 1)))
    assert message in error.reason
    assert error.line == line


def test_the_lesson_itself_is_right(lesson: Write) -> None:
    assert read_lesson(lesson(LESSON)).id == "sample"


def test_binary(lesson: Write) -> None:
    assert "is not UTF-8 text" in failure(lesson(b"---\nid: \xff\xfe\n")).reason
    error = failure(lesson(LESSON.encode() + b"\xc3\x28"))
    assert error.line == LESSON.count("\n") + 1
    assert "U+0000" in failure(lesson(b"\x00" * 4096)).reason
    assert failure(lesson(os.urandom(65536))).exit_code == 2
    assert failure(lesson(b"")).line == 1


def test_a_huge_file_is_not_read(lesson: Write) -> None:
    path = lesson(LESSON)
    os.truncate(path, 100 * 1024 * 1024)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert failure(path).reason == "it is larger than 256 KiB"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20 * 1024


def test_what_is_not_a_file(tmp_path: Path) -> None:
    path = tmp_path / "03-sample" / "lesson.md"
    path.parent.mkdir()
    assert failure(path).reason == "there is no such file"
    os.mkfifo(path)
    assert failure(path).reason == "it is not a regular file"
    path.unlink()
    path.mkdir()
    assert failure(path).reason == "it is not a regular file"
    path.rmdir()
    path.symlink_to("/dev/zero")
    assert failure(path).reason == "it is not a regular file"
    path.unlink()
    path.symlink_to(path)
    assert failure(path).exit_code == 2


@pytest.mark.parametrize(
    "deep",
    [
        "title: " + "[" * 100_000,
        "title: " + "{" * 100_000,
        "title: " + "{a: " * 50_000,
        "title:\n" + "\n".join(" " * (n + 1) + "- a:" for n in range(300)),
        "- " * 100_000,
        "? " * 100_000,
    ],
    ids=["lists", "mappings", "nested mappings", "indented", "dashes", "question marks"],
)
def test_deep_yaml(lesson: Write, deep: str) -> None:
    assert failure(lesson(LESSON.replace("title: A sample", deep, 1))).exit_code == 2
    assert failure(lesson(LESSON.replace("namespace-exists: host/red", deep, 1))).exit_code == 2


def test_an_alias_bomb(lesson: Write) -> None:
    bomb = "a: &a [x, x]\n" + "".join(f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdef", "bcdefg", strict=True))
    assert "anchors and aliases" in failure(lesson(LESSON.replace("title: A sample\n", bomb, 1))).reason


@pytest.mark.parametrize(
    "deep",
    [">" * 200_000, "- " * 100_000, "[" * 200_000, "`" * 200_000, "*" * 200_000, ("> " * 60 + "x\n") * 1500,
     "".join("  " * n + "- x\n" for n in range(300)), "<" * 200_000, "#" * 200_000, "|" * 200_000, "~" * 200_000],
)  # fmt: skip
def test_deep_markdown_neither_fails_nor_hangs(lesson: Write, deep: str) -> None:
    path = lesson(LESSON.replace("Before.", deep, 1))
    begun = time.process_time()
    with suppress(ContentError):
        read_lesson(path)
    assert time.process_time() - begun < 30, "only a hang takes this long"


def test_ids_and_numbers_are_unique(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(tmp_path))
    for directory, lesson_id in (("03-one", "one"), ("03-two", "two")):
        path = tmp_path / directory / "lesson.md"
        path.parent.mkdir()
        path.write_text(LESSON.replace("id: sample", f"id: {lesson_id}"))
    with pytest.raises(ContentError, match="the number 03 is also that of 03-one"):
        headers()
    (tmp_path / "03-two").rename(tmp_path / "04-one")
    (tmp_path / "04-one" / "lesson.md").write_text(LESSON.replace("id: sample", "id: one"))
    with pytest.raises(ContentError, match="the id 'one' is also that of 03-one"):
        catalogue()


def test_a_directory_with_a_wrong_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(tmp_path))
    path = tmp_path / "3_sample" / "lesson.md"
    path.parent.mkdir()
    path.write_text(LESSON)
    with pytest.raises(ContentError, match="must be called NN-id"):
        headers()


def test_lint_says_what_should_be_better(lesson: Write) -> None:
    def remarks(text: str) -> str:
        return "\n".join(map(str, lint(lesson(text))))

    assert "the lesson asks no question" in remarks(LESSON)
    assert "no recap" in remarks(LESSON.split("## Recap")[0])
    assert "no introduction" in remarks(LESSON.replace("Before.\n", ""))
    assert "has no hint" in remarks(LESSON.replace("```hint\nAlmost.\n```", ""))
    assert "answers 1 of 0 questions" in remarks(LESSON.replace("add red\n", "add red\n= 1\n"))
    assert "wider than 36" in remarks(LESSON.replace("Do this.", "```\n" + "x" * 37 + "\n```"))
    assert "wider than 44" in remarks(LESSON.replace("Do this.", "```bash\n" + "x" * 45 + "\n```"))
    assert "wider" not in remarks(LESSON.replace("Do this.", "```bash\n" + "x" * 44 + "\n```\n\n" + "x" * 99))
    assert "the introduction is wider" in remarks(LESSON.replace("Before.", "```\n" + "x" * 37 + "\n```"))
    assert re.search(r"lesson\.md:20: .*did you mean", remarks(LESSON.replace("namespace-exists", "namespace-exist")))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_broken_lesson_never_gives_a_traceback(tmp_path: Path, data: st.DataObject) -> None:
    path = tmp_path / "03-sample" / "lesson.md"
    path.parent.mkdir(exist_ok=True)
    lines = LESSON.split("\n")
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        junk = data.draw(st.one_of(st.text(max_size=20), st.sampled_from([*lines, "- ", "? x", "[", "{", "&a", "```"])))
        lines[at : at + data.draw(st.integers(0, 2))] = [junk]
    path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    with suppress(ContentError):
        read_lesson(path)
    for remark in lint(path):
        assert remark.source.path == str(path)
        assert 1 <= remark.source.line <= len(lines) + 60
