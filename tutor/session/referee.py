"""The referee reads what the open goals want and says what holds. It has no loop and no clock of its own."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Protocol

from tutor.model.containers import DockerOf
from tutor.model.facts import Fact, Facts, Unreadable
from tutor.model.lesson import Goal, GoalKind, Step
from tutor.model.state import GoalState
from tutor.model.verdict import Met, Unknown, Unmet, Verdict
from tutor.model.wants import ConntrackOf, FileOf, ListenersOf, ProcessesOf, SysctlOf, Traffic, Want
from tutor.validators import goals


class Reader(Protocol):
    """What the referee needs of a lab."""

    async def read(self, wants: Collection[Want], *, patience: float = 0.5) -> Facts:
        """Answer every want; packets are waited for at most ``patience`` seconds."""


class Referee:
    """Judges one open step at a time against one lab.

    Goals about state and goals about traffic are looked at separately, since a packet that does not come back takes
    its time while a link that came up is known at once. Whether the step is complete is always decided from one
    reading of all of its goals.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._generation = 0
        self._unsaid = False
        self.states: tuple[GoalState, ...] = ()
        self.answers: dict[str, str] = {}

    def open(self, step: Step) -> None:
        """Start on a step; what was said of another is forgotten, and so are looks that are under way."""
        self._generation += 1
        self._unsaid = False
        self.states = goals.opened(step)
        self.answers = {}

    def exchange(self, step: Step) -> None:
        """Go on with another wording of the open step: what was said of goals that ask for the same still counts."""
        said = {state.goal.id: state for state in self.states}
        self._generation += 1
        self.states = tuple(_carried(said.get(fresh.goal.id), fresh) for fresh in goals.opened(step))

    @property
    def open_goals(self) -> tuple[Goal, ...]:
        return tuple(state.goal for state in self.states)

    @property
    def unannounced(self) -> frozenset[Want]:
        """The wants of the open goals that the kernel does not announce when they change."""
        silent = ListenersOf | ProcessesOf | ConntrackOf | SysctlOf | FileOf | DockerOf
        return frozenset(want for want in goals.wants_of(self.open_goals) if isinstance(want, silent))

    async def look_at_state(self) -> bool:
        """Judge the goals that need no packets. Returns whether anything that is shown changed."""
        chosen = [goal for goal in self.open_goals if not self._sends(goal)]
        return await self._look(chosen, patience=0)

    async def look_at_traffic(self, *, patience: float, settled: bool = True) -> bool:
        """Judge the goals that send packets. With ``settled`` false, an *unmet* that is news is not said yet."""
        chosen = [goal for goal in self.open_goals if self._sends(goal)]
        if settled:
            self._unsaid = False
        return await self._look(chosen, patience=patience, say_news=settled)

    @property
    def waits_for_traffic(self) -> bool:
        """Whether a goal that sends packets is not met, or was not when last tried, so that another try is worth it."""
        return self._unsaid or any(self._sends(state.goal) and not state.done for state in self.states)

    @property
    def needs_traffic_before(self) -> bool:
        """Whether a goal that sends packets counts only after it was seen unmet."""
        return any(self._sends(goal) and (goal.baseline or goal.kind is GoalKind.EDGE) for goal in self.open_goals)

    @property
    def packets_worthwhile(self) -> bool:
        """Whether packets may bring news: nothing else stands in the way of the step, or an edge may pass unseen."""
        waiting = [state.goal for state in self.states if not state.done]
        return all(self._sends(goal) for goal in waiting) or any(
            self._sends(goal) and goal.kind is GoalKind.EDGE for goal in waiting
        )

    @property
    def promising(self) -> bool:
        """Whether all goals looked done when each was last looked at."""
        return bool(self.states) and goals.complete(self.states)

    async def complete(self, *, patience: float) -> bool:
        """Read all goals that must hold together, and say whether the step is complete at this moment."""
        generation = self._generation
        await self._look([state.goal for state in self.states if not state.latched], patience=patience)
        return generation == self._generation and self.promising

    async def verdicts(self, step: Step, *, patience: float) -> tuple[Verdict, ...]:
        """Judge the goals of any step once, without opening it."""
        facts = await self._facts(step.goals, patience)
        return tuple(goals.judge(goal, facts) for goal in step.goals)

    def _sends(self, goal: Goal) -> bool:
        """Whether judging the goal now takes packets; a question does not before it is answered."""
        return goals.uses_traffic(goal) and not goals.unanswered(goal, self.answers)

    async def _look(self, chosen: Collection[Goal], *, patience: float, say_news: bool = True) -> bool:
        if not chosen:
            return False
        generation = self._generation
        said = {state.goal.id for state in self.states if isinstance(state.verdict, Unmet)}
        facts = await self._facts(chosen, patience, lambda goal: say_news or goal.id in said)
        if generation != self._generation:
            return False
        judged = {goal.id: goals.judge(goal, facts) for goal in chosen}
        before = self.states
        news = frozenset(state.goal.id for state in before if self._is_bad_news(state, judged.get(state.goal.id)))
        kept = frozenset() if say_news else news
        if not say_news:
            self._unsaid = bool(news)
        self.states = tuple(
            goals.advance(state, judged[state.goal.id]) if state.goal.id in judged.keys() - kept else state
            for state in before
        )
        return self.states != before

    @staticmethod
    def _is_bad_news(state: GoalState, verdict: Verdict | None) -> bool:
        return isinstance(verdict, Unmet) and not isinstance(state.verdict, Unmet)

    async def _facts(
        self, chosen: Iterable[Goal], patience: float, tells: Callable[[Goal], bool] = lambda _: True
    ) -> Facts:
        """Packets first: where they arrive, the state that would explain a failure need not be read; nor where the
        failure is not told yet."""
        chosen = [goal for goal in chosen if not goals.unanswered(goal, self.answers)]
        sending = [goal for goal in chosen if goals.uses_traffic(goal)]
        packets = [want for want in goals.wants_of(sending) if isinstance(want, Traffic)]
        plain = goals.wants_of(goal for goal in chosen if goal not in sending)
        first = await self._read([*packets, *plain], patience)
        facts = Facts(first, self.answers)
        unexplained = [goal for goal in sending if _wants_more(goals.judge(goal, facts), tells(goal))]
        more = goals.wants_of(unexplained) - first.keys()
        return Facts({**first, **await self._read(more, patience)}, self.answers) if more else facts

    async def _read(self, wants: Collection[Want], patience: float) -> Mapping[Want, Fact | Unreadable]:
        if not wants:
            return {}
        return (await self._reader.read(wants, patience=patience)).read


def _wants_more(verdict: Verdict, told: bool) -> bool:
    """Whether the state is read as well: to explain what is told, or where packets alone do not decide."""
    return isinstance(verdict, Unknown) or (told and not isinstance(verdict, Met))


def _carried(before: GoalState | None, fresh: GoalState) -> GoalState:
    if before is None:
        return fresh
    same = replace(before.goal, text=fresh.goal.text, source=fresh.goal.source) == fresh.goal
    return replace(before, goal=fresh.goal) if same else fresh
