"""Forty learners hand in, in every way that there is; each ends as it should, and nobody else is harmed."""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import checkpoint_class as pupils
import pytest
from checkpoint_class import School
from lab_modes import processes_of

from tutor.grading import keys
from tutor.grading.book import Book
from tutor.model.grade import FlagKind, Grade, Outcome
from tutor.model.lesson import Command

PERFECT = [f"perfect-{number}" for number in range(10)]
PARTIAL = ["one-of-two", "half-a-step", "wrong-answer", "wrong-names"]
NOTHING = ["nothing-1", "nothing-2"]
TIMES = ["in-grace", "late", "too-late"]
FILES = [
    "same-file",
    "friends-file",
    "friends-commands",
    "edited-verdicts",
    "edited-commands",
    "edited-and-signed",
    "unknown-key",
    "friends-key",
    "used-nonce",
    "no-log",
    "truncated",
]
DEEDS: Mapping[str, list[tuple[str, int | None]]] = {
    "editor": [("vi names.sh", 0), ("sh names.sh", 0)],
    "waits-for-input": [("cat", 130)],
    "loop": [("while :; do :; done", 130)],
    "fork-bomb": [(":(){ :|:& };:", 0)],
    "yes": [("yes", 130)],
    "big": [("python3 -c 'b = bytearray(6 << 30)'", 1)],
    "disk": [("dd if=/dev/zero of=/root/full bs=1M count=9000", 1)],
    "egress": [("curl -m 2 http://1.1.1.1/", 28)],
    "reboots": [("reboot -f", None)],
}
"""What is typed before the right commands."""
EVERYBODY = [*PERFECT, *PARTIAL, *NOTHING, *TIMES, "crashed", *FILES, *DEEDS]


def test_there_are_forty() -> None:
    assert len(EVERYBODY) == len(set(EVERYBODY)) == 40


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> School:
    return School.found(tmp_path_factory.mktemp("school"), EVERYBODY)


async def _typed(school: School) -> dict[str, bytes]:
    """Those who sat at a shell."""
    scripts = {name: pupils.all_of(school.lesson(name), number % 2) for number, name in enumerate(PERFECT)}
    scripts |= {name: pupils.all_of(school.lesson(name)) for name in TIMES}
    scripts["half-a-step"] = pupils.solution(school.lesson("half-a-step"), "create")[:1]
    scripts["one-of-two"] = pupils.solution(school.lesson("one-of-two"), "create")
    wrong = pupils.all_of(school.lesson("wrong-answer"))
    scripts["wrong-answer"] = [*wrong[:-1], Command("", "5", answer=True)]
    shifts = {"in-grace": 62 * 60, "late": 100 * 60, "too-late": 40 * pupils.HOUR}
    turns = asyncio.Semaphore(4)

    async def one(name: str) -> bytes:
        async with turns:
            with school.taking(name):  # at the clock's real time
                pass
            return await pupils.honest(school, name, scripts[name], shift=shifts.get(name, 0))

    return dict(zip(scripts, await asyncio.gather(*map(one, scripts)), strict=True))


def _others(school: School, done: Mapping[str, bytes]) -> dict[str, bytes]:
    mine, friend = school.keys, PERFECT[0]
    whole = {name: pupils.as_noted(school.lesson(name), "create") for name in EVERYBODY}
    files = {name: pupils.by_journal(school, name, []) for name in NOTHING}
    files["wrong-names"] = pupils.by_journal(school, "wrong-names", [("create", "ip netns add nobody", 0)])
    files["crashed"] = pupils.crashed_and_resumed(school, "crashed")
    for name, lines in DEEDS.items():
        after = whole[name] if name != "editor" else []  # in the editor was all that the learner knew
        files[name] = pupils.by_journal(school, name, [*(("create", *line) for line in lines), *after])

    def honest(name: str) -> bytes:
        return pupils.by_journal(school, name, whole[name])

    public = {name: keys.public_text(key) for name, key in mine.items()}
    stranger = keys.generate()
    files["same-file"] = done[friend]
    files["friends-file"] = pupils.signed_again(
        done[friend], mine["friends-file"], pupils.in_the_name_of("friends-file", public["friends-file"])
    )
    copied = next(name for name in PERFECT if not _shared(school, name, "friends-commands"))
    files["friends-commands"] = pupils.by_journal(school, "friends-commands", whole[copied])
    nothing = pupils.by_journal(school, "edited-verdicts", [("create", "ip link", 0)])
    files["edited-verdicts"] = pupils.signed_again(nothing, mine["edited-verdicts"], pupils.all_met)
    files["edited-commands"] = pupils.changed(honest("edited-commands"), pupils.other_commands)
    files["edited-and-signed"] = pupils.signed_again(
        honest("edited-and-signed"), mine["edited-and-signed"], pupils.other_commands
    )
    files["unknown-key"] = pupils.signed_again(
        honest("unknown-key"), stranger, pupils.in_the_name_of("unknown-key", keys.public_text(stranger))
    )
    files["friends-key"] = pupils.signed_again(
        honest("friends-key"), mine[friend], pupils.in_the_name_of("friends-key", public[friend])
    )
    files["used-nonce"] = honest("used-nonce")
    files["no-log"] = pupils.sealed(pupils.unchained(school, "no-log"), mine["no-log"])
    files["truncated"] = honest("truncated")[:-200]
    return files


def _shared(school: School, *names: str) -> set[str]:
    """Values that learners have in common, by chance."""
    return set[str].intersection(*(set(school.lesson(name).parameters.values()) for name in names))


