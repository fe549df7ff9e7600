"""The gradebook's migrations: they come to what ``tables`` says, and ship with the program."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import gradebooks
import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from gradebooks import KINDS

from tutor.grading.book import Book, connecting, tables

FOLDER = Path(tables.__file__).parent / "migrations"
ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", KINDS)
def test_the_migrations_come_to_the_tables(kind: str, tmp_path: Path) -> None:
    place = gradebooks.place(kind, tmp_path)
    with Book.open(place.where):
        pass
    engine, _ = connecting.connect(place.where)
    with connecting.reading(engine) as connection:
        context = MigrationContext.configure(connection, opts={"version_table": tables.VERSION_TABLE})
        assert compare_metadata(context, tables.metadata) == []
    engine.dispose()


def test_the_newest_migration_is_the_one_that_is_asked_for() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    assert scripts.get_heads() == [tables.VERSION]
    assert len([*scripts.walk_revisions()]) == int(tables.VERSION), "one after the other, without a gap"


def test_the_wheel_holds_every_migration() -> None:
    from hatchling.builders.wheel import WheelBuilder

    shipped = {Path(file.path) for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert set(FOLDER.rglob("*.py")) <= shipped


def test_a_file_says_whose_it_is(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.sqlite3"
    with Book.open(path):
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA application_id").fetchone()[0].to_bytes(4, "big") == b"netg"
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_a_book_is_opened_without_alembic_when_it_is_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "gradebook.sqlite3"
    with Book.open(path):
        pass
    script = (
        "import sys; from tutor.grading.book import Book; Book.open(sys.argv[1]); assert 'alembic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script, str(path)], check=True, cwd=ROOT)
