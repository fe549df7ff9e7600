"""The journal of a gradebook: what was changed, when and by whom, each entry chained to the one before by SHA-256.

An entry also holds a hash over the rows that were added with it, so that the chain vouches for every row.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import operator
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Double, Table, select, update

from tutor.grading.book import tables
from tutor.i18n import Told
from tutor.i18n.packing import frozen
from tutor.store.journal import GENESIS, body_text, chain

Row = tuple[Table, Mapping[str, Any]]
_MOST_AT_ONCE = 500  # rows in memory while all are looked at


@dataclass(frozen=True, slots=True)
class Change:
    """One entry. ``seq`` counts from 1 and is the order; ``at`` is nanoseconds by a wall clock that may go back."""

    seq: int
    at: int
    kind: str
    who: str
    body: Mapping[str, object]
    hash: str


def begin(connection: Connection) -> None:
    """The journal of a new book."""
    connection.execute(tables.head.insert().values(one=1, seq=0, hash=GENESIS.hex()))


def lock(connection: Connection) -> tuple[int, str]:
    """Where the journal ends. Until the transaction is over nobody else adds to it."""
    found = connection.execute(select(tables.head.c.seq, tables.head.c.hash).with_for_update()).one()
    return found.seq, found.hash


def append(
    connection: Connection, end: tuple[int, str], at: int, kind: str, body: Mapping[str, object], rows: Sequence[Row]
) -> tuple[int, str]:
    """Add ``rows`` and the entry that vouches for them; gives the journal's new end."""
    seq = end[0] + 1
    rows = [(table, _stored(table, values)) for table, values in rows]
    content = {name: storable(value) for name, value in body.items()}
    text = body_text({**content, "rows": _vouched(_row(table, values) for table, values in rows)})
    digest = chain(bytes.fromhex(end[1]), seq, at, kind, text).hex()
    connection.execute(tables.journal.insert().values(seq=seq, at=at, kind=kind, body=text, hash=digest))
    for table in tables.ROWS:
        if added := [{"seq": seq, **values} for each, values in rows if each is table]:
            connection.execute(table.insert(), added)
    connection.execute(update(tables.head).values(seq=seq, hash=digest))
    return seq, digest


def storable(value: Any) -> Any:
    """A text without what one of the databases cannot hold: NUL, and halves of surrogate pairs. A told one frozen
    (``i18n.packing``)."""
    found = _whole(value)
    return frozen(found) if isinstance(found, Told) else found


def _whole(value: Any) -> Any:
    if isinstance(value, Told):
        return Told(value.template, {name: _whole(each) for name, each in value.values.items()})
    if not isinstance(value, str):
        return value
    return value.replace("\0", "\ufffd").encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def _stored(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    """As a database gives it back."""
    return {
        name: float(value) if isinstance(table.c[name].type, Double) else storable(value)
        for name, value in values.items()
    }


def read(connection: Connection) -> Iterator[Change]:
    """All entries, oldest first, as they are: nothing is verified."""
    for row in connection.execute(select(tables.journal).order_by(tables.journal.c.seq)):
        body = json.loads(row.body)
        yield Change(row.seq, row.at, row.kind, str(body.get("who", "")), body, row.hash)


def first_broken(connection: Connection) -> int | None:
    """The number of the first entry that does not follow from those before it, or whose rows are not those that were
    written with it; one more than the last where rows or entries are missing at the end. ``None`` where all holds.

    Of the files that were handed in only the hashes are looked at: ``data`` looks at them."""
    digest = GENESIS
    seq = 0
    rows = _Rows(connection)
    entries = select(tables.journal).order_by(tables.journal.c.seq).execution_options(yield_per=_MOST_AT_ONCE)
    for entry in connection.execute(entries):
        seq += 1
        digest = chain(digest, entry.seq, entry.at, entry.kind, entry.body)
        if entry.seq != seq or digest.hex() != entry.hash:
            return seq
        if json.loads(entry.body)["rows"] != _vouched(rows.of(seq)):
            return seq
    head = connection.execute(select(tables.head)).one_or_none()
    if rows.left or head is None or (head.seq, head.hash) != (seq, digest.hex()):
        return seq + 1
    return None


class _Rows:
    """The rows of all tables, by the entry that added them, in one pass."""

    def __init__(self, connection: Connection) -> None:
        self._rows = heapq.merge(*(_in_order(connection, table) for table in tables.ROWS), key=operator.itemgetter(0))
        self._next = next(self._rows, None)

    @property
    def left(self) -> bool:
        return self._next is not None

    def of(self, seq: int) -> Iterator[bytes]:
        """Those that this entry added, and those of entries that are missing before it."""
        while self._next is not None and self._next[0] <= seq:
            yield self._next[1]
            self._next = next(self._rows, None)


def _in_order(connection: Connection, table: Table) -> Iterator[tuple[int, bytes]]:
    columns = [column for column in table.c if column.name != "data"]
    asked = select(*columns).order_by(table.c.seq).execution_options(yield_per=_MOST_AT_ONCE)
    for row in connection.execute(asked).mappings():
        yield row["seq"], _row(table, dict(row))


def _row(table: Table, values: Mapping[str, Any]) -> bytes:
    """What is hashed of a row. A column that a later schema adds is not there in a row that is older."""
    told = {name: value for name, value in values.items() if name not in ("seq", "data") and value is not None}
    return json.dumps([table.name, told], sort_keys=True).encode()


def data(connection: Connection, digest: str) -> bytes | None:
    """The file of a submission; ``None`` where it is not what was written."""
    row = connection.execute(select(tables.file.c.sha256, tables.file.c.data).filter_by(digest=digest)).one_or_none()
    if row is None or hashlib.sha256(row.data).hexdigest() != row.sha256:
        return None
    return bytes(row.data)


def _vouched(rows: Iterator[bytes]) -> str:
    """One hash over rows in whatever order."""
    return hashlib.sha256(b"\n".join(sorted(rows))).hexdigest()
