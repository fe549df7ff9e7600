"""What lint says of a lesson that loads but should not be published."""

from __future__ import annotations

from pathlib import Path

import pytest

from tutor.content import lint
from tutor.content.lessons import read_lesson
from tutor.content.published import FILE, listing
from tutor.content.scaffold import scaffold
from tutor.content.translating import stamp
from tutor.errors import ContentError, UsageError


def remarks(tmp_path: Path, *changes: tuple[str, str]) -> list[str]:
    path = scaffold("begun", into=tmp_path)
    text = path.read_text()
    for before, after in changes:
        assert before in text, before
        text = text.replace(before, after, 1)
    path.write_text(text)
    stamp(path)
    return [remark.text for remark in lint(path)]


def test_a_new_lesson_leaves_nothing_to_remark(tmp_path: Path) -> None:
    assert remarks(tmp_path) == []


SOLUTION = "ip netns add red\nip -n red link\n"

CASES = {
    "a tool of a solution": (
        (SOLUTION, SOLUTION + "brctl show\n"),
        [
            "`brctl` needs the tool 'bridge-utils', which the front matter does not name",
            "`brctl` needs the feature 'bridge', which the front matter does not name",
        ],
    ),
    "a tool in a namespace": (
        (SOLUTION, SOLUTION + "ip netns exec red ifconfig lo up\n"),
        ["`ifconfig` needs the tool 'net-tools', which the front matter does not name"],
    ),
    "a tool after others in the line": (
        (SOLUTION, SOLUTION + "true && curl 192.168.1.3\n"),
        ["`curl` needs the tool 'curl', which the front matter does not name"],
    ),
    "a feature": (
        (SOLUTION, SOLUTION + "ip link add a type veth peer name b\n"),
        ["`type veth` needs the feature 'veth', which the front matter does not name"],
    ),
    "a service": (
        ("    shell: false\n", "    shell: false\n    services: [{dns: {port: 53}}]\n"),
        ["the service 'dns' needs the tool 'dnsmasq', which the front matter does not name"],
    ),
    "setup": (
        ("    shell: false\n", "    shell: false\n    setup: nft add table ip t\n"),
        ["`nft` needs the tool 'nftables', which the front matter does not name"],
    ),
    "a dead file": (
        ("What this is about", "What [this](other.md) is about"),
        ["the link to 'other.md' leads nowhere"],
    ),
    "no name for a file": (
        ("What this is about", f"What [this]({'x' * 300}) is about"),
        [f"the link to '{'x' * 300}' leads nowhere"],
    ),
    "a dead step": (
        ("What is worth", "What [there](#created) is worth"),
        ["the link to '#created' leads nowhere"],
    ),
    "a dead address": (
        ("A nudge", "[A nudge](https://example)"),
        ["the link to 'https://example' leads nowhere"],
    ),
    "the answer in the first hint": (
        ("A nudge: the command begins with `ip netns`.", "Type `ip netns add red`."),
        ["the first hint of step 'create' gives the answer away: ip netns add red"],
    ),
    "the same hint twice": (
        ("Nearly the answer: `ip netns add …`, and then look into it.", "A nudge: the command begins with `ip netns`."),
        ["step 'create' gives the same hint twice"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_remark(tmp_path: Path, case: str) -> None:
    change, expected = CASES[case]
    assert remarks(tmp_path, change) == expected


def test_live_links_and_links_in_code_are_left_alone(tmp_path: Path) -> None:
    text = "What [this](lesson.md#create), [that](#create) and [there](https://kernel.org/x) is `[a](b)` about"
    assert remarks(tmp_path, ("What this is about", text)) == []


def test_an_id_that_was_published_must_stay(tmp_path: Path) -> None:
    path = scaffold("begun", into=tmp_path)
    (tmp_path / FILE).write_text(listing([read_lesson(path)]))
    assert lint(path) == ()
    path.write_text(path.read_text().replace("id: links", "id: how-many"))
    assert lint(path)[0].text == (
        "goal 'links' of step 'create' was published and is gone: learners have progress under this id"
    )
    path.write_text(path.read_text().replace("{#create}", "{#make}"))
    assert lint(path)[0].text == "step 'create' was published and is gone: learners have progress under this id"


def test_what_is_equivalent_is_read(tmp_path: Path) -> None:
    block = "```bash equivalent It is so.\nip netns add \\\n  Red\n- ip netns add red\n= 7\n```\n\n## Recap"
    assert remarks(tmp_path, ("## Recap", block)) == []
    step = read_lesson(tmp_path / "01-begun" / "lesson.md").steps[0]
    assert [(one.line, one.reason) for one in step.equivalents] == [
        ("ip netns add Red", "It is so."),
        ("- ip netns add red", "It is so."),
        ("= 7", "It is so."),
    ]
    assert "It is so" not in step.body


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("```bash equivalent\nip netns add Red\n```", "say why it is equivalent"),
        ("```bash equivalent It is so.\n```", "there is no line that is equivalent"),
        ("```bash equivalent As `ip` has it.\ntrue\n```", "no backquote may stand after"),
        ("```yaml equivalent It is so.\ntrue\n```", "write this block as ```bash equivalent"),
    ],
)
def test_what_is_equivalent_must_be_said_rightly(tmp_path: Path, block: str, reason: str) -> None:
    path = scaffold("begun", into=tmp_path)
    path.write_text(path.read_text().replace("## Recap", f"{block}\n\n## Recap"))
    with pytest.raises(ContentError, match=reason):
        read_lesson(path)


def test_a_lesson_is_begun_at_the_end_or_where_there_is_room(tmp_path: Path) -> None:
    assert scaffold("one", into=tmp_path).parent.name == "01-one"
    assert scaffold("nine", number=9, into=tmp_path).parent.name == "09-nine"
    assert scaffold("next", into=tmp_path).parent.name == "10-next"
    for words, reason in (
        ({"lesson_id": "one"}, "already"),
        ({"lesson_id": "a b"}, "not an id"),
        ({"lesson_id": "two", "number": 9}, "that of 09-nine"),
        ({"lesson_id": "two", "number": 100}, "from 1 to 99"),
    ):
        with pytest.raises(UsageError, match=reason):
            scaffold(into=tmp_path, **words)
