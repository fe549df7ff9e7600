"""Gradebooks for tests, of both kinds, and submissions for them whose signatures somebody else has looked at."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from pathlib import Path

import postgres_server

from tutor.grading.inbox import Accepted
from tutor.model.checkpoint import Checkpoint, Item
from tutor.model.grade import GoalResult, Judgement, Outcome
from tutor.model.submission import Submission

KINDS = ["sqlite", "postgresql"]
RECEIVED = "2026-12-01T10:00:00Z"


@dataclass(frozen=True)
class Place:
    """Where a gradebook is or will be. ``sql`` looks at it, and meddles with it, behind its back."""

    where: Path | str
    schema: str = ""

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        if isinstance(self.where, str):
            return postgres_server.running().sql(statement, self.schema)
        connection = sqlite3.connect(self.where, timeout=30, isolation_level=None)
        try:
            return connection.execute(statement).fetchall()
        finally:
            connection.close()


def place(kind: str, folder: Path) -> Place:
    """One that nothing is in yet."""
    if kind == "sqlite":
        return Place(folder / "gradebook.sqlite3")
    server = postgres_server.running()
    schema = server.new_schema()
    return Place(server.url(schema), schema)


def accepted(
    number: int = 1,
    learner: str = "",
    *,
    checkpoint: str = "mid",
    course: str = "net",
    nonce: str = "",
    key: str = "",
    listed: bool = False,
    started: str = "1796000000000000000",
) -> Accepted:
    """The ``number``-th submission of its kind. Without further words each is another learner's."""
    learner = learner or f"learner{number}"
    submission = Submission(
        course,
        checkpoint,
        learner,
        nonce or f"nonce of {learner} for {checkpoint}",
        key or f"ssh-ed25519 {learner}",
        "nettutor",
        started,
        "1796000600000000000",
        (),
    )
    items = (Item("nat", 6), Item("bridges", 4))
    made = Checkpoint(course, checkpoint, "Mid-term", "ssh-ed25519 teacher", items)
    return Accepted(f"{number:064x}", submission, made, {}, listed)


def judgement(outcome: Outcome = Outcome.CONFIRMED, reason: str = "") -> Judgement:
    """Two goals of the first item are confirmed, that of the second is as asked for."""
    return Judgement(
        (
            GoalResult("nat", "route", "forwards", Outcome.CONFIRMED, 3),
            GoalResult("nat", "masquerade", "hides", Outcome.CONFIRMED, 3),
            GoalResult("bridges", "bridge", "passes", outcome, 4, reason),
        )
    )
