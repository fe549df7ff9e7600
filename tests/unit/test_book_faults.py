"""A gradebook in a bad world: what is damaged is not believed, what is not ours is left alone, and each is told."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import gradebooks
import postgres_server
import pytest
from gradebooks import KINDS, RECEIVED, Place, accepted, judgement

from tutor.errors import NettutorError, StoreError, UsageError
from tutor.grading.book import Book, ledger, tables
from tutor.model.grade import Flag, FlagKind, Late, Outcome


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return gradebooks.place(request.param, tmp_path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "gradebook.sqlite3"


def filled(where: Path | str, submissions: int = 3) -> list[str]:
    """A row in every table; gives the digests."""
    with Book.open(where) as book:
        for number in range(submissions):
            it = accepted(number)
            book.take_in(it, b"PK" * 200, file=f"{number}.submission", received=RECEIVED)
            flags = [Flag(FlagKind.CLOCK, "the clock jumped by 3 hours")]
            book.judged(it.digest, judgement(Outcome.INCONCLUSIVE, "vim was used"), Late(1, 0.9), flags)
            book.mark(it.digest, "bridges", "bridge", "passes", 2, "seen", "prof")
            book.comment(it.digest, "well done", "prof")
            book.refuse(f"{number}.old", it.digest, "its nonce was used already")
        book.alike({accepted(1).digest: Flag(FlagKind.ALIKE, "the same lines", ("learner2",))})
        assert book.first_broken() is None
        return [grade.digest for grade in book.grades("mid")]


def files(path: Path) -> dict[str, bytes]:
    """All of a database but the shared-memory index, which holds no data, and an empty log."""
    found = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    return {name: data for name, data in found.items() if data}


EDITS = [
    ("submission", "learner", "'learner9'", 6),
    ("submission", "file", "'other'", 6),
    ("file", "sha256", "''", 6),
    ("judgement", "late_keeps", "1", 7),
    ("result", "outcome", "'inconclusive'", 7),
    ("result", "worth", "worth + 1", 7),
    ("flag", "detail", "''", 7),
    ("mark", "points", "points + 0.5", 8),
    ("mark", "who", "'nobody'", 8),
    ("comment", "text", "'bad'", 9),
    ("refusal", "reason", "'none'", 10),
    ("alike", "others", "'[]'", 16),
]


def test_a_row_that_was_edited_is_named(place: Place) -> None:
    filled(place.where)
    with Book.open(place.where) as book:
        for table, column, value, entry in EDITS:
            one = f"seq = {entry} AND position = 1" if table == "result" else f"seq = {entry}"
            place.sql(f"CREATE TABLE kept AS SELECT * FROM {table}")
            place.sql(f"UPDATE {table} SET {column} = {value} WHERE {one}")
            assert book.first_broken() == entry, table
            with pytest.raises(StoreError, match=f"entry {entry} of its journal is not what was written") as caught:
                Book.open(place.where)
            assert "restore" in caught.value.fix
            place.sql(f"UPDATE {table} SET {column} = (SELECT {column} FROM kept WHERE {one}) WHERE {one}")
            place.sql("DROP TABLE kept")
            book.verify()


def test_a_file_that_was_edited_is_not_given_out(place: Place) -> None:
    digest = filled(place.where)[0]
    place.sql("UPDATE file SET data = substr(data, 2) WHERE seq = 1")
    with Book.open(place.where) as book:
        for act in (book.verify, lambda: book.data(digest)):
            with pytest.raises(StoreError, match="the file of submission 000000000000 is not what was written"):
                act()
        assert book.data(accepted(1).digest)


def test_rows_that_were_deleted_or_slipped_in_are_named(place: Place) -> None:
    filled(place.where)
    with Book.open(place.where) as book:
        place.sql("DELETE FROM mark WHERE seq = 13")
        assert book.first_broken() == 13
        place.sql("INSERT INTO mark SELECT 12, digest, item, step, goal, 9, comment, who, at FROM mark WHERE seq = 8")
        assert book.first_broken() == 12


def test_the_journal_is_only_added_to(place: Place) -> None:
    filled(place.where)
    for statement in ("UPDATE journal SET kind = 'x' WHERE seq = 2", "DELETE FROM journal WHERE seq = 16"):
        with pytest.raises(Exception, match="the journal is only added to"):
            place.sql(statement)
    with Book.open(place.where) as book:
        book.verify()


def _unguarded(place: Place) -> None:
    if place.schema:
        place.sql("DROP TRIGGER journal_kept ON journal")
    else:
        place.sql("DROP TRIGGER journal_no_update")
        place.sql("DROP TRIGGER journal_no_delete")
        place.sql("PRAGMA foreign_keys = OFF")


def test_an_entry_that_was_edited_is_named(place: Place) -> None:
    filled(place.where)
    _unguarded(place)
    with Book.open(place.where) as book:
        for entry, change in (
            (17, "UPDATE head SET hash = ''"),
            (17, "DELETE FROM head"),
            (9, "UPDATE journal SET hash = (SELECT hash FROM journal WHERE seq = 4) WHERE seq = 9"),
            (8, "UPDATE journal SET body = '{}' WHERE seq = 8"),
            (7, "UPDATE journal SET kind = 'judged again' WHERE seq = 7"),
            (5, "UPDATE journal SET at = at + 1 WHERE seq = 5"),
        ):
            place.sql(change)
            assert book.first_broken() == entry
    with pytest.raises(StoreError, match="entry 5 of its journal is not what was written"):
        Book.open(place.where)


def test_a_book_that_lost_its_tail_is_not_added_to(path: Path) -> None:
    filled(path)
    place = Place(path)
    _unguarded(place)
    place.sql("DELETE FROM alike")
    place.sql("DELETE FROM journal WHERE seq = 16")
    before = files(path)
    with pytest.raises(StoreError, match="entry 16 of its journal is not what was written"):
        Book.open(path)
    assert files(path) == before


def _said(path: Path) -> tuple[object, ...] | NettutorError:
    """All that a book says, when it verifies."""
    try:
        with Book.open(path) as book:
            book.verify()
            digests = [grade.digest for grade in book.grades("mid")]
            kept = [(book.data(digest), book.marks(digest), book.comments(digest)) for digest in digests]
            return book.grades("mid"), kept, book.refusals(), book.journal(), book.waiting()
    except NettutorError as error:
        return error


def test_flipped_bytes_are_named_or_harmless(path: Path) -> None:
    filled(path)
    whole, before = path.read_bytes(), _said(path)
    rng = random.Random(16)
    refused = 0
    for _ in range(30):
        broken = bytearray(whole)
        for _ in range(rng.choice((1, 1, 4, 16))):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        for file in path.parent.iterdir():
            file.unlink()
        path.write_bytes(broken)
        found = _said(path)
        if isinstance(found, NettutorError):
            refused += 1
            assert str(path) in str(found)
            assert files(path)[path.name] == broken
        else:
            assert found == before
    assert refused > 8


@pytest.mark.parametrize("kind", ["cut", "flip"])
def test_a_damaged_log_leaves_a_valid_prefix(path: Path, tmp_path: Path, kind: str) -> None:
    with Book.open(path) as book:
        for number in range(12):
            it = accepted(number)
            book.take_in(it, b"x" * 3000, file="", received=RECEIVED)
            book.judged(it.digest, judgement(), Late())
        whole = [change.hash for change in book.journal()]
        log, rng = Path(f"{path}-wal").read_bytes(), random.Random(17)
        main = path.read_bytes()
    lengths = set()
    for number in range(12):
        copy = tmp_path / f"copy{number}" / path.name
        copy.parent.mkdir()
        copy.write_bytes(main)
        broken = bytearray(log)
        if kind == "cut":
            del broken[rng.randrange(len(log)) :]
        else:
            broken[rng.randrange(len(log))] ^= 0x10
        Path(f"{copy}-wal").write_bytes(broken)
        found = _said(copy)
        if isinstance(found, NettutorError):
            assert str(copy) in str(found)
        else:
            with Book.open(copy) as book:
                hashes = [change.hash for change in book.journal()]
            assert hashes == whole[: len(hashes)]
            lengths.add(len(hashes))
    assert len(lengths) > 3


def test_a_shortened_file_is_refused_and_kept(path: Path) -> None:
    filled(path)
    whole = path.read_bytes()
    for size in (1, 15, 16, 99, 4096, len(whole) // 2, len(whole) - 4096):
        path.write_bytes(whole[:size])
        with pytest.raises(NettutorError, match=r"gradebook"):
            _open_and_verify(path)
        assert path.read_bytes() == whole[:size]


def _open_and_verify(path: Path) -> None:
    with Book.open(path) as book:
        book.verify()


def test_a_newer_schema_is_refused_and_kept(place: Place) -> None:
    filled(place.where)
    place.sql(f"UPDATE {tables.VERSION_TABLE} SET version_num = '0007'")
    dump = place.sql("SELECT * FROM journal ORDER BY seq")
    with pytest.raises(StoreError, match=r"newer nettutor \(schema 0007, this one knows 0001\)") as caught:
        Book.open(place.where)
    assert caught.value.exit_code == 3
    assert place.sql("SELECT * FROM journal ORDER BY seq") == dump


def test_tables_of_something_else_are_left_alone(place: Place) -> None:
    place.sql("CREATE TABLE comment (url TEXT)")
    place.sql("INSERT INTO comment VALUES ('x')")
    with pytest.raises(UsageError, match=r"holds tables of something else|is not a gradebook"):
        Book.open(place.where)
    assert place.sql("SELECT * FROM comment") == [("x",)]


@pytest.mark.parametrize("content", [b"hello\n" * 100, b"x", b"SQLite format 3\0" + bytes(200), b"id,name\n"])
def test_a_file_that_is_no_gradebook_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(NettutorError, match="gradebook"):
        Book.open(path)
    assert path.read_bytes() == content


def test_the_progress_of_a_learner_is_no_gradebook(path: Path) -> None:
    from tutor.store import Store

    with Store.open(path) as store:
        store.begin("nat", seed=1)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="is not a gradebook of nettutor"):
        Book.open(path)
    assert path.read_bytes() == before


def _make_fifo(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [Path.mkdir, _make_fifo])
def test_what_is_no_file_is_refused(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(UsageError, match="is not a gradebook"):
        Book.open(path)


def test_a_directory_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no such file or directory"):
        Book.open(tmp_path / "nowhere" / "gradebook.sqlite3")


def test_an_empty_file_becomes_a_gradebook_and_a_new_one_is_private(path: Path, tmp_path: Path) -> None:
    path.touch()
    filled(path)
    other = tmp_path / "other.sqlite3"
    filled(other)
    assert other.stat().st_mode & 0o777 == 0o600


def _python(script: str, *arguments: object, mount: str = "") -> subprocess.CompletedProcess[str]:
    """With ``mount`` done first, in namespaces of its own."""
    argv = [sys.executable, "-c", script, *map(str, arguments)]
    if mount:
        argv = ["unshare", "-Urm", "sh", "-ec", f'{mount} && exec "$0" "$@"', *argv]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(argv, capture_output=True, text=True, check=False, env=environment)


SCARCE = """
import sys
from pathlib import Path
from gradebooks import RECEIVED, accepted, judgement
from tutor.errors import StoreError
from tutor.grading.book import Book
from tutor.model.grade import Late
path, kept = Path(sys.argv[1]), 0
book = Book.open(path)
try:
    while True:
        it = accepted(kept)
        book.take_in(it, b"x" * 30000, file="", received=RECEIVED)
        kept += 1
