"""``nettutor checkpoint`` without a screen: courses, checkpoints, keys, and handing in what was done."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import tutor
from tutor import content, i18n
from tutor.cli import main
from tutor.grading import inbox, keys
from tutor.grading.course import Course, read_handout
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Item, Lateness, Policy


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    i18n.use_language("en")
    Path("roster.csv").write_text("id,name\nann,Ann\nben,Ben\n")


Said = pytest.CaptureFixture[str]
NEW = ("new", "net", "--title", "Networks", "--roster", "roster.csv")
ADD = ("add", "net", "mid", "--item", "namespaces#create+inside=10", "--item", "nat=2.5", "--minutes", "60")
HANDOUT = "net/handouts/mid.checkpoint"


def run(said: Said, *words: str) -> tuple[int, str, str]:
    try:
        status = main(["checkpoint", *words])
    except SystemExit as end:  # argparse's help
        status = int(end.code or 0)
    captured = said.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def course(capsys: Said) -> Course:
    assert run(capsys, *NEW)[0] == 0
    assert run(capsys, *ADD)[0] == 0
    return Course.open(Path("net"))


def begun(learner: str = "ann") -> None:
    with Taking.open(read_handout(Path(HANDOUT)), learner) as taking:
        taking.go_to("namespaces", "create")
        attempt = taking.store.current("namespaces")
        assert attempt is not None
        taking.store.record_command(attempt.id, "create", "host", "ip netns add red", 0)


def test_a_course_a_checkpoint_and_what_is_in_it(capsys: Said) -> None:
    assert run(capsys, *NEW) == (
        0,
        "",
        "nettutor: net: the course net with 2 learners\n"
        "nettutor: next: nettutor checkpoint add net ID --item LESSON=POINTS\n",
    )
    status, out, said = run(capsys, *ADD, "--allow", "hints,jumps", "--late", "grace=10,percent=25,until=4")
    assert (status, out, said) == (0, f"{HANDOUT}\n", "nettutor: 12.5 points for 2 learners; hand out:\n")
    made = read_handout(Path(HANDOUT))
    assert made.items == (Item("namespaces", 10, ("create", "inside")), Item("nat", 2.5))
    assert made.policy == Policy(hints=True, show_me=False, skip=False, jumps=True)
    assert made.lateness == Lateness(10, 25, 4)
    assert run(capsys, "list", "net")[1].splitlines() == [
        "net: Networks, 2 learners",
        "  mid: mid, 12.5 points, 60 minutes",
        "        10  namespaces#create+inside",
        "       2.5  nat",
    ]


def test_the_instructor_can_draw_again_what_a_learner_has(capsys: Said, course: Course) -> None:
    status, out, _ = run(capsys, "list", "net", "--learner", "ann")
    seed = course.checkpoint("mid").learners["ann"].seed
    values = content.load("nat", seed=seed).parameters
    line = next(line for line in out.splitlines() if line.startswith(f"      nat --seed {seed}: "))
    assert (status, dict(word.split("=") for word in line.split(": ")[1].split())) == (0, dict(values))
    assert run(capsys, "list", "net", "--learner", "anne") == (
        2,
        "",
        "nettutor: the roster has no learner 'anne'; did you mean 'ann'?\n",
    )


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--item", "nat"), "is not LESSON[#STEP[+STEP]]=POINTS"),
        (("--item", "nat=nan"), "with points from 0 to 1000"),
        (("--item", "nat=-1"), "with points from 0 to 1000"),
        (("--item", "nta=1"), "nat"),
        (("--item", "nat#rout=1"), "no step 'rout'; did you mean"),
        (("--item", "nat=1", "--item", "nat#route=1"), "nat#route is in two items"),
        (("--item", "nat=1", "--minutes", "-5"), "--minutes must be from 0"),
        (("--item", "nat=1", "--opens", "soon"), "is not a time such as"),
        (("--item", "nat=1", "--opens", "2027-01-02", "--closes", "2027-01-01"), "--closes must be later"),
        (("--item", "nat=1", "--allow", "cheating"), "--allow knows"),
        (("--item", "nat=1", "--late", "percent=101"), "percent is from 0 to 100"),
        (("--item", "nat=1", "--late", "x"), "is not grace=MINUTES"),
    ],
)
def test_a_checkpoint_that_cannot_be(words: tuple[str, ...], reason: str, course: Course, capsys: Said) -> None:
    status, out, said = run(capsys, "add", "net", "other", *words)
    assert (status, out) == (2, "")
    assert reason in said
    assert said.count("\n") == 1
    assert course.checkpoint_ids() == ("mid",)


def test_a_key_is_made_once_and_shown(capsys: Said, tmp_path: Path) -> None:
    status, public, said = run(capsys, "key")
    assert status == 0
    assert keys.parse_public(public)
    file = tmp_path / "data" / "nettutor" / "checkpoints" / "id_ed25519"
    assert str(file) in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert run(capsys, "key")[1] == public


def test_a_key_of_ones_own(capsys: Said) -> None:
    own = keys.generate()
    keys.save_private(own, Path("id"))
    assert run(capsys, "key", "--key", "id")[1].strip() == keys.public_text(own)
    assert run(capsys, "key", "--key", "nowhere")[0] == 2


def test_what_was_done_is_handed_in_without_the_screen(course: Course, capsys: Said) -> None:
    begun()
    status, out, said = run(capsys, "hand-in", HANDOUT, "--yes")
    assert (status, out) == (0, f"{Path.cwd()}/net-mid-ann.submission\n")
    data = Path("net-mid-ann.submission").read_bytes()
    accepted = inbox.accept(data, course)
    assert [command.text for command in accepted.attempts["namespaces"].commands] == ["ip netns add red"]
    assert "SHA-256" in said
    assert run(capsys, "hand-in", HANDOUT)[:2] == (0, out), "it is final, so nobody is asked"
    assert Path("net-mid-ann.submission").read_bytes() == data


def test_handing_in_is_asked_for(course: Course, capsys: Said) -> None:
    begun()
    status, _, said = run(capsys, "hand-in", HANDOUT)
    assert status == 2
    assert "say --yes" in said
    with Taking.open(read_handout(Path(HANDOUT)), "ann") as taking:
        assert not taking.handed_in


def test_the_key_must_be_the_one_of_the_roster(capsys: Said) -> None:
    own = keys.generate()
    keys.save_private(own, Path("id"))
    Path("roster.csv").write_text(f"id,name,key\nann,Ann,{keys.public_text(own)}\n")
    run(capsys, *NEW)
    run(capsys, *ADD)
    begun()
    status, _, said = run(capsys, "hand-in", HANDOUT, "--yes")
    assert status == 2
    assert f"another key for 'ann': {keys.fingerprint(keys.public_text(own))}" in said
    assert run(capsys, "hand-in", HANDOUT, "--yes", "--key", "id")[0] == 0


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((HANDOUT, "--learner", "zoe\x1b]52;c;aGk=\x07"), "is not for 'zoe\\x1b]52;c;aGk=\\x07'"),
        ((HANDOUT,), "say --learner ID"),
        ((HANDOUT, "--learner", "ann"), "'ann' has not begun"),
        (("nowhere",), "nowhere: it cannot be read: no such file"),
        (("roster.csv",), "roster.csv: it is not a JSON object"),
        (("net/course.json",), "it is not a signed file of nettutor"),
        (("/dev/zero",), "it is not a regular file"),
    ],
)
def test_what_cannot_be_handed_in(words: tuple[str, ...], reason: str, course: Course, capsys: Said) -> None:
    status, out, said = run(capsys, "hand-in", *words, "--yes")
    assert (status, out) == (2, "")
    assert reason in said
    assert said.count("\n") == 1
    assert "\x1b" not in said


def test_a_submission_is_no_checkpoint(course: Course, capsys: Said) -> None:
    begun()
    run(capsys, "hand-in", HANDOUT, "--yes")
    status, _, said = run(capsys, "hand-in", "net-mid-ann.submission")
    assert status == 2
    assert "it is not a checkpoint, but a submission" in said


def test_take_needs_a_terminal(course: Course, capsys: Said) -> None:
    status, _, said = run(capsys, "take", HANDOUT)
    assert status == 2
    assert "checkpoint take needs a terminal" in said


@pytest.mark.parametrize("action", ["new", "add", "list", "take", "hand-in", "key"])
def test_every_action_has_help_with_an_example(action: str, capsys: Said) -> None:
    status, out, _ = run(capsys, action, "--help")
    assert status == 0
    assert f"\n  nettutor checkpoint {action}" in out


PROGRAM = """
import sys
from tutor.cli import main
status = main(sys.argv[1:])
assert not {name for name in sys.modules if name.partition(".")[0] in ("textual", "rich")}, "textual"
if sys.argv[1] != "checkpoint":
    assert not [name for name in sys.modules if name.startswith("tutor.grading")]
sys.exit(status)
"""


@pytest.mark.parametrize(
    "words",
    [("checkpoint", "key"), ("checkpoint", "list", "net"), ("checkpoint", "hand-in", HANDOUT, "--yes"), ("list",)],
)
def test_no_screen_is_loaded_for_it(words: tuple[str, ...], course: Course) -> None:
    begun()
    environment = {**os.environ, "PYTHONPATH": str(Path(tutor.__file__).parents[1])}
    line = [sys.executable, "-c", PROGRAM, *words]
    done = subprocess.run(line, capture_output=True, text=True, check=False, env=environment)
    assert done.returncode == 0, done.stderr
