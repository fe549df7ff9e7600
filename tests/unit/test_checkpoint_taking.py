"""An attempt at a checkpoint on disk: its journal, its recordings, its clock, and the file that is handed in."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tutor.errors import UsageError
from tutor.grading import casts, inbox, keys, taking
from tutor.grading.casts import Recorder
from tutor.grading.course import Course, read_handout
from tutor.grading.handing import file_name, hand_in
from tutor.grading.keeping import MOST_CHANGES
from tutor.grading.paper import Paper
from tutor.grading.taking import Taking
from tutor.model.checkpoint import Checkpoint, Item, Policy
from tutor.store import Store

KEY = keys.generate()
ITEMS = (Item("namespaces", 5, ("create", "tables")), Item("bridges", 5, ("bridge",)), Item("namespaces", 2, ("up",)))


def course_of(path: Path, learner: str = "ann", **changes: object) -> Course:
    (path / "roster.csv").write_text(f"id,name,key\n{learner},Ann,{keys.public_text(KEY)}\nben,Ben,\n")
    made = Course.create(path / "net", id="net", title="Networks", learners=path / "roster.csv")
    given = {"items": ITEMS, "minutes": 60, **changes}
    made.add(Checkpoint("net", "mid", "Mid-term", made.public_key, **given))  # type: ignore[arg-type]
    return made


@pytest.fixture
def course(tmp_path: Path) -> Course:
    return course_of(tmp_path)


def opened(course: Course, learner: str = "ann") -> Taking:
    checkpoint = read_handout(course.handouts / "mid.checkpoint")
    return Taking.open(checkpoint, learner, root=course.path.parent / "data")


def begun(attempt: Taking) -> int:
    attempt.go_to("namespaces", "create")
    found = attempt.store.current("namespaces")
    assert found is not None
    return found.id


# -- what is taken in must be what is written


def test_nothing_that_is_typed_makes_a_submission_that_is_refused(course: Course) -> None:
    with opened(course) as attempt:
        number = begun(attempt)
        store = attempt.store
        store.record_command(number, "create", "host", "echo " + "x" * 60_000, 0)
        store.record_command(number, "create", "links", "half \udce9 a pair", 0, answer=True)
        store.record_goal(number, "create", "g", "unmet", "a file \udcff there")
        for turn in range(2 * MOST_CHANGES):
            store.record_goal(number, "create", "flaps", "met" if turn % 2 else "unmet", "x" * 2000)
        attempt.keep_facts(0, {"want": "\ufffd fact"})
        accepted = inbox.accept(attempt.seal(KEY), course)
    long, answer = accepted.attempts["namespaces"].commands
    assert len(long.text) == inbox.LONGEST_COMMAND
    assert answer.text == "half ? a pair"
    assert sum("flaps" in entry.body for entry in accepted.submission.entries) == MOST_CHANGES


def test_after_five_thousand_commands_it_says_that_no_more_are_kept(
    course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.grading.keeping.MOST_COMMANDS", 20)
    with opened(course) as attempt:
        number = begun(attempt)
        for turn in range(30):
            attempt.store.record_command(number, "create", "host", f"echo {turn}", 0)
        assert "more than 20 commands" in vars(attempt.store)["trouble"]
        assert len(attempt.attempts()["namespaces"].commands) == 20


SCARCE = """
import os, pathlib, sys
from tutor.errors import StoreError
from tutor.grading.keeping import PatientStore
place = pathlib.Path(sys.argv[1])
store = PatientStore.open(place / "attempt.sqlite3")
attempt = store.begin("nat", seed=1)
(place / "filler").write_bytes(b"x" * (os.statvfs(place).f_bavail * os.statvfs(place).f_bsize - 8192))
for number in range(40):
    store.record_command(attempt, "a", "host", f"{number} " + "x" * 3000, 0)
assert "no space left" in store.trouble, store.trouble
try:
    store.require()
except StoreError as error:
    print(error)
