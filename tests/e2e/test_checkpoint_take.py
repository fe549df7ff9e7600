"""A checkpoint in a real terminal (tmux): from the course to the file, through a kill, and what can be in the way."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from exam_room import KEY, course_in, lessons_in, played
from tutorial_terminal import ROOT, Terminal, terminal

from tutor import content
from tutor.grading import inbox, keys
from tutor.grading.course import Course
from tutor.model.checkpoint import Item

__all__ = ["terminal"]
ITEMS = (Item("own", 5, ("name",)), Item("own", 3, ("other",)))
NETTUTOR = f"{shlex.quote(sys.executable)} -m tutor"


class Room:
    """A learner's directory, the handout in it, and a shell there in tmux."""

    def __init__(self, terminal: Terminal, path: Path) -> None:
        self.terminal = terminal
        self.path = path
        os.environ["NETTUTOR_LESSONS"] = str(lessons_in(path))
        self.course = course_in(path, ITEMS)
        self.home = path / "home"
        self.home.mkdir()
        self.handout = self.home / "mid.checkpoint"
        self.handout.write_bytes((self.course.handouts / "mid.checkpoint").read_bytes())
        keys.save_private(KEY, self.home / "id")
        self.values = content.load("own", seed=self.course.checkpoint("mid").learners["ann"].seed).parameters

    def shell(self, scarce: Path | None = None) -> None:
        """With ``scarce``, a directory that has 2 MB for all that comes into it."""
        variables = {
            "PYTHONPATH": str(ROOT),
            "XDG_DATA_HOME": str(self.terminal.data),
            "NETTUTOR_LESSONS": os.environ["NETTUTOR_LESSONS"],
            "LC_ALL": "C.UTF-8",
            "PS1": "> ",
        }
        line = f"cd {shlex.quote(str(self.home))}; exec env {shlex.join(f'{k}={v}' for k, v in variables.items())} sh"
        command = ["sh", "-c", line]
        if scarce is not None:
            mounted = f"mount -t tmpfs -o size=2m none {shlex.quote(str(scarce))}; {line}"
            command = ["unshare", "-Urm", "sh", "-c", mounted]
        self.terminal.tmux("new-session", "-d", "-x", "100", "-y", "30", *command)

    def run(self, words: str) -> None:
        self.terminal.type(f"clear; {NETTUTOR} checkpoint {words}; echo left with $?")

    def begin(self) -> None:
        self.run("take mid.checkpoint --learner ann --key id")
        self.terminal.until("Begin? [Y/n]")
        self.terminal.keys("Enter")
        self.terminal.until(lambda screen: "root@host:~#" in screen and "left" in screen.split("\n")[0])

    def kill(self) -> None:
        """The tutor's own process, not the one that watches over it."""
        shell = self.terminal.tmux("display", "-p", "#{pane_pid}").strip()
        os.kill(_child(_child(int(shell))), signal.SIGKILL)
        self.terminal.until("left with 137")

    def hand_in(self) -> None:
        self.terminal.keys("F10")
        self.terminal.until("hand in, and be done")
        self.terminal.keys("h")
        self.terminal.until("Hand in for good?")
        self.terminal.keys("y")


def _child(pid: int) -> int:
    return int(subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True).stdout.split()[0])


