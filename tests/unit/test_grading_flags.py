"""What is flagged, and above all what is not, by real journals."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from grading_class import HOUR, Classroom, Typing, lessons

from tutor import content
from tutor.grading.flags import alike, flags_of, span
from tutor.model.grade import Flag, FlagKind
from tutor.model.progress import Attempt, TypedCommand

YEAR = 365 * 24 * HOUR
Work = Callable[[Typing], None]


@pytest.fixture(autouse=True)
def own_lessons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETTUTOR_LESSONS", str(lessons(tmp_path / "lessons")))


@pytest.fixture
def room(tmp_path: Path) -> Classroom:
    return Classroom.open(tmp_path, without_key=("eve",))


def flags(room: Classroom, work: Work, learner: str = "ann") -> tuple[Flag, ...]:
    return flags_of(room.accepted(learner, work), room.course)


def kinds(found: Sequence[Flag]) -> list[FlagKind]:
    return [flag.kind for flag in found]


def test_honest_work_has_no_flag(room: Classroom) -> None:
    assert flags(room, Typing.solve) == ()


def test_a_key_that_the_roster_does_not_list(room: Classroom) -> None:
    (flag,) = flags(room, Typing.solve, "eve")
    assert flag.kind is FlagKind.KEY
    assert "SHA256:" in flag.detail


def test_late_says_how_much_is_kept(room: Classroom) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        for _ in range(5):
            typing.clocks.wait(20 * 60)
            typing.line("ip netns")

    (flag,) = flags(room, work)
    assert flag.kind is FlagKind.LATE
    assert "40 min" in flag.detail
    assert "90 %" in flag.detail


def test_the_clock_a_year_back(room: Classroom) -> None:
    def work(typing: Typing) -> None:
        typing.begin()
        typing.line("ip netns add x")
        typing.clocks.wall -= YEAR
        typing.line("ip netns")

    (flag,) = flags(room, work)
    assert flag.kind is FlagKind.CLOCK
    assert "set back by 365 d" in flag.detail


def test_the_clock_ahead_may_be_a_virtual_machine(room: Classroom) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.wall += HOUR
        typing.line("ip netns")

    (flag,) = flags(room, work)
    assert flag.kind is FlagKind.CLOCK
    assert "by 1 h" in flag.detail
    assert "virtual machine" in flag.detail


def test_a_day_asleep_matters_where_time_is_limited(room: Classroom, tmp_path: Path) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.wait(24 * HOUR)
        typing.line("ip netns")

    late, clock = flags(room, work)
    assert kinds((late, clock)) == [FlagKind.LATE, FlagKind.CLOCK]
    assert "nothing was done for 1 d" in clock.detail
    assert flags(Classroom.open(tmp_path / "free", minutes=0), work) == ()


def test_another_boot_matters_where_time_is_limited(room: Classroom, tmp_path: Path) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        typing.clocks.reboot(300)
        typing.line("ip netns")

    (flag,) = flags(room, work)
    assert flag.kind is FlagKind.CLOCK
    assert "5 min" in flag.detail
    assert flags(Classroom.open(tmp_path / "free", minutes=0), work) == ()


def test_a_log_without_the_other_clock(room: Classroom) -> None:
    room.clocks.stamp = lambda: {"boot": 7, "boottime": "soon"}  # type: ignore[method-assign]
    (flag,) = flags(room, Typing.solve)
    assert "do not say the time" in flag.detail


BLOCK = (
    "ip link add name v-net-0 type bridge",
    "ip link set dev v-net-0 up",
    "ip address add 10.3.3.3/24 dev v-net-0",
    "iptables -t nat -A POSTROUTING -s 10.3.3.0/24 -j MASQUERADE",
)


def pasted(*lines: str, seconds: float = 0.04) -> Work:
    def work(typing: Typing) -> None:
        typing.begin()
        typing.line("ip -br link show")
        for line in lines:
            typing.line(line, seconds=seconds)
        typing.line("ip -br address show")

    return work


@pytest.mark.parametrize("lines", [BLOCK, ("\n".join(BLOCK),), (" && ".join(BLOCK * 2)[:230],)])
def test_what_was_pasted_is_told_with_its_numbers(lines: Sequence[str], room: Classroom) -> None:
    (flag,) = flags(room, pasted(*lines))
    assert flag.kind is FlagKind.PASTED
    assert "characters) in 0." in flag.detail
    assert "25 characters a second" in flag.detail


@pytest.mark.parametrize(
    "lines",
    [
        ("ls", "ip a", "ip r", "ip n", "clear"),
        BLOCK[:2],
        (BLOCK[3],),
        (BLOCK[3],) * 8,
        tuple(BLOCK[3].replace("10.3.3", f"10.3.{n}") for n in range(8)),
    ],
    ids=["short ones", "typed ahead", "one line", "the same again", "called up and changed"],
)
def test_what_a_quick_hand_does_is_not(lines: Sequence[str], room: Classroom) -> None:
    assert flags(room, pasted(*lines)) == ()


def test_a_fast_typist_is_not(room: Classroom) -> None:
    """Twelve characters a second, which few can."""

    def work(typing: Typing) -> None:
        typing.begin()
        for line in BLOCK * 3:
            typing.line(line, seconds=len(line) / 12)

    assert flags(room, work) == ()


def test_a_friends_values_name_the_friend(tmp_path: Path) -> None:
    room = Classroom.open(tmp_path, ("ann", *(f"l{number}" for number in range(12))))
    own = room.values("ann")
    friend = next(each for each in room.keys if not set(room.values(each).values()) & set(own.values()))
    theirs = room.values(friend)

    def work(typing: Typing) -> None:
        typing.begin()
        typing.line("ip netns add {name}".format(**theirs))
        typing.line("ip -n {name} addr add {net}.1/24 dev lo".format(**theirs))

    (flag,) = flags(room, work)
    assert flag.kind is FlagKind.FOREIGN
    assert friend in flag.others
    assert theirs["name"] in flag.detail
    assert theirs["net"] in flag.detail
    assert "in lines: 2" in flag.detail


def test_one_word_of_another_may_be_ones_own_idea(room: Classroom) -> None:
    own, other = room.values("ann")["name"], room.values("ben")["name"]
    words = [word for word in ("violet", other) if word != own]

    def work(typing: Typing) -> None:
        typing.solve()
        for word in words:
            typing.line(f"ip netns add {word}")

    assert flags(room, work) == ()


def test_one_address_that_was_typed_once_may_be_chance(room: Classroom) -> None:
    own = set(room.values("ann").values())
    other = next(value for value in ("10.88.2", "10.99.3", room.values("ben")["net"]) if value not in own)

    def work(typing: Typing) -> None:
        typing.solve()
        typing.line(f"ping -c1 {other}.9")

    assert flags(room, work) == ()


def test_a_number_within_another_is_no_value(room: Classroom) -> None:
    def work(typing: Typing) -> None:
        typing.solve()
        for number in ("110.20.30", "1.10.20.30", "10.20.301", "xred", "red_2", "3192.168.15"):
            typing.line(f"ping -c1 {number}")

    assert flags(room, work) == ()


# -- near-identical logs


def attempt(lines: Sequence[str], lesson: str = "own") -> dict[str, Attempt]:
    return {lesson: Attempt(1, lesson, 0, 0, commands=tuple(TypedCommand("name", "host", line, 0) for line in lines))}


ODD = (
    "ip netns ad {name}",
    "ip netns add {name} # here",
    "ip -n {name} addrr add {net}.1/24",
    "echo what now > /tmp/notes",
    "ip -n {name} addr add {net}.1/24 dev eth0",
    "ip -n {name} -details link show lo",
    "man ip-address | grep -n broadcast",
    "ip -n {name} addr add local {net}.1/24 dev lo",
)


def test_the_same_odd_lines_are_told_with_the_names_of_both(tmp_path: Path) -> None:
    room = Classroom.open(tmp_path, ("ann", "ben", "cat"))
    logs = {who: attempt([line.format(**room.values(who)) for line in ODD]) for who in ("ann", "ben")}
    logs["cat"] = attempt([f"echo my own line {number}" for number in range(9)])
    found = alike(room.checkpoint, logs)
    assert {who: flag.others for who, flag in found.items()} == {"ann": ("ben",), "ben": ("ann",)}
    assert found["ann"].kind is FlagKind.ALIKE
    assert "8 lines" in found["ann"].detail
    assert "100 %" in found["ann"].detail


def test_small_changes_do_not_hide_it(tmp_path: Path) -> None:
    room = Classroom.open(tmp_path, ("ann", "ben"))
    ann = [line.format(**room.values("ann")) for line in ODD]
    ben = [f"sudo  {line}".format(**room.values("ben")) for line in ODD]
    assert set(alike(room.checkpoint, {"ann": attempt(ann), "ben": attempt([*ben[:7], "ls", ben[7]])})) == {
        "ann",
        "ben",
    }


def test_the_lessons_own_solution_is_nobodys(tmp_path: Path) -> None:
    room = Classroom.open(tmp_path, ("ann", "ben"))
    solution = [command.text for step in content.load("own").steps for command in step.solutions[0].commands]
    first = content.load("own").parameters

    def own(who: str) -> list[str]:
        values = room.values(who)
        return [line.replace(first["name"], values["name"]).replace(first["net"], values["net"]) for line in solution]

    assert alike(room.checkpoint, {who: attempt(own(who) * 6) for who in ("ann", "ben")}) == {}


def test_what_most_of_the_class_types_is_nobodys(tmp_path: Path) -> None:
    learners = [f"l{number}" for number in range(12)]
    room = Classroom.open(tmp_path, learners)
    ordinary = [f"ip -n x{number} -brief link show" for number in range(9)]
    assert alike(room.checkpoint, {who: attempt(ordinary) for who in learners}) == {}
    logs = {who: attempt([*ordinary, f"echo {who}"]) for who in learners}
    logs["l1"] = attempt([*ordinary, *(line.format(**room.values("l1")) for line in ODD)])
    logs["l2"] = attempt([*ordinary, *(line.format(**room.values("l2")) for line in ODD)])
    assert set(alike(room.checkpoint, logs)) == {"l1", "l2"}


def test_all_pairs_are_found_and_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against comparing each with each."""
    from tutor.grading import alike as module

    choose = random.Random(7)
    pool = [f"a line of number {number}" for number in range(60)]
    originals = [choose.sample(pool, 14) for _ in range(12)]
    logs = {}
    for number in range(70):
        lines = list(choose.choice(originals))
        for _ in range(choose.randrange(4)):
            lines[choose.randrange(len(lines))] = choose.choice(pool)
        logs[f"l{number}"] = lines
    sets = {who: frozenset(module._pairs(lines)) for who, lines in logs.items()}
    expected = {
        (one, other)
        for one in logs
        for other in logs
        if one != other
        and len(sets[one] & sets[other]) / len(sets[one] | sets[other]) >= module.THRESHOLD
        and len(set(logs[one]) & set(logs[other])) >= module.FEWEST
    }
    found = {(one, other) for one, matches in module._matches(logs).items() for other, _, _ in matches}
    assert found == expected
    assert expected


def test_three_thousand_learners() -> None:
    """With lines that a third of them type, and ten copies."""
    from tutor.grading import alike as module

    choose = random.Random(3)
    common = [f"a line that many type {number}" for number in range(40)]
    logs = {
        f"l{number}": [
            line for _ in range(20) for line in (choose.choice(common), f"own {number} {choose.randrange(99)}")
        ]
        for number in range(3000)
    }
    for number in range(10):
        logs[f"copy{number}"] = [*logs[f"l{number}"][:-1], f"a last line of {number}"]
    found = module._matches(module._own_lines(logs))
    assert {who for who in found if who.startswith("copy")} == {f"copy{number}" for number in range(10)}
    assert len(found) == 20


@pytest.mark.parametrize(
    ("seconds", "told"), [(0, "0 s"), (59.6, "1 min"), (3700, "1 h 1 min"), (YEAR, "365 d"), (-90, "1 min 30 s")]
)
def test_lengths_of_time(seconds: float, told: str) -> None:
    assert span(seconds) == told
