"""Every validator by its name, with its parameters as data, so that a lesson file can be checked against them.

A validator is a frozen dataclass that implements ``model.lesson.Check``, decorated with ``@validator("name")``.
Its fields are its parameters; ``param`` gives each the sentence that stands in the reference, and, where the word
in a lesson is not a Python name (``from``, ``in``), that word.

A question whose right answer is another one each time the same is done, as a MAC address or a counter that runs in the
kernel, says so: ``differs: ClassVar[bool] = True``. Whoever does it again holds such an answer against nobody.

To load all validators takes longer than to load Textual, and a lesson needs few: which module has which is found in the
source, and only that one is loaded.
"""

from __future__ import annotations

import dataclasses
import importlib
import re
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NewType, TypeVar

from tutor.model.lesson import Check

GoalId = NewType("GoalId", str)
"""A field of this type is not a parameter: it is filled with the id of the goal that the validator judges."""

_MODULES = (
    *(
        "namespaces",
        "links",
        "link_settings",
        "bridges",
        "switching",
        "addresses",
        "routes",
        "policy",
        "neighbours",
        "sysctls",
        "traffic",
        "http",
        "dns",
        "names",
        "files",
        "nat",
        "docker",
        "docker_answers",
        "cni",
        "filters",
        "conntrack",
        "sockets",
        "ports",
        "absent",
        "path",
    ),
    *("answers", "answers_state", "name_answers", "predictions", "attempts", "combined"),
)

WORDS = frozenset({"asked", "expected"})
"""The names of the parameters that are text for the learner."""

_DECORATOR = re.compile(r'^@validator\("([^"]+)"\)', re.MULTILINE)
_CheckClass = TypeVar("_CheckClass", bound=type)


@dataclass(frozen=True, slots=True)
class Parameter:
    """``name`` is the word in a lesson, ``field`` the dataclass field, ``type`` a resolved type hint. ``words`` are
    text that the learner reads, and that is translated."""

    name: str
    field: str
    type: Any
    help: str
    required: bool
    default: Any = None
    words: bool = False


@dataclass(frozen=True, slots=True)
class Spec:
    """One validator: its name, its class, and what it asks. With a ``goal_field`` it judges what the learner typed."""

    name: str
    check: Callable[..., Check]
    summary: str
    parameters: tuple[Parameter, ...]
    goal_field: str | None

    @property
    def question(self) -> bool:
        return self.goal_field is not None

    @property
    def differs(self) -> bool:
        """Is the right answer another one in every lab?"""
        return bool(getattr(self.check, "differs", False))

    def parameter(self, name: str) -> Parameter | None:
        return next((parameter for parameter in self.parameters if parameter.name == name), None)


_classes: dict[str, type] = {}


def validator(name: str) -> Callable[[_CheckClass], _CheckClass]:
    """Register the class under ``name``; a name taken twice is a bug in the program."""

    def register(cls: _CheckClass) -> _CheckClass:
        if name in _classes or _homes().get(name, cls.__module__) != cls.__module__:
            raise ValueError(f"two validators are called {name!r}")
        _classes[name] = cls
        return cls

    return register


def param(help: str, *, name: str | None = None, default: Any = dataclasses.MISSING, words: bool = False) -> Any:
    """A dataclass field that is a parameter. ``help`` is one clause; ``name`` the word in a lesson; ``words`` says that
    the learner reads it, so that it is translated."""
    return dataclasses.field(default=default, metadata={"help": help, "name": name, "words": words})


@cache
def names() -> tuple[str, ...]:
    """All validators, in the order of their modules."""
    return tuple(_homes())


@cache
def spec(name: str) -> Spec:
    """What is known of one validator; ``KeyError`` where there is none of that name."""
    importlib.import_module(_homes()[name])
    cls = _classes[name]
    hints = typing.get_type_hints(cls)
    goal_field = next((field for field, hint in hints.items() if hint is GoalId), None)
    summary = " ".join((cls.__doc__ or "").split())
    return Spec(name, cls, summary, tuple(_parameters(cls, hints)), goal_field)


def field_names(check: type) -> tuple[str, ...]:
    """The dataclass fields of a validator's class."""
    return tuple(field.name for field in dataclasses.fields(check))


@cache
def _homes() -> Mapping[str, str]:
    """The module of each validator."""
    found: dict[str, str] = {}
    for module in _MODULES:
        for name in _DECORATOR.findall(Path(__file__).with_name(f"{module}.py").read_text(encoding="utf-8")):
            if name in found:
                raise ValueError(f"two validators are called {name!r}")
            found[name] = f"tutor.validators.{module}"
    return found


def _parameters(cls: type, hints: Mapping[str, Any]) -> Iterator[Parameter]:
    for field in dataclasses.fields(cls):
        if hints[field.name] is GoalId:
            continue
        required = field.default is dataclasses.MISSING
        default = None if required else field.default
        name = field.metadata.get("name") or field.name
        meta = field.metadata
        yield Parameter(name, field.name, hints[field.name], meta["help"], required, default, meta["words"])
