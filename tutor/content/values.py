"""From a YAML value to a typed one, by the type that a parameter has. Every refusal is one clear sentence."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Callable
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from ipaddress import ip_address as _ip_address
from ipaddress import ip_interface as _ip_interface
from ipaddress import ip_network as _ip_network
from typing import Any

from tutor.content.tree import Node, Scalar, nearest
from tutor.model.lesson import Check
from tutor.model.place import Place

CheckBuilder = Callable[[Node, str], Check]

_HOST = re.compile(r"[A-Za-z0-9_*]([A-Za-z0-9_.*-]{0,250}[A-Za-z0-9_])?\.?")

_WORDS: dict[Any, str] = {
    str: "text",
    int: "whole number",
    bool: "true or false",
    Place: "place",
    Check: "validator",
    IPv4Address | IPv6Address: "address",
    IPv4Interface | IPv6Interface: "address/length",
    IPv4Network | IPv6Network: "network",
}


def described(hint: Any) -> str:
    """The type in words, for the reference: ``place``, ``list of places``."""
    if hint in _WORDS:
        return _WORDS[hint]
    arguments = [argument for argument in typing.get_args(hint) if argument is not types.NoneType]
    if typing.get_origin(hint) is tuple:
        word = described(arguments[0])
        return (
            f"list of {word}{'es' if word.endswith('s') else 's'}"
            if arguments[-1] is Ellipsis
            else f"{len(arguments)} {word}s"
        )
    if types.NoneType in typing.get_args(hint):
        return described(arguments[0] if len(arguments) == 1 else typing.Union[tuple(arguments)])  # noqa: UP007
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return "one of " + ", ".join(hint)
    raise TypeError(f"no lesson can hold a {hint}")


def converted(node: Node, hint: Any, what: str, build: CheckBuilder) -> Any:
    """The value of ``node`` as the type ``hint`` says; ``what`` names it in errors."""
    simple = _SIMPLE.get(hint)
    if simple is not None:
        return simple(node, what)
    if hint is Check:
        return build(node, what)
    arguments = [argument for argument in typing.get_args(hint) if argument is not types.NoneType]
    if typing.get_origin(hint) is tuple:
        return _tuple(node, arguments, what, build)
    if types.NoneType in typing.get_args(hint):
        inner = arguments[0] if len(arguments) == 1 else typing.Union[tuple(arguments)]  # noqa: UP007
        return converted(node, inner, what, build)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        text = node.text(what)
        if text not in tuple(hint):
            raise node.error(f"{what}: there is no {text!r}{nearest(text, hint)}")
        return hint(text)
    raise TypeError(f"no lesson can hold a {hint}")


def _tuple(node: Node, arguments: list[Any], what: str, build: CheckBuilder) -> tuple[Any, ...]:
    items = node.items(what)
    if arguments[-1] is not Ellipsis and len(items) != len(arguments):
        raise node.error(f"{what} must be a list of {len(arguments)}")
    if not items:
        raise node.error(f"{what} is an empty list")
    return tuple(converted(item, arguments[0], what, build) for item in items)


def text(node: Node, what: str) -> str:
    return node.text(what)


def whole(node: Node, what: str) -> int:
    value = node.text(what)
    if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 12):
        raise node.error(f"{what} must be a whole number, not {node.kind}")
    return int(value)


def truth(node: Node, what: str) -> bool:
    value = node.text(what)
    if value not in ("true", "false"):
        raise node.error(f"{what} must be true or false, not {node.kind}")
    return value == "true"


def place(node: Node, what: str) -> Place:
    try:
        return Place.parse(node.text(what))
    except ValueError as error:
        raise node.error(f"{what}: {error}") from error


def address(node: Node, what: str) -> IPv4Address | IPv6Address:
    try:
        return _ip_address(node.text(what))
    except ValueError as error:
        raise node.error(f"{what} must be an IP address, not {node.kind}") from error


def interface(node: Node, what: str) -> IPv4Interface | IPv6Interface:
    value = node.text(what)
    if "/" not in value:
        raise node.error(f"{what} must be an address with its prefix length, such as 192.168.15.1/24")
    try:
        return _ip_interface(value)
    except ValueError as error:
        raise node.error(f"{what} must be an address with its prefix length, not {node.kind}") from error


def network(node: Node, what: str) -> IPv4Network | IPv6Network:
    try:
        return _ip_network(node.text(what))
    except ValueError as error:
        raise node.error(f"{what} must be a network such as 192.168.15.0/24, not {node.kind}") from error


def matching(node: Node, pattern: re.Pattern[str], wanted: str) -> str:
    """Text of this shape; ``wanted`` says in words what it is."""
    value = node.text(wanted)
    if not pattern.fullmatch(value):
        raise node.error(f"{node.kind} is not {wanted}")
    return value


def between(node: Node, low: int, high: int, what: str) -> int:
    value = whole(node, what)
    if not low <= value <= high:
        raise node.error(f"{what} must be between {low} and {high}, not {value}")
    return value


def hosts(node: Node, what: str) -> dict[str, str]:
    """A mapping of host names to addresses."""
    entries = node.mapping(what)
    for name in entries.entries:
        matching(Scalar(node.shown, entries.key_lines[name], name, True), _HOST, "a host name")
    return {name: str(address(value, what)) for name, value in entries.entries.items()}


_SIMPLE: dict[Any, Callable[[Node, str], Any]] = {
    str: text,
    int: whole,
    bool: truth,
    Place: place,
    IPv4Address | IPv6Address: address,
    IPv4Interface | IPv6Interface: interface,
    IPv4Network | IPv6Network: network,
}
