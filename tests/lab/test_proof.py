"""The shipped lessons are proven: every solution works, and no broken one does, for a reason that makes sense."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from lab_modes import GUEST

from tutor.content import catalogue, load
from tutor.content.lessons import read_lesson
from tutor.content.scaffold import scaffold
from tutor.errors import UsageError
from tutor.model.lesson import Command, Lesson
from tutor.proof import LessonProof, Proof, prove
from tutor.proof.report import Kind
from tutor.proof.trial import standing
from tutor.proof.untouched import difference, dump
from tutor.replay import type_line

WEAK = (
    ("namespace-exists: host/red", "not: {check: {no-route: {to: 127.0.0.1, in: host}}, expected: x, look: x}"),
    ("answer-link-count: host/red", "answer-link-count: host"),
    ("= 1", "= 2"),
)
SURVIVORS = ["- ip netns add red", "ip netns red", "ip netns del red", "ip netns add rde", "ip netns add Red"]
UNASKED = (
    ("```yaml goal\nid: links\ntext: How many links are there in `red`?\nanswer-link-count: host/red\n```\n", ""),
    ("= 1\n", ""),
)

AGAIN = """\
```yaml goal
id: blue
text: There is a namespace called `blue`.
all: {checks: [namespace-exists: host/red, namespace-exists: host/blue]}
```

