"""A class that was graded: real submissions in a real gradebook, one of them hostile in every text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from grading_class import Classroom, Typing, cast
from hostile import PIECES

from tutor.grading import inbox
from tutor.grading.book import Book
from tutor.grading.described import MAP
from tutor.grading.flags import flags_of
from tutor.grading.timing import late
from tutor.model.checkpoint import Item
from tutor.model.grade import Flag, FlagKind, GoalResult, Judgement, Outcome
from tutor.tui.review.desk import Desk

LEARNERS = ("ann", "ben", "cem", "dan", "eve", "fay", "gus", "hal", "ivy", "joe", "mal", "zoe")
ITEMS = (Item("own", 4, ("name",)), Item("own", 6, ("address",)))
EVIL = (
    "\x1b]52;c;aGVsbG8=\x07",
    "\x1b]8;;http://evil.example\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[21t\x9b21t",
    "abc\u202egpj.exe",
    "[@click=app.leave]x[/]",
    "[/foo]",
    "[bold red on blue]",
)
MAP_TEXT = """\
host
└─ ● v-net-0     192.168.15.5/24  (bridge)
host/red
├─ ● veth-red 192.168.15.1/24  ══ host veth-red-br
└─ default via 192.168.15.5 dev veth-red"""
RECEIVED = "2026-11-30T10:00:00Z"
C, N, Q = Outcome.CONFIRMED, Outcome.NOT_REPRODUCED, Outcome.INCONCLUSIVE


def judgement(*outcomes: Outcome, reason: str = "") -> Judgement:
    """Of the three goals of ``own``."""
    goals = (("own#name", "name", "there", 4.0), ("own#address", "address", "carried", 3.0))
    places = (*goals, ("own#address", "address", "links", 3.0))
    said = {
        C: "",
        N: reason or "expected 10.20.30.1/24 on lo in red; seen: lo has no IPv4 address",
        Q: reason or "vim was used, and what was typed into it is not known; expected a namespace red; seen: none",
    }
    return Judgement(
        tuple(
            GoalResult(*place[:3], outcome, place[3], said[outcome])
            for place, outcome in zip(places, outcomes, strict=True)
        )
    )


def worked(typing: Typing) -> None:
    """With a mistake, a reset and a hint."""
    typing.begin()
    typing.line("ip netns ad {name}".format(**typing.values), status=255)
    typing.goal("there", "unmet", "expected the namespace; observed none")
    typing.store.record_hint(2, "name", 1)
    typing.line("ip netns add {name}".format(**typing.values))
    typing.goal("there", "met")
    typing.store.record_step(2, "name")
    typing.open("address")
    typing.line("ip -n {name} -brief address show".format(**typing.values))
    typing.line("ip -n {name} addr add {net}.1/24 dev lo".format(**typing.values))
    typing.goal("carried", "met")
    typing.answer("links", "1")


def slow(typing: Typing) -> None:
    """Over the time, with the clock set back."""
    worked(typing)
    typing.clocks.wait(80 * 60)
    typing.clocks.wall -= 3600
    typing.line("ip netns")


def evil(typing: Typing) -> None:
    typing.begin()
    for text in EVIL:
        typing.line(text, seconds=60, machine=text)
        typing.goal(text, "met", text)
    typing.answer(EVIL[0], EVIL[3])


def shell_cast() -> str:
    return cast(
        [
            "\x1b[32mroot@host\x1b[0m:~# ",
            "ip netns add red\r\n",
            "root@host:~# ip -n red -br link\r\nlo               DOWN           00:00:00:00:00:00 <LOOPBACK>\r\n",
            "root@host:~# echo 끝났다\r\n끝났다\r\nroot@host:~# ",
        ],
        pause=2.0,
    )


def evil_cast() -> str:
    return cast([piece.decode("utf-8", "replace") for piece in PIECES] * 3, pause=0.2)


@contextmanager
def graded(root: Path, learners: Sequence[str] = LEARNERS) -> Iterator[tuple[Classroom, Desk]]:
    """Some of ``LEARNERS`` have fates of their own, others all points; ``eve`` waits, ``zoe`` handed in nothing."""
    room = Classroom.open(root, learners, items=ITEMS, without_key=("fay",))
    with Book.open(room.course.gradebook, who="teacher") as book:
        desk = Desk(room.course, book, "teacher")
        for learner in learners:
            if learner != "zoe":
                _hand_in(room, book, learner)
        book.refuse(
            "in/late one.submission", "ab" * 32, "its signature does not hold: it was changed after it was signed"
        )
        book.refuse(f"in/{EVIL[0]}", "cd" * 32, f"it is not JSON: {EVIL[4]} {EVIL[2]}")
        yield room, desk


def _hand_in(room: Classroom, book: Book, learner: str) -> None:
    work: Callable[[Typing], None] = evil if learner == "mal" else worked
    casts = {
        "own#name": {"host": evil_cast() if learner == "mal" else shell_cast()},
        "own#address": {"host": shell_cast()},
    }
    if learner == "mal":
        casts[EVIL[4]] = {EVIL[0]: evil_cast()}
    facts = {"own#address": {MAP: MAP_TEXT, "listeners of: host/red": "sockets: none"}}
    if learner == "mal":
        facts = {EVIL[5]: {EVIL[0]: "\n".join(EVIL)}}
    file = f"in/{EVIL[0]}{EVIL[4]}" if learner == "mal" else f"in/{learner}.submission"
    if learner == "dan":
        work = slow
    data = room.hand_in(learner, work, casts=casts, facts=facts)
    accepted = inbox.accept(data, room.course)
    book.take_in(accepted, data, file=file, received=RECEIVED)
    if learner == "eve":
        return
    found = list(flags_of(accepted, room.course))
    outcomes, reason = (C, C, C), ""
    if learner == "ben":
        outcomes = (Q, C, N)
    elif learner == "cem":
        outcomes = (N, N, N)
    elif learner == "mal":
        outcomes, reason = (Q, N, N), " ".join(EVIL)
        found.append(Flag(FlagKind.FOREIGN, " ".join(EVIL), (EVIL[0], EVIL[4])))
    elif learner in ("gus", "hal"):
        other = "hal" if learner == "gus" else "gus"
        found.append(
            Flag(FlagKind.ALIKE, "9 lines are the same as those of 1 other learners, 94 % in the same order", (other,))
        )
    book.judged(accepted.digest, judgement(*outcomes, reason=reason), late(accepted), found)


def digest(desk: Desk, learner: str) -> str:
    return next(grade.digest for grade in desk.book.grades("mid") if grade.learner == learner)
