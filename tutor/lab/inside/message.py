"""The words between the outer side and the inside: one datagram a message, descriptors beside it (unix(7)).

Inwards a message is a marshalled dict (the sender is nettutor, which is trusted, and ``marshal`` costs no import);
outwards it is JSON, which the outer side can parse without trusting the sender.
"""

from __future__ import annotations

import _json
import _socket
import marshal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

LARGEST = 128 * 1024
_FD_SIZE = 4


def encode(value: object) -> str:
    """JSON of dicts with text keys, lists, tuples, text, bytes (as latin-1), int, bool and None."""
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return _json.encode_basestring_ascii(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{encode(str(key))}:{encode(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ",".join(encode(item) for item in value) + "]"
    raise TypeError(type(value).__name__)


def send(socket: _socket.socket, value: dict[str, object], fds: Sequence[int] = ()) -> None:
    """Send one message; ``BrokenPipeError`` or ``ConnectionResetError`` when the outer side is gone."""
    ancillary = []
    if fds:
        packed = b"".join(fd.to_bytes(_FD_SIZE, "little") for fd in fds)
        ancillary = [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, packed)]
    socket.sendmsg([encode(value).encode()], ancillary, _socket.MSG_NOSIGNAL)


def failure(error: OSError, stage: str) -> dict[str, object]:
    """The event that tells of an error that ends the start of the lab; ``stage`` where the error names no place."""
    reason = error.strerror or str(error)
    return {"event": "failed", "errno": error.errno or 0, "place": str(error.filename or stage), "reason": reason}


def receive(socket: _socket.socket) -> dict[str, object] | None:
    """The next message, or ``None`` at the end of the stream. Blocks as the socket does."""
    data = socket.recv(LARGEST)
    if not data:
        return None
    value: dict[str, object] = marshal.loads(data)
    return value
