"""``nettutor checkpoint export`` and ``report`` as an instructor calls them, on a course with a gradebook."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from chromium import Browser

from tutor.cli import main
from tutor.grading import inbox, keys
from tutor.grading.book import Book
from tutor.grading.course import Course, read_handout
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import Flag, FlagKind, GoalResult, Judgement, Late, Outcome

NETTUTOR = [sys.executable, "-m", "tutor", "checkpoint"]
REPOSITORY = Path(__file__).parents[2]
NAMES = {"2024001": "Kim, Ji-woo", "2024002": '이 "민준" 서', "2024003": "=1+1", "2024004": "Nobody"}
RED, PING = ("create", "red", 4.0), ("join", "ping", 6.0)


def nettutor(*argv: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NETTUTOR, *map(str, argv)],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """Three of four have handed in: everything reached, late and half of it, and one that is inconclusive."""
    folder = tmp_path_factory.mktemp("school")
    key = {learner: keys.generate() for learner in NAMES}
    with (folder / "roster.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "name", "key"])
        rows.writerows([learner, name, keys.public_text(key[learner])] for learner, name in NAMES.items())
    course = Course.create(folder / "net", id="net", title="Networks 2027", learners=folder / "roster.csv")
    for id, title in (("mid", "Mid-term exam"), ("final", "기말고사")):
        course.add(Checkpoint("net", id, title, course.public_key, (Item("namespaces", 10, ("create", "inside")),)))
    found = {
        "2024001": ((Outcome.CONFIRMED, Outcome.CONFIRMED), Late(), ()),
        "2024002": ((Outcome.CONFIRMED, Outcome.NOT_REPRODUCED), Late(34, 0.9), (Flag(FlagKind.LATE, "34 minutes"),)),
        "2024003": ((Outcome.CONFIRMED, Outcome.INCONCLUSIVE), Late(), ()),
    }
    with Book.open(course.gradebook) as book:
        for learner, (outcomes, late, flags) in found.items():
            with Taking.open(
                read_handout(course.handouts / "mid.checkpoint"), learner, root=folder / learner
            ) as taking:
                attempt = taking.store.begin("namespaces", seed=taking.entrant.seed)
                taking.store.record_open(attempt, "create")
                taking.store.record_command(attempt, "create", "host", "ip netns add '<b>red</b>'", 0)
                data = taking.seal(key[learner])
            accepted = inbox.accept(data, course)
            book.take_in(accepted, data, file=f"{learner}.submission", received="2026-12-01T11:00:00Z")
            goals = [
                GoalResult(
                    "namespaces#create+inside",
                    step,
                    goal,
                    outcome,
                    worth,
                    "" if outcome == "confirmed" else "vi was used",
                )
                for (step, goal, worth), outcome in zip((RED, PING), outcomes, strict=True)
            ]
            book.judged(accepted.digest, Judgement(tuple(goals)), late, flags)
            if learner == "2024002":
                book.mark(accepted.digest, "namespaces#create+inside", *PING[:2], 3, "fast richtig", "prof")
                book.comment(accepted.digest, "Gut!", "prof")
        book.refuse("evil<script>.submission", "0" * 64, "it is not a signed file of nettutor")
    return course


def rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_canvas_to_a_file_and_who_is_to_be_looked_at(course: Course, tmp_path: Path) -> None:
    done = nettutor("export", course.path, "mid", "--format", "canvas", "-o", tmp_path / "new" / "mid.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr == "nettutor: mid: no mark until somebody has looked at them: 2024003\n"
    assert rows((tmp_path / "new" / "mid.csv").read_bytes().decode()) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Mid-term exam"],
        ["    Points Possible", "", "", "", "", "10"],
        ["Kim, Ji-woo", "", "2024001", "", "", "10"],
        ['이 "민준" 서', "", "2024002", "", "", "6.3"],
        ["'=1+1", "", "2024003", "", "", ""],
        ["Nobody", "", "2024004", "", "", ""],
    ]


def test_two_checkpoints_are_two_columns(course: Course) -> None:
    asked = ("--format", "moodle", "--id-column", "Email address", "--missing", "zero", "--column", "final=Quiz: End")
    done = nettutor("export", course.path, "mid", "final", *asked, "--pending", "points")
    assert done.returncode == 0, done.stderr
    header, *learners = rows(done.stdout)
    assert header == [
        "Email address",
        "Full name",
        "Assignment: Mid-term exam (Real)",
        "Assignment: Mid-term exam (Feedback)",
        "Quiz: End (Real)",
        "Quiz: End (Feedback)",
    ]
    assert [row[2] for row in learners] == ["10", "6.3", "4", "0"]
    assert {row[4] for row in learners} == {"0"}
    assert "fast richtig" in learners[1][3]
    assert "only what is certain" in done.stderr


def test_json_and_csv_to_standard_output(course: Course) -> None:
    found = json.loads(nettutor("export", course.path, "mid", "--format", "json").stdout)
    assert [learner["grades"][0]["status"] for learner in found["learners"]] == [
        "graded",
        "graded",
        "pending",
        "missing",
    ]
    done = nettutor("export", course.path, "mid", "--format", "csv", "--excel")
    assert done.stdout.startswith("\ufeffid,name,mid,mid_worth,")


def test_feedback_in_a_directory_and_in_a_zip(course: Course, tmp_path: Path) -> None:
    folder = tmp_path / "feedback"
    done = nettutor("export", course.path, "mid", "--format", "feedback", "-o", folder)
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["2024001.md", "2024002.md", "2024003.md"]
    said = (folder / "2024002.md").read_text()
    assert "fast richtig" in said
    assert "> Gut!" in said
    worksheet = tmp_path / "Grades.csv"
    worksheet.write_text("Identifier,Full name,ID number\nParticipant 77,Whoever,2024001\n")
    asked = ("--format", "feedback", "--worksheet", worksheet, "-o", tmp_path / "feedback.zip")
    done = nettutor("export", course.path, "mid", *asked)
    assert "number is not known: 2024002, 2024003\n" in done.stderr
    with zipfile.ZipFile(tmp_path / "feedback.zip") as archive:
        assert archive.namelist() == ["Kim- Ji-woo_77_assignfeedback_file_feedback.md"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["mid"], "--format"),
        (["mid", "--format", "excel"], "invalid choice"),
        (["nil", "--format", "csv"], "no checkpoint 'nil'; there are: final, mid"),
        (["mid", "mid", "--format", "csv"], "named twice"),
        (["mid", "--format", "csv", "--id-column", "ID"], "canvas and moodle"),
        (["mid", "--format", "canvas", "--id-column", "Email"], "'SIS User ID'"),
        (["mid", "--format", "canvas", "--column", "final=x"], "--column: 'final=x'"),
        (["mid", "--format", "canvas", "--column", "mid=Final Score"], "cannot tell"),
        (["mid", "--format", "feedback"], "-o names a directory"),
        (["mid", "--format", "csv", "--book", "/nowhere/book.sqlite3"], "no gradebook /nowhere/book.sqlite3"),
        (["mid", "--format", "csv", "--worksheet", "x"], "--worksheet"),
        (["mid", "final", "--format", "feedback", "--names", "canvas", "-o", "x"], "one checkpoint at a time"),
        (["mid", "--format", "csv", "-o", "/proc/nowhere/x.csv"], "/proc/nowhere/x.csv: "),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    asked: list[str], said: str, course: Course, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["checkpoint", "export", str(course.path), *asked]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_nothing_graded_is_said_and_no_gradebook_is_made(
    course: Course, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = Course.create(tmp_path / "new", id="new", title="New", learners=course.path / "roster.csv")
    other.add(Checkpoint("new", "mid", "Mid", other.public_key, (Item("namespaces", 10, ("create",)),)))
    for action in (["export", str(other.path), "mid", "--format", "csv"], ["report", str(other.path), "mid"]):
        assert main(["checkpoint", *action]) == 2
        assert "nothing was graded yet" in capsys.readouterr().err
    assert not other.gradebook.exists()


def test_the_gradebook_may_be_elsewhere(course: Course, tmp_path: Path) -> None:
    with Book.open(tmp_path / "other.sqlite3"):
        pass
    done = nettutor("export", course.path, "mid", "--format", "csv", "--book", tmp_path / "other.sqlite3")
    assert [row[4] for row in rows(done.stdout)[1:]] == ["missing"] * 4


def test_a_report_is_written_and_opens_in_chromium(course: Course, tmp_path: Path) -> None:
    done = nettutor("report", course.path, "mid")
    assert done.returncode == 0, done.stderr
    home = course.path / "reports" / "mid" / "index.html"
    assert done.stdout == f"{home}\n"
    assert sorted(path.name for path in home.parent.iterdir()) == [
        *(f"{id}.html" for id in list(NAMES)[:3]),
        "index.html",
    ]
    with Browser(tmp_path) as browser, browser.page(home) as page:
        assert page.said == []
        table = page.ask("[...document.querySelectorAll('#learners + div tbody tr')].map(row => row.innerText)")
        assert [line.split("\t")[0] for line in table] == list(NAMES.values())
        assert "6.3" in table[1]
        assert "evil<script>.submission" in page.ask("document.body.innerText")
        page.ask("document.querySelector('a[href=\"2024002.html\"]').click()")
        wait = "document.readyState === 'complete' && document.querySelector('h1').innerText.includes('민준')"
        assert page.ask(
            f"new Promise(done => {{ const look = () => {wait} ? done(true) : setTimeout(look, 20); look(); }})"
        )
        text = page.ask("document.body.innerText")
        assert "ip netns add '<b>red</b>'" in text
        assert "fast richtig" in text
        assert "3 points by prof" in text


def test_one_learner_in_korean(course: Course, tmp_path: Path) -> None:
    done = nettutor("report", course.path, "mid", "--learner", "2024001", "-o", tmp_path / "x", "--lang", "ko")
    assert done.stdout == f"{tmp_path / 'x' / '2024001.html'}\n"
    page = (tmp_path / "x" / "2024001.html").read_text()
    assert '<html lang="ko">' in page
    assert "index.html" not in page
    refused = nettutor("report", course.path, "mid", "--learner", "nobody")
    assert refused.returncode == 2
    assert "'nobody'" in refused.stderr


def test_no_screen_is_loaded_for_it(course: Course, tmp_path: Path) -> None:
    for action, how in (("export", ("--format", "csv")), ("report", ("-o", str(tmp_path)))):
        done = nettutor(action, course.path, "mid", *how, PYTHONPROFILEIMPORTTIME="1")
        assert done.returncode == 0
        assert "textual" not in done.stderr
        assert "tutor.grading.roster" in done.stderr
