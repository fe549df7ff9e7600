"""What may differ from learner to learner: ``{{name}}`` anywhere in a lesson, and its value drawn by a seed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from tutor.content.source import SourceText
from tutor.content.tree import nearest, parse

_PLACEHOLDER = re.compile(r"\{\{([a-z][a-z0-9_]{0,30})\}\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_VALUE = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._:/-]{0,62}[A-Za-z0-9])?")


def drawn(source: SourceText, front: tuple[str, ...], lesson: str, seed: int | None) -> dict[str, str]:
    """The value of every parameter. ``seed`` None or 0 takes the first of each list; any other draws."""
    begin = next((index for index, line in enumerate(front) if line.startswith("parameters:")), None)
    if begin is None:
        return {}
    rest = range(begin + 1, len(front))
    end = next((index for index in rest if front[index] and not front[index][0].isspace()), len(front))
    top = parse(source, begin + 2, front[begin:end]).mapping("'parameters'")
    values: dict[str, str] = {}
    for name, node in top.need("parameters", "front matter").mapping("'parameters'").entries.items():
        if not _NAME.fullmatch(name):
            raise node.error(f"{name[:40]!r} is not the name of a parameter: lower case letters, digits and _")
        choices = [item.text(f"parameter {name!r}") for item in node.items(f"parameter {name!r}")]
        for choice, item in zip(choices, node.items(""), strict=True):
            if not _VALUE.fullmatch(choice):
                raise item.error(f"parameter {name!r}: {item.kind} may only hold letters, digits and . _ : / -")
        if not choices:
            raise node.error(f"parameter {name!r} has no values")
        values[name] = Random(f"{lesson}/{seed}/{name}").choice(choices) if seed else choices[0]
    return values


def filled(source: SourceText, values: Mapping[str, str]) -> SourceText:
    """The text with every placeholder replaced; ``ContentError`` for one that is not declared."""
    lines = []
    for number, line in enumerate(source.lines, 1):
        for match in _PLACEHOLDER.finditer(line):
            if match[1] not in values:
                reason = f"there is no parameter {match[1]!r}{nearest(match[1], values)}"
                raise source.error(number, reason)
        lines.append(_PLACEHOLDER.sub(lambda match: values[match[1]], line))
    return SourceText(source.shown, tuple(lines))
