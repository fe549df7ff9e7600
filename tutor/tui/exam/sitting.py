"""A learner at a checkpoint: the attempt, the paper, and the item that is open. Free of Textual."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tutor.grading.paper import Attempts, Paper, Standing
from tutor.grading.taking import Taking
from tutor.i18n import tell
from tutor.model.checkpoint import Checkpoint, Item, Lateness, Policy
from tutor.model.lesson import Lesson, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SHOWN = "solution shown"
"""The kind of an entry of the journal; ``item`` is the id of the item."""
SOON = 600
"""Seconds."""


@dataclass
class Sitting:
    """``item`` counts from 0. ``key`` gives the key that signs, when it is needed; what is handed in goes into
    ``directory``."""

    taking: Taking
    paper: Paper
    key: Callable[[], Ed25519PrivateKey]
    directory: Path
    item: int = 0

    @property
    def checkpoint(self) -> Checkpoint:
        return self.taking.checkpoint

    @property
    def policy(self) -> Policy:
        return self.taking.checkpoint.policy

    @property
    def chosen(self) -> Item:
        return self.paper.items[self.item]

    @property
    def steps(self) -> tuple[Step, ...]:
        """Of the open item."""
        return self.paper.steps(self.item)

    def attempts(self) -> Attempts:
        return self.taking.attempts()

    def standings(self) -> tuple[Standing, ...]:
        attempts = self.attempts()
        return tuple(self.paper.standing(index, attempts) for index in range(len(self.paper.items)))

    def left_off(self) -> int:
        """The item that the learner was at last; the first that is not complete, where that cannot be told."""
        last = self.taking.store.last()
        index = self.paper.item_of(*last) if last else None
        return self.paper.first_open(self.attempts()) if index is None else index

    def open(self, index: int, step: str | None = None) -> Lesson:
        """From now on the learner is at this item, at ``step`` or where it is gone on with."""
        attempts = self.attempts()
        attempt = attempts.get(self.paper.items[index].lesson)
        if step is None:
            step = self.paper.next_step(index, attempts).id
            mine = {each.id for each in self.paper.steps(index)}
            if attempt is not None and attempt.step in mine - set(attempt.completed):
                step = attempt.step
        lesson = self.paper.cut(index)
        self.taking.go_to(lesson.id, step)
        self.item = index
        return lesson

    def following(self) -> int | None:
        """The next item to be done, after the open one or before it; ``None`` where there is no other."""
        standings, closed = self.standings(), self.closed()
        count = len(standings)
        order = [(self.item + offset) % count for offset in range(1, count)]
        return next((index for index in order if not standings[index].complete and index not in closed), None)

    def closed(self) -> frozenset[int]:
        """Items whose solution the learner was shown on the way to a later one."""
        shown = {event.body.get("item") for event in self.taking.store.journal() if event.kind == SHOWN}
        return frozenset(index for index, item in enumerate(self.paper.items) if item.id in shown)

    def may_open(self, index: int) -> bool:
        return index == self.item or (index not in self.closed() and self.paper.may_open(index, self.attempts()))

    def gives_away(self, index: int) -> tuple[int, ...]:
        """Earlier items that are not complete, and whose steps would be done for the learner on the way to this one,
        where solutions are not allowed."""
        if self.policy.show_me:
            return ()
        attempts = self.attempts()
        lesson = self.paper.lesson(index)
        attempt = attempts.get(lesson.id)
        target = lesson.index(self.paper.next_step(index, attempts).id)
        undone = {step.id for step in lesson.steps[:target]} - set(attempt.completed if attempt else ())
        return tuple(
            earlier
            for earlier in range(index)
            if self.paper.items[earlier].lesson == lesson.id
            and earlier not in self.closed()
            and undone & {step.id for step in self.paper.steps(earlier)}
        )

    def close(self, items: Iterable[int]) -> None:
        """These are not opened again; what was done for them counts."""
        for index in items:
            self.taking.store.note(SHOWN, item=self.paper.items[index].id)

    @property
    def soon(self) -> float:
        """How many seconds before the end the clock begins to stand out: a sixth of the time, ten minutes at most."""
        minutes = self.checkpoint.minutes
        return min(SOON, minutes * 10) if minutes else SOON

    def seconds_left(self) -> float | None:
        return self.taking.clock().left


def clock_text(left: float | None, elapsed: float) -> str:
    """What the clock shows: the time that is left, how late it is, or how long it has been where there is no limit."""
    if left is None:
        return tell("{time} so far", time=duration(elapsed))
    if left < 0:
        return tell("{time} late", time=duration(-left))
    return tell("{time} left", time=duration(left))


def duration(seconds: float) -> str:
    """``9:05``, ``1:30:00``, ``2d 03:10``; begun seconds count."""
    whole = max(0, math.ceil(seconds))
    days, rest = divmod(whole, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days}d {hours:02}:{minutes:02}"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def late_text(rule: Lateness, over: float) -> str:
    """What it costs to hand in now, ``over`` seconds after the time was over."""
    if over <= rule.grace * 60:
        return tell(
            "The time is over. Hand in with F10 within {time}: that costs nothing yet.",
            time=duration(rule.grace * 60 - over),
        )
    if over > rule.until * 3600:
        return tell("The time was over {hours} hours ago: nothing is earned any more. F10 hands in.", hours=rule.until)
    hours = math.ceil((over - rule.grace * 60) / 3600)
    return tell(
        "The time is over: {percent} % of the points are off, {more} % more with each hour. F10 hands in.",
        percent=f"{min(100.0, hours * rule.percent):g}",
        more=f"{rule.percent:g}",
    )


def rule_text(rule: Lateness) -> str:
    """The late rule, before it matters."""
    if rule.percent >= 100:
        return tell("Handing in late: {grace} minutes cost nothing, after that nothing is earned.", grace=rule.grace)
    return tell(
        "Handing in late: {grace} minutes cost nothing, then each begun hour {percent} % of the points; "
        "after {until} hours nothing is earned.",
        grace=rule.grace,
        percent=f"{rule.percent:g}",
        until=rule.until,
    )


def not_allowed(policy: Policy) -> tuple[str, ...]:
    """What the checkpoint does not allow, in words."""
    told = (
        (policy.hints, tell("hints")),
        (policy.show_me, tell("solutions")),
        (policy.skip, tell("another item before this one is complete")),
        (policy.jumps, tell("another step before this one is complete")),
    )
    return tuple(text for allowed, text in told if not allowed)