def _grade(school: School, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tutor", "grade", str(folder), "--course", str(school.course.path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)


@pytest.fixture(scope="module")
def graded(school: School, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Grade], dict[str, str]]:
    """Grades by learner, and reasons of refusal by the name of the file."""
    folder = tmp_path_factory.mktemp("handed-in")
    files = asyncio.run(_typed(school))
    files |= _others(school, files)
    assert set(files) == set(EVERYBODY)
    for name, data in files.items():
        (folder / f"{name}.submission").write_bytes(data)
    _adopt_orphans(True)
    before = _around()
    done = _grade(school, folder)
    assert done.returncode in (0, 1), done.stderr
    # The same learner takes it on another machine, and hands in again.
    with school.taking("used-nonce", machine="another") as taking:
        pupils.noted(taking, pupils.as_noted(school.lesson("used-nonce"), "inside"))
        (folder / "second.submission").write_bytes(taking.seal(school.keys["used-nonce"]))
    again = _grade(school, folder)
    assert again.returncode == 1, again.stderr
    assert "Traceback" not in done.stderr + again.stderr
    assert _around() == before, "no process, mount or link is left"
    _adopt_orphans(False)
    with Book.open(school.course.gradebook) as book:
        assert book.first_broken() is None
        grades = book.grades("mid")
        assert len(grades) == len({grade.learner for grade in grades}), "one grade for each"
        refused = {Path(each.file).stem: each.reason for each in book.refusals()}
        return {grade.learner: grade for grade in grades}, refused


def _adopt_orphans(adopt: bool) -> None:
    """PR_SET_CHILD_SUBREAPER of prctl(2): whatever outlives the program that started it becomes a child of ours."""
    assert ctypes.CDLL(None, use_errno=True).prctl(36, int(adopt), 0, 0, 0) == 0


def _around() -> tuple[list[int], int, list[str]]:
    """What came of us and still runs, mounts, links."""
    mounts = len(Path("/proc/self/mounts").read_text().splitlines())
    links = sorted(path.name for path in Path("/sys/class/net").iterdir())
    return sorted(processes_of(os.getpid())), mounts, links


def _outcomes(grade: Grade) -> dict[str, Outcome]:
    return {goal.result.goal: goal.result.outcome for goal in grade.goals}


def _flags(grade: Grade) -> set[FlagKind]:
    return {flag.kind for flag in grade.flags}


Graded = tuple[dict[str, Grade], dict[str, str]]


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", [*PERFECT, "crashed", "in-grace"])
def test_who_did_it_all_gets_it_all(graded: Graded, name: str) -> None:
    grade = graded[0][name]
    assert set(_outcomes(grade).values()) == {Outcome.CONFIRMED}, grade
    assert grade.points == pytest.approx(10)


def test_a_part_is_worth_a_part(graded: Graded) -> None:
    grades = graded[0]
    assert grades["one-of-two"].points == pytest.approx(6)
    assert grades["half-a-step"].points == pytest.approx(3)
    assert grades["wrong-answer"].points == pytest.approx(6)
    for name in ("wrong-names", *NOTHING):
        assert grades[name].points == 0
        assert Outcome.INCONCLUSIVE not in _outcomes(grades[name]).values()


def test_late_costs_what_the_rule_says(graded: Graded) -> None:
    grades = graded[0]
    assert grades["in-grace"].late.keeps == 1
    assert grades["late"].late.keeps == pytest.approx(0.9)
    assert grades["late"].points == pytest.approx(9)
    assert FlagKind.LATE in _flags(grades["late"])
    assert grades["too-late"].points == 0


def test_a_friends_work_is_worth_nothing(graded: Graded) -> None:
    grades, refused = graded
    assert "same-file" not in grades
    assert "friends-file" in refused["friends-file"]
    assert PERFECT[0] in refused["friends-file"]
    copied = grades["friends-commands"]
    assert copied.points == 0
    assert FlagKind.FOREIGN in _flags(copied)
    assert any(name in flag.others for flag in copied.flags for name in PERFECT)


def test_what_a_file_claims_is_thrown_away(graded: Graded) -> None:
    assert graded[0]["edited-verdicts"].points == 0


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("edited-commands", "changed after it was signed"),
        ("edited-and-signed", "its log was changed"),
        ("unknown-key", "not signed with the key that the roster lists"),
        ("friends-key", "signed with the key of 'perfect-0'"),
        ("no-log", "its log does not begin"),
        ("truncated", ""),
        ("second", "used"),
    ],
)
def test_what_is_not_the_learners_own_is_refused(graded: Graded, name: str, reason: str) -> None:
    grades, refused = graded
    assert name not in grades
    assert reason in refused[name]
    assert "\n" not in refused[name]


def test_a_nonce_is_good_for_one(graded: Graded) -> None:
    """The first counts."""
    assert _outcomes(graded[0]["used-nonce"])["red-exists"] is Outcome.CONFIRMED


def test_an_editor_is_for_a_person_to_judge(graded: Graded) -> None:
    grade = graded[0]["editor"]
    assert _outcomes(grade)["red-exists"] is Outcome.INCONCLUSIVE
    assert grade.doubtful
    assert "vi was used" in grade.goals[0].result.reason


@pytest.mark.parametrize("name", [name for name in DEEDS if name not in ("editor", "reboots")])
def test_a_deed_does_not_cost_what_was_right(graded: Graded, name: str) -> None:
    """The names that were asked for are made after it; what it could do, it did to its own lab."""
    outcomes = _outcomes(graded[0][name])
    assert outcomes["red-exists"] is Outcome.CONFIRMED, graded[0][name]
    assert outcomes["blue-exists"] is Outcome.CONFIRMED, graded[0][name]


def test_who_reboots_gets_no_automatic_fail(graded: Graded) -> None:
    assert Outcome.NOT_REPRODUCED not in {
        _outcomes(graded[0]["reboots"])[goal] for goal in ("red-exists", "blue-exists")
    }
