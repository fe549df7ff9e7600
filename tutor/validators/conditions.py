"""A condition of a validator: what must hold before it means anything, or what shows that its probe works."""

from __future__ import annotations

from tutor.model.lesson import Check
from tutor.model.wants import Want


def wants_beside(condition: Check | None, *own: Want) -> frozenset[Want]:
    """A validator's own wants, with those of its condition where it has one."""
    return frozenset(own) | (condition.wants() if condition else frozenset())
