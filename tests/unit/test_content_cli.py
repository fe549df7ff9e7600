"""A broken lesson at the command line: one line with file and line number, exit code 2, and no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

LESSON = "---\nid: x\ntitle: X\nsummary: X.\nmachines: {host: {}}\n---\n\n## A {#a}\n\n"
STEP = "```yaml goal\nid: a\ntext: A.\nlink-up: {name: lo, in: host}\n```\n\n```bash solution\ntrue\n```\n"

BROKEN: dict[str, tuple[bytes, int]] = {
    "front matter": (b"---\nid: x\ntitel: X\n---\n", 3),
    "validator": ((LESSON + STEP).replace("link-up", "link-upp").encode(), 13),
    "duplicate": ((LESSON + STEP + "\n## B {#a}\n\n" + STEP.replace("id: a", "id: b")).encode(), 20),
    "binary": (bytes(range(256)) * 64, 2),
    "deep": ((LESSON + STEP).replace("title: X", "title: " + "[" * 100_000).encode(), 3),
    "escape": ((LESSON + "\x1b]52;c;eA==\x07\n" + STEP).encode(), 10),
}


def nettutor(lessons: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "NETTUTOR_LESSONS": str(lessons)}
    command = [sys.executable, "-m", "tutor", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_lesson(tmp_path: Path, name: str) -> None:
    path = tmp_path / "01-x" / "lesson.md"
    path.parent.mkdir()
    data, line = BROKEN[name]
    path.write_bytes(data)
    done = nettutor(tmp_path, "check", "x")
    assert done.returncode == 2
    assert done.stdout == ""
    assert f"{path}:{line}: " in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "\x1b]" not in done.stderr


def test_a_lesson_of_100_megabytes(tmp_path: Path) -> None:
    path = tmp_path / "01-x" / "lesson.md"
    path.parent.mkdir()
    path.touch()
    os.truncate(path, 100 * 1024 * 1024)
    for arguments in (("list",), ("check", "x")):
        done = nettutor(tmp_path, *arguments)
        assert done.returncode == 2
        assert "it is larger than 256 KiB" in done.stderr
