"""One value out of a file of settings: JSON (RFC 8259), YAML, TOML, INI, or plain ``key=value`` lines."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any


class Format(StrEnum):
    """How a file is written."""

    BY_NAME = "by-name"
    JSON = "json"
    YAML = "yaml"
    TOML = "toml"
    INI = "ini"
    KEY_VALUE = "key-value"


class Malformed(Exception):
    """The text does not follow its format; the message is one clause."""


_ENDINGS = {
    "json": Format.JSON,
    "conflist": Format.JSON,
    "yaml": Format.YAML,
    "yml": Format.YAML,
    "toml": Format.TOML,
    "ini": Format.INI,
}
_PAIR = re.compile(r"\s*([^\s=:#;][^=:]*?)\s*[=:]\s*(.*?)\s*")


def of(path: str, asked: Format) -> Format:
    """The format that was asked for, else the one that the name's ending stands for; ``key=value`` without one."""
    if asked is not Format.BY_NAME:
        return asked
    return _ENDINGS.get(path.rpartition(".")[2].casefold(), Format.KEY_VALUE)


def value(text: str, key: str, form: Format) -> str | None:
    """What stands under ``key``, as text; ``None`` where nothing does. ``Malformed``."""
    if form is Format.KEY_VALUE:
        return _of_lines(text, key)
    if form is Format.INI:
        return _of_ini(text, key)
    try:
        return _written(_at(_parsed(text, form), key))
    except RecursionError:
        raise Malformed("it is nested too deeply") from None


def _parsed(text: str, form: Format) -> Any:
    if form is Format.YAML:
        import yaml

        try:
            return yaml.safe_load(text)
        except (yaml.YAMLError, ValueError) as error:
            mark = getattr(error, "problem_mark", None)
            raise Malformed(f"line {mark.line + 1}" if mark else "no YAML") from error
    import json
    import tomllib

    try:
        return json.loads(text) if form is Format.JSON else tomllib.loads(text)
    except ValueError as error:
        raise Malformed(" ".join(str(error).split())[:80]) from error


def _at(tree: Any, key: str) -> Any:
    """By dots, or, where the key begins with a slash, as a JSON pointer (RFC 6901)."""
    if key.startswith("/"):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in key[1:].split("/")]
    else:
        parts = key.split(".")
    for part in parts:
        if isinstance(tree, dict):
            known = {str(name): inner for name, inner in tree.items()}
            if part not in known:
                return None
            tree = known[part]
        elif isinstance(tree, list) and part.isdecimal() and int(part) < len(tree):
            tree = tree[int(part)]
        else:
            return None
    return tree if tree is not None else _NULL


_NULL = object()
_WORDS = ("true", "false", "null")
"""Text that is one of these keeps its quotes, so that it is told apart from what they stand for."""


def _written(found: Any) -> str | None:
    if found is None:
        return None
    if found is _NULL:
        return "null"
    if isinstance(found, bool):
        return "true" if found else "false"
    if isinstance(found, dict | list):
        return f"{'a mapping' if isinstance(found, dict) else 'a list'} of {len(found)}"
    return f'"{found}"' if found in _WORDS else str(found)


def _of_lines(text: str, key: str) -> str | None:
    """The last line counts, as it does for sysctl.conf(5) and shells."""
    found = None
    for line in text.split("\n"):
        match = _PAIR.fullmatch(line)
        if match and match[1].removeprefix("export ").strip() == key:
            found = match[2].strip("\"'")
    return found


def _of_ini(text: str, key: str) -> str | None:
    import configparser

    parser = configparser.ConfigParser(interpolation=None, strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise Malformed(" ".join(str(error).split())[:80]) from error
    section, _, option = key.rpartition(".")
    if not parser.has_option(section, option):
        return None
    return parser.get(section, option) or ""
