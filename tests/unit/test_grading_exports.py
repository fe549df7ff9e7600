"""The files for schools' systems are read back as those read them."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from graded_class import CHECKPOINT, ESCAPES, EVIL, FINAL, GRADES, LEARNERS, YES, goal, goals, grade
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from tutor.errors import ContentError, UsageError
from tutor.grading.exports import (
    Choices,
    Missing,
    Pending,
    Sheet,
    arrange,
    canvas,
    cells,
    document,
    feedback,
    generic,
    moodle,
    worksheet,
)
from tutor.grading.exports.names import canvas_names, file_names, moodle_names, moodle_participants
from tutor.grading.roster import Learner

SHEET = arrange(
    "net",
    "Networks 2027",
    LEARNERS,
    [(CHECKPOINT, GRADES), (FINAL, ())],
    comments={GRADES[1].digest: ("good\nwork",)},
)


def rows(data: bytes) -> list[list[str]]:
    found = list(csv.reader(io.StringIO(data.decode(), newline=""), strict=True))
    assert {len(row) for row in found} == {len(found[0])}, "Moodle refuses a line of another length"
    return found


def alone(*learners: Learner, **changes: object) -> Sheet:
    checkpoint = replace(CHECKPOINT, **changes)  # type: ignore[arg-type]
    return arrange(
        "net", "Networks", learners, [(checkpoint, [grade(each.id, goals(*[YES] * 4)) for each in learners])]
    )


def test_canvas_gets_its_own_headers_and_the_row_of_points() -> None:
    data = canvas.render(SHEET, Choices())
    assert data.splitlines()[0] == "Student,ID,SIS User ID,SIS Login ID,Section,Mid-term exam,기말고사".encode()
    _header, points, *learners = rows(data)
    assert points == ["    Points Possible", "", "", "", "", "10", "20"]
    assert learners[0] == ["Kim, Ji-woo", "", "2024001", "", "", "10", ""]
    assert learners[1] == ['이 "민준" 서', "", "2024002", "", "", "4.05", ""]
    assert [row[2] for row in learners] == [learner.id for learner in LEARNERS]
    assert [row[5] for row in learners] == ["10", "4.05", "", "0", "", ""]


def test_canvas_ids_go_where_the_school_has_them() -> None:
    by_login = rows(canvas.render(SHEET, Choices(id_column="SIS Login ID")))
    assert by_login[2][1:4] == ["", "", "2024001"]
    own = alone(Learner("17", "A"))
    assert rows(canvas.render(own, Choices(id_column="ID")))[2][1:4] == ["17", "", ""]
    with pytest.raises(UsageError, match="its own numbers"):
        canvas.render(SHEET, Choices(id_column="ID"))


@pytest.mark.parametrize("title", ["Final Grade", "Quiz Current Score", "My Override Status"])
def test_canvas_headings_that_it_would_pass_over_are_refused(title: str) -> None:
    with pytest.raises(UsageError, match="--column mid="):
        canvas.render(alone(Learner("1", "A"), title=title), Choices())


def test_canvas_two_columns_of_one_name_are_refused() -> None:
    graded = [(CHECKPOINT, ()), (replace(FINAL, title=CHECKPOINT.title), ())]
    with pytest.raises(UsageError, match="cannot tell"):
        canvas.render(arrange("net", "N", LEARNERS, graded), Choices())
    renamed = arrange("net", "N", LEARNERS, graded, headings={"final": "End (4711)"})
    assert rows(canvas.render(renamed, Choices()))[0][5:] == ["Mid-term exam", "End (4711)"]
    assert list(canvas.cautions(renamed)) == []


def test_canvas_a_number_at_the_end_of_a_title_is_warned_of() -> None:
    (said,) = canvas.cautions(alone(Learner("1", "A"), title="Exam (2)"))
    assert "assignment number 2" in said


def test_canvas_no_learner_is_taken_for_the_row_of_points() -> None:
    assert rows(canvas.render(alone(Learner("7", "Points Possible")), Choices()))[2][:3] == ["7", "", "7"]


def test_moodle_gets_the_headers_of_its_own_export() -> None:
    header, *learners = rows(moodle.render(SHEET, Choices()))
    assert header == [
        "ID number",
        "Full name",
        "Assignment: Mid-term exam (Real)",
        "Assignment: Mid-term exam (Feedback)",
        "Assignment: 기말고사 (Real)",
        "Assignment: 기말고사 (Feedback)",
    ]
    assert [row[2] for row in learners] == ["10", "4.05", "-", "0", "-", "-"]
    assert all(row[3] == "" for row in learners if row[2] == "-"), "feedback alone would take a grade away"
    assert "보인다: 거의 맞음" in learners[1][3]
    assert "34 min late, 90 %" in learners[1][3]
    by_mail = rows(moodle.render(SHEET, Choices(id_column="Email address")))
    assert by_mail[0][0] == "Email address"


def test_moodle_feedback_is_html_that_shows_text() -> None:
    sheet = replace(SHEET, columns=SHEET.columns[:1])
    (said,) = [row[3] for row in rows(moodle.render(sheet, Choices(pending=Pending.POINTS))) if row[0] == "+8210"]
    assert "<" not in said
    assert "&lt;script&gt;" in said
    assert "\x1b" not in said
    assert "\u202e" not in said


def test_moodle_more_points_than_it_takes_are_warned_of() -> None:
    huge = replace(CHECKPOINT, items=(replace(CHECKPOINT.items[0], points=150),))
    (said,) = moodle.cautions(arrange("net", "N", LEARNERS, [(huge, ())]))
    assert said.startswith("mid is worth 150 points")


def test_an_item_of_another_kind_has_the_name_that_it_was_given() -> None:
    sheet = arrange("net", "N", LEARNERS, [(CHECKPOINT, GRADES)], headings={"mid": "Quiz: Mid"})
    assert rows(moodle.render(sheet, Choices()))[0][2:] == ["Quiz: Mid (Real)", "Quiz: Mid (Feedback)"]


def test_generic_has_everything_in_a_row() -> None:
    header, *learners = rows(generic.render(SHEET, Choices()))
    about = ["", "_worth", "_status", "_received", "_late_minutes", "_flags"]
    assert header == ["id", "name", *(f"mid{part}" for part in about), *(f"final{part}" for part in about), "total"]
    assert learners[1][2:8] == ["4.05", "10", "graded", "2026-12-01T11:00:00Z", "34", "late"]
    assert [row[4] for row in learners] == ["graded", "graded", "pending", "graded", "waiting", "missing"]
    assert learners[3][7] == "alike pasted"
    assert [row[-1] for row in learners] == ["10", "4.05", "", "0", "", ""]


def test_what_is_pending_or_missing_is_as_it_was_asked_for() -> None:
    marks = rows(generic.render(SHEET, Choices(Pending.POINTS, Missing.ZERO)))[1:]
    assert [row[2] for row in marks] == ["10", "4.05", "8", "0", "", "0"]


def test_excel_is_told_that_it_is_utf8() -> None:
    for render in (canvas.render, moodle.render, generic.render):
        assert render(SHEET, Choices(excel=True)) == b"\xef\xbb\xbf" + render(SHEET, Choices())


@given(st.text())
def test_no_text_is_a_formula(text: str) -> None:
    data = cells.table(["a", "b"], [[cells.text(text), cells.prose(text)]], excel=False)
    for cell in rows(data)[1]:
        assert not cell.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r"))
    assert "\x1b" not in data.decode()


@pytest.mark.parametrize("id", ["2024001", "+8210", "-17", "@kim", "kim.lee@school.kr", "홍길동", "a_b"])
def test_an_id_that_can_do_no_harm_is_found_again(id: str) -> None:
    assert rows(canvas.render(alone(Learner(id, "A")), Choices()))[2][2] == id


@pytest.mark.parametrize("id", ["=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "=cmd"])
def test_an_id_that_is_a_formula_is_not_one_in_the_file(id: str) -> None:
    assert rows(canvas.render(alone(Learner(id, "A")), Choices()))[2][2] == f"'{id}"


def test_a_semicolon_begins_no_cell() -> None:
    data = generic.render(alone(Learner("1", "Kim;=1+1")), Choices()).decode()
    assert '"Kim;=1+1"' in data


def test_numbers_are_numbers() -> None:
    third = arrange("net", "N", LEARNERS[:1], [(CHECKPOINT, [grade("2024001", (goal("a", "b", "c", YES, 10 / 3),))])])
    assert b",3.33," in generic.render(third, Choices())


def test_json_is_one_object_that_says_its_schema() -> None:
    data = document.render(SHEET, Choices())
    data.decode("ascii")
    found = json.loads(data)
    assert found["schema"] == 1
    assert found["course"] == {"id": "net", "title": "Networks 2027"}
    assert [each["points"] for each in found["checkpoints"]] == [10, 20]
    assert [each["name"] for each in found["learners"]] == [learner.name for learner in LEARNERS]
    second = found["learners"][1]["grades"][0]
    assert (second["status"], second["mark"], second["late"]) == (
        "graded",
        pytest.approx(4.05),
        {"minutes": 34, "keeps": 0.9},
    )
    assert second["goals"][3]["mark"]["who"] == "prof"
    assert second["goals"][3]["outcome"] == "inconclusive"
    pending = found["learners"][2]["grades"][0]
    assert (pending["status"], pending["mark"], pending["points"]) == ("pending", None, 8)
    assert found["learners"][5]["grades"][0] == {"checkpoint": "mid", "status": "missing", "mark": None}
    assert found["learners"][3]["grades"][0]["goals"][0]["reason"] == f"seen: {ESCAPES}"


def read(markdown: str) -> str:
    """The text that it shows, by another program."""
    tokens = MarkdownIt("commonmark").parse(markdown)
    assert not [token for token in tokens if token.type.startswith("html")]
    inline = [child for token in tokens for child in token.children or ()]
    assert not [child for child in inline if child.type in ("html_inline", "link_open", "image", "em_open")]
    return "\n".join(child.content for child in inline if child.content)


def test_feedback_is_a_file_for_each_who_handed_in() -> None:
    texts = feedback.render(SHEET)
    assert list(texts) == ["2024001.md", "2024002.md", "_8210.md", "b-4.md", "b-5.md"]
    second = read(texts["2024002.md"])
    assert '이 "민준" 서 (2024002)' in second
    assert "4.05 of 10 points" in second
    assert "보인다: 거의 맞음\n=1+1" in second
    assert "good\nwork" in second
    assert "expected a namespace red; seen: none" in second
    assert EVIL in read(texts["_8210.md"])
    assert "\x1b" not in texts["_8210.md"]
    assert "alike" not in texts["b-4.md"], "flags are for the instructor"
    assert "not graded yet" in texts["b-5.md"]


@given(st.text(alphabet=st.sampled_from("ab 1.)*_#>-+=<&;`[]()!\\|~\n:/x"), min_size=1, max_size=40))
def test_feedback_shows_a_reason_as_it_is(reason: str) -> None:
    sheet = arrange("n", "N", LEARNERS[:1], [(CHECKPOINT, [grade("2024001", (goal("a", "b", "c", YES, 1, reason),))])])
    shown = read(feedback.render(sheet)["2024001.md"])
    assert "".join(reason.split()) in "".join(shown.split())


def test_feedback_gets_the_names_that_moodle_takes(tmp_path: Path) -> None:
    path = tmp_path / "Grades.csv"
    path.write_text(
        "Identifier,Full name,ID number,Status,Grade\n"
        'Participant 901,"Kim, Ji-woo",,Submitted,\nParticipant 902,Other,2024002,,\nParticipant 903,?,zz,,\n',
        encoding="utf-8-sig",
    )
    numbers = worksheet.participants(path, LEARNERS)
    assert numbers == {"2024001": "901", "2024002": "902"}
    people = {learner.id: learner.name for learner in LEARNERS}
    names = list(feedback.render(SHEET, moodle_names(people, numbers)))
    assert names == [
        "Kim- Ji-woo_901_assignfeedback_file_feedback.md",
        "이 -민준- 서_902_assignfeedback_file_feedback.md",
    ]
    for name, number in zip(names, numbers.values(), strict=True):
        parts = name.split("_", 4)
        assert parts[1:] == [number, "assignfeedback", "file", "feedback.md"]


def test_feedback_is_named_like_what_was_downloaded_from_canvas() -> None:
    files = {
        "a": "in/kimjiwoo_LATE_4711_90210_net-2027-midterm-2024001.submission",
        "b": "in/leeminjun_4712_90211_a_17_b-1.submission",
        "c": "in/net-2027-midterm-2024003.submission",
        "d": "in/2024_01_02.submission",
        "e": "in/1_2/x.submission",
    }
    names = canvas_names(files)
    assert names == {"a": "kimjiwoo_4711_90210_feedback.md", "b": "leeminjun_4712_90211_feedback.md"}
    for name, number in zip(names.values(), (["4711", "90210"], ["4712", "90211"]), strict=True):
        assert [part for part in name.split("_") if part.isdecimal()][:2] == number, "what Canvas looks for"


def test_feedback_is_named_like_what_was_downloaded_from_moodle() -> None:
    files = {
        "a": "in/Kim Ji_woo_901_assignsubmission_file/net.submission",
        "b": "in/Lee_902_assignsubmission_file_net.submission",
        "c": "in/net_903.submission",
    }
    assert moodle_participants(files) == {"a": "901", "b": "902"}


def test_another_file_is_no_worksheet(tmp_path: Path) -> None:
    path = tmp_path / "Grades.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(ContentError, match=r"Grades\.csv:1: .*Identifier"):
        worksheet.participants(path, LEARNERS)


@given(st.lists(st.text(min_size=1, max_size=64), unique=True))
def test_file_names_are_names_of_files(ids: list[str]) -> None:
    names = file_names(ids, ".md", taken=["index.md"])
    assert len({name.casefold() for name in names.values()}) == len(ids)
    for name in names.values():
        assert name == Path(name).name
        assert not name.startswith((".", "-"))
        assert len(name.encode()) <= 255
        assert name != "index.md"


def test_file_names_are_none_of_windows_devices() -> None:
    assert file_names(["CON", "com1", "../../etc/passwd", "A", "a"], ".md") == {
        "CON": "_CON.md",
        "com1": "_com1.md",
        "../../etc/passwd": "_.._etc_passwd.md",
        "A": "A.md",
        "a": "a-2.md",
    }
