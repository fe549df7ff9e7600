"""What was acknowledged is in the gradebook once, whoever was killed in the middle of whatever."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import gradebooks
import pytest
from gradebooks import KINDS, RECEIVED, Place, accepted, judgement
from lab_modes import GUEST
from victims import nursery

from tutor.grading.book import Book
from tutor.model.grade import Late

ROUNDS = {"sqlite": 20 if GUEST else 100, "postgresql": 5 if GUEST else 20}


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return gradebooks.place(request.param, tmp_path)


def _acknowledged(log: Path) -> list[tuple[str, str]]:
    """Whole lines only: a kill may cut the last one."""
    lines = log.read_text().split("\n")[:-1] if log.exists() else []
    return [(what, digest) for digest, _, what in (line.partition(" ") for line in lines)]


@pytest.mark.timeout(300)
def test_sigkill_loses_and_doubles_nothing(place: Place, tmp_path: Path) -> None:
    rng = random.Random(15)
    log = tmp_path / "acknowledged"
    rounds = ROUNDS["postgresql" if place.schema else "sqlite"]
    with nursery("book_worker", "work") as born:
        for round_ in range(rounds):
            before, wanted = len(_acknowledged(log)), rng.randrange(6)
            victim = born.born(str(place.where), str(log), 1000 * round_)
            while len(_acknowledged(log)) < before + wanted:
                time.sleep(0.001)
            time.sleep(rng.random() / 50)
            born.killed(victim)
            if round_ % 10 == 9:
                _check(place, _acknowledged(log))
    assert len({digest for _, digest in _acknowledged(log)}) > rounds / 4


@pytest.mark.parametrize("kind", KINDS)
def test_sigkill_while_a_book_is_made_leaves_one_that_opens(kind: str, tmp_path: Path) -> None:
    rng = random.Random(18)
    with nursery("book_worker", "work") as born:
        for round_ in range(10):
            folder = tmp_path / f"{round_}"
            folder.mkdir()
            place = gradebooks.place(kind, folder)
            victim = born.born(str(place.where), str(folder / "acknowledged"), 0)
            time.sleep(rng.random() / 10)
            born.killed(victim)
            with Book.open(place.where) as book:
                book.verify()


def _check(place: Place, acknowledged: list[tuple[str, str]]) -> None:
    with Book.open(place.where) as book:
        assert book.first_broken() is None
        changes = Counter(
            (change.kind, change.body.get("submission", change.body.get("digest"))) for change in book.journal()
        )
        grades = {grade.digest: grade for grade in book.grades("mid")}
        assert len(grades) == len(book.grades("mid")) == sum(kind == "taken in" for kind, _ in changes)
        assert max(changes.values()) == 1, "nothing is there twice"
        for what, digest in set(acknowledged):
            assert what == "opened" or changes[what, digest] == 1
            if what == "taken in":
                assert book.data(digest) == b"the file" * 500
            elif what == "judged":
                assert grades[digest].judged
                assert len(grades[digest].goals) == 3
            elif what == "marked":
                assert len(book.marks(digest)) == 1
            elif what == "commented":
                assert len(book.comments(digest)) == 1


def test_many_at_once_double_and_lose_nothing(place: Place, tmp_path: Path) -> None:
    """All take in the same submissions into a book that none of them has made yet."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(3, get_context("spawn")) as pool:
        counts = list(pool.map(_take_all, [str(place.where)] * 3, range(3)))
    assert sum(counts) == 12, "each was new to one of them"
    with Book.open(place.where) as book:
        assert book.waiting() == ()
        assert len(book.grades("mid")) == 12
        kinds = Counter(change.kind for change in book.journal())
        assert kinds == {"taken in": 12, "judged": 12, "marked": 36}
        assert [len(book.marks(grade.digest)) for grade in book.grades("mid")] == [3] * 12
        book.verify()


def _take_all(where: str, who: int) -> int:
    """How many of twelve submissions were new."""
    numbers = [*range(12)]
    random.Random(who).shuffle(numbers)
    new = 0
    with Book.open(where if "://" in where else Path(where)) as book:
        for number in numbers:
            it = accepted(number)
            new += book.take_in(it, b"", file="", received=RECEIVED)
            book.judged(it.digest, judgement(), Late())
            book.mark(it.digest, "nat", "route", "forwards", who, "", f"{who}")
    return new
