"""The gradebook as grading, review and exports use it."""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, Engine, Select, func, select

from tutor.errors import SubmissionError, UsageError
from tutor.grading.book import checking, connecting, ledger, refusals, rows, tables
from tutor.grading.book.ledger import Change, Row
from tutor.grading.book.refusals import Where
from tutor.grading.book.rows import GoalKey
from tutor.grading.inbox import Accepted, with_key_of
from tutor.i18n import tell
from tutor.model.grade import Comment, Flag, Grade, Judgement, Late, Mark, Refused


class Book:
    """An open gradebook. Each call that changes it is one transaction, on disk when it returns.

    Everything here raises ``StoreError`` where the database cannot be used; what was written before stays as it was.
    Any number of books may be open on one database, in any number of processes. ``who`` is whose acts the journal
    says they are where a call does not say it. Closed like a file.
    """

    def __init__(self, engine: Engine, where: Where, who: str, clock: Callable[[], int]) -> None:
        self._engine = engine
        self._where = where
        self._who = who
        self._clock = clock

    @classmethod
    def open(cls, where: Path | str, *, who: str | None = None, clock: Callable[[], int] = time.time_ns) -> Self:
        """A file, which is made if there is none, or ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``; all but the
        files in it is verified, and the schema is brought up to date. ``clock`` gives nanoseconds since the epoch.
        Raises ``UsageError`` for what is no gradebook, and ``StoreError`` where it cannot be used."""
        engine, place = connecting.connect(where)
        return cls(engine, place, _login() if who is None else who, clock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    @property
    def name(self) -> str:
        """Its file or URL, without a password, for messages."""
        return self._where.name

    def take_in(self, accepted: Accepted, data: bytes, *, file: str, received: str) -> bool:
        """Keep a submission and the bytes of its file; ``received`` is UTC as in RFC 3339. Gives whether it is new:
        the same one again changes nothing.

        Raises ``SubmissionError`` where its nonce was used by another one, or its key is not the first that was seen
        of the learner, and ``UsageError`` for a gradebook of another course.
        """
        submission = accepted.submission
        with self._writing() as pen:
            if pen.connection.scalar(select(tables.submission.c.seq).filter_by(digest=accepted.digest)) is not None:
                return False
            _check_new(pen.connection, accepted, self._where)
            told = {"course": submission.course, "checkpoint": submission.checkpoint, "learner": submission.learner}
            taken = {
                "digest": accepted.digest,
                **told,
                "nonce": submission.nonce,
                "key": submission.key,
                "key_listed": accepted.key_listed,
                "file": file,
                "received": received,
                "started": rows.moment(submission.started),
                "ended": rows.moment(submission.ended),
            }
            kept = {"digest": accepted.digest, "sha256": hashlib.sha256(data).hexdigest(), "data": data}
            body = {"submission": accepted.digest, **told, "file": file}
            pen.write("taken in", body, [(tables.submission, taken), (tables.file, kept)])
        return True

    def judged(
        self, digest: str, judgement: Judgement, late: Late, flags: Sequence[Flag] = (), *, again: bool = False
    ) -> None:
        """What the replay found. A submission that was judged stays as it is, but with ``again``: then this is what
        counts, and what people said of its goals goes on holding."""
        with self._writing() as pen:
            _known(pen.connection, digest)
            before = select(func.count()).select_from(tables.judgement).filter_by(digest=digest)
            round_ = pen.connection.scalar(before) or 0
            if round_ and not again:
                return
            added: list[Row] = [
                (
                    tables.judgement,
                    {"digest": digest, "round": round_, "late_minutes": late.minutes, "late_keeps": late.keeps},
                )
            ]
            added += [(tables.result, rows.of_result(place, goal)) for place, goal in enumerate(judgement.goals)]
            added += [(tables.flag, rows.of_flag(place, flag)) for place, flag in enumerate(flags)]
            body = {"submission": digest, "points": judgement.points, "doubtful": judgement.doubtful}
            pen.write("judged again" if round_ else "judged", body, added)

    def alike(self, found: Mapping[str, Flag | None]) -> None:
        """By digest, the flag of a submission that is like another one, or ``None`` where it is like none; submissions
        that are not named keep what they have."""
        with self._writing() as pen:
            now = rows.alike(pen.connection, select(tables.submission.c.digest))
            changed = {digest: flag for digest, flag in found.items() if now.get(digest) != flag}
            for digest in changed:
                _known(pen.connection, digest)
            if changed:
                body = {"submissions": len(changed)}
                pen.write("compared", body, [(tables.alike, rows.of_alike(d, f)) for d, f in sorted(changed.items())])

    def refuse(self, file: str, digest: str, reason: str) -> None:
        """A file that was not taken in; ``digest`` is of its bytes. Said again with the same reason it is not written
        again."""
        digest, reason = ledger.storable(digest), ledger.storable(reason)
        with self._writing() as pen:
            if pen.connection.scalar(select(tables.refusal.c.seq).filter_by(digest=digest, reason=reason)) is None:
                row = {"digest": digest, "file": file, "reason": reason, "at": pen.at}
                pen.write("refused", {"file": file, "digest": digest, "reason": reason}, [(tables.refusal, row)])

    def mark(self, digest: str, item: str, step: str, goal: str, points: float, comment: str, who: str) -> None:
        """Points that a person gives for a goal, instead of those of the replay. The last mark counts, and all are
        kept. Raises ``UsageError`` for a goal that the submission was not judged by, and for points below 0."""
        if not (math.isfinite(points) and points >= 0):
            raise UsageError(tell("{points} points cannot be given", points=points))
        with self._writing(who) as pen:
            _known(pen.connection, digest)
            with refusals.reading(self._where):
                goals = rows.results(pen.connection, _only(digest)).get(digest, [])
            if not any((each.item, each.step, each.goal) == (item, step, goal) for each in goals):
                raise UsageError(
                    tell(
                        "submission {digest} was not judged by a goal {goal} of {place}",
                        digest=digest[:12],
                        goal=repr(goal),
                        place=repr(f"{item} / {step}"),
                    )
                )
            said = {"item": item, "step": step, "goal": goal, "points": float(points), "comment": comment}
            row = {"digest": digest, **said, "who": who, "at": pen.at}
            pen.write("marked", {"submission": digest, **said}, [(tables.mark, row)])

    def comment(self, digest: str, text: str, who: str) -> None:
        """A remark on the whole submission; all are kept."""
        with self._writing(who) as pen:
            _known(pen.connection, digest)
            row = {"digest": digest, "text": text, "who": who, "at": pen.at}
            pen.write("commented", {"submission": digest, "text": text}, [(tables.comment, row)])

    def checkpoints(self) -> tuple[str, ...]:
        """Those of which there are submissions."""
        with self._reading() as connection:
            return tuple(sorted(set(connection.scalars(select(tables.submission.c.checkpoint).distinct()))))

    def waiting(self, checkpoint: str | None = None) -> tuple[str, ...]:
        """The digests of what was taken in and not judged yet, in the order in which it came."""
        columns = tables.submission.c
        done = select(tables.judgement.c.seq).where(tables.judgement.c.digest == columns.digest)
        asked = select(columns.digest).where(~done.exists()).order_by(columns.seq)
        if checkpoint is not None:
            asked = asked.where(columns.checkpoint == checkpoint)
        with self._reading() as connection:
            return tuple(connection.scalars(asked))

    def grades(self, checkpoint: str) -> tuple[Grade, ...]:
        """All submissions for a checkpoint, by learner and then as they came."""
        with self._reading() as connection:
            asked = select(tables.submission.c.digest).filter_by(checkpoint=checkpoint)
            return tuple(sorted(rows.grades(connection, asked), key=lambda grade: grade.learner))

    def grade(self, digest: str) -> Grade:
        """Raises ``UsageError`` for a digest that the gradebook does not have."""
        with self._reading() as connection:
            _known(connection, digest)
            return rows.grades(connection, _only(digest))[0]

    def data(self, digest: str) -> bytes:
        """The bytes of the file that was handed in; ``StoreError`` where they are not those that were."""
        with self._reading() as connection:
            _known(connection, digest)
            return checking.data(connection, self._where, digest)

    def refusals(self) -> tuple[Refused, ...]:
        """Oldest first."""
        columns = tables.refusal.c
        asked = select(columns.digest, columns.file, columns.reason, columns.at).order_by(columns.seq)
        with self._reading() as connection:
            return tuple(rows.refused(row) for row in connection.execute(asked))

    def marks(self, digest: str) -> tuple[tuple[GoalKey, Mark], ...]:
        """Every mark that was ever given in a submission, oldest first."""
        with self._reading() as connection:
            return tuple((key, mark) for _, key, mark in rows.marks(connection, _only(digest)))

    def comments(self, digest: str) -> tuple[Comment, ...]:
        """Oldest first."""
        columns = tables.comment.c
        asked = select(columns.text, columns.who, columns.at).filter_by(digest=digest).order_by(columns.seq)
        with self._reading() as connection:
            return tuple(Comment(*row) for row in connection.execute(asked))

    def journal(self) -> tuple[Change, ...]:
        """Every change, oldest first, as it stands there: ``first_broken`` says whether it can be believed."""
        with self._reading() as connection:
            return tuple(ledger.read(connection))

    def first_broken(self) -> int | None:
        """The number of the first entry of the journal that does not hold, or whose rows are not those that were
        written with it; ``None`` where everything but the files is as it was written."""
        with self._reading() as connection:
            return ledger.first_broken(connection)

    def verify(self) -> None:
        """Everything, with the files. Raises ``StoreError`` with the way out where something is not as it was
        written."""
        with self._reading() as connection:
            checking.check(connection, self._where)
            for digest in connection.scalars(select(tables.submission.c.digest)):
                checking.data(connection, self._where, digest)

    @contextlib.contextmanager
    def _writing(self, who: str | None = None) -> Iterator[_Pen]:
        with refusals.refusing(self._where), connecting.writing(self._engine) as connection:
            yield _Pen(connection, ledger.lock(connection), self._clock(), self._who if who is None else who)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[Connection]:
        with refusals.reading(self._where), connecting.reading(self._engine) as connection:
            yield connection


class _Pen:
    """What a transaction writes with: it has the journal's end to itself."""

    def __init__(self, connection: Connection, end: tuple[int, str], at: int, who: str) -> None:
        self.connection = connection
        self.at = rows.moment(str(at))
        self._end = end
        self._at = at
        self._who = who

    def write(self, kind: str, body: Mapping[str, object], added: Sequence[Row]) -> None:
        self._end = ledger.append(self.connection, self._end, self._at, kind, {**body, "who": self._who}, added)


def _only(digest: str) -> Select[tuple[str]]:
    return select(tables.submission.c.digest).filter_by(digest=digest)


def _known(connection: Connection, digest: str) -> None:
    if connection.scalar(_only(ledger.storable(digest))) is None:
        raise UsageError(tell("the gradebook has no submission {digest}", digest=repr(digest[:64])))


def _check_new(connection: Connection, accepted: Accepted, where: Where) -> None:
    columns, submission = tables.submission.c, accepted.submission
    course = connection.scalar(select(columns.course).order_by(columns.seq).limit(1))
    if course is not None and course != submission.course:
        raise UsageError(tell("the gradebook {where} is that of the course {course}", where=where, course=repr(course)))
    used = connection.execute(select(columns.learner, columns.file).filter_by(nonce=submission.nonce)).first()
    if used is not None:
        raise SubmissionError(
            tell(
                "its nonce was used already, in {file} of {learner}",
                file=repr(used.file[-200:]),
                learner=repr(used.learner),
            )
        )
    if accepted.key_listed:
        return
    first = select(columns.key).filter_by(learner=submission.learner).order_by(columns.seq).limit(1)
    key = connection.scalar(first)
    if key is not None and key != submission.key:
        raise SubmissionError(
            tell("it is not signed with the key that was first seen of {learner}", learner=repr(submission.learner))
        )
    owner = connection.scalar(
        select(columns.learner).filter_by(key=submission.key).where(columns.learner != submission.learner).limit(1)
    )
    if owner is not None:
        raise with_key_of(submission.learner, owner)


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
