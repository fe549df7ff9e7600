"""Dataclasses that are compiled late, held against the standard ones."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

import tutor
from tutor import records


def _made(decorator: Callable[..., Any], **options: Any) -> Any:
    @decorator(frozen=True, **options)
    class Thing:
        """A thing."""

        kind: ClassVar[str] = "thing"
        name: str
        size: int = 3
        parts: list[int] = dataclasses.field(default_factory=list)
        note: str = dataclasses.field(default="", compare=False, kw_only=True)
        secret: str = dataclasses.field(default="", repr=False, kw_only=True)

        def __post_init__(self) -> None:
            if self.size < 0:
                raise ValueError("less than nothing")

    return Thing


@records.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: tuple[int, ...] = ()


@records.dataclass(frozen=True)
class Named(Point):
    name: str = ""


@pytest.mark.parametrize("options", [{}, {"slots": True}, {"kw_only": True}])
def test_it_is_as_the_standard_one(options: dict[str, Any]) -> None:
    ours, theirs = _made(records.dataclass, **options), _made(dataclasses.dataclass, **options)
    assert ours.__match_args__ == theirs.__match_args__
    assert [field.name for field in dataclasses.fields(ours)] == [field.name for field in dataclasses.fields(theirs)]
    for given in ({"name": "a"}, {"name": "a", "size": 1, "parts": [1], "note": "n", "secret": "s"}):
        one, other = ours(**given), theirs(**given)
        assert repr(one) == repr(other)
        assert dataclasses.asdict(one) == dataclasses.asdict(other)
        assert one == ours(**{**given, "note": "another"})
        assert one != ours(**{**given, "secret": "another"})
        assert one != other
        assert dataclasses.replace(one, size=9).size == 9
        assert copy.copy(one) == copy.deepcopy(one) == one


@pytest.mark.parametrize("options", [{}, {"slots": True}])
def test_what_the_standard_one_refuses_is_refused(options: dict[str, Any]) -> None:
    for decorator in (records.dataclass, dataclasses.dataclass):
        thing = _made(decorator, **options)
        for arguments, named in (((), {}), ((1, 2, [], 4), {}), (("a",), {"colour": 1})):
            with pytest.raises(TypeError, match=r"Thing\.__init__\(\)"):
                thing(*arguments, **named)
        with pytest.raises(ValueError, match="less than nothing"):
            thing("a", size=-1)
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
            thing("a").name = "b"
        with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
            del thing("a").name
        with pytest.raises(TypeError, match="unhashable"):
            hash(thing("a"))


def test_a_default_is_made_anew_for_each() -> None:
    thing = _made(records.dataclass)
    thing("a").parts.append(1)
    assert thing("b").parts == []


def test_it_can_be_a_key_and_a_pattern_and_be_pickled() -> None:
    point = Point(1, (2,))
    assert {point: "here"}[Point(1, (2,))] == "here"
    assert pickle.loads(pickle.dumps(point)) == point
    match point:
        case Point(x, y):
            assert (x, y) == (1, (2,))


def test_a_class_of_more_fields_has_methods_of_its_own() -> None:
    assert Point(1) == Point(1)
    named = Named(1, name="a")
    assert repr(named) == "Named(x=1, y=(), name='a')"
    assert named != Point(1)
    assert named != Named(1, name="b")
    assert hash(named) == hash(Named(1, name="a"))
    assert pickle.loads(pickle.dumps(named)) == named


def test_what_the_class_says_itself_stays() -> None:
    @records.dataclass(frozen=True, slots=True)
    class Own:
        x: int

        def __repr__(self) -> str:
            return "own"

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert repr(Own(1)) == "own"
    assert Own(1) == Own(2)
    assert hash(Own(1)) == 7


def test_a_field_that_is_no_parameter_is_refused() -> None:
    with pytest.raises(TypeError, match="no parameter"):

        @records.dataclass(frozen=True)
        class Bad:
            x: int = dataclasses.field(init=False)


def test_what_is_not_frozen_or_has_an_order_is_the_standard_one() -> None:
    @records.dataclass(slots=True)
    class Counter:
        n: int = 0

    @records.dataclass(frozen=True, order=True)
    class Version:
        n: int

    counter = Counter()
    counter.n += 1
    assert counter == Counter(1)
    assert sorted([Version(2), Version(1)]) == [Version(1), Version(2)]


def _all() -> Iterator[type]:
    """The classes of the program that are compiled late."""
    for module in pkgutil.walk_packages(tutor.__path__, "tutor."):
        if "__main__" in module.name or "migrations" in module.name:
            continue
        for found in vars(importlib.import_module(module.name)).values():
            if isinstance(found, type) and vars(found).get("__setattr__") is vars(Point)["__setattr__"]:
                yield found


def test_every_class_of_the_program_takes_what_the_standard_one_would() -> None:
    found = list(dict.fromkeys(_all()))
    assert len(found) > 150
    for cls in found:
        fields = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
        twin = dataclasses.make_dataclass("Twin", fields, frozen=True)
        ours = inspect.signature(records._init(cls)).parameters.values()
        theirs = inspect.signature(vars(twin)["__init__"]).parameters.values()
        assert [(each.name, each.kind) for each in ours] == [(each.name, each.kind) for each in theirs], cls
        required = inspect.Parameter.empty
        assert [each.default is required for each in ours] == [each.default is required for each in theirs], cls
