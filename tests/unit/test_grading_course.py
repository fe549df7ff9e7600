"""A course on disk: its roster, its checkpoints, and what is handed out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tutor.errors import ContentError, UsageError
from tutor.grading import keys, roster, seeds
from tutor.grading.course import Course, read_handout
from tutor.model.checkpoint import Checkpoint, Item, Policy


@pytest.fixture
def course(tmp_path: Path) -> Course:
    listed = tmp_path / "roster.csv"
    listed.write_text(
        f'\ufeffID,Name,key,group\na1,"Kim, Ji-woo",{keys.public_text(keys.generate())},x\n\nb2,Łukasz,,y\n'
    )
    return Course.create(tmp_path / "net", id="net", title="Networks", learners=listed)


def midterm(course: Course, **changes: object) -> Checkpoint:
    given = {"items": (Item("nat", 10), Item("bridges", 5, ("bridge",))), "minutes": 60, "policy": Policy(hints=True)}
    return Checkpoint(course.id, "midterm", "Mid-term", course.public_key, **{**given, **changes})  # type: ignore[arg-type]


def test_a_course_is_opened_as_it_was_made(course: Course) -> None:
    again = Course.open(course.path)
    assert again == course
    assert list(again.learners) == ["a1", "b2"]
    assert again.learners["a1"].name == "Kim, Ji-woo"
    for name in ("instructor.key", "secret"):
        assert (course.path / name).stat().st_mode & 0o777 == 0o600


def test_a_handout_holds_what_was_chosen_and_every_learners_own(course: Course) -> None:
    path = course.add(midterm(course))
    handed = read_handout(path)
    assert handed == course.checkpoint("midterm")
    assert handed.points == 15
    one, two = handed.learners["a1"], handed.learners["b2"]
    assert one.seed != two.seed
    assert one.nonce != two.nonce
    assert one.seed == seeds.seed(course.secret, "midterm", "a1"), "the instructor can draw it again"
    assert one.key.startswith("ssh-ed25519 ")


def test_two_checkpoints_give_a_learner_other_parameters(course: Course) -> None:
    assert len({seeds.seed(course.secret, "midterm", "a1"), seeds.seed(course.secret, "final", "a1")}) == 2
    assert seeds.other_seed(course.secret, "midterm", "a1", 0) != seeds.seed(course.secret, "midterm", "a1")


def test_a_checkpoint_is_replaced_only_when_that_was_asked_for(course: Course) -> None:
    course.add(midterm(course))
    with pytest.raises(UsageError, match="already"):
        course.add(midterm(course, minutes=90))
    assert course.checkpoint("midterm").minutes == 60
    course.add(midterm(course, minutes=90), again=True)
    assert read_handout(course.handouts / "midterm.checkpoint").minutes == 90


def test_a_changed_handout_is_refused(course: Course) -> None:
    path = course.add(midterm(course))
    raw = json.loads(path.read_bytes())
    raw["signatures"][0]["sig"] = "AAAA" + raw["signatures"][0]["sig"][4:]
    path.write_text(json.dumps(raw))
    with pytest.raises(UsageError, match="signature does not hold"):
        read_handout(path)


def test_a_directory_in_use_is_left_as_it_was(course: Course, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in course.path.rglob("*") if path.is_file()}
    with pytest.raises(UsageError, match="there already"):
        Course.create(course.path, id="net", title="Other", learners=tmp_path / "roster.csv")
    assert {path: path.read_bytes() for path in course.path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("id", ["", "A", "../x", "a" * 41, "-a", "a b"])
def test_an_id_is_a_file_name_too(id: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be the id"):
        Course.create(tmp_path / "net", id=id, title="", learners=tmp_path / "roster.csv")


def test_there_is_no_course_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no course"):
        Course.open(tmp_path)


@pytest.mark.parametrize("damage", ["", "{", '{"schema": 2, "id": "a", "title": "b", "public_key": "c"}', "[]"])
def test_a_damaged_description_is_named(damage: str, course: Course) -> None:
    (course.path / "course.json").write_text(damage)
    with pytest.raises(UsageError, match=r"course\.json: "):
        Course.open(course.path)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("id\n1\n", 1),
        ("id,name,id\n1,a,2\n", 1),
        ("id,name\n", 1),
        ("id,name\n1,a\n1,b\n", 3),
        ("id,name\n,a\n", 2),
        ("id,name\n1,\n", 2),
        ("id,name\n1,a\x1b[31m\n", 2),
        ("id,name\n1,a\u202e\n", 2),
        ("id,name\n" + "1" * 65 + ",a\n", 2),
        ("id,name,key\n1,a,ssh-ed25519 nonsense\n", 2),
        ("id,name,key\n1,a,hello\n", 2),
        ('id,name\n1,"a\n', 2),
    ],
)
def test_a_wrong_roster_is_refused_with_its_line(text: str, line: int, tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_text(text)
    with pytest.raises(ContentError) as refused:
        roster.read(path)
    assert refused.value.line == line


def test_a_roster_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "roster.csv"
    path.write_bytes("id,name\n1,a\n2,Ł".encode("utf-16"))
    with pytest.raises(ContentError, match="UTF-8"):
        roster.read(path)
