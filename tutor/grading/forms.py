"""Between values of the model and JSON values: types are checked to the last field, by ``msgspec``."""

from __future__ import annotations

from typing import Any, TypeVar

from tutor.errors import SubmissionError

_Model = TypeVar("_Model")


def plain(value: object) -> Any:
    """Dataclasses, tuples and mappings as dictionaries, lists and texts."""
    import msgspec

    return msgspec.json.decode(msgspec.json.encode(value))


def read(value: Any, kind: type[_Model], schema: int = 1) -> _Model:
    """A dataclass from a JSON value, with every field there and no other; its ``schema`` must be this one.

    Raises ``SubmissionError`` with the path to the first field that is wrong.
    """
    import msgspec

    if isinstance(value, dict) and value.get("schema") != schema:
        raise SubmissionError(f"it was written by another version of nettutor (schema {str(value.get('schema'))[:20]})")
    try:
        found = msgspec.convert(value, kind, strict=True)
    except (msgspec.ValidationError, ValueError) as error:
        raise SubmissionError(f"it is not as it should be: {str(error)[:200]}") from error
    if plain(found) != value:
        raise SubmissionError("it has fields that do not belong there, or lacks some that do")
    return found
