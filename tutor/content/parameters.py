"""What may differ from learner to learner: ``{{name}}`` anywhere in a lesson, and its value drawn by a seed.

A parameter has a list of values. ``192.168.21..89`` in it stands for one value for each number. Or it has a list of
*cases*, mappings of the same keys, of which one is drawn as a whole: ``{{fault.setup}}`` and ``{{fault.cure}}`` belong
together. Of numbers with dots, ``{{net.reversed}}`` is the zone of their names. No two parameters draw the same value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from tutor.content.source import SourceText
from tutor.content.tree import Mapping as MappingNode
from tutor.content.tree import Node, nearest, parse

_WORD = r"[a-z][a-z0-9_]{0,30}"
_PLACEHOLDER = re.compile(rf"\{{\{{({_WORD}(?:\.{_WORD})?)\}}\}}")
_NAME = re.compile(_WORD)
_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/-]{0,62}[A-Za-z0-9])?")
_RANGE = re.compile(r"(?P<before>.*?)(?P<first>\d+)\.\.(?P<last>\d+)(?P<after>.*)")
_DOTTED = re.compile(r"\d{1,3}(\.\d{1,3}){1,3}")
_Choice = Mapping[str, str]
MAXIMUM_VALUES = 1000
MAXIMUM_PART = 200


@dataclass(frozen=True, slots=True)
class Parameter:
    """Each choice is what stands for which placeholder: one, its name, or those of a case, ``name.key``."""

    name: str
    node: Node
    choices: tuple[_Choice, ...]
    cases: bool

    @property
    def values(self) -> frozenset[str]:
        """All that it may be; nothing for cases."""
        return frozenset() if self.cases else frozenset(choice[self.name] for choice in self.choices)


def drawn(
    source: SourceText, front: tuple[str, ...], lesson: str, seed: int | None, cases: int | None = None
) -> dict[str, str]:
    """What stands for every placeholder; those of cases have a dot. ``seed`` None or 0 takes the first of each list;
    any other draws. ``cases`` is the seed for those, where it is another one."""
    return draw(declared(source, front), lesson, seed, cases)


def draw(parameters: Sequence[Parameter], lesson: str, seed: int | None, cases: int | None = None) -> dict[str, str]:
    """The same from what was read already."""
    values: dict[str, str] = {}
    for parameter in parameters:
        by = cases if parameter.cases and cases is not None else seed
        free = [
            choice for choice in parameter.choices if parameter.cases or choice[parameter.name] not in values.values()
        ]
        values |= Random(f"{lesson}/{by}/{parameter.name}").choice(free) if by else parameter.choices[0]
        dotted = values.get(parameter.name, "")
        if _DOTTED.fullmatch(dotted):
            values[f"{parameter.name}.reversed"] = ".".join(reversed(dotted.split(".")))
    return values


def declared(source: SourceText, front: tuple[str, ...]) -> tuple[Parameter, ...]:
    """The parameters in the order of the front matter; ``ContentError`` for the first thing that is wrong with them."""
    begin = next((index for index, line in enumerate(front) if line.startswith("parameters:")), None)
    if begin is None:
        return ()
    rest = range(begin + 1, len(front))
    end = next((index for index in rest if front[index] and not front[index][0].isspace()), len(front))
    top = parse(source, begin + 2, front[begin:end]).mapping("'parameters'")
    entries = top.need("parameters", "front matter").mapping("'parameters'").entries
    found = tuple(_parameter(name, node) for name, node in entries.items())
    _apart(found)
    return found


def _parameter(name: str, node: Node) -> Parameter:
    what = f"parameter {name!r}"
    if not _NAME.fullmatch(name):
        raise node.error(f"{name[:40]!r} is not the name of a parameter: lower case letters, digits and _")
    items = node.items(what)
    if not items:
        raise node.error(f"{what} has no values")
    if any(isinstance(item, MappingNode) for item in items):
        return Parameter(name, node, tuple(_case(what, name, item, items[0]) for item in items), True)
    values: dict[str, str] = {}
    for item in items:
        for value in _spread(what, item):
            if value in values:
                raise item.error(f"{what} has {value!r} twice")
            values[value] = value
    if len(values) > MAXIMUM_VALUES:
        raise node.error(f"{what} has more than {MAXIMUM_VALUES} values")
    return Parameter(name, node, tuple({name: value} for value in values), False)


def _spread(what: str, item: Node) -> Iterator[str]:
    """The value, or each of a range."""
    text = item.text(what)
    if not _VALUE.fullmatch(text):
        raise item.error(f"{what}: {item.kind} may only hold letters, digits and . _ : / -")
    if ".." not in text:
        yield text
        return
    match = _RANGE.fullmatch(text)
    if match is None or text.count("..") > 1:
        raise item.error(f"{what}: {item.kind} is no range; one is written as in 192.168.21..89")
    first, last = int(match["first"]), int(match["last"])
    if not first < last < first + MAXIMUM_VALUES or (match["first"].startswith("0") and first):
        raise item.error(f"{what}: a range goes from a smaller number to a larger one, over less than {MAXIMUM_VALUES}")
    for number in range(first, last + 1):
        yield f"{match['before']}{number}{match['after']}"


def _case(what: str, name: str, item: Node, like: Node) -> _Choice:
    case = item.mapping(f"each case of {what}")
    keys = like.mapping(f"each case of {what}").entries.keys()
    case.only(keys, f"a case of {what}")
    for key in keys:
        text = case.need(key, f"each case of {what}").text(f"{key!r}")
        if not _NAME.fullmatch(key):
            raise case.error(f"{key[:40]!r} is not the name of a part of it: lower case letters, digits and _")
        if len(text) > MAXIMUM_PART or "\n" in text or "{{" in text:
            raise case.entries[key].error(f"{key!r} is one line of at most {MAXIMUM_PART} characters, without {{{{")
    return {f"{name}.{key}": case.entries[key].text(key) for key in keys}


def _apart(parameters: Sequence[Parameter]) -> None:
    """Whatever the others draw, a value must be left for each."""
    for index, parameter in enumerate(parameters):
        others = [other for other in parameters[:index] if other.values & parameter.values]
        for other in others:
            if parameter.choices[0][parameter.name] == other.choices[0][other.name]:
                reason = f"parameters {other.name!r} and {parameter.name!r} begin with the same value"
                raise parameter.node.error(reason)
        if others and len(parameter.choices) <= len(others):
            reason = (
                f"parameter {parameter.name!r} has too few values beside {others[0].name!r}, which may draw the same"
            )
            raise parameter.node.error(reason)


def filled(source: SourceText, values: Mapping[str, str]) -> SourceText:
    """The text with every placeholder replaced; ``ContentError`` for one that is not declared."""
    lines = list(source.lines)
    for index, line in enumerate(lines):
        if "{{" not in line:
            continue
        for match in _PLACEHOLDER.finditer(line):
            if match[1] not in values:
                reason = f"there is no parameter {match[1]!r}{nearest(match[1], values)}"
                raise source.error(index + 1, reason)
        lines[index] = _PLACEHOLDER.sub(lambda match: values[match[1]], line)
    return SourceText(source.shown, tuple(lines))
