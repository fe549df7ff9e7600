"""Runs of grading that are ended: by kill -9, by Ctrl-C; and what the next run makes of it."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from handed_in import RIGHT, Pupils, lessons, small
from lab_modes import alive, processes_of
from victims import nursery

from tutor import cli
from tutor.grading.book import Book
from tutor.model.grade import Outcome

LEARNERS = [f"learner-{number:02}" for number in range(24)]
WRONG = LEARNERS[::6]
KILLS = 100


@pytest.fixture
def pupils(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pupils:
    text = small("red")
    monkeypatch.setenv("NETTUTOR_LESSONS", str(lessons(tmp_path, text)))
    return Pupils.found(tmp_path, LEARNERS)


@pytest.fixture
def adopting() -> Iterator[None]:
    """Whatever outlives the program that started it becomes a child of ours (PR_SET_CHILD_SUBREAPER)."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
    yield
    ctypes.CDLL(None).prctl(36, 0, 0, 0, 0)


def gone(pids: list[int]) -> bool:
    deadline = time.monotonic() + 5
    while any(map(alive, pids)):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def command(pupils: Pupils, folder: Path, *more: str) -> list[str]:
    return [sys.executable, "-m", "tutor", "grade", str(folder), "--course", str(pupils.course.path), *more]


@pytest.mark.timeout(400)
def test_kill_9_at_any_moment_loses_and_doubles_nothing(pupils: Pupils, tmp_path: Path, adopting: None) -> None:
    folder = tmp_path / "in"
    for learner in LEARNERS:
        pupils.file(folder, learner, "ip netns add other" if learner in WRONG else RIGHT)
    (folder / "bad").write_bytes(b"{")
    moments = random.Random(20261123)
    judged_before = 0
    with nursery("grading_victim", "grade") as victims:
        for number in range(KILLS):
            pid = victims.born(str(pupils.course.path), str(folder))
            time.sleep(moments.uniform(0, 0.12 if number % 2 else 1.0))
            below = processes_of(pid)
            victims.killed(pid)
            assert gone(below)
            reap()
            if number % 10 == 0 and pupils.course.gradebook.exists():
                with Book.open(pupils.course.gradebook) as book:
                    done = sum(grade.judged for grade in book.grades("mid"))
                    assert done >= judged_before
                    judged_before = done
    assert cli.main(["grade", str(folder), "--course", str(pupils.course.path)]) == 1
    with Book.open(pupils.course.gradebook) as book:
        assert book.first_broken() is None
        assert not book.waiting()
        grades = {grade.learner: grade for grade in book.grades("mid")}
        kinds = Counter((change.kind, change.body.get("submission")) for change in book.journal())
        refused = book.refusals()
    assert list(grades) == LEARNERS
    for learner, grade in grades.items():
        right = Outcome.NOT_REPRODUCED if learner in WRONG else Outcome.CONFIRMED
        assert [goal.result.outcome for goal in grade.goals] == [right]
        assert kinds["taken in", grade.digest] == kinds["judged", grade.digest] == 1
    assert len(refused) == 1


def test_ctrl_c_cleans_up_and_says_how_to_go_on(pupils: Pupils, tmp_path: Path, adopting: None) -> None:
    folder = tmp_path / "in"
    pupils.file(folder, LEARNERS[0], RIGHT)
    pupils.file(folder, LEARNERS[1], "while :; do :; done", RIGHT)
    grading = subprocess.Popen(command(pupils, folder, "--jobs", "1"), stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while len(below := processes_of(grading.pid)) < 6 or not _judged(pupils):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    grading.send_signal(signal.SIGINT)
    _, said = grading.communicate(timeout=30)
    assert grading.returncode == 130
    assert "stopped: 1 judged, 1 wait; the same command goes on" in said
    assert "Traceback" not in said
    assert gone(below)
    again = subprocess.run(command(pupils, folder, "--json"), capture_output=True, text=True, check=False, timeout=100)
    assert again.returncode == 0, again.stderr
    told = json.loads(again.stdout)
    assert (told["new"], told["judged"], told["waiting"]) == (0, 1, 0)
    assert [grade["confirmed"] for grade in told["grades"]] == [1, 1]


def _judged(pupils: Pupils) -> int:
    if not pupils.course.gradebook.exists():
        return 0
    with Book.open(pupils.course.gradebook) as book:
        return sum(grade.judged for grade in book.grades("mid"))


def test_one_bad_file_stops_nothing(pupils: Pupils, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "in"
    first, friend = LEARNERS[:2]
    pupils.file(folder, first, RIGHT)
    (folder / "a-copy").write_bytes((folder / f"{first}.submission").read_bytes())
    (folder / "another.submission").write_bytes(pupils.seal(pupils.submission(first, "ip link", RIGHT)))
    (folder / "friends").write_bytes(pupils.seal(pupils.submission(first, RIGHT), friend))
    (folder / "half").write_bytes((folder / "a-copy").read_bytes()[:-60])
    assert cli.main(["grade", str(folder), "--course", str(pupils.course.path)]) == 1
    said = capsys.readouterr()
    rows = [line.split() for line in said.out.splitlines()]
    assert rows[1][:7] == ["mid", first, "4", "/", "4", "1", "0"]
    assert len(rows) == 2
    lines = said.err.splitlines()
    assert any("another.submission" in line and "used already" in line and "a-copy" in line for line in lines)
    assert any("friends: it names another key than the one that signed it" in line for line in lines)
    assert any("half" in line for line in lines)
    assert "5 files: 1 new, 3 refused; 1 judged, 0 for a person to look at, 0 wait" in lines[-1]
    # Once more, and from the beginning.
    assert cli.main(["grade", str(folder), "--course", str(pupils.course.path), "--again"]) == 1
    assert "5 files: 0 new, 3 refused; 1 judged" in capsys.readouterr().err
    with Book.open(pupils.course.gradebook) as book:
        assert [change.kind for change in book.journal()].count("judged again") == 1


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--jobs", "0"], "--jobs is a number from 1"),
        (["--engine", "ray"], "'ray' is no engine"),
        (["no-such-file"], "no-such-file: there is no such file"),
    ],
)
def test_what_makes_no_sense_is_said(
    pupils: Pupils, arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["grade", "--course", str(pupils.course.path), *arguments]) == 2
    assert reason in capsys.readouterr().err
    assert not pupils.course.gradebook.exists()


