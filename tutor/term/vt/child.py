"""The child's main loop: take messages from the socket, feed the library, answer.

Started as ``python -I -S -c ... FD LIBRARY`` with an empty environment. ``LIBRARY`` is the path of libghostty-vt, or
``bittty``. It ends when the socket does.
"""

from __future__ import annotations

import contextlib
import re
import resource
import socket
import sys

from tutor.term.vt import frames
from tutor.term.vt.backend import Backend
from tutor.term.vt.frames import Kind, message

_MEMORY = 2 << 30
# Told of the kitty protocol, a program would expect keys that are not sent here. A title or a clipboard that is told
# back would be typed into the shell by whoever has set it. Colours (OSC 4 and 10 to 19) may be told.
_UNTOLD = re.compile(rb"\x1b\[\?\d+u|\x1b\](?!4;|1\d;)[^\x07\x1b]*(?:\x07|\x1b\\)")


def main() -> None:
    connection = socket.socket(fileno=int(sys.argv[1]))
    for what, most in ((resource.RLIMIT_AS, _MEMORY), (resource.RLIMIT_CORE, 0)):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(what, (most, most))
    backend = _open(sys.argv[2])
    with contextlib.suppress(ConnectionError):
        connection.sendall(message(Kind.READY, backend.name.encode()))
        serve(connection, backend)


def _open(library: str) -> Backend:
    if library == "bittty":
        from tutor.term.vt.bitty import Bitty

        return Bitty()
    from tutor.term.vt.ghostty import Ghostty

    return Ghostty(library)


def serve(connection: socket.socket, backend: Backend) -> None:
    """Until the other side closes."""
    reader = frames.Reader()
    everything = True
    while data := connection.recv(1 << 18):
        for kind, payload in reader.feed(data):
            match kind:
                case Kind.DATA:
                    _feed(connection, backend, payload)
                case Kind.RESIZE:
                    rows, columns = frames.SIZE.unpack(payload)
                    backend.resize(max(1, rows), max(1, columns))
                    everything = True
                case Kind.SCROLL:
                    backend.scroll(frames.SCROLL.unpack(payload)[0])
                case Kind.WANT_FRAME:
                    connection.sendall(message(Kind.FRAME, backend.frame(everything or bool(payload))))
                    everything = False
                case Kind.WANT_TEXT:
                    row, column, last_row, last_column = frames.AREA.unpack(payload)
                    text = backend.text((row, column), (last_row, last_column))
                    connection.sendall(message(Kind.TEXT, text.encode("utf-8", "replace")[: frames.MAX_MESSAGE]))
                case _:
                    return


def _feed(connection: socket.socket, backend: Backend, data: bytes) -> None:
    for at in range(0, len(data), backend.step):
        part = data[at : at + backend.step]
        backend.feed(part)
        answer = _UNTOLD.sub(b"", backend.replies())
        if answer:
            connection.sendall(message(Kind.REPLY, answer))
        connection.sendall(message(Kind.CONSUMED, frames.COUNT.pack(len(part))))