except StoreError as error:
    print(error)
assert kept > 3, kept
assert len(book.grades("mid")) == kept
book.close()
with Book.open(path) as book:
    book.verify()
    assert len(book.grades("mid")) == len(book.waiting()) == kept
    print("intact")
"""


def test_a_full_disk_is_told_and_what_was_there_is_kept(tmp_path: Path) -> None:
    mount = f"mount -t tmpfs -o size=1m none {tmp_path}"
    done = _python(SCARCE, tmp_path / "gradebook.sqlite3", mount=mount)
    assert done.returncode == 0, done.stderr
    assert "no space left to write the gradebook" in done.stdout
    assert "intact" in done.stdout


OPEN = """
import sys
from pathlib import Path
from tutor.errors import NettutorError
from tutor.grading.book import Book
try:
    Book.open(sys.argv[1])
except NettutorError as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize("there", [True, False])
def test_a_read_only_directory_is_told_and_what_was_there_is_kept(path: Path, there: bool) -> None:
    folder = path.parent
    if there:
        filled(path)
    before = files(path)
    mount = f"mount --bind {folder} {folder} && mount -o remount,bind,ro {folder}"
    done = _python(OPEN, path, mount=mount)
    assert done.returncode == 0, done.stderr
    assert "StoreError" in done.stdout
    assert "cannot be read and written" in done.stdout, done.stdout
    assert files(path) == before


