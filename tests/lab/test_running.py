"""The tutorial that is open answers ``nettutor why`` of its user, and of nobody else."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tutor import content, paths
from tutor.errors import UsageError
from tutor.replay import running
from tutor.session import Session

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Longer than the address of a socket may be."""
    directory = tmp_path / ("long" * 30)
    directory.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(directory))
    return directory


@pytest.fixture
async def session() -> AsyncIterator[Session]:
    booted = await Session.boot(content.load("bridges"))
    yield booted
    await booted.close()


async def nettutor(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tutor", "why", *argv]
    return await asyncio.to_thread(
        subprocess.run, command, capture_output=True, text=True, cwd=REPOSITORY, env=dict(os.environ), check=False
    )


async def test_the_open_tutorial_is_asked_as_it_is_now(session: Session) -> None:
    answering = running.Answering(lambda: session)
    await answering.open()
    try:
        (path,) = paths.runtime().iterdir()
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        broken = await nettutor("host/red", "192.168.15.9", "--json")
        assert broken.returncode == 1, broken.stderr
        assert json.loads(broken.stdout)["outcome"] == "broken"
        works = await nettutor("host", "lan")
        assert works.returncode == 0, works.stderr
        assert works.stdout == "✓ it works: host → lan, and back: lan → host\n"
        unknown = await nettutor("nobody", "192.168.15.2")
        assert unknown.returncode == 2
        assert "there is no machine 'nobody'" in unknown.stderr
    finally:
        await answering.close()
    assert not list(paths.runtime().iterdir())
    gone = await nettutor("host", "lan")
    assert (gone.returncode, gone.stdout) == (2, "")
    assert "no tutorial is open" in gone.stderr


async def test_nonsense_is_answered_and_a_lab_under_way_is_said() -> None:
    answering = running.Answering(lambda: None)
    await answering.open()
    try:
        with pytest.raises(UsageError, match="just making a lab"):
            await asyncio.to_thread(running.ask, "host", "lan")
        (path,) = paths.runtime().iterdir()
        with socket.socket(socket.AF_UNIX) as sock, running._short(path) as name:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, name)
            await asyncio.get_running_loop().sock_sendall(sock, b"x" * 10000 + b"\n")
    finally:
        await answering.close()


async def test_what_a_killed_tutorial_left_is_removed() -> None:
    directory = paths.runtime()
    directory.mkdir(mode=0o700)
    stale = directory / "1.sock"
    with socket.socket(socket.AF_UNIX) as sock, running._short(stale) as name:
        sock.bind(name)
    with pytest.raises(UsageError, match="no tutorial is open"):
        running.ask("host", "lan")
    assert not stale.exists()


async def test_a_directory_that_others_can_enter_is_not_used() -> None:
    directory = paths.runtime()
    directory.mkdir()
    directory.chmod(0o755)
    answering = running.Answering(lambda: None)
    await answering.open()
    assert not list(directory.iterdir())
    await answering.close()


def test_a_fresh_lab_needs_its_lesson() -> None:
    command = [sys.executable, "-m", "tutor", "why", "host", "lan", "--script", "-"]
    done = subprocess.run(command, capture_output=True, text=True, input="", cwd=REPOSITORY, check=False)
    assert done.returncode == 2
    assert "say which LESSON before SOURCE" in done.stderr
