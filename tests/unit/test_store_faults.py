"""What happens to the progress file in a bad world: nothing acknowledged is lost, nothing damaged is believed."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lab_modes import GUEST
from victims import nursery

from tutor.errors import StoreError
from tutor.store import Store
from tutor.store.migrations import APPLICATION_ID, MIGRATIONS

WRITER = """
import pathlib, sys
from tutor.store import Store
store = Store.open(pathlib.Path(sys.argv[1]))
attempt = store.begin("nat", seed=int(sys.argv[2]))
for number in range(int(sys.argv[3])):
    store.record_command(attempt, "a", "host", f"echo {number}", 0)
    print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "progress.sqlite3"


def _writer(path: Path, seed: int, count: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", WRITER, str(path), str(seed), str(count)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)


def _filled(path: Path, entries: int = 200) -> None:
    with Store.open(path) as store:
        attempt = store.begin("nat", seed=1)
        for number in range(entries - 1):
            store.record_command(attempt, "a", "host", f"ip link add veth{number} type veth", 0)


def _files(path: Path) -> dict[str, bytes]:
    """All files of the database but the shared-memory index, which holds no data, and an empty log."""
    found = {file.name: file.read_bytes() for file in path.parent.iterdir() if not file.name.endswith("-shm")}
    return {name: data for name, data in found.items() if data}


def _hashes(path: Path) -> list[bytes] | StoreError:
    try:
        with Store.open(path) as store:
            return [event.hash for event in store.journal()]
    except StoreError as error:
        return error


@pytest.mark.timeout(300)
def test_every_acknowledged_row_survives_sigkill(path: Path, tmp_path: Path) -> None:
    rng, log = random.Random(15), tmp_path / "acknowledged"
    log.touch()
    with nursery("store_worker", "work") as born:
        for round_ in range(60 if GUEST else 300):
            before, wanted = log.stat().st_size, rng.randrange(60)  # bytes: from none to some ten entries
            victim = born.born(str(path), str(log), round_)
            while log.stat().st_size < before + wanted:
                time.sleep(0.0005)
            time.sleep(rng.random() / 300)
            born.killed(victim)
    acknowledged: dict[int, list[str]] = {}
    for line in log.read_text().splitlines():
        attempt, _, what = line.partition(" ")
        acknowledged.setdefault(int(attempt), []).append(what)
    with Store.open(path) as store:
        events = store.journal()
    kept: dict[int, list[str]] = {}
    of_attempt: dict[object, int] = {}
    for event in events:
        if event.kind == "begun":
            of_attempt[event.seq] = int(str(event.body["seed"]))
            kept[of_attempt[event.seq]] = ["begun"]
        else:
            kept[of_attempt[event.body["attempt"]]].append(str(event.body["text"]).removeprefix("echo "))
    assert len(acknowledged) > 40
    for seed, said in acknowledged.items():
        assert kept[seed][: len(said)] == said
        assert len(kept[seed]) <= len(said) + 1, "no more than the one that was being acknowledged"


def test_several_writers_at_once(path: Path) -> None:
    writers = [_writer(path, seed, 100) for seed in range(4)]
    assert [writer.communicate() and writer.returncode for writer in writers] == [0] * 4
    with Store.open(path) as store:
        events = store.journal()
        assert len(events) == 4 * 101
        assert [event.seq for event in events] == list(range(1, 405))


def test_flipped_bytes_are_named_or_harmless(path: Path) -> None:
    _filled(path)
    whole = path.read_bytes()
    with Store.open(path) as store:
        before = [event.hash for event in store.journal()]
    rng = random.Random(16)
    refused = 0
    for _ in range(150):
        broken = bytearray(whole)
        for _ in range(rng.choice((1, 1, 4))):
            broken[rng.randrange(len(broken))] ^= 1 << rng.randrange(8)
        for file in path.parent.iterdir():
            file.unlink()
        path.write_bytes(broken)
        found = _hashes(path)
        if isinstance(found, StoreError):
            refused += 1
            assert str(path) in str(found)
            assert "mv" in found.fix
            assert _files(path)[path.name] == broken
        else:
            assert found == before
    assert refused > 75


def test_a_shortened_file_is_refused(path: Path) -> None:
    _filled(path)
    whole = path.read_bytes()
    for size in (1, 99, 100, 4096, len(whole) // 2, len(whole) - 4096):
        path.write_bytes(whole[:size])
        with pytest.raises(StoreError, match="progress"):
            Store.open(path)
        assert path.read_bytes() == whole[:size]


@pytest.mark.parametrize("kind", ["cut", "flip"])
def test_a_damaged_log_leaves_a_valid_prefix(path: Path, tmp_path: Path, kind: str) -> None:
    with Store.open(path) as store:
        attempt = store.begin("nat", seed=1)
        for number in range(100):
            store.record_hint(attempt, "a", number)
        whole = [event.hash for event in store.journal()]
        rng = random.Random(17)
        log = Path(f"{path}-wal").read_bytes()
        assert log
        for number in range(25):
            copy = tmp_path / f"copy{number}" / path.name
            copy.parent.mkdir()
            shutil.copy(path, copy)
            broken = bytearray(log)
            if kind == "cut":
                del broken[rng.randrange(len(log)) :]
            else:
                broken[rng.randrange(len(log))] ^= 0x10
            Path(f"{copy}-wal").write_bytes(broken)
            found = _hashes(copy)
            if isinstance(found, StoreError):
                assert str(copy) in str(found)
            else:
                assert found == whole[: len(found)]


def test_a_newer_schema_is_refused_and_kept(path: Path) -> None:
    _filled(path, 5)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 3}")
    connection.close()
    before = _files(path)
    with pytest.raises(StoreError, match=r"newer nettutor \(schema 4, this one knows 1\)") as caught:
        Store.open(path)
    assert before == _files(path)
    aside = re.search(r"for f in .*done", str(caught.value))
    assert aside
    subprocess.run(["sh", "-c", aside[0]], check=True)
    assert not path.exists()
    with Store.open(path) as store:
        assert store.journal() == ()


@pytest.mark.parametrize("content", [b"hello\n" * 100, b"SQLite format 3\0" + bytes(200)])
def test_what_is_no_progress_file_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreError, match="progress"):
        Store.open(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_kept(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE bookmarks (url TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="not a progress file of nettutor"):
        Store.open(path)
    assert path.read_bytes() == before
    assert APPLICATION_ID.to_bytes(4, "big") == b"netu"


def test_a_directory_that_cannot_be_written_is_refused() -> None:
    with pytest.raises(StoreError, match="cannot be written") as caught:
        Store.open(Path("/sys/kernel/nettutor/progress.sqlite3"))
    assert "XDG_DATA_HOME" in caught.value.fix


SCARCE = """
import pathlib, sys
from tutor.errors import StoreError
from tutor.store import Store
path = pathlib.Path(sys.argv[1])
store = Store.open(path)
attempt = store.begin("nat", seed=1)
kept = 1
try:
    while True:
        store.record_command(attempt, "a", "host", "x" * 5000, 0)
        kept += 1
except StoreError as error:
    print(error)
assert kept > 5, kept
assert len(store.journal()) == kept
store.close()
with Store.open(path) as again:
    assert len(again.journal()) == kept
    print("intact")
"""


def _in_mount_namespace(script: str, mount: str, directory: Path) -> subprocess.CompletedProcess[str]:
    """Run Python with ``mount`` done first, in namespaces of its own."""
    line = f'{mount} && exec "$0" -c "$1" "$2"'
    argv = ["unshare", "-Urm", "sh", "-ec", line, sys.executable, script, str(directory / "progress.sqlite3")]
    return subprocess.run(argv, capture_output=True, text=True, check=False)


def test_a_full_disk_refuses_and_keeps_what_was_there(tmp_path: Path) -> None:
    done = _in_mount_namespace(SCARCE, f"mount -t tmpfs -o size=256k none {tmp_path}", tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no space left to write the progress file" in done.stdout
    assert "intact" in done.stdout


def test_a_read_only_home_refuses_and_keeps_what_was_there(tmp_path: Path) -> None:
    _filled(tmp_path / "progress.sqlite3", 5)
    before = _files(tmp_path / "progress.sqlite3")
    script = (
        "import pathlib, sys\nfrom tutor.errors import StoreError\nfrom tutor.store import Store\n"
        "try:\n Store.open(pathlib.Path(sys.argv[1]))\nexcept StoreError as error:\n print(error)"
    )
    mount = f"mount --bind {tmp_path} {tmp_path} && mount -o remount,bind,ro {tmp_path}"
    done = _in_mount_namespace(script, mount, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "cannot be written" in done.stdout, done.stdout
    assert _files(tmp_path / "progress.sqlite3") == before


def test_the_directory_is_private(tmp_path: Path) -> None:
    path = tmp_path / "new" / "progress.sqlite3"
    _filled(path, 2)
    assert path.parent.stat().st_mode & 0o777 == 0o700
