"""The tables as they are after all migrations. Rows are only ever added, each with the journal's entry that added it.

``head`` alone is updated: it repeats the journal's last entry, whose row a writer locks, and shows a lost tail.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

VERSION = "0001"
"""The migration that ``metadata`` is the result of."""
VERSION_TABLE = "gradebook_version"
APPLICATION_ID = 0x6E65_7467  # "netg", https://www.sqlite.org/pragma.html#pragma_application_id

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)


def _text(name: str, *, index: bool = False, unique: bool = False) -> Column[str]:
    return Column(name, Text, nullable=False, index=index, unique=unique)


def _seq(*, primary: bool = False, index: bool = False) -> Column[int]:
    """The journal's entry that added the row."""
    return Column(
        "seq",
        BigInteger,
        ForeignKey("journal.seq"),
        primary_key=primary,
        nullable=False,
        autoincrement=False,
        index=index,
    )


def _position() -> Column[int]:
    return Column("position", Integer, primary_key=True, autoincrement=False)


def _digest(*, primary: bool = False, index: bool = False) -> Column[str]:
    """Of a submission that was taken in."""
    return Column("digest", Text, ForeignKey("submission.digest"), primary_key=primary, nullable=False, index=index)


head = Table(
    "head",
    metadata,
    Column("one", Integer, CheckConstraint("one = 1", name="one"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
    _text("hash"),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),  # nanoseconds since the epoch, by a wall clock that may go back
    _text("kind"),
    _text("body"),
    _text("hash"),
)

submission = Table(
    "submission",
    metadata,
    Column("digest", Text, primary_key=True),
    _seq(index=True),
    _text("course"),
    _text("checkpoint", index=True),
    _text("learner", index=True),
    _text("nonce", unique=True),
    _text("key", index=True),
    Column("key_listed", Boolean, nullable=False),
    _text("file"),
    _text("received"),
    _text("started"),
    _text("ended"),
)

file = Table(
    "file",
    metadata,
    _digest(primary=True),
    _seq(index=True),
    _text("sha256"),  # of the data: the journal vouches for this
    Column("data", LargeBinary, nullable=False),
)

judgement = Table(
    "judgement",
    metadata,
    _seq(primary=True),
    _digest(),
    Column("round", Integer, nullable=False),  # 0, and one more each time that it is judged again
    Column("late_minutes", Double, nullable=False),
    Column("late_keeps", Double, nullable=False),
    UniqueConstraint("digest", "round"),
)

result = Table(
    "result",
    metadata,
    _seq(primary=True),
    _position(),
    _text("item"),
    _text("step"),
    _text("goal"),
    _text("outcome"),
    Column("worth", Double, nullable=False),
    _text("reason"),
)

flag = Table(
    "flag",
    metadata,
    _seq(primary=True),
    _position(),
    _text("kind"),
    _text("detail"),
    _text("others"),  # JSON
)

alike = Table(
    "alike",
    metadata,
    _seq(primary=True),
    _digest(primary=True),
    _text("detail"),  # empty where it is like no other any more
    _text("others"),  # JSON
)

mark = Table(
    "mark",
    metadata,
    _seq(primary=True),
    _digest(index=True),
    _text("item"),
    _text("step"),
    _text("goal"),
    Column("points", Double, nullable=False),
    _text("comment"),
    _text("who"),
    _text("at"),
)

comment = Table(
    "comment",
    metadata,
    _seq(primary=True),
    _digest(index=True),
    _text("text"),
    _text("who"),
    _text("at"),
)

refusal = Table(
    "refusal",
    metadata,
    _seq(primary=True),
    _text("digest", index=True),  # of the file's bytes: it was not taken in
    _text("file"),
    _text("reason"),
    _text("at"),
)

ROWS = (submission, file, judgement, result, flag, alike, mark, comment, refusal)
"""What the journal vouches for."""
