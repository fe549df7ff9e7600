"""The tutorial that is open can be asked from another terminal, over a unix socket that only its user can reach.

One line of JSON each way: ``{"source": "host/red", "destination": "lan:80"}``, answered by ``{"why": …}`` (see
``why_json``) or ``{"error": "…"}``. Sockets of tutorials that were killed are found by nobody answering, and removed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tutor import paths
from tutor.errors import NettutorError, UsageError
from tutor.i18n import tell
from tutor.i18n.packing import packed, unpacked
from tutor.session import Session

_LONGEST = 4096  # bytes of a question
_PATIENCE = 10.0  # seconds
_SUFFIX = ".sock"
_CREDENTIALS = struct.Struct("3i")  # pid, uid, gid: struct ucred of unix(7)


class Answering:
    """Answers while it is open. ``session`` gives the session as it is at that moment, if there is one."""

    def __init__(self, session: Callable[[], Session | None]) -> None:
        self._session = session
        self._server: asyncio.Server | None = None
        self._path: Path | None = None

    async def open(self) -> None:
        """Without a directory for it, nothing is offered: the tutorial works all the same."""
        with contextlib.suppress(OSError):
            directory = paths.runtime()
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not _private(directory):
                return
            path = directory / f"{os.getpid()}{_SUFFIX}"
            path.unlink(missing_ok=True)
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            with _short(path) as name:
                listener.bind(name)
            path.chmod(0o600)
            self._path = path
            self._server = await asyncio.start_unix_server(self._serve, sock=listener, limit=_LONGEST)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if _peer(writer.get_extra_info("socket")) == os.getuid():
                async with asyncio.timeout(_PATIENCE):
                    answer = await self._answer(await reader.readline())
                    writer.write(json.dumps(packed(answer)).encode() + b"\n")
                    await writer.drain()
        except (OSError, ValueError, TimeoutError):  # whoever asked is gone, or sent something else
            pass
        finally:
            writer.close()

    async def _answer(self, question: bytes) -> dict[str, object]:
        from tutor.replay.asking import asked, why_here
        from tutor.replay.report import why_json

        session = self._session()
        if session is None:
            return {"error": tell("the tutorial is just making a lab; ask again in a moment")}
        try:
            words: dict[str, str] = json.loads(question)
            flow = asked(session.lab.topology, str(words["source"]), str(words["destination"]))
            return {"why": why_json(await why_here(session, *flow))}
        except (KeyError, TypeError, ValueError):
            return {"error": tell("the question is not JSON with a source and a destination")}
        except NettutorError as error:
            return {"error": error.message}


def ask(source: str, destination: str) -> dict[str, Any]:
    """What the tutorial that was opened last says: the object of ``why_json``. ``UsageError`` where there is none, or
    where it does not know the places."""
    for path in _offered():
        try:
            answer = _ask_one(path, {"source": source, "destination": destination})
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)  # it was killed
            continue
        except (OSError, ValueError):
            continue
        if "error" in answer:
            raise UsageError(answer["error"])
        return dict(answer["why"])
    raise UsageError(
        tell(
            "no tutorial is open: `nettutor start` opens one; "
            "for a fresh lab say `nettutor why LESSON SOURCE DESTINATION`"
        )
    )


def _offered() -> list[Path]:
    """The sockets of this user's tutorials, the newest first."""
    directory = paths.runtime()
    try:
        found = [(path.stat().st_mtime, path) for path in directory.glob(f"*{_SUFFIX}")] if _private(directory) else []
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)]


def _ask_one(path: Path, question: dict[str, str]) -> dict[str, Any]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock, _short(path) as name:
        sock.settimeout(_PATIENCE)
        sock.connect(name)
        if _peer(sock) != os.getuid():
            raise OSError("it belongs to somebody else")
        sock.sendall(json.dumps(question).encode() + b"\n")
        with sock.makefile("rb") as stream:
            answer = unpacked(json.loads(stream.readline()))
    if not isinstance(answer, dict):
        raise ValueError("it is no answer")
    return answer


def _private(directory: Path) -> bool:
    status = directory.lstat()
    return status.st_uid == os.getuid() and not status.st_mode & 0o077


def _peer(sock: socket.socket) -> int:
    """The user at the other end."""
    credentials = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(credentials)[1])


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the same file that fits into an address, which holds 107 bytes (unix(7))."""
    directory = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{directory}/{path.name}"
    finally:
        os.close(directory)
