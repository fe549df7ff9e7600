"""Between values of the model and JSON values: types are checked to the last field, by ``msgspec``.

A text that was told is written frozen (``i18n.packing``).
"""

from __future__ import annotations

from typing import Any, TypeVar

from tutor.errors import SubmissionError
from tutor.i18n import Told, tell

_Model = TypeVar("_Model")


def plain(value: object) -> Any:
    """Dataclasses, tuples and mappings as dictionaries, lists and texts."""
    import msgspec

    return msgspec.json.decode(msgspec.json.encode(value, enc_hook=_frozen))


def read(value: Any, kind: type[_Model], schema: int = 1) -> _Model:
    """A dataclass from a JSON value, with every field there and no other; its ``schema`` must be this one.

    Raises ``SubmissionError`` with the path to the first field that is wrong.
    """
    import msgspec

    if isinstance(value, dict) and value.get("schema") != schema:
        other = str(value.get("schema"))[:20]
        raise SubmissionError(tell("it was written by another version of nettutor (schema {schema})", schema=other))
    try:
        found = msgspec.convert(value, kind, strict=True)
    except (msgspec.ValidationError, ValueError) as error:
        raise SubmissionError(tell("it is not as it should be: {error}", error=str(error)[:200])) from error
    if plain(found) != value:
        raise SubmissionError(tell("it has fields that do not belong there, or lacks some that do"))
    return found


def _frozen(value: object) -> str:
    """What ``msgspec`` does not know by itself."""
    if isinstance(value, Told):
        from tutor.i18n.packing import frozen

        return frozen(value)
    raise NotImplementedError(f"a {type(value).__name__} is nothing that can be written")
