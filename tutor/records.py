"""Frozen dataclasses whose methods are compiled when they are first called.

The standard decorator writes out the methods of each class as text and compiles them at once. That takes half a
millisecond, and was a third of the time that all the facts, wants and validators took to import, of which a lesson uses
a few. For whatever is imported on the way to the first prompt; elsewhere the standard one will do. For a type checker
it is the standard one. Knows nothing but the standard library.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable
    from dataclasses import dataclass
else:

    def dataclass(cls=None, /, *, frozen=False, order=False, **options):
        """``dataclasses.dataclass``, which alone makes what is not frozen or has an order. No ``field(init=False)``."""

        def make(cls):
            if frozen and not order:
                return _frozen(cls, **options)
            return dataclasses.dataclass(cls, frozen=frozen, order=order, **options)

        return make if cls is None else make(cls)


_LATER = ("__init__", "__repr__", "__eq__", "__hash__")


def _frozen(cls: Any, **options: Any) -> Any:
    missing = [name for name in _LATER if vars(cls).get(name) is None]
    cls.__doc__ = cls.__doc__ or cls.__name__  # or the standard one makes a signature of it
    cls = dataclasses.dataclass(cls, init=False, repr=False, eq=False, **options)
    if not all(field.init for field in dataclasses.fields(cls)):
        raise TypeError(f"{cls.__qualname__} has a field that is no parameter: use dataclasses.dataclass")
    for name in missing:
        setattr(cls, name, _later(cls, name))
    cls.__setattr__, cls.__delattr__ = _set, _delete
    if options.get("slots"):  # copy and pickle would set the attributes one by one
        cls.__getstate__, cls.__setstate__ = _state, _restore
    return cls


def _later(cls: Any, name: str) -> Callable[..., Any]:
    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        made = _made(cls, name)
        setattr(cls, name, made)
        return made(self, *arguments, **named)

    return method


def _made(cls: Any, name: str) -> Any:
    if name == "__init__":
        made = _init(cls)
    else:
        fields = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
        kinds: dict[str, Any] = {"repr": name == "__repr__", "eq": name == "__eq__", "unsafe_hash": name == "__hash__"}
        namespace = {"__doc__": cls.__doc__}
        made = vars(dataclasses.make_dataclass(cls.__name__, fields, namespace=namespace, init=False, **kinds))[name]
    made.__qualname__ = f"{cls.__qualname__}.{name}"
    return made


def _init(cls: Any) -> Any:
    """The standard one of a frozen class would come with four more methods."""
    known: dict[str, Any] = {"__set": object.__setattr__, "__lacking": object()}
    taken: list[str] = []
    named: list[str] = []
    lines: list[str] = []
    for field in dataclasses.fields(cls):
        name, value = field.name, field.name
        parameters = named if field.kw_only else taken
        if field.default is not dataclasses.MISSING:
            known[f"__default_{name}"] = field.default
            parameters.append(f"{name}=__default_{name}")
        elif field.default_factory is not dataclasses.MISSING:
            known[f"__default_{name}"] = field.default_factory
            parameters.append(f"{name}=__lacking")
            value = f"__default_{name}() if {name} is __lacking else {name}"
        else:
            parameters.append(name)
        lines.append(f"__set(self, {name!r}, {value})")
    if hasattr(cls, "__post_init__"):
        lines.append("self.__post_init__()")
    head = ", ".join(["self", *taken, *(["*", *named] if named else [])])
    exec(f"def __init__({head}):\n " + "\n ".join(lines or ["pass"]), known)
    return known["__init__"]


def _set(self: object, name: str, value: object) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


__all__ = ["dataclass"]
