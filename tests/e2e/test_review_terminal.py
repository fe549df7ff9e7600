"""The review in a real terminal: marked, killed in the middle, opened again; nothing kept is lost or doubled."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import grading_class
import pytest
import review_class
from tutorial_terminal import ROOT, Terminal, terminal

from tutor.grading.book import Book
from tutor.grading.course import Course
from tutor.tui.review.desk import Desk

__all__ = ["terminal"]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("review")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NETTUTOR_LESSONS", str(grading_class.lessons(root / "lessons")))
        with review_class.graded(root / "class", ("ann", "ben", "mal")):
            pass
    return root


@pytest.fixture
def course(shelf: Path, tmp_path: Path) -> Path:
    shutil.copytree(shelf / "class" / "net", tmp_path / "net")
    return tmp_path / "net"


def review(terminal: Terminal, course: Path, shelf: Path, *arguments: str) -> None:
    lessons = f"NETTUTOR_LESSONS={shelf / 'lessons'}"
    terminal.run("checkpoint", "review", str(course), "--who", "ada", *arguments, environment=lessons)


def marks(course: Path, learner: str) -> list[tuple[float, str, str]]:
    with Book.open(course / "gradebook.sqlite3") as book:
        assert book.first_broken() is None
        digest = next(grade.digest for grade in book.grades("mid") if grade.learner == learner)
        return [(mark.points, mark.comment, mark.who) for _, mark in book.marks(digest)]


def child(terminal: Terminal) -> int:
    """The program under its guard."""
    shell = terminal.tmux("display", "-p", "#{pane_pid}").strip()
    guard = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=True).stdout.split()[0]
    return int(subprocess.run(["pgrep", "-P", guard], capture_output=True, text=True, check=True).stdout.split()[0])


def find(terminal: Terminal, learner: str) -> None:
    terminal.keys("/")
    terminal.type(learner)
    terminal.until("1 listed")
    terminal.keys("Enter")


def test_points_that_were_kept_survive_a_kill(terminal: Terminal, course: Path, shelf: Path) -> None:
    review(terminal, course, shelf)
    terminal.until("3 of 3 handed in")
    find(terminal, "ben")
    terminal.until("vim was used")
    terminal.keys("m")
    terminal.until("points, from 0 to 4")
    terminal.type("3.5")
    terminal.until("Enter keep")
    terminal.type("seen it work")
    terminal.until("kept: 3.5 points")
    terminal.keys("m")
    terminal.until("points, from 0 to 4")
    terminal.type("1")
    terminal.until("Enter keep")
    terminal.tmux("send-keys", "-l", "never kept")
    terminal.until("never kept")
    os.kill(child(terminal), signal.SIGKILL)
    terminal.until("left with 137")
    assert marks(course, "ben") == [(3.5, "seen it work", "ada")]
    terminal.again()
    review(terminal, course, shelf)
    terminal.until("6.5/10*")
    find(terminal, "ben")
    terminal.until("seen it work")
    terminal.keys("q")
    terminal.until("left with 0")


def test_nothing_of_a_hostile_file_reaches_the_terminal(terminal: Terminal, course: Path, shelf: Path) -> None:
    """The pane's own bytes, as tmux wrote them down."""
    written = course.parent / "bytes"
    review(terminal, course, shelf)
    terminal.until("3 of 3 handed in")
    terminal.tmux("pipe-pane", "-O", f"cat >> {written}")
    find(terminal, "mal")
    terminal.until("doubtful")
    for key, text in (
        ("2", "Remarks"),
        ("3", "the checkpoint was begun"),
        ("5", "by the learner's own tutor"),
        ("4", "paused"),
    ):
        terminal.keys(key)
        terminal.until(text)
    terminal.keys("End")
    terminal.until("at its end")
    terminal.keys("Escape")
    terminal.until("Enter Open")
    terminal.keys("r")
    terminal.until("its signature does not hold")
    terminal.keys("q")
    time.sleep(0.2)
    sent = written.read_bytes()
    assert b"gpj.exe" in sent
    for sequence in (
        b"\x1b]52",
        b"\x1b]8;",
        b"\x1b[21t",
        b"\x1b[6n",
        b"\x1bP",
        b"\x1b_G",
        b"\x1b]0;title",
        b"\x1b]133",
    ):
        assert sequence not in sent
    assert not re.search("[\x80-\x9f\u202a-\u202e\u2066-\u2069]", sent.decode("utf-8"))


def test_what_is_wrong_is_one_line(course: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tutor", "checkpoint", "review", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False, timeout=60)
    assert done.returncode == 2
    assert "needs a terminal" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_course_that_is_none_is_told(terminal: Terminal) -> None:
    terminal.run("checkpoint", "review", "nowhere")  # a longer name would be wrapped
    assert "is no course" in terminal.until("left with 2")


def mark_until_killed(course: Path, digest: str, number: int, said: int) -> None:
    """In a process of its own: say each number when its mark is kept."""
    opened = Course.open(course)
    with Book.open(opened.gradebook, who="ada") as book:
        desk = Desk(opened, book, "ada")
        goal = book.grade(digest).goals[0]
        os.write(said, b"ready\n")
        while True:
            desk.mark(digest, goal, number % 5, f"mark {number}")
            os.write(said, f"{number}\n".encode())
            number += 1


def killed(course: Path, digest: str, number: int, lines: int, after: float) -> list[int]:
    """The numbers that were said before it was killed, so many seconds after it had said so many."""
    reading, writing = os.pipe()
    process = os.fork()
    if process == 0:
        try:
            mark_until_killed(course, digest, number, writing)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as said:  # noqa: PTH123
        assert said.readline() == b"ready\n"
        numbers = [int(said.readline()) for _ in range(lines)]
        time.sleep(after)
        os.kill(process, signal.SIGKILL)
        numbers += [int(line) for line in said.read().split()]
    os.waitpid(process, 0)
    return numbers


def test_killed_again_and_again_while_marking(course: Path) -> None:
    """What was said to be kept is there, once, in its order; of what was not, at most the last is."""
    choose = random.Random(4)
    with Book.open(course / "gradebook.sqlite3") as book:
        digest = next(grade.digest for grade in book.grades("mid") if grade.learner == "ann")
    count = 0
    for _ in range(20):
        said = killed(course, digest, count, choose.randrange(3), choose.uniform(0, 0.03))
        found = [comment for _, comment, _ in marks(course, "ann")]
        assert found == [f"mark {number}" for number in range(len(found))]
        assert said == list(range(count, count + len(said)))
        assert count + len(said) <= len(found) <= count + len(said) + 1
        count = len(found)
    assert count > 10