def test_no_course_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["grade", "--course", str(tmp_path)]) == 2
    assert "nettutor checkpoint new" in capsys.readouterr().err


def test_no_scheduler_is_said(pupils: Pupils, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = pupils.file(tmp_path / "in", LEARNERS[0], RIGHT)
    arguments = ["grade", str(path), "--course", str(pupils.course.path), "--engine", "dask://127.0.0.1:9"]
    assert cli.main(arguments) == 3
    assert "there is no Dask scheduler at 127.0.0.1:9. Start one with: dask scheduler" in capsys.readouterr().err
    with Book.open(pupils.course.gradebook) as book:
        assert len(book.waiting()) == 1


@pytest.mark.timeout(400)
def test_a_cluster_that_loses_a_worker_judges_everything(pupils: Pupils, tmp_path: Path, adopting: None) -> None:
    """A scheduler and three workers, each a process of its own; one is killed in the middle."""
    folder = tmp_path / "in"
    learners = LEARNERS[:12]
    for learner in learners:
        pupils.file(folder, learner, "ip netns add other" if learner in WRONG else RIGHT)
    with _cluster(tmp_path, 3) as (address, workers):
        engine = ["--engine", f"dask://{address}", "--json"]
        grading = subprocess.Popen(command(pupils, folder, *engine), stdout=subprocess.PIPE, text=True)
        deadline = time.monotonic() + 200
        while _judged(pupils) < 3:
            assert time.monotonic() < deadline
            assert grading.poll() is None
            time.sleep(0.3)
        victim = max(workers, key=lambda worker: len(processes_of(worker.pid)))
        below = processes_of(victim.pid)
        victim.kill()
        victim.wait()
        assert gone(below)
        out, _ = grading.communicate(timeout=200)
        told = json.loads(out)
        assert grading.returncode == 0
    assert told["judged"] == len(learners)
    assert [grade["learner"] for grade in told["grades"]] == learners
    for grade in told["grades"]:
        assert grade["confirmed"] == (grade["learner"] not in WRONG)
        assert grade["inconclusive"] == 0
    assert gone([pid for worker in workers for pid in processes_of(worker.pid) if pid != os.getpid()])


@contextlib.contextmanager
def _cluster(folder: Path, count: int) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A real cluster on the loopback interface: its address, and its worker processes."""
    file = folder / "scheduler.json"
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler"]
    common = ["--scheduler-file", str(file), "--no-dashboard"]
    scheduler = _quiet([*dask, "--host", "127.0.0.1", "--port", "0", *common])
    worker = [sys.executable, "-m", "distributed.cli.dask_worker", *common, "--no-nanny", "--nthreads", "1"]
    workers: list[subprocess.Popen[bytes]] = []
    try:
        while not file.exists():
            time.sleep(0.1)
        folders = [str(folder / f"worker-{number}") for number in range(count)]
        workers += [_quiet([*worker, "--local-directory", each]) for each in folders]
        address = json.loads(file.read_text())["address"]
        asyncio.run(_wait_for_workers(address, count))
        yield address.removeprefix("tcp://"), workers
    finally:
        for process in (*workers, scheduler):
            process.kill()
            process.wait()


def _quiet(argv: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _wait_for_workers(address: str, count: int) -> None:
    import distributed

    client: Any = distributed.Client
    async with client(address, asynchronous=True) as client:
        await client.wait_for_workers(count, timeout=60)
