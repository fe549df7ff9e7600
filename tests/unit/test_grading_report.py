"""The numbers of the reports, their pictures, and that they are well-formed and harmless whatever is in them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from graded_class import CHECKPOINT, ESCAPES, EVIL, GRADES, LEARNERS, NO, PERHAPS, REFUSED, YES, goals, grade, pupils
from hypothesis import given
from hypothesis import strategies as st

from tutor.grading.report import Pupil, Work, class_page, figures, learner_page, svg, work_of
from tutor.i18n import use_language
from tutor.model.grade import Mark
from tutor.model.submission import Entry

VOID = {"meta", "br"}


class Reader(HTMLParser):
    """Well-formed or not, which elements, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(str(page))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data

    def all(self, attribute: str) -> list[str]:
        return [value for _tag, attributes in self.seen if (value := attributes.get(attribute))]


def pages() -> Iterator[str]:
    yield class_page("Networks", CHECKPOINT, pupils(), REFUSED, made="2026-12-03T08:00:00Z")
    for pupil in pupils():
        yield learner_page(f"Networks {EVIL}", CHECKPOINT, pupil, home="index.html")


@pytest.mark.parametrize("language", ["en", "ko"])
def test_pages_are_well_formed_and_load_nothing(language: str) -> None:
    use_language(language)
    try:
        written = list(pages())
    finally:
        use_language("en")
    assert len(written) == 1 + len(LEARNERS)
    for page in written:
        found = Reader(page)
        names = {tag for tag, _attributes in found.seen}
        assert not names & {"script", "img", "link", "iframe", "object", "embed", "form", "base", "image", "use"}
        assert not [name for _tag, attributes in found.seen for name in attributes if name.startswith("on")]
        assert not found.all("src")
        assert all(":" not in address and "/" not in address for address in found.all("href"))
        assert found.seen[0] == ("html", {"lang": language})
        assert len(found.all("id")) == len(set(found.all("id")))
        assert set(" ".join(found.all("aria-labelledby")).split()) <= set(found.all("id"))
        assert not set(page) & set("\x1b\x07\x9b\u202e")


def test_a_class_page_says_everything_of_everyone() -> None:
    text = Reader(class_page("Networks", CHECKPOINT, pupils(), REFUSED)).text
    for learner in LEARNERS:
        assert learner.name in text
        assert learner.id in text
    assert "97 % of the commands are those of another" in text
    assert "its signature does not hold" in text
    assert f"{EVIL}␛]52;c;aGk=␇<U+009B>21t<U+202E>gpj.exe.submission" in text
    for standing in ("graded", "to be looked at", "not graded yet", "not handed in"):
        assert standing in text


def test_a_learner_page_says_everything() -> None:
    second = next(pupil for pupil in pupils() if pupil.learner.id == "2024002")
    text = Reader(learner_page("Networks", CHECKPOINT, second)).text
    for said in (
        "4.05 / 10",
        "34 min late, 90 % of the points are kept",
        "expected a namespace red; seen: none",
        "보인다: 거의 맞음",
        "1.5 points by prof, 2026-12-02 10:00 UTC",
        "ip netns add red",
        "0:45:00",
        "iptables -t nat -A POSTROUTING -j MASQUERADE",
        "(did not end)",
        "[2]",
    ):
        assert said in text
    commented = next(pupil for pupil in pupils() if pupil.comments)
    assert f"Come and see me {EVIL}" in Reader(learner_page("Networks", CHECKPOINT, commented)).text


def test_a_learner_who_handed_in_nothing_has_a_page() -> None:
    assert "Nothing was handed in." in learner_page("Networks", CHECKPOINT, Pupil(LEARNERS[-1]))
    assert "Nobody Came" in class_page("Networks", CHECKPOINT, [Pupil(LEARNERS[-1])])


TAGS = [tag for tag, _attributes in Reader(learner_page("N", CHECKPOINT, pupils()[0])).seen]


@given(st.text())
def test_any_text_is_shown_and_nothing_else_comes_of_it(text: str) -> None:
    pupil = pupils()[0]
    named = replace(pupil, learner=replace(pupil.learner, name=f"Kim{text}", id=f"i{text}"), comments=())
    found = Reader(learner_page("N", CHECKPOINT, named))
    assert [tag for tag, _attributes in found.seen] == TAGS


def test_points_are_spread_over_ten_ranges() -> None:
    found = [
        Pupil(LEARNERS[0], grade("a", goals(*outcomes)))
        for outcomes in (
            (YES, YES, YES, YES),
            (NO, NO, NO, NO),
            (YES, NO, NO, NO),
            (NO, YES, NO, NO),
            (NO, NO, YES, PERHAPS),
        )
    ]
    bins = figures.spread(CHECKPOINT, [*found, Pupil(LEARNERS[0])])
    assert [low for low, _high, _count in bins] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [count for _low, _high, count in bins] == [1, 0, 1, 2, 0, 0, 0, 0, 0, 1]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
