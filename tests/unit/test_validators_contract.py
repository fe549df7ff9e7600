"""What holds for every validator, also those that are written later."""

from __future__ import annotations

import types
import typing
from dataclasses import FrozenInstanceError, fields
from enum import StrEnum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from pathlib import Path
from typing import Any

import pytest

from tutor.model.facts import Facts, Gone, Unreadable
from tutor.model.lesson import Check
from tutor.model.place import Place
from tutor.model.verdict import Met, Unknown, Unmet, Verdict
from tutor.model.wants import FileOf
from tutor.validators import registry
from tutor.validators.routes import RouteTo

SAMPLES: dict[Any, Any] = {
    str: "veth-red",
    int: 80,
    bool: True,
    Place: Place("host", "red"),
    Check: RouteTo(ip_address("192.168.15.2"), Place("host", "red")),
    IPv4Address | IPv6Address: ip_address("192.168.15.2"),
    IPv4Interface | IPv6Interface: ip_interface("192.168.15.1/24"),
    IPv4Network | IPv6Network: ip_network("192.168.15.0/24"),
}
GONE_IS_WHAT_IS_WANTED = {"link-gone", "not"}


def sample(hint: Any) -> Any:
    if hint in SAMPLES:
        return SAMPLES[hint]
    inner = [argument for argument in typing.get_args(hint) if argument not in (types.NoneType, Ellipsis)]
    if typing.get_origin(hint) is tuple:
        return tuple(sample(argument) for argument in inner)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return next(iter(hint))
    return sample(inner[0] if len(inner) == 1 else typing.Union[tuple(inner)])  # noqa: UP007


def built(name: str) -> Check:
    spec = registry.spec(name)
    given = {parameter.field: sample(parameter.type) for parameter in spec.parameters}
    if spec.goal_field:
        given[spec.goal_field] = "a-goal"
    return spec.check(**given)


def texts(verdict: Verdict) -> tuple[str, ...]:
    match verdict:
        case Met(observed):
            return (observed,)
        case Unmet(expected, observed, _, look_next):
            return (expected, observed, look_next)
        case Unknown(cause):
            return (cause,)


@pytest.mark.parametrize("name", registry.names())
def test_a_validator_is_a_frozen_value(name: str) -> None:
    check = built(name)
    assert isinstance(check, Check)
    assert check == built(name)
    assert hash(check) == hash(built(name))
    assert check.wants() == check.wants()
    field = fields(check)[0].name  # type: ignore[arg-type]
    with pytest.raises(FrozenInstanceError):
        setattr(check, field, None)


@pytest.mark.parametrize("name", registry.names())
def test_nothing_read_is_never_a_pass(name: str) -> None:
    verdict = built(name).judge(Facts(answers={"a-goal": "1"}))
    assert isinstance(verdict, Unknown)
    assert "it was not read" in verdict.cause or "proves nothing" in verdict.cause


@pytest.mark.parametrize("reason", Gone)
@pytest.mark.parametrize("name", registry.names())
def test_what_could_not_be_read_is_neither_a_pass_nor_a_fail(name: str, reason: Gone) -> None:
    check = built(name)
    facts = Facts(dict.fromkeys(check.wants(), Unreadable(reason, "because")), {"a-goal": "1"})
    verdict = check.judge(facts)
    if name in GONE_IS_WHAT_IS_WANTED and reason is Gone.NO_NAMESPACE:
        return
    if reason is Gone.NO_FILE and any(isinstance(want, FileOf) for want in check.wants()):
        return  # a file that is not there is the learner's own state
    assert not isinstance(verdict, Met)
    if reason is not Gone.NO_NAMESPACE:
        assert isinstance(verdict, Unknown)
        assert "because" in verdict.cause or "proves nothing" in verdict.cause
    for text in texts(verdict):
        assert text
        assert "\n" not in text
        assert not text.endswith(".")


def test_every_module_with_validators_is_known() -> None:
    folder = Path(registry.__file__).parent
    written = {path.stem for path in folder.glob("*.py") if "\n@validator(" in path.read_text()}
    assert {registry.spec(name).check.__module__ for name in registry.names()} == {
        f"tutor.validators.{module}" for module in written
    }


def test_the_words_of_parameters_are_known() -> None:
    specs = map(registry.spec, registry.names())
    assert {parameter.name for spec in specs for parameter in spec.parameters if parameter.words} == registry.WORDS


def test_two_validators_cannot_have_one_name() -> None:
    with pytest.raises(ValueError, match="two validators are called 'ping'"):
        registry.validator("ping")(RouteTo)


def test_parameters_have_the_words_of_the_lesson() -> None:
    spec = registry.spec("ping")
    assert [parameter.name for parameter in spec.parameters] == ["from", "to", "at", "via", "through", "size"]
    assert [parameter.required for parameter in spec.parameters] == [True, True, False, False, False, False]
    assert registry.spec("answer-mac").question
    assert registry.spec("answer-mac").parameter("goal") is None
