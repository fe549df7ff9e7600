"""Submissions, judgements, marks, comments, refusals, and the journal of them all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _journal()
    _submissions()
    _judgements()
    _people()


def _seq(*, primary: bool = True) -> sa.Column[int]:
    return sa.Column("seq", sa.BigInteger, primary_key=primary, nullable=False, autoincrement=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _of_journal(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["seq"], ["journal.seq"], name=f"fk_{table}_seq")


def _of_submission(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["digest"], ["submission.digest"], name=f"fk_{table}_digest")


def _index(table: str, *columns: str, unique: bool = False) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column], unique=unique)


def _journal() -> None:
    op.create_table(
        "head",
        sa.Column("one", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        *_texts("hash"),
        sa.CheckConstraint("one = 1", name="one"),
    )
    op.create_table("journal", _seq(), sa.Column("at", sa.BigInteger, nullable=False), *_texts("kind", "body", "hash"))
    if op.get_bind().dialect.name == "sqlite":
        for act in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER journal_no_{act.lower()} BEFORE {act} ON journal"
                " BEGIN SELECT RAISE(ABORT, 'the journal is only added to'); END"
            )
    else:
        op.execute(
            "CREATE FUNCTION journal_kept() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE EXCEPTION 'the journal is only added to'; END $$"
        )
        op.execute(
            "CREATE TRIGGER journal_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON journal"
            " FOR EACH STATEMENT EXECUTE FUNCTION journal_kept()"
        )


def _submissions() -> None:
    op.create_table(
        "submission",
        *_texts("digest"),
        _seq(primary=False),
        *_texts("course", "checkpoint", "learner", "nonce", "key"),
        sa.Column("key_listed", sa.Boolean, nullable=False),
        *_texts("file", "received", "started", "ended"),
        sa.PrimaryKeyConstraint("digest"),
        sa.UniqueConstraint("nonce", name="uq_submission_nonce"),
        _of_journal("submission"),
    )
    _index("submission", "seq", "checkpoint", "learner", "key")
    op.create_table(
        "file",
        *_texts("digest"),
        _seq(primary=False),
        *_texts("sha256"),
        sa.Column("data", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("digest"),
        _of_journal("file"),
        _of_submission("file"),
    )
    _index("file", "seq")


def _judgements() -> None:
    op.create_table(
        "judgement",
        _seq(),
        *_texts("digest"),
        sa.Column("round", sa.Integer, nullable=False),
        sa.Column("late_minutes", sa.Double, nullable=False),
        sa.Column("late_keeps", sa.Double, nullable=False),
        sa.UniqueConstraint("digest", "round", name="uq_judgement_digest"),
        _of_journal("judgement"),
        _of_submission("judgement"),
    )
    op.create_table(
        "result",
        _seq(),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("item", "step", "goal", "outcome"),
        sa.Column("worth", sa.Double, nullable=False),
        *_texts("reason"),
        _of_journal("result"),
    )
    op.create_table(
        "flag",
        _seq(),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        *_texts("kind", "detail", "others"),
        _of_journal("flag"),
    )
    op.create_table(
        "alike",
        _seq(),
        sa.Column("digest", sa.Text, primary_key=True),
        *_texts("detail", "others"),
        _of_journal("alike"),
        _of_submission("alike"),
    )


def _people() -> None:
    op.create_table(
        "mark",
        _seq(),
        *_texts("digest", "item", "step", "goal"),
        sa.Column("points", sa.Double, nullable=False),
        *_texts("comment", "who", "at"),
        _of_journal("mark"),
        _of_submission("mark"),
    )
    op.create_table(
        "comment",
        _seq(),
        *_texts("digest", "text", "who", "at"),
        _of_journal("comment"),
        _of_submission("comment"),
    )
    op.create_table("refusal", _seq(), *_texts("digest", "file", "reason", "at"), _of_journal("refusal"))
    for table in ("mark", "comment", "refusal"):
        _index(table, "digest")