def test_everyone_is_in_one_range(shares: list[int]) -> None:
    whole = replace(CHECKPOINT, items=(replace(CHECKPOINT.items[0], points=0.7),))
    graded = [
        Pupil(LEARNERS[0], replace(GRADES[0], goals=(replace(GRADES[0].goals[0], mark=mark),)))
        for share in shares
        for mark in [Mark(0.7 * share / 100, "", "prof", "")]
    ]
    counts = [count for _low, _high, count in figures.spread(whole, graded)]
    assert counts == [sum(1 for share in shares if min(9, share // 10) == number) for number in range(10)]


def test_totals_are_of_those_that_are_graded() -> None:
    found = figures.totals(pupils())
    assert (found.learners, found.handed_in, found.graded, found.pending, found.waiting) == (6, 5, 3, 1, 1)
    assert found.mean == pytest.approx((10 + 4.05 + 0) / 3)
    assert found.median == pytest.approx(4.05)


def test_goals_are_counted_by_outcome() -> None:
    red, _ping, _out, back = figures.per_goal(pupils())
    assert (red.item, red.step, red.goal) == ("namespaces#create+join", "create", "red")
    assert (red.confirmed, red.inconclusive, red.not_reproduced) == (3, 0, 1)
    assert red.mean == pytest.approx(9 / 4)
    assert (back.confirmed, back.inconclusive, back.not_reproduced) == (1, 2, 1)
    assert back.mean == pytest.approx((2 + 1.5) / 4)


def test_times_are_the_middle_and_the_middle_half() -> None:
    works = [Work(0, {("nat", "a"): float(seconds)}) for seconds in (10, 20, 30, 40, 50)]
    (time,) = figures.step_times(works, [("nat", "a"), ("nat", "b"), ("nat", "a")])
    assert (time.learners, time.low, time.median, time.high) == (5, 20, 30, 40)
    (alone,) = figures.step_times(works[:1], [("nat", "a")])
    assert (alone.low, alone.median, alone.high) == (10, 10, 10)


def entry(seq: int, seconds: float, kind: str, **body: Any) -> Entry:
    clock = {"boot": "b", "boottime": str(int(seconds * 1e9))}
    return Entry(seq, str(int((1_700_000_000 + seconds) * 1e9)), kind, json.dumps({**clock, **body}), "")


def test_the_log_says_where_the_time_went() -> None:
    entries = (
        entry(1, 100, "taken"),
        entry(2, 110, "begun", lesson="namespaces", seed=1),
        entry(3, 110, "opened", attempt=2, step="create"),
        entry(4, 170, "command", attempt=2, step="create", machine="host", text="a", exit_status=0, answer=False),
        entry(5, 200, "opened", attempt=2, step="join"),
        entry(6, 230, "begun", lesson="nat", seed=1),
        entry(7, 230, "opened", attempt=6, step="masquerade"),
        entry(8, 300, "command", attempt=6, step="masquerade", machine="r", text="b", exit_status=None, answer=False),
        entry(9, 310, "opened", attempt=2, step="create"),
        entry(10, 320, "opened", attempt=2, step="elsewhere"),
        entry(11, 330, "command", attempt=2, step="elsewhere", machine="host", text="c", exit_status=1, answer=False),
        entry(12, 400, "handed in"),
    )
    work = work_of(CHECKPOINT, entries)
    assert work.seconds == 300
    assert work.steps == {
        ("namespaces#create+join", "create"): 90 + 10,
        ("namespaces#create+join", "join"): 30,
        ("nat", "masquerade"): 80,
        ("", "elsewhere"): 80,
    }
    assert {item: [line.text for line in lines] for item, lines in work.lines.items()} == {
        "namespaces#create+join": ["a"],
        "nat": ["b"],
        "": ["c"],
    }


def test_a_picture_says_what_it_is() -> None:
    picture = svg.rows(
        "x", "Points <b>", ESCAPES, [svg.Row("a" * 80, (svg.Part("yes", 1, "1"),), "b", (0.5, 2))], full=1
    )
    found = Reader(picture)
    assert [tag for tag, _attributes in found.seen][:3] == ["svg", "title", "desc"]
    assert "Points <b>" in found.text
    assert "\x1b" not in picture
    for _tag, attributes in found.seen:
        if "width" in attributes:
            assert float(attributes["x"] or 0) + float(attributes["width"] or 0) <= svg.WIDTH + 0.2
            assert float(attributes["width"] or 0) >= 0


def test_empty_pictures_are_pictures() -> None:
    for picture in (
        svg.columns("a", "t", "d", [], axis="x"),
        svg.columns("a", "t", "d", [("0", 0)], axis="x"),
        svg.rows("a", "t", "d", []),
        svg.strip("a", "t", "d", [], 0, ("0", "1")),
    ):
        Reader(picture)