@pytest.mark.parametrize(
    "url",
    [
        "mysql://u:secret@h/db",
        "://",
        "postgresql+nothing:/x://",
        "http://example.org/",
        "sqlite://",
        "x://u:secret@h:port/",
    ],
)
def test_a_url_that_is_none_is_told_without_its_password(url: str) -> None:
    with pytest.raises(UsageError, match="is no place for a gradebook") as caught:
        Book.open(url)
    assert "secret" not in str(caught.value)


def test_without_psycopg_the_extra_is_named() -> None:
    script = "import sys\nsys.modules['psycopg'] = None\n" + OPEN
    done = _python(script, "postgresql://u:secret@127.0.0.1/db")
    assert done.returncode == 0, done.stderr
    assert "StoreError" in done.stdout
    assert "-m pip install 'psycopg[binary]'" in done.stdout
    assert "secret" not in done.stdout


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Book.open("postgresql://prof:secret@127.0.0.1:1/book")
    assert "Check that the server runs" in caught.value.fix
    assert "secret" not in str(caught.value)
    assert "127.0.0.1:1/book" in str(caught.value)


def test_a_database_that_is_not_there_is_told() -> None:
    server = postgres_server.running()
    with pytest.raises(StoreError, match=r"cannot be reached .*nowhere"):
        Book.open(server.url(database="nowhere"))


