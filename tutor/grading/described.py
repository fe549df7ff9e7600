"""Facts in words, for a person who looks at a submission: a map of the network, and the other readings in lines."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from tutor.model.facts import Link, Ruleset, Stack, Text, Unreadable
from tutor.model.place import Place
from tutor.model.wants import StackOf, Want

MAP = "map"
"""What the drawing is called among the facts of an item."""
_MAIN_TABLE = 254
_CAPITALS = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DEEPEST = 6


def described(read: Mapping[Want, object]) -> dict[str, str]:
    """Everything that was read, by what was asked; the stacks of all places together are the map."""
    stacks = {want.place: fact for want, fact in read.items() if isinstance(want, StackOf) and isinstance(fact, Stack)}
    found = {MAP: drawing(stacks)} if stacks else {}
    for want, fact in read.items():
        if not (isinstance(want, StackOf) and isinstance(fact, Stack)):
            found[of_want(want)] = of_fact(fact)
    return found


def drawing(stacks: Mapping[Place, Stack]) -> str:
    """Each place with its links: ``●`` up, ``◌`` up without a carrier, ``○`` down; ``══`` a cable, ``▸`` the bridge
    of a port. Below them stand the routes."""
    return "\n".join(line for place in sorted(stacks, key=str) for line in _place(place, stacks[place]))


def of_want(want: object) -> str:
    """``http get: host/red, 192.168.1.3, 80``."""
    name = _CAPITALS.sub(" ", type(want).__name__).lower()
    return f"{name}: {', '.join(_values(want))}" if dataclasses.is_dataclass(want) else str(want)


def of_fact(fact: object) -> str:
    """Its fields that say something, one on a line."""
    match fact:
        case Unreadable(reason, detail):
            return f"{reason}: {detail}"
        case Text(text):
            return text
        case Ruleset(text=text):
            return text.strip() or "no rules"
    if not dataclasses.is_dataclass(fact):
        return str(fact)
    return "\n".join(f"{name}: {_short(value, 0)}" for name, value in _said(fact)) or "nothing"


def _place(place: Place, stack: Stack) -> Iterator[str]:
    yield str(place)
    links = sorted(stack.links, key=lambda link: link.index)
    routes = [route for route in stack.routes if route.table == _MAIN_TABLE and route.gateway is not None]
    width = max((len(link.name) for link in links), default=0)
    for number, link in enumerate(links):
        corner = "└─" if number == len(links) - 1 and not routes else "├─"
        state = "●" if link.running and link.up else "◌" if link.up else "○"
        yield f"{corner} {state} {link.name:{width}} {'  '.join(_about(stack, link))}".rstrip()
    for number, route in enumerate(routes):
        corner = "└─" if number == len(routes) - 1 else "├─"
        out = stack.by_index(route.link)
        where = f" dev {out.name}" if out else ""
        target = "default" if route.destination in ("0.0.0.0/0", "::/0") else route.destination
        yield f"{corner} {target} via {route.gateway}{where}"


def _about(stack: Stack, link: Link) -> Iterator[str]:
    yield from (str(address.interface) for address in stack.addresses_of(link) if address.scope != "link")
    if link.kind not in ("", "loopback", "veth"):
        yield f"({link.kind})"
    if link.peer is not None:
        end = link.peer.name or f"link {link.peer.index}"
        yield f"══ {link.peer.place or 'elsewhere'} {end}"
    if (bridge := stack.by_index(link.master)) is not None:
        yield f"▸ {bridge.name}"


def _values(value: object) -> Iterator[str]:
    for _, each in _said(value):
        yield _short(each, 0)


def _said(value: Any) -> Iterator[tuple[str, object]]:
    """The fields that are not as they are by default."""
    for each in dataclasses.fields(value):
        found = getattr(value, each.name)
        if each.default is dataclasses.MISSING or found != each.default:
            yield each.name, found


def _short(value: object, depth: int) -> str:
    if isinstance(value, Place | str | int | float) and not isinstance(value, Enum):
        return str(value)
    if isinstance(value, Enum):
        return str(value.value)
    if depth > _DEEPEST:
        return "…"
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(_short(each, depth + 1) for each in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{_short(k, depth + 1)} = {_short(v, depth + 1)}" for k, v in value.items()) or "none"
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        inside = " ".join(f"{name}={_short(each, depth + 1)}" for name, each in _said(value))
        return f"({inside})"
    return str(value)
