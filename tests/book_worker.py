"""A process that takes in, judges and marks for ever, and writes down what it was told is done. It is there to be
killed (``victims``)."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from gradebooks import RECEIVED, accepted, judgement

from tutor.grading.book import Book
from tutor.model.grade import Late


def work(where: str, acknowledged: str, start: int) -> None:
    """Submissions from number ``start`` on; first what others took in and did not judge."""
    log = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def done(what: str, digest: str) -> None:
        os.write(log, f"{digest} {what}\n".encode())

    with Book.open(where if "://" in where else Path(where)) as book:
        done("opened", "-")
        for digest in book.waiting():
            book.judged(digest, judgement(), Late())
            done("judged", digest)
        for number in itertools.count(start):
            it = accepted(number)
            book.take_in(it, b"the file" * 500, file=f"{number}.submission", received=RECEIVED)
            done("taken in", it.digest)
            book.judged(it.digest, judgement(), Late())
            done("judged", it.digest)
            book.mark(it.digest, "nat", "route", "forwards", 1, f"{os.getpid()}", "prof")
            done("marked", it.digest)
            book.comment(it.digest, "seen", "prof")
            done("commented", it.digest)
            book.refuse(f"{number}", it.digest, "for no reason")
            done("refused", it.digest)