@pytest.fixture
def empty_room(terminal: Terminal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Room:
    monkeypatch.setenv("NETTUTOR_LESSONS", "")
    return Room(terminal, tmp_path)


@pytest.fixture
def room(empty_room: Room) -> Room:
    empty_room.shell()
    return empty_room


def test_taken_killed_gone_on_with_and_handed_in(room: Room) -> None:
    terminal = room.terminal
    room.begin()
    assert "item 1 of 2  5 points" in terminal.screen
    terminal.type(f"ip netns add {room.values['name']}")
    terminal.until("This item is complete")
    room.kill()
    assert "nettutor checkpoint take mid.checkpoint" in terminal.screen.replace("\n", "")

    room.run("take mid.checkpoint")
    terminal.until(lambda screen: "root@host:~#" in screen and "This item is complete" in screen)
    terminal.keys("F8")
    terminal.until("item 2 of 2")
    terminal.until(lambda screen: "root@host:~#" in screen and "not yet" in screen)
    terminal.keys("F2")
    terminal.until("This checkpoint allows no hints.")
    terminal.type("ip netns | sort | tr '\\n' ,; ip netns add other")
    terminal.until("All items are complete")
    room.hand_in()
    terminal.until("SHA-256")
    terminal.keys("Enter")
    screen = terminal.until("left with 0")
    assert "net-mid-ann.submission" in screen

    data = (room.home / "net-mid-ann.submission").read_bytes()
    accepted = inbox.accept(data, Course.open(room.course.path))
    assert accepted.key_listed
    assert accepted.attempts["own"].completed == ("name", "other")
    casts = accepted.submission.casts
    assert room.values["name"] in played(casts["own#name"]["host"])
    assert "netns add other" in played(casts["own#other"]["host"]).replace(" \r", "")  # where a line is wrapped

    room.run("take mid.checkpoint")
    terminal.until("is handed in; `nettutor checkpoint hand-in mid.checkpoint`")
    (room.home / "net-mid-ann.submission").unlink()
    room.run("hand-in mid.checkpoint")
    terminal.until("left with 0")
    assert (room.home / "net-mid-ann.submission").read_bytes() == data


def test_a_wrong_id_a_wrong_key_and_no(room: Room) -> None:
    terminal = room.terminal
    room.run("take mid.checkpoint")
    terminal.until("Your id")
    terminal.type("zoe")
    terminal.until("is not for 'zoe'")
    terminal.type("ann")
    terminal.until("the roster lists another key for 'ann'")
    terminal.until("left with 2")
    room.run("take mid.checkpoint --learner ann --key id")
    terminal.until("Begin? [Y/n]")
    assert "You have 60 minutes" in terminal.screen
    terminal.type("n")
    terminal.until("left with 1")
    assert not list((terminal.data / "nettutor").glob("checkpoints/net-*"))


def test_leaving_going_on_and_one_terminal_at_a_time(room: Room) -> None:
    terminal = room.terminal
    room.begin()
    other = subprocess.run(
        [sys.executable, "-m", "tutor", "checkpoint", "hand-in", str(room.handout), "--yes"],
        capture_output=True,
        text=True,
        env={**os.environ, "XDG_DATA_HOME": str(terminal.data), "PYTHONPATH": str(ROOT)},
        check=False,
    )
    assert other.returncode == 2
    assert "open in another terminal" in other.stderr
    terminal.keys("F10")
    terminal.until("leave, and go on later")
    terminal.keys("q")
    screen = terminal.until("left with 1")
    assert "not handed in yet" in screen
    room.run("hand-in mid.checkpoint")
    terminal.until("After that you cannot go on. [y/N]")
    terminal.type("y")
    terminal.until("left with 0")
    assert inbox.accept((room.home / "net-mid-ann.submission").read_bytes(), room.course).attempts["own"].commands == ()


def test_a_directory_that_cannot_be_written(room: Room) -> None:
    """Nothing is lost: the copy stays, and another directory will do."""
    terminal = room.terminal
    room.begin()
    terminal.type(f"ip netns add {room.values['name']}")
    terminal.until("This item is complete")
    terminal.keys("F10")
    terminal.until("leave, and go on later")
    terminal.keys("q")
    terminal.until("left with 1")
    room.run("hand-in mid.checkpoint --yes --to /proc")
    screen = terminal.until("left with 3").replace("\n", "")
    assert "handed in, but the file could not be written: /proc: " in screen
    room.run("hand-in mid.checkpoint")
    terminal.until("left with 0")
    accepted = inbox.accept((room.home / "net-mid-ann.submission").read_bytes(), room.course)
    assert accepted.attempts["own"].completed == ("name",)


def test_a_full_disk_loses_nothing(empty_room: Room) -> None:
    room, terminal = empty_room, empty_room.terminal
    scarce = terminal.data / "nettutor" / "checkpoints"
    scarce.mkdir()
    room.shell(scarce)
    room.begin()
    shell = terminal.tmux("display", "-p", "#{pane_pid}").strip()
    place = Path(f"/proc/{shell}/root{scarce}")
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)
    for number in range(12):
        terminal.type(f"true {number} {'x' * 500}")
    terminal.until("no space left to write the progress file")
    terminal.type(f"ip netns add {room.values['name']}")
    terminal.until("This item is complete")
    room.hand_in()
    terminal.until("Nothing is lost: what you did is kept. Try again.")
    terminal.keys("Enter")
    filler.unlink()
    terminal.until(lambda screen: "no space left" not in screen)
    room.hand_in()
    terminal.until("SHA-256")
    terminal.keys("Enter")
    terminal.until("left with 0")
    accepted = inbox.accept((room.home / "net-mid-ann.submission").read_bytes(), room.course)
    commands = [command.text for command in accepted.attempts["own"].commands]
    assert [text.split()[1] for text in commands[:12]] == [f"{number}" for number in range(12)]
    assert commands[12] == f"ip netns add {room.values['name']}"
    assert accepted.attempts["own"].completed == ("name",)
