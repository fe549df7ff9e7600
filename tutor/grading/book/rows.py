"""Between rows and the values of the model. Submissions are asked for by a query of their digests."""

from __future__ import annotations

import datetime
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, Select, func, select

from tutor.grading.book import tables
from tutor.i18n.packing import thawed
from tutor.model.grade import Flag, FlagKind, GoalResult, Grade, GradedGoal, Late, Mark, Outcome, Refused

Digests = Select[tuple[str]]
GoalKey = tuple[str, str, str]
"""Item, step and goal."""


def moment(nanoseconds: str) -> str:
    """UTC as in RFC 3339, to the millisecond; empty for what is no time that a calendar has."""
    try:
        at = datetime.datetime.fromtimestamp(int(nanoseconds) / 1e9, datetime.UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def of_result(position: int, goal: GoalResult) -> Mapping[str, Any]:
    return {
        "position": position,
        "item": goal.item,
        "step": goal.step,
        "goal": goal.goal,
        "outcome": goal.outcome.value,
        "worth": float(goal.worth),
        "reason": goal.reason,
    }


def of_flag(position: int, flag: Flag) -> Mapping[str, Any]:
    return {"position": position, "kind": flag.kind.value, "detail": flag.detail, "others": json.dumps(flag.others)}


def of_alike(digest: str, flag: Flag | None) -> Mapping[str, Any]:
    others = json.dumps(flag.others if flag else ())
    return {"digest": digest, "detail": flag.detail if flag else "", "others": others}


def grades(connection: Connection, digests: Digests) -> list[Grade]:
    """In the order in which they came."""
    judged = judgements(connection, digests)
    goals = results(connection, digests)
    flagged = flags(connection, digests)
    marked = {(digest, key): mark for digest, key, mark in marks(connection, digests)}
    columns = tables.submission.c
    found = connection.execute(select(tables.submission).where(columns.digest.in_(digests)).order_by(columns.seq))
    return [
        Grade(
            row.digest,
            row.checkpoint,
            row.learner,
            row.file,
            row.received,
            row.started,
            row.ended,
            row.digest in judged,
            tuple(
                GradedGoal(goal, marked.get((row.digest, (goal.item, goal.step, goal.goal))))
                for goal in goals.get(row.digest, ())
            ),
            tuple(flagged.get(row.digest, ())),
            judged.get(row.digest, Late()),
        )
        for row in found
    ]


def _latest(digests: Digests) -> Any:
    """The judgement of each submission that counts."""
    columns = tables.judgement.c
    return select(func.max(columns.seq)).where(columns.digest.in_(digests)).group_by(columns.digest)


def judgements(connection: Connection, digests: Digests) -> dict[str, Late]:
    columns = tables.judgement.c
    found = connection.execute(select(tables.judgement).where(columns.seq.in_(_latest(digests))))
    return {row.digest: Late(row.late_minutes, row.late_keeps) for row in found}


def results(connection: Connection, digests: Digests) -> dict[str, list[GoalResult]]:
    """Of the judgement that counts, by digest, in the order in which they were given."""
    columns = tables.result.c
    asked = (
        select(tables.judgement.c.digest, tables.result)
        .join(tables.judgement, tables.judgement.c.seq == columns.seq)
        .where(columns.seq.in_(_latest(digests)))
        .order_by(columns.seq, columns.position)
    )
    goals: dict[str, list[GoalResult]] = defaultdict(list)
    for row in connection.execute(asked):
        goals[row.digest].append(
            GoalResult(row.item, row.step, row.goal, Outcome(row.outcome), row.worth, thawed(row.reason))
        )
    return goals


def flags(connection: Connection, digests: Digests) -> dict[str, list[Flag]]:
    """Those of the judgement that counts, and what was found by comparing since."""
    columns = tables.flag.c
    asked = (
        select(tables.judgement.c.digest, tables.flag)
        .join(tables.judgement, tables.judgement.c.seq == columns.seq)
        .where(columns.seq.in_(_latest(digests)))
        .order_by(columns.seq, columns.position)
    )
    found: dict[str, list[Flag]] = defaultdict(list)
    for row in connection.execute(asked):
        found[row.digest].append(Flag(FlagKind(row.kind), thawed(row.detail), tuple(json.loads(row.others))))
    for digest, flag in alike(connection, digests).items():
        found[digest].append(flag)
    return found


def alike(connection: Connection, digests: Digests) -> dict[str, Flag]:
    columns = tables.alike.c
    asked = select(tables.alike).where(columns.digest.in_(digests)).order_by(columns.seq)
    last = {row.digest: row for row in connection.execute(asked)}
    return {
        digest: Flag(FlagKind.ALIKE, thawed(row.detail), tuple(json.loads(row.others)))
        for digest, row in last.items()
        if row.detail
    }


def refused(row: Any) -> Refused:
    return Refused(row.digest, row.file, thawed(row.reason), row.at)


def marks(connection: Connection, digests: Digests) -> Iterator[tuple[str, GoalKey, Mark]]:
    """All that were ever given, oldest first."""
    columns = tables.mark.c
    for row in connection.execute(select(tables.mark).where(columns.digest.in_(digests)).order_by(columns.seq)):
        yield row.digest, (row.item, row.step, row.goal), Mark(row.points, row.comment, row.who, row.at)
