"""What a validator says of a goal: met, unmet with the reason, or unknown."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.model.why import Outcome


class Layer(StrEnum):
    """Where in the stack the reason lies, in the order in which a packet meets them."""

    NAMESPACE = "namespace"
    LINK = "link"
    ADDRESS = "address"
    NEIGHBOUR = "neighbour"
    ROUTE = "route"
    FORWARDING = "forwarding"
    FILTER = "filter"
    NAT = "nat"
    NAME = "name"
    SERVICE = "service"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class Met:
    """It holds. ``observed`` says in one clause what was seen."""

    observed: str


@dataclass(frozen=True, slots=True)
class Unmet:
    """It does not hold. Texts are one clause each, in plain words; ``look_next`` is a command or a place to look.

    ``why`` is the walk along the way of the packets, where the goal sends some.
    """

    expected: str
    observed: str
    layer: Layer
    look_next: str
    why: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """It could not be found out: never a pass and never a fail."""

    cause: str


Verdict = Met | Unmet | Unknown
