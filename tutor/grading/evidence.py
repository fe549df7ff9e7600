"""What a probe reads of an item at its end, in words, for whoever looks at a submission. Nothing is judged by it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from tutor.errors import NettutorError
from tutor.grading.described import described
from tutor.model.lesson import Step
from tutor.session import Session
from tutor.validators.goals import wants_of

_PATIENCE = 0.3  # seconds for packets that do not come back
_LONGEST = 3.0  # seconds in all
_LONGEST_FACT = 4_000  # characters


async def read_facts(session: Session, steps: Iterable[Step]) -> Mapping[str, str]:
    """All that the goals of ``steps`` ask for, by want; empty where the lab does not answer."""
    wants = wants_of(goal for step in steps for goal in step.goals)
    try:
        async with asyncio.timeout(_LONGEST):
            facts = await session.lab.read(wants, patience=_PATIENCE)
    except (TimeoutError, NettutorError, OSError):
        return {}
    return {_text(want): _text(fact) for want, fact in described(facts.read).items()}


def _text(value: str) -> str:
    """Cut short, and without halves of surrogate pairs, which have no UTF-8."""
    return value[:_LONGEST_FACT].encode("utf-8", "replace").decode()
