"""Validators against a real kernel: what a test says of one verdict, in both modes of the lab."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from probe_lab import Bench

from tutor.model.facts import Facts
from tutor.model.lesson import Check
from tutor.model.verdict import Layer, Met, Unknown, Unmet, Verdict


async def verdict(here: Bench, check: Check, answers: Mapping[str, str] | None = None) -> Verdict:
    """What the validator says of the lab as it is now."""
    found = await here.lab.read(check.wants())
    return check.judge(Facts(found.read, answers or {}))


async def met(here: Bench, check: Check) -> str:
    """It must hold; gives what was observed."""
    said = await verdict(here, check)
    assert isinstance(said, Met), (check, said)
    return said.observed


async def soon_met(here: Bench, check: Check, seconds: float = 10) -> str:
    """It must come to hold: for what the kernel does by itself in its own time."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not isinstance(said := await verdict(here, check), Met):
        assert asyncio.get_running_loop().time() < deadline, (check, said)
        await asyncio.sleep(0.05)
    return said.observed


async def unmet(here: Bench, check: Check, layer: Layer) -> str:
    """It must not hold, for a reason of this layer; gives what was observed."""
    said = await verdict(here, check)
    assert isinstance(said, Unmet), (check, said)
    assert said.layer is layer, said
    assert said.expected
    assert said.look_next
    return said.observed


async def unknown(here: Bench, check: Check) -> str:
    """It must not be known; gives the cause."""
    said = await verdict(here, check)
    assert isinstance(said, Unknown), (check, said)
    return said.cause


async def answered(here: Bench, check: Check, right: str, *wrong: str) -> None:
    """The question ``q`` takes the right answer, and none of the wrong ones."""
    said = await verdict(here, check, {"q": right})
    assert isinstance(said, Met), (right, said)
    for text in wrong:
        said = await verdict(here, check, {"q": text})
        assert isinstance(said, Unmet), (text, said)
        assert said.layer is Layer.ANSWER
