"""Told texts through JSON or a column of a table, to be shown in the language of whoever reads them."""

from __future__ import annotations

import json
from typing import Any

from tutor.i18n.told import Told

_TEMPLATE, _VALUES = "told", "values"
_MARK = f'{{"{_TEMPLATE}":'


def packed(tree: Any) -> Any:
    """The lists, dictionaries and values of ``tree`` with each told text as an object that ``unpacked`` knows."""
    if isinstance(tree, Told):
        return {_TEMPLATE: tree.template, _VALUES: {name: packed(value) for name, value in tree.values.items()}}
    if isinstance(tree, dict):
        return {name: packed(value) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [packed(value) for value in tree]
    return tree


def unpacked(tree: Any) -> Any:
    """What ``packed`` was given, with lists for tuples. ``ValueError`` for what it never gives."""
    if isinstance(tree, list):
        return [unpacked(value) for value in tree]
    if not isinstance(tree, dict):
        return tree
    if tree.keys() != {_TEMPLATE, _VALUES}:
        return {name: unpacked(value) for name, value in tree.items()}
    template, values = tree[_TEMPLATE], unpacked(tree[_VALUES])
    if not isinstance(template, str) or not isinstance(values, dict):
        raise ValueError("this is no told text")
    try:
        return Told(template, values)
    except (KeyError, IndexError, AttributeError) as error:
        raise ValueError("the template and the values do not fit") from error


def frozen(text: str) -> str:
    """A text as one plain text: what was told as JSON, any other as it is."""
    if not isinstance(text, Told):
        if not text.startswith(_MARK):
            return text
        text = Told("{text}", {"text": text})
    return json.dumps(packed(text), ensure_ascii=False, separators=(",", ":"))


def thawed(text: str) -> str:
    """What ``frozen`` was given; any other text as it is."""
    if text.startswith(_MARK):
        try:
            found = unpacked(json.loads(text))
        except ValueError:
            return text
        if isinstance(found, str):
            return found
    return text