assert len(store.current("nat").commands) < 40
(place / "filler").unlink()
store.record_command(attempt, "a", "host", "last", 0)
assert store.trouble == ""
texts = [command.text.split()[0] for command in store.current("nat").commands]
assert texts == [*map(str, range(40)), "last"], texts
print("all there, in order")
"""


def test_while_the_disk_is_full_entries_wait_in_memory_in_their_order(tmp_path: Path) -> None:
    line = f'mount -t tmpfs -o size=4m none {tmp_path} && exec "$0" -c "$1" "$2"'
    argv = ["unshare", "-Urm", "sh", "-ec", line, sys.executable, SCARCE, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "no space left to write the progress file" in done.stdout
    assert "all there, in order" in done.stdout


def test_one_program_at_a_time(course: Course) -> None:
    with opened(course) as first, opened(course) as second:
        first.hold()
        with pytest.raises(UsageError, match="open in another terminal"):
            second.hold()
    with opened(course) as third:
        third.hold()


# -- the clock


def test_the_clock_goes_by_what_cannot_be_set(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wall clock goes back a year in between; then the machine is started anew, and it is right again."""
    boot, year = {"id": "one", "at": 1_000.0}, 365 * 86_400
    real = time.time_ns()
    wall = {"at": real}
    monkeypatch.setattr(
        taking, "_stamp", lambda: {"boot": boot["id"], "boottime": str(int(float(str(boot["at"])) * 1e9))}
    )
    monkeypatch.setattr("tutor.grading.taking.time.time_ns", lambda: wall["at"])
    checkpoint = read_handout(course.handouts / "mid.checkpoint")
    store = Store.open(
        course.path.parent / "own" / "attempt.sqlite3", clock=lambda: wall["at"], stamp=lambda: taking._stamp()
    )
    with Taking(checkpoint, "ann", course.path.parent / "own", store) as attempt:
        store.note(inbox.TAKEN, course="net", checkpoint="mid", learner="ann", nonce=attempt.entrant.nonce)
        boot["at"] = 1_600.0
        wall["at"] = real - year * 10**9
        assert attempt.elapsed() == 600
        store.note("something")
        assert attempt.clock().left == 3000
        boot.update(id="two", at=5.0)
        wall["at"] += 100 * 10**9
        assert attempt.elapsed() == 700
        store.note("something")
        boot["at"] = 3605.0
        assert attempt.elapsed() == 4300
        left = attempt.clock().left
        assert left is not None
        assert left == -700
        assert [event.seq for event in store.journal()] == [1, 2, 3]
        assert store.clock_went_back() == (2,)


# -- recordings


def lines_of(path: Path) -> list[object]:
    return [json.loads(line) for line in path.read_text("ascii").splitlines()]


def test_a_recording_is_an_asciicast_of_version_2(tmp_path: Path) -> None:
    path = tmp_path / "0" / "host.cast"
    recorder = Recorder(path, "nat, host", (24, 80))
    recorder.output(b"one \xed\x95", (24, 80))
    recorder.output(b"\x9c \x1b[31mred\xff", (30, 100))
    recorder.close()
    head, *events = lines_of(path)
    assert isinstance(head, dict)
    assert (head["version"], head["width"], head["height"]) == (2, 80, 24)
    assert [event[1:] for event in events if isinstance(event, list)] == [
        ["o", "one "],
        ["r", "100x30"],
        ["o", "한 \x1b[31mred\ufffd"],
    ]


def test_a_recording_goes_on_where_a_crash_tore_it(tmp_path: Path) -> None:
    path = tmp_path / "0" / "host.cast"
    Recorder(path, "nat", (24, 80)).output(b"before", (24, 80))
    with path.open("a") as file:
        file.write('[3.5, "o", "half a li')
    again = Recorder(path, "nat", (24, 80))
    again.output(b"after", (24, 80))
    again.close()
    _, *events = lines_of(path)
    times = [event[0] for event in events if isinstance(event, list)]
    assert [event[1:] for event in events if isinstance(event, list)] == [
        ["o", "before"],
        ["m", "resumed"],
        ["r", "80x24"],
        ["o", "after"],
    ]
    assert times == sorted(times)