```bash solution ip netns
ip netns add blue
```
"""


def told(proof: Proof) -> str:
    return "\n".join(f"{found.lesson}#{found.step}: {found.kind.value}: {found.text}" for found in proof.findings)


LESSONS = {lesson.id: lesson for lesson in catalogue()}
MOST = int(os.environ.get("NETTUTOR_MUTANTS", "8" if GUEST else "44"))
"""Mutants of each lesson: the course has some 3,500, and to try all takes `nettutor author test` half an hour. An
ordinary user tries fewer: every solution is tried as root and as a user, but the rest of the proof is about lessons."""
PROOFS: dict[str, LessonProof] = {}
ASKED: set[str] = set()


def has_docker(lesson: Lesson) -> bool:
    return any(service.kind == "docker" for machine in lesson.topology.machines for service in machine.services)


async def proofs(lessons: Iterable[Lesson]) -> Iterable[LessonProof]:
    """All of them at the same time, as most of it is waiting; but of Docker's engine few, and of its mutants fewer."""
    chosen = list(lessons)
    slow = prove([lesson for lesson in chosen if has_docker(lesson)], jobs=2, most=max(1, MOST // 3))
    quick = prove([lesson for lesson in chosen if not has_docker(lesson)], jobs=6, most=MOST)
    return [one for proof in await asyncio.gather(slow, quick) for one in proof.lessons]


async def proof_of(name: str, request: pytest.FixtureRequest) -> LessonProof:
    """The first lesson that is asked for proves all that were chosen; one that is asked for again is tried alone."""
    if name in ASKED or name not in PROOFS:
        this, items = request.function.__name__, request.session.items
        chosen = {
            item.callspec.params["name"]
            for item in items
            if isinstance(item, pytest.Function) and item.originalname == this
        }
        names = {name} if name in ASKED else chosen - ASKED
        PROOFS.update({one.lesson: one for one in await proofs(LESSONS[one] for one in LESSONS if one in names)})
    ASKED.add(name)
    return PROOFS[name]


@pytest.mark.timeout(2400)
@pytest.mark.parametrize("name", LESSONS)
async def test_a_lesson_is_proven(name: str, request: pytest.FixtureRequest) -> None:
    proof = await proof_of(name, request)
    assert not proof.findings, told(Proof((proof,)))
    print(f"{name}: {proof.killed} killed, {proof.survived} survived, {len(proof.equivalent)} equivalent")


def test_the_course_was_broken_in_many_ways() -> None:
    """The sum of those that were proven just now; a single lesson, asked for by name, need not have so many."""
    killed = sum(proof.killed for proof in PROOFS.values())
    assert killed >= (60 if GUEST else 500) * len(PROOFS) / len(LESSONS)


def changed(tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """A lesson that was just begun, with some of its text replaced."""
    path = scaffold("begun", into=tmp_path)
    text = path.read_text()
    for before, after in changes:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    return path


async def kinds(path: Path) -> list[tuple[Kind, str]]:
    proof = await prove([read_lesson(path)])
    return [(found.kind, found.text.splitlines()[-1]) for found in proof.findings]


async def test_a_new_lesson_proves_itself(tmp_path: Path) -> None:
    proof = await prove([read_lesson(changed(tmp_path))])
    assert proof.proven, told(proof)
    assert (proof.killed, proof.survived, proof.equivalent) == (8, 0, 0)


async def test_a_goal_that_is_too_weak_lets_mutants_survive(tmp_path: Path) -> None:
    """Any link count of the host is right, whatever the namespace is called."""
    path = changed(tmp_path, *WEAK)
    found = await prove([read_lesson(path)])
    survivors = {one.text.splitlines()[-1]: one.script for one in found.findings if one.kind is Kind.SURVIVED}
    assert survivors == {line: "= 2" if line.startswith("- ") else f"{line}\n= 2" for line in SURVIVORS}


async def test_what_is_declared_is_not_held_against_a_lesson_but_must_be_true(tmp_path: Path) -> None:
    block = "```bash equivalent It is so.\n{}\n= 7\n```\n\n## Recap".format("\n".join(SURVIVORS))
    path = changed(tmp_path, *WEAK, ("## Recap", block))
    proof = await prove([read_lesson(path)])
    assert [(found.kind, found.text) for found in proof.findings] == [
        (Kind.STALE, "no broken solution completes the step by: = 7")
    ]
    assert [declared.reason for declared in proof.lessons[0].equivalent] == ["It is so."] * 5


async def test_a_step_that_is_done_at_the_start_is_found(tmp_path: Path) -> None:
    path = changed(
        tmp_path,
        ("namespace-exists: host/red", "link-up: {name: eth0, in: host}"),
        *UNASKED,
    )
    assert (Kind.DONE_AT_START, "nothing was typed in it") in await kinds(path)


async def test_a_solution_that_does_not_work_is_found(tmp_path: Path) -> None:
    found = await kinds(changed(tmp_path, ("= 1", "= 5")))
    assert (Kind.NOT_COMPLETED, "all first solutions; open: links") in found


@pytest.mark.parametrize(
    "deed",
    [
        "ip addr add 192.168.1.9/24 dev eth0",
        "ip -n blue link set lo up",
        "ip netns add green",
        "ip route add 10.0.0.0/8 via 192.168.1.3",
        "ip rule add from 192.168.1.9 table 7",
        "nft add table ip mine",
        "sysctl -w net.ipv4.ip_forward=1",
        "sysctl -w net.ipv4.conf.eth0.rp_filter=2",
        "echo 192.168.1.3 web >> /etc/hosts",
        "touch /root/seen",
    ],
)
async def test_whatever_changes_the_lab_is_seen(deed: str) -> None:
    """And packets are no change."""
    async with standing(load("namespaces"), 1) as session:
        before = await dump(session)
        await type_line(session, Command("host", "ping -c 1 192.168.1.3"))
        assert difference(before, await dump(session)) == ""
        assert await type_line(session, Command("host", deed)) == 0
        assert difference(before, await dump(session)) != ""


async def test_a_solution_that_ends_the_lab_is_found(tmp_path: Path) -> None:
    found = await prove([read_lesson(changed(tmp_path, ("ip -n red link\n= 1", "kill -KILL 1; reboot -f\n= 1")))])
    texts = {one.text for one in found.findings if one.kind is Kind.NOT_COMPLETED}
    assert any("no longer running" in text or "the lab ended" in text for text in texts), texts


async def test_a_reason_that_names_another_layer_is_found(tmp_path: Path) -> None:
    weak = "all: {checks: [{namespace-exists: host/red}]}"
    wrong = (
        "not: {check: {not: {check: {namespace-exists: host/red}, expected: x, look: x}}, "
        "expected: x, look: x, layer: service}"
    )
    path = changed(tmp_path, ("namespace-exists: host/red", weak), *UNASKED)
    assert await kinds(path) == []
    path.write_text(path.read_text().replace(weak, wrong))
    assert {kind for kind, _ in await kinds(path)} == {Kind.MISLED}


def author(lessons: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NETTUTOR_LESSONS": str(lessons)}
    command = [sys.executable, "-m", "tutor", "author", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=100, check=False)


def test_from_nothing_to_a_proven_lesson_at_the_command_line(tmp_path: Path) -> None:
    assert author(tmp_path, "new", "begun").returncode == 0
    assert author(tmp_path, "lint").returncode == 0
    done = author(tmp_path, "test", "begun", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["proven"], told["killed"], told["survived"], told["equivalent"]) == (True, 8, 0, 0)
    assert told["lessons"][0]["findings"] == []


def test_a_survivor_is_printed_with_its_script(tmp_path: Path) -> None:
    changed(tmp_path, *WEAK)
    done = author(tmp_path, "test")
    assert done.returncode == 1
    assert "begun#create: a broken solution completes it" in done.stdout
    assert "reproduce it with `nettutor check begun --script -`:" in done.stdout
    assert "3 killed, 5 survived, 0 equivalent (declared, with why)" in done.stderr


def test_the_script_of_a_survivor_reproduces_it(tmp_path: Path) -> None:
    changed(tmp_path, *WEAK)
    found = json.loads(author(tmp_path, "test", "--json").stdout)["lessons"][0]["findings"]
    assert len(found) == 5
    for finding in found:
        script = tmp_path / "script"
        script.write_text(finding["script"])
        environment = {**os.environ, "NETTUTOR_LESSONS": str(tmp_path)}
        command = [sys.executable, "-m", "tutor", "check", "begun", "--script", str(script)]
        assert subprocess.run(command, capture_output=True, env=environment, timeout=60, check=False).returncode == 0


def test_one_step_alone(tmp_path: Path) -> None:
    """Its own mutants only, after the first solutions of the steps before it."""
    changed(tmp_path, ("## Recap", "## Again {#again}\n\n" + AGAIN + "\n## Recap"))
    told = json.loads(author(tmp_path, "test", "begun#again", "--json").stdout)["lessons"][0]
    assert (told["steps"], told["killed"], told["findings"]) == (1, 5, [])
    for words in ("begun#agin", "begun#", "begun begun#again"):
        done = author(tmp_path, "test", *words.split())
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1), words


def test_refusals(tmp_path: Path) -> None:
    scaffold("begun", into=tmp_path)
    for words in (("test", "begum"), ("lint", "begum"), ("new", "Begun"), ("new", "begun"), ("test", "--jobs", "0")):
        done = author(tmp_path, *words)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert len(done.stderr.splitlines()) == 1
    with pytest.raises(UsageError, match="the number 01 is that of 01-begun"):
        scaffold("other", number=1, into=tmp_path)