def test_who_may_not_write_in_a_database_is_told() -> None:
    server = postgres_server.running()
    schema = server.new_schema()
    server.sql(f"CREATE ROLE reader{schema} LOGIN; GRANT USAGE ON SCHEMA {schema} TO reader{schema}")
    with pytest.raises(StoreError, match="permission denied") as caught:
        Book.open(server.url(schema, user=f"reader{schema}"))
    assert "right to create tables" in caught.value.fix


def test_a_disk_that_is_full_at_the_server_is_told() -> None:
    place = gradebooks.place("postgresql", Path())
    digest = filled(place.where)[0]
    place.sql(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$;"
        "CREATE TRIGGER full_disk BEFORE INSERT ON comment EXECUTE FUNCTION full_disk()"
    )
    with Book.open(place.where) as book:
        before = book.journal()
        with pytest.raises(StoreError, match="no space left to write the gradebook"):
            book.comment(digest, "", "prof")
        assert book.journal() == before
        book.verify()


def test_a_server_that_crashes_takes_nothing_with_it() -> None:
    """A book that stayed open goes on with the server that comes back."""
    folder = Path(tempfile.mkdtemp(prefix="nettutor-pg-", dir="/tmp"))  # a socket's path is short
    server = postgres_server.started(folder)
    try:
        with Book.open(server.url()) as book:
            it = accepted()
            book.take_in(it, b"", file="", received=RECEIVED)
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
            with pytest.raises(StoreError, match="cannot be reached"):
                book.judged(it.digest, judgement(), Late())
            server = postgres_server.started(folder)
            assert book.waiting() == (it.digest,)
            book.judged(it.digest, judgement(), Late())
            book.verify()
    finally:
        server.stop()
        shutil.rmtree(folder)


def test_a_book_that_is_held_is_told(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    from tutor.grading.book import connecting

    digest = filled(place.where)[0]
    monkeypatch.setattr(connecting, "BUSY_SECONDS", 0.2)
    with Book.open(place.where) as book, Book.open(place.where) as other:
        with connecting.writing(other._engine) as holder:
            ledger.lock(holder)
            with pytest.raises(StoreError, match="is held by another program"):
                book.comment(digest, "", "prof")
            assert len(book.comments(digest)) == 1, "reading goes on"
        book.comment(digest, "", "prof")
        assert len(book.comments(digest)) == 2
