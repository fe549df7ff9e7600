"""The gradebook: what it keeps, what it says again, and what it refuses. All of it on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradebooks
import pytest
from gradebooks import KINDS, RECEIVED, Place, accepted, judgement

from tutor.errors import SubmissionError, UsageError
from tutor.grading.book import Book
from tutor.i18n import shown, tell, use_language
from tutor.model.grade import Comment, Flag, FlagKind, Late, Outcome

NOBODYS = "f" * 64
LIKE_BEN = Flag(FlagKind.ALIKE, "94 % the same lines as ben", ("ben",))


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return gradebooks.place(request.param, tmp_path)


@pytest.fixture
def book(place: Place) -> Iterator[Book]:
    with Book.open(place.where, who="grading") as book:
        yield book


@pytest.fixture
def korean() -> Iterator[None]:
    use_language("ko")
    yield
    use_language("en")


def taken(book: Book, number: int = 1, learner: str = "", **more: str) -> str:
    """The digest of a submission that was taken in."""
    it = accepted(number, learner, **more)  # type: ignore[arg-type]
    assert book.take_in(it, f"file {number}".encode(), file=f"{number}.submission", received=RECEIVED)
    return it.digest


def judged(book: Book, number: int = 1, outcome: Outcome = Outcome.CONFIRMED, late: Late | None = None) -> str:
    digest = taken(book, number)
    book.judged(digest, judgement(outcome), late or Late())
    return digest


def kinds(book: Book) -> list[str]:
    return [change.kind for change in book.journal()]


def test_what_is_taken_in_waits_to_be_judged(book: Book) -> None:
    first, second, other = taken(book, 1), taken(book, 2), taken(book, 3, checkpoint="final")
    assert book.waiting() == (first, second, other)
    assert book.waiting("mid") == (first, second)
    assert book.checkpoints() == ("final", "mid")
    book.judged(first, judgement(), Late())
    assert book.waiting("mid") == (second,)
    grade = book.grade(second)
    assert (grade.learner, grade.checkpoint, grade.file) == ("learner2", "mid", "2.submission")
    assert (grade.received, grade.started, grade.ended) == (
        RECEIVED,
        "2026-11-30T00:53:20.000Z",
        "2026-11-30T01:03:20.000Z",
    )
    assert not grade.judged
    assert book.data(second) == b"file 2"


def test_the_same_submission_is_taken_in_once(book: Book) -> None:
    taken(book)
    before = book.journal()
    assert not book.take_in(accepted(), b"file 1", file="copy.submission", received=RECEIVED)
    assert book.journal() == before
    assert book.grades("mid")[0].file == "1.submission"


def test_a_used_nonce_is_refused_and_the_first_file_named(book: Book) -> None:
    taken(book, 1, "ann")
    before = book.journal()
    with pytest.raises(SubmissionError, match=r"used already, in '1\.submission' of 'ann'"):
        taken(book, 2, "ann")
    assert book.journal() == before
    assert len(book.grades("mid")) == 1


def test_the_first_key_that_was_seen_is_the_learners(book: Book) -> None:
    taken(book, 1, "ann", key="ssh-ed25519 A")
    with pytest.raises(SubmissionError, match="the key that was first seen of 'ann'"):
        taken(book, 2, "ann", key="ssh-ed25519 B", checkpoint="final")
    taken(book, 3, "ann", key="ssh-ed25519 A", checkpoint="final")
    with pytest.raises(SubmissionError, match="handed in for 'ben', and signed with the key of 'ann'"):
        taken(book, 4, "ben", key="ssh-ed25519 A")


def test_a_key_that_the_roster_lists_needs_no_other_proof(book: Book) -> None:
    taken(book, 1, "ann", key="ssh-ed25519 A")
    listed = accepted(2, "ann", key="ssh-ed25519 B", checkpoint="final", listed=True)
    assert book.take_in(listed, b"", file="2", received=RECEIVED)


def test_a_gradebook_is_of_one_course(book: Book) -> None:
    taken(book, 1)
    with pytest.raises(UsageError, match="is that of the course 'net'"):
        taken(book, 2, course="other")
    assert len(book.journal()) == 1


def test_a_judgement_is_told_again(book: Book) -> None:
    digest = taken(book)
    found = judgement(Outcome.INCONCLUSIVE, "vim was used")
    flags = [Flag(FlagKind.LATE, "90 minutes late"), Flag(FlagKind.FOREIGN, "10.1.2.0/24 is ben's", ("ben", "eve"))]
    book.judged(digest, found, Late(90, 0.8), flags)
    grade = book.grade(digest)
    assert grade.judged
    assert tuple(goal.result for goal in grade.goals) == found.goals
    assert (grade.late, grade.flags) == (Late(90, 0.8), tuple(flags))
    assert grade.worth == 10
    assert grade.points == pytest.approx(6 * 0.8)
    assert grade.doubtful


def test_what_was_told_can_be_shown_in_another_language(book: Book, korean: None) -> None:
    digest = taken(book)
    reason = tell(
        "with other values in its place it fails: {reason}", reason=tell("the lab ended: {error}", error="\0")
    )
    late = tell("its log was changed: entry {entry} does not follow from the one before", entry=3)
    book.judged(digest, judgement(Outcome.NOT_REPRODUCED, reason), Late(), [Flag(FlagKind.CLOCK, late)])
    book.alike({digest: Flag(FlagKind.ALIKE, late)})
    book.refuse("a", NOBODYS, late)
    book.refuse("a", NOBODYS, late)
    grade = book.grade(digest)
    assert grade.goals[2].result.reason == str(reason).replace("\0", "\ufffd")
    assert shown(grade.goals[2].result.reason) == "다른 값으로 바꾸면 되지 않습니다: 랩이 끝나 버렸습니다: \ufffd"
    (refused,) = book.refusals()
    told = [*(flag.detail for flag in grade.flags), refused.reason]
    assert [shown(text) for text in told] == ["기록이 바뀌었습니다. 3번 항목이 앞 항목과 이어지지 않습니다"] * 3
    book.verify()


def test_a_second_judgement_changes_nothing_unless_it_was_asked_for(book: Book) -> None:
    digest = judged(book, 1, Outcome.INCONCLUSIVE)
    book.mark(digest, "bridges", "bridge", "passes", 2, "half of it", "prof")
    before = book.grade(digest), book.journal()
    book.judged(digest, judgement(Outcome.NOT_REPRODUCED), Late(5, 0.5))
    assert (book.grade(digest), book.journal()) == before
    book.judged(digest, judgement(Outcome.NOT_REPRODUCED), Late(5, 0.5), again=True)
    grade = book.grade(digest)
    assert grade.goals[2].result.outcome is Outcome.NOT_REPRODUCED
    assert grade.points == (3 + 3 + 2) * 0.5, "what a person said goes on holding"
    assert kinds(book) == ["taken in", "judged", "marked", "judged again"]


def test_the_last_mark_counts_and_all_are_kept(book: Book) -> None:
    digest = judged(book, 1, Outcome.INCONCLUSIVE)
    assert book.grade(digest).doubtful
    book.mark(digest, "bridges", "bridge", "passes", 1, "seen in the cast", "prof")
    book.mark(digest, "bridges", "bridge", "passes", 3.5, "and once more", "assistant")
    book.mark(digest, "nat", "route", "forwards", 0, "typed by a friend", "prof")
    grade = book.grade(digest)
    assert grade.points == 0 + 3 + 3.5
    assert not grade.doubtful
    assert [(key, mark.points, mark.comment, mark.who) for key, mark in book.marks(digest)] == [
        (("bridges", "bridge", "passes"), 1, "seen in the cast", "prof"),
        (("bridges", "bridge", "passes"), 3.5, "and once more", "assistant"),
        (("nat", "route", "forwards"), 0, "typed by a friend", "prof"),
    ]


@pytest.mark.parametrize("points", [-1, float("nan"), float("inf")])
def test_points_that_are_none_are_refused(book: Book, points: float) -> None:
    digest = judged(book)
    with pytest.raises(UsageError, match="points cannot be given"):
        book.mark(digest, "nat", "route", "forwards", points, "", "prof")
    assert book.marks(digest) == ()


def test_a_mark_is_for_a_goal_that_was_judged(book: Book) -> None:
    digest = taken(book)
    with pytest.raises(UsageError, match="was not judged by a goal 'forwards' of 'nat / route'"):
        book.mark(digest, "nat", "route", "forwards", 1, "", "prof")
    book.judged(digest, judgement(), Late())
    with pytest.raises(UsageError, match="'passes' of 'nat / bridge'"):
        book.mark(digest, "nat", "bridge", "passes", 1, "", "prof")
    book.mark(digest, "nat", "route", "forwards", 1, "", "prof")


def test_comments_are_kept(book: Book) -> None:
    digest = taken(book)
    book.comment(digest, "well done", "prof")
    book.comment(digest, "한국어 🎉", "assistant")
    said = book.comments(digest)
    assert [(each.text, each.who) for each in said] == [("well done", "prof"), ("한국어 🎉", "assistant")]
    assert isinstance(said[0], Comment)


def test_a_refusal_is_written_once(book: Book) -> None:
    for _ in range(3):
        book.refuse("a.submission", NOBODYS, "its signature does not hold")
    book.refuse("a.submission", NOBODYS, "the roster has no learner 'zoe'")
    assert [(each.digest, each.file, each.reason) for each in book.refusals()] == [
        (NOBODYS, "a.submission", "its signature does not hold"),
        (NOBODYS, "a.submission", "the roster has no learner 'zoe'"),
    ]


def test_likeness_is_what_was_compared_last(book: Book) -> None:
    one, two = judged(book, 1), judged(book, 2)
    book.alike({one: LIKE_BEN, two: None})
    book.alike({one: LIKE_BEN})
    assert book.grade(one).flags == (LIKE_BEN,)
    assert book.grade(two).flags == ()
    book.judged(one, judgement(), Late(), again=True)
    assert book.grade(one).flags == (LIKE_BEN,), "who is judged again is as like as before"
    book.alike({one: None, two: LIKE_BEN})
    assert [grade.flags for grade in book.grades("mid")] == [(), (LIKE_BEN,)]
    assert kinds(book).count("compared") == 2


def test_grades_are_in_the_order_of_learners(book: Book) -> None:
    for number, learner in enumerate(("eve", "ann", "ben"), 1):
        taken(book, number, learner)
    taken(book, 4, "zoe", checkpoint="final")
    assert [grade.learner for grade in book.grades("mid")] == ["ann", "ben", "eve"]
    assert book.grades("nothing") == ()
    assert [book.grade(grade.digest) for grade in book.grades("mid")] == list(book.grades("mid"))


def test_a_submission_that_is_not_there_is_told(book: Book) -> None:
    for digest in (NOBODYS, "", "' OR 1=1 --", "\0"):
        acts = (
            lambda digest=digest: book.grade(digest),
            lambda digest=digest: book.data(digest),
            lambda digest=digest: book.judged(digest, judgement(), Late()),
            lambda digest=digest: book.mark(digest, "nat", "route", "forwards", 1, "", "prof"),
            lambda digest=digest: book.comment(digest, "", "prof"),
            lambda digest=digest: book.alike({digest: LIKE_BEN}),
        )
        for act in acts:
            with pytest.raises(UsageError, match="has no submission"):
                act()
    assert book.journal() == ()


def test_texts_of_strangers_are_kept_as_far_as_a_database_can(book: Book) -> None:
    nasty = "\x1b]52;c;AA\x07\x9b31m\u202e[@click=x]<script>'\";--\ufffe"
    it = accepted(1, started="9" * 30)
    assert book.take_in(it, bytes(range(256)), file=f"{nasty}\udcff\0", received=RECEIVED)
    book.judged(it.digest, judgement(Outcome.NOT_REPRODUCED, f"seen: {nasty}\0\ud800"), Late())
    book.mark(it.digest, "nat", "route", "forwards", 1, nasty, nasty)
    grade = book.grade(it.digest)
    assert grade.file.startswith(nasty)
    assert grade.goals[2].result.reason.startswith(f"seen: {nasty}\ufffd")
    assert grade.goals[0].mark is not None
    assert grade.goals[0].mark.comment == nasty
    assert grade.started == "", "that is no time of any calendar"
    assert book.data(it.digest) == bytes(range(256))
    book.refuse("\0", "\0", "\0")
    book.refuse("\0", "\0", "\0")
    assert len(book.refusals()) == 1
    book.verify()


def test_a_book_is_closed_and_opened_again(place: Place) -> None:
    with Book.open(place.where) as book:
        digest = judged(book)
        before = book.grades("mid"), book.journal()
    with Book.open(place.where) as book:
        assert (book.grades("mid"), book.journal()) == before
        assert book.grade(digest).points == 10


def test_two_books_see_each_others_changes(place: Place) -> None:
    with Book.open(place.where) as one, Book.open(place.where) as two:
        digest = judged(one)
        two.mark(digest, "nat", "route", "forwards", 1, "", "prof")
        assert one.grade(digest).points == 8
        assert [change.seq for change in one.journal()] == [1, 2, 3]


def test_the_journal_says_what_when_and_who(place: Place) -> None:
    with Book.open(place.where, who="grading", clock=lambda: 1796000000 * 10**9) as book:
        digest = judged(book)
        book.mark(digest, "nat", "route", "forwards", 2, "see the cast", "prof")
        taken, _, marked = book.journal()
    assert (taken.kind, taken.who, taken.at) == ("taken in", "grading", 1796000000 * 10**9)
    assert (taken.body["learner"], taken.body["file"]) == ("learner1", "1.submission")
    assert (marked.kind, marked.who, marked.body["points"]) == ("marked", "prof", 2.0)


def test_a_clock_that_goes_back_keeps_the_order(place: Place) -> None:
    year = 365 * 86400 * 10**9
    times = iter((60 * year, 59 * year, 59 * year + 1, 61 * year, 58 * year))
    with Book.open(place.where, clock=lambda: next(times)) as book:
        digest = judged(book)
        for points in (1, 2, 3):
            book.mark(digest, "nat", "route", "forwards", points, "", "prof")
        assert [mark.points for _, mark in book.marks(digest)] == [1, 2, 3]
        goal = book.grade(digest).goals[0]
        assert goal.points == 3, "the last mark by order, not by the clock"
        assert [change.at // year for change in book.journal()] == [60, 59, 59, 61, 58]
        book.verify()
