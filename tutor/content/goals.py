"""A ``yaml goal`` block -> a goal with its validator, whose parameters were checked against the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tutor.content import values
from tutor.content.translation import goal_key, words_in
from tutor.content.tree import Mapping, Node, nearest
from tutor.i18n import Texts, Written
from tutor.model.lesson import Check, Goal, GoalKind, Source
from tutor.model.place import Place
from tutor.validators import registry

_KEYS = ("id", "text", "kind", "baseline")


def goal(node: Node, name: str, machines: tuple[str, ...], texts: Texts) -> Goal:
    """``name`` is how the lesson's file is called in messages; places must be on one of ``machines``; ``texts`` are the
    translations of its words."""
    entries = node.mapping("a goal")
    goal_id = values.text(entries.need("id", "a goal"), "the id")
    what = f"goal {goal_id!r}"
    checks = [key for key in entries.entries if key not in _KEYS]
    known = (*_KEYS, *registry.names())
    for key in checks:
        if key not in known:
            raise entries.unknown(key, known, what)
    if len(checks) != 1:
        raise entries.error(f"{what} needs exactly one validator" + (f", not {', '.join(checks)}" if checks else ""))
    spec = registry.spec(checks[0])
    _mark_words(entries.entries[checks[0]], goal_id, texts)
    check = _Builder(goal_id, machines).build(spec, entries.entries[checks[0]])
    kind_node = entries.get("kind")
    default = GoalKind.EDGE if spec.question else GoalKind.LEVEL
    kind = values.converted(kind_node, GoalKind, "the kind", _no_check) if kind_node else default
    baseline = entries.get("baseline")
    english = " ".join(values.text(entries.need("text", what), "the text").split())
    text = Written(english, goal_key(goal_id, "text"), texts)
    is_gone = values.truth(baseline, "baseline") if baseline else False
    return Goal(goal_id, kind, text, check, Source(name, node.line), question=spec.question, baseline=is_gone)


def _mark_words(node: Node, goal_id: str, texts: Texts) -> None:
    """Let the words in the parameters know their translations."""
    seen: Counter[str] = Counter()
    for entries, name, scalar in list(words_in(node, registry.WORDS)):
        word = Written(scalar.value, goal_key(goal_id, name, seen[name]), texts)
        entries.entries[name] = replace(scalar, value=word)
        seen[name] += 1


def _no_check(node: Node, what: str) -> Check:
    raise node.error(f"{what} cannot be a validator")


class _Builder:
    def __init__(self, goal_id: str, machines: tuple[str, ...]) -> None:
        self._goal = goal_id
        self._machines = machines

    def build(self, spec: registry.Spec, node: Node) -> Check:
        """The validator from its parameters: a mapping, or one value for the first of them."""
        what = f"validator {spec.name!r}"
        given: dict[str, Any] = {}
        if isinstance(node, Mapping):
            known = tuple(parameter.name for parameter in spec.parameters)
            node.only(known, what)
            for name, value in node.entries.items():
                self._set(given, spec, name, value)
        else:
            self._set(given, spec, spec.parameters[0].name, node)
        missing = [p.name for p in spec.parameters if p.required and p.field not in given]
        if missing:
            raise node.error(f"{what} needs {missing[0]!r}")
        if spec.goal_field is not None:
            given[spec.goal_field] = registry.GoalId(self._goal)
        return spec.check(**given)

    def _set(self, given: dict[str, Any], spec: registry.Spec, name: str, node: Node) -> None:
        parameter = spec.parameter(name)
        assert parameter is not None
        value = values.converted(node, parameter.type, f"{spec.name}: {name!r}", self._nested)
        for place in _places(value):
            if place.machine not in self._machines:
                message = f"{spec.name}: {name!r}: the lesson has no machine {place.machine!r}"
                raise node.error(message + nearest(place.machine, self._machines))
        given[parameter.field] = value

    def _nested(self, node: Node, what: str) -> Check:
        entries = node.mapping(what)
        if len(entries.entries) != 1:
            raise node.error(f"{what} must be one validator with its parameters")
        name, value = next(iter(entries.entries.items()))
        if name not in registry.names():
            raise entries.unknown(name, registry.names(), what)
        spec = registry.spec(name)
        if spec.question:
            raise node.error(f"{what} cannot be a question")
        return self.build(spec, value)


def _places(value: Any) -> Iterator[Place]:
    if isinstance(value, Place):
        yield value
    elif isinstance(value, tuple):
        for element in value:
            yield from _places(element)


def places(check: Check) -> Iterator[Place]:
    """All places that a validator names, also inside others."""
    for field in registry.field_names(type(check)):
        value = getattr(check, field)
        yield from _places(value)
        for inner in value if isinstance(value, tuple) else (value,):
            if isinstance(inner, Check):
                yield from places(inner)