def test_a_flood_is_left_out_and_what_follows_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "0" / "host.cast"
    recorder = Recorder(path, "nat", (24, 80))
    for _ in range(2000):
        recorder.output(b"y\r\n" * 10_000, (24, 80))
    recorder._tokens = casts.BURST  # some seconds later
    recorder.output(b"after the flood", (24, 80))
    recorder.close()
    assert path.stat().st_size < 4 * casts.BURST
    assert "bytes of output are left out" in path.read_text()
    assert "after the flood" in path.read_text()


def test_a_recording_ends_where_it_is_too_long_and_stays_so(tmp_path: Path) -> None:
    path = tmp_path / "0" / "host.cast"
    for _ in range(3):
        recorder = Recorder(path, "nat", (24, 80))
        for _ in range(400):
            recorder._tokens = casts.BURST
            recorder.output(b"\x1b" * 5000, (24, 80))
        recorder.close()
    assert path.stat().st_size < casts.LARGEST + 1024
    assert path.read_text().count("it is too long") == 1
    lines_of(path)


def test_a_recording_that_cannot_be_written_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "0").write_text("in the way")
    recorder = Recorder(tmp_path / "0" / "host.cast", "nat", (24, 80))
    recorder.output(b"x", (24, 80))
    recorder.close()


def test_all_recordings_together_leave_room_in_the_file(course: Course) -> None:
    with opened(course) as attempt:
        begun(attempt)
        for number in range(12):
            path = attempt.recording(0, f"machine{number}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text('{"version": 2}\n' + '[0, "o", "\\u001b\\u001b\\u001b"]\n' * 15_000)
        data = attempt.seal(KEY)
        accepted = inbox.accept(data, course)
    found = accepted.submission.casts["namespaces#create+tables"]
    assert len(found) == 12
    assert sum(map(len, found.values())) <= casts.ALL
    assert all(text.endswith('"]\n') for text in found.values())


# -- handing in


def test_handing_in_again_gives_the_same_file(course: Course, tmp_path: Path) -> None:
    with opened(course) as attempt:
        begun(attempt)
        first = hand_in(attempt, KEY, tmp_path)
    assert first.path == tmp_path / "net-mid-ann.submission"
    data = first.path.read_bytes()
    assert first.digest == hashlib.sha256(data).hexdigest()
    with opened(course) as attempt:
        assert attempt.handed_in
        attempt.store.record_goal(begun(attempt), "create", "late", "met")
        Recorder(attempt.recording(0, "host"), "late", (24, 80)).close()
        assert hand_in(attempt, KEY, tmp_path).path == first.path
        elsewhere = hand_in(attempt, KEY, tmp_path / "net")
        assert attempt.seal(KEY, casts={}) == data, "what comes after it is not part of it"
    assert elsewhere.path is not None
    assert elsewhere.path.read_bytes() == data == first.kept.read_bytes()
    assert [path.name for path in tmp_path.glob("*.submission*")] == ["net-mid-ann.submission"]


def test_no_other_file_is_written_over(course: Course, tmp_path: Path) -> None:
    (tmp_path / "net-mid-ann.submission").write_text("somebody's")
    (tmp_path / "net-mid-ann-2.submission").symlink_to(tmp_path / "nowhere")
    with opened(course) as attempt:
        begun(attempt)
        handed = hand_in(attempt, KEY, tmp_path)
    assert handed.path == tmp_path / "net-mid-ann-3.submission"
    assert (tmp_path / "net-mid-ann.submission").read_text() == "somebody's"
    assert not (tmp_path / "nowhere").exists()


def test_where_it_cannot_be_written_the_copy_stays(course: Course) -> None:
    with opened(course) as attempt:
        begun(attempt)
        handed = hand_in(attempt, KEY, Path("/proc"))
        assert handed.path is None
        assert handed.trouble.startswith("/proc: ")
        assert inbox.accept(handed.kept.read_bytes(), course)


@pytest.mark.parametrize("learner", ["../../etc/passwd", "a/b", "홍길동", "[/x]$(id)", "x" * 64, "힣" * 64])
def test_any_id_makes_a_file_name(learner: str, tmp_path: Path) -> None:
    course = course_of(tmp_path, learner)
    with opened(course, learner) as attempt:
        begun(attempt)
        assert "/" not in file_name(attempt)
        handed = hand_in(attempt, KEY, tmp_path)
    assert handed.path is not None
    assert handed.path.parent == tmp_path
    assert inbox.accept(handed.path.read_bytes(), course).submission.learner == learner


def test_the_key_of_another_signs_nothing(course: Course, tmp_path: Path) -> None:
    with opened(course) as attempt:
        begun(attempt)
        with pytest.raises(UsageError, match="the roster lists another key"):
            hand_in(attempt, keys.generate(), tmp_path)
        assert not attempt.handed_in


# -- the file that was handed out


def test_a_file_that_was_found_right_is_not_verified_again(course: Course) -> None:
    path = course.handouts / "mid.checkpoint"
    seen: list[str] = []

    def remember(_: Checkpoint, digest: str) -> bool:
        seen.append(digest)
        return False

    read_handout(path, remember)
    assert seen == [hashlib.sha256(path.read_bytes()).hexdigest()]
    changed = path.read_bytes().replace(b'"sig":"', b'"sig":"AAAA')
    path.write_bytes(changed)
    with pytest.raises(UsageError):
        read_handout(path, lambda _, digest: digest == seen[0])


# -- the paper


def paper_of(course: Course, **changes: object) -> Paper:
    checkpoint = course.checkpoint("mid")
    return Paper(Checkpoint(**{**_fields(checkpoint), **changes}), 7, "en")  # type: ignore[arg-type]


def _fields(checkpoint: Checkpoint) -> dict[str, object]:
    return {name: getattr(checkpoint, name) for name in Checkpoint.__slots__}


def test_the_lesson_of_an_item_ends_with_its_last_step(course: Course) -> None:
    paper = paper_of(course)
    assert [step.id for step in paper.steps(0)] == ["create", "tables"]
    assert [step.id for step in paper.cut(0).steps] == ["create", "inside", "tables"]
    assert paper.lesson(0).parameters == paper.lesson(2).parameters
    assert paper.item_of("namespaces", "inside") is None
    assert paper.item_of("namespaces", "up") == 2


def test_how_far_an_item_is(course: Course) -> None:
    paper = paper_of(course)
    with opened(course) as attempt:
        assert not paper.standing(0, attempt.attempts()).tried
        number = begun(attempt)
        goals = paper.steps(0)[0].goals
        attempt.store.record_goal(number, "create", goals[0].id, "met")
        standing = paper.standing(0, attempt.attempts())
        assert (standing.met, standing.tried, standing.complete) == (1, True, False)
        assert not paper.standing(2, attempt.attempts()).tried
        attempt.store.record_step(number, "create")
        assert paper.next_step(0, attempt.attempts()).id == "tables"
        attempt.store.record_step(number, "tables")
        assert paper.standing(0, attempt.attempts()).complete
        assert paper.first_open(attempt.attempts()) == 1


def test_without_skip_the_next_item_opens_when_the_one_before_is_complete(course: Course) -> None:
    paper = paper_of(course, policy=Policy(skip=False))
    with opened(course) as attempt:
        number = begun(attempt)
        assert [paper.may_open(index, attempt.attempts()) for index in range(3)] == [True, False, False]
        for step in ("create", "tables"):
            attempt.store.record_step(number, step)
        assert [paper.may_open(index, attempt.attempts()) for index in range(3)] == [True, True, False]


@pytest.mark.parametrize("item", [Item("nowhere", 1), Item("nat", 1, ("nowhere\x1b]52;",))])
def test_an_item_that_this_version_does_not_have_is_named(course: Course, item: Item) -> None:
    with pytest.raises(UsageError) as refused:
        paper_of(course, items=(item,)).read_all()
    assert "\x1b" not in str(refused.value)
