"""How long it took and how late it was, by real journals whose clocks were set, stopped and started anew."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest
from grading_class import HOUR, Classroom, Clocks, Typing, lessons
from hypothesis import given, settings
from hypothesis import strategies as st

from tutor.grading.timing import kept, late, timeline, typed
from tutor.model.checkpoint import Checkpoint, Lateness
from tutor.model.grade import Late
from tutor.model.submission import Entry
from tutor.store import body_text

YEAR = 365 * 24 * HOUR


@pytest.fixture(autouse=True)
def own_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(lessons(tmp_path / "lessons")))


def after(seconds: float) -> Callable[[Typing], None]:
    def work(typing: Typing) -> None:
        typing.solve()
        elapsed = typing.clocks.boottime - 1000
        typing.clocks.wait(seconds - elapsed)

    return work


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (59, Late()),
        (60, Late()),
        (64, Late(4, 1.0)),
        (66, Late(6, 0.9)),
        (60 + 5 + 61, Late(66, 0.8)),
        (60 + 24 * 60, Late(24 * 60, 0.0)),
    ],
)
def test_what_is_kept_of_the_points(minutes: int, expected: Late, tmp_path: Path) -> None:
    room = Classroom.open(tmp_path)
    assert late(room.accepted("ann", after(minutes * 60))) == expected


def test_without_a_limit_nothing_is_late(tmp_path: Path) -> None:
    room = Classroom.open(tmp_path, minutes=0)
    assert late(room.accepted("ann", after(YEAR))) == Late()


def test_it_closes_for_everybody_at_once(tmp_path: Path) -> None:
    closes = "2026-11-29T23:00:00Z"
    room = Classroom.open(tmp_path, minutes=0, closes=closes)
    room.clocks.wall = 1_795_993_200 - 600  # ten minutes before
    found = late(room.accepted("ann", after(20 * 60)))
    assert found.minutes == pytest.approx(10)
    assert found.keeps == 0.9


def test_a_clock_that_is_set_back_gains_nothing(tmp_path: Path) -> None:
    """Back a year after half an hour; then an hour and a half of work."""

    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.wait(HOUR / 2)
        typing.clocks.wall -= YEAR
        typing.line("ip netns")
        typing.clocks.wait(1.5 * HOUR)

    room = Classroom.open(tmp_path)
    accepted = room.accepted("ann", work)
    line = timeline(accepted.submission.entries)
    assert [moment.seconds for moment in line.moments] == sorted(moment.seconds for moment in line.moments)
    assert line.elapsed == pytest.approx(2 * HOUR, abs=60)
    (shift,) = line.shifts
    assert shift.seconds == pytest.approx(-YEAR)
    assert shift.into == pytest.approx(20, abs=20)
    assert late(accepted).minutes == pytest.approx(60, abs=1)


def test_a_clock_set_back_before_it_closes_gains_nothing(tmp_path: Path) -> None:
    room = Classroom.open(tmp_path, minutes=0, closes="2026-11-29T23:00:00Z")
    room.clocks.wall = 1_795_993_200 - 600

    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.wall -= HOUR
        typing.clocks.wait(HOUR)

    assert late(room.accepted("ann", work)).minutes == pytest.approx(50, abs=1)


def test_a_day_asleep_counts(tmp_path: Path) -> None:
    """CLOCK_BOOTTIME goes on while the machine is suspended: it is a pause like any other."""

    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.wait(24 * HOUR)
        typing.line("ip netns")

    room = Classroom.open(tmp_path)
    accepted = room.accepted("ann", work)
    line = timeline(accepted.submission.entries)
    (pause,) = line.pauses(HOUR)
    assert pause.seconds == pytest.approx(24 * HOUR, abs=10)
    assert not line.shifts
    assert late(accepted).keeps == 0


def test_over_a_reboot_the_wall_clock_counts(tmp_path: Path) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.reboot(600)
        typing.line("ip netns")
        typing.clocks.wait(600)

    room = Classroom.open(tmp_path)
    line = timeline(room.accepted("ann", work).submission.entries)
    (boot,) = line.boots
    assert boot.seconds == pytest.approx(600, abs=5)
    assert not line.shifts
    assert line.elapsed == pytest.approx(1220, abs=20)


def test_a_reboot_with_the_clock_set_back_is_seen(tmp_path: Path) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.reboot(-HOUR)
        typing.line("ip netns")

    line = timeline(Classroom.open(tmp_path).accepted("ann", work).submission.entries)
    (shift,) = line.shifts
    assert shift.seconds == pytest.approx(-HOUR, abs=5)


def test_small_corrections_are_none(tmp_path: Path) -> None:
    def work(typing: Typing) -> None:
        typing.begin()
        for number in range(40):
            typing.clocks.wall += 2 if number % 2 else -2
            typing.line("ip netns")

    assert not timeline(Classroom.open(tmp_path).accepted("ann", work).submission.entries).shifts


def test_what_a_reset_forgot_was_typed_all_the_same(tmp_path: Path) -> None:
    def work(typing: Typing) -> None:
        typing.begin()
        typing.line("ip netns add wrong", status=1)
        typing.store.reset(2, ("name",))
        typing.line("ip netns add right")

    lines = typed(timeline(Classroom.open(tmp_path).accepted("ann", work).submission.entries))
    assert [(line.lesson, line.step, line.text, line.exit_status) for line in lines] == [
        ("own", "name", "ip netns add wrong", 1),
        ("own", "name", "ip netns add right", 0),
    ]


_STEPS = st.tuples(
    st.floats(0, 1e6), st.sampled_from(["wait", "set", "reboot", "forward"]), st.floats(-1e8, 1e8), st.booleans()
)


@given(st.lists(_STEPS, max_size=20))
def test_order_is_kept_whatever_the_clocks_say(steps: list[tuple[float, str, float, bool]]) -> None:
    clocks = Clocks()
    entries = [_entry(1, clocks, stamped=True)]
    for number, (seconds, what, shift, stamped) in enumerate(steps, 2):
        clocks.wait(seconds)
        if what == "set":
            clocks.wall = max(0.0, clocks.wall + shift)
        elif what == "reboot":
            clocks.boottime, clocks.boot = 5.0, f"boot {number}"
        entries.append(_entry(number, clocks, stamped=stamped))
    line = timeline(entries)
    assert [moment.seq for moment in line.moments] == list(range(1, len(entries) + 1))
    assert all(early.seconds <= late.seconds for early, late in itertools.pairwise(line.moments))
    assert not line.backward
    if all(what == "wait" for _, what, _, _ in steps):
        assert line.elapsed == pytest.approx(sum(step[0] for step in steps), abs=1e-2)
        assert not line.shifts


@settings(max_examples=200)
@given(st.floats(0, 1e6), st.floats(0, 1e6), st.integers(0, 600), st.integers(0, 100), st.integers(0, 48))
def test_who_is_later_never_keeps_more(one: float, more: float, grace: int, percent: int, until: int) -> None:
    checkpoint = Checkpoint("net", "mid", "Mid", "", (), lateness=Lateness(grace, percent, until))
    assert 0 <= kept(checkpoint, one + more) <= kept(checkpoint, one) <= 1


def _entry(seq: int, clocks: Clocks, *, stamped: bool) -> Entry:
    return Entry(seq, str(clocks.now()), "note", body_text(dict(clocks.stamp()) if stamped else {}), "")
