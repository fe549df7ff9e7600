"""The session: a lab, its shells, the referee, and the learner's progress, kept in step with one another."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Literal

from tutor.errors import LabEnded, NettutorError, StoreError
from tutor.i18n import tell
from tutor.lab import Lab
from tutor.model.lesson import Lesson, Step
from tutor.model.state import SessionState
from tutor.model.verdict import Met, Unknown, Unmet, Verdict
from tutor.session.events import (
    LabDied,
    LessonCompleted,
    NotSaved,
    Remarked,
    SessionEvent,
    ShellEnded,
    StateChanged,
    StepCompleted,
)
from tutor.session.referee import Referee
from tutor.store import Store
from tutor.term import BASHRC, Finished, Shell

if TYPE_CHECKING:
    from tutor.mistakes import Remark, Words

PATIENCE = 0.5
"""Seconds that a live look waits for a packet to come back."""
SETTLE_TRIES = 2
"""How often packets are tried again before a failure that is news is said: ARP and bridge ports take their time."""
SETTLE_PAUSE = 0.15
LATER = (1.0, 3.0)
"""Seconds after the last sign of change at which unmet traffic is tried once more: a daemon may come up late."""
POLL = 1.0
"""Seconds between readings of what the kernel does not announce."""


class Session:
    """One attempt at a lesson in one lab.

    ``shells`` maps a machine with a tab to its shell. ``store`` and ``attempt`` are where progress goes; without
    them nothing is kept (a check, a test). All methods belong to the event loop that booted the lab.
    """

    def __init__(
        self,
        lesson: Lesson,
        lab: Lab,
        *,
        store: Store | None = None,
        attempt: int = 0,
        completed: frozenset[str] = frozenset(),
    ) -> None:
        self.lesson = lesson
        self.lab = lab
        self.referee = Referee(lab)
        self.completed = completed
        self._shells: dict[str, Shell] = {}
        self._store = store
        self._attempt = attempt
        self._step_index = 0
        self._hint_level = 0
        self._step_done = False
        self._callbacks: list[Callable[[SessionEvent], None]] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._state_wake = asyncio.Event()
        self._traffic_wake = asyncio.Event()
        self._judging = asyncio.Lock()
        self._last_told: SessionState | None = None
        self._words: Words | None = None
        self._remarked: Remark | None = None

    @classmethod
    async def boot(
        cls,
        lesson: Lesson,
        *,
        store: Store | None = None,
        attempt: int = 0,
        completed: frozenset[str] = frozenset(),
        rows: int = 24,
        columns: int = 80,
    ) -> Session:
        """A fresh lab with a shell on every machine that has a tab. Raises ``LabError``; leaves nothing then."""
        lab = await Lab.boot(lesson.topology, home={".bashrc": BASHRC})
        session = cls(lesson, lab, store=store, attempt=attempt, completed=completed)
        try:
            machines = [spec.name for spec in lesson.topology.machines if spec.shell]
            await asyncio.gather(*(session._start_shell(name, rows, columns) for name in machines))
        except BaseException:
            await session.close()
            raise
        session._shells = {name: session._shells[name] for name in machines}
        return session

    # -- what a screen sees

    @property
    def shells(self) -> Mapping[str, Shell]:
        return self._shells

    @property
    def state(self) -> SessionState:
        return SessionState(self.lesson, self._step_index, self.referee.states, self.completed, self._hint_level)

    @property
    def step(self) -> Step:
        return self.lesson.steps[self._step_index]

    @property
    def attempt(self) -> int:
        return self._attempt

    @property
    def store(self) -> Store | None:
        return self._store

    def keep_in(self, store: Store, attempt: int, completed: frozenset[str]) -> None:
        """From now on progress goes into ``store``, as what is known already does at once; ``completed`` is what counts
        as done in this attempt."""
        self._store, self._attempt, self.completed = store, attempt, completed
        for goal in self.referee.states:
            if goal.verdict is not None:
                self._record_goal(goal.goal.id, goal.verdict)

    def subscribe(self, callback: Callable[[SessionEvent], None]) -> None:
        """``callback`` is called in the event loop, in the order in which things happened."""
        self._callbacks.append(callback)

    # -- the learner acts

    async def open_step(self, index: int, *, hint_level: int = 0) -> None:
        """Open a step and take the first reading of its goals, against which what is new is told from what was."""
        self._step_index = index
        self._hint_level = hint_level
        self._step_done = False
        self.referee.open(self.step)
        self._keep(lambda store: store.record_open(self._attempt, self.step.id))
        self._tell_state()
        await self.referee.look_at_state()
        if self.referee.needs_traffic_before:
            await self.referee.look_at_traffic(patience=PATIENCE)
        self._record_and_tell()
        self.wake()

    def answer(self, goal_id: str, text: str) -> None:
        """The learner's reply to a question of the open step."""
        self.referee.answers = {**self.referee.answers, goal_id: text}
        self._keep(lambda store: store.record_command(self._attempt, self.step.id, goal_id, text, 0, answer=True))
        self.wake()

    def reveal_hint(self) -> None:
        """One more level of hints; the last is the first solution. Nothing happens when all are shown."""
        if self._hint_level < len(self.step.hints) + bool(self.step.solutions):
            self._hint_level += 1
            self._keep(lambda store: store.record_hint(self._attempt, self.step.id, self._hint_level))
            self._tell_state()

    async def exchange(self, lesson: Lesson) -> bool:
        """Go on with another version of the lesson in this lab, at the step that is open. False where its machines are
        others: a fresh lab, as any reset makes, will have them."""
        known = {step.id: index for index, step in enumerate(lesson.steps)}
        here = self.step.id
        self.lesson = lesson
        self.completed &= known.keys()
        if here in known:
            self._step_index = known[here]
            self._step_done = here in self.completed and self._step_done
            self.referee.exchange(self.step)
            await self.referee.look_at_state()
            self._tell_state()
            self.wake()
        else:
            await self.open_step(min(self._step_index, len(lesson.steps) - 1))
        return lesson.topology == self.lab.topology

    async def restart_shell(self, machine: str, *, rows: int = 24, columns: int = 80) -> Shell:
        """A new shell on a machine whose shell ended. Raises ``LabEnded`` where the machine is gone too."""
        if self.lab.ended.done() or self.lab.machine_ended(machine).done():
            raise LabEnded(tell("{machine} is gone", machine=machine))
        return await self._start_shell(machine, rows, columns)

    async def revive_shells(self) -> None:
        """A new shell wherever one ended. Raises ``LabEnded`` where a machine with a shell is gone."""
        for machine, shell in list(self._shells.items()):
            # Only its pid 1 can tell: after reboot(2) the shell may still come to a prompt.
            await self.lab.namespaces(machine)
            if shell.closed.done():
                await self.restart_shell(machine)

    async def check_now(self) -> None:
        """Look at everything at once, and say an unmet goal without waiting for it to settle."""
        await self.referee.look_at_state()
        self._record_and_tell()
        await self.referee.look_at_traffic(patience=PATIENCE)
        self._record_and_tell()
        await self._complete_if_so()

    def wake(self) -> None:
        """Something may have changed: look again soon."""
        self._state_wake.set()
        self._traffic_wake.set()

    async def start(self) -> None:
        """Begin to look by itself: on kernel events, at command ends, and now and then."""
        self.lab.on_change(self.wake)
        for loop in (self._state_loop(), self._traffic_loop(), self._poll_loop(), self._watch_lab()):
            self._spawn(loop)
        self.wake()

    async def close(self) -> None:
        """End the shells and the lab, and everything that looks at them."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for shell in self._shells.values():
            shell.close()
        await self.lab.close()

    # -- one look after another, for replay

    async def look(self, *, patience: float) -> None:
        """Look at all goals, and on to the next steps as far as they are complete. For use without ``start``.

        With a short ``patience`` packets are sent only when the rest of the step holds, as they are not worth
        waiting for before.
        """
        while not self._step_done:
            await self.referee.look_at_state()
            if patience >= PATIENCE or self.referee.packets_worthwhile:
                await self.referee.look_at_traffic(patience=patience)
            before = self._step_index
            await self._complete_if_so(patience)
            if self._step_index == before:
                break

    # -- inside

    async def _start_shell(self, machine: str, rows: int, columns: int) -> Shell:
        terminal = await self.lab.shell(machine, rows=rows, columns=columns)
        shell = Shell(machine, terminal.fd, terminal.wait)
        shell.on_start(lambda: self._take_back_remark(machine))
        shell.on_command(lambda command: self._command_ended(machine, command))
        shell.closed.add_done_callback(lambda closed: self._shell_ended(machine, shell, closed))
        self._shells[machine] = shell
        return shell

    def _command_ended(self, machine: str, command: Finished) -> None:
        self._keep(
            lambda store: store.record_command(self._attempt, self.step.id, machine, command.text, command.exit_status)
        )
        self.wake()
        if self._callbacks:
            self._remark_on(machine, command)

    def _remark_on(self, machine: str, command: Finished) -> None:
        from tutor.mistakes import remark, words_of

        self._words = self._words or words_of(self.lesson)
        if said := remark(command.text, command.exit_status, command.output, self._words):
            self._remarked = said
            self._tell(Remarked(machine, said))

    def _take_back_remark(self, machine: str) -> None:
        """What was said of the last command is no word on the next, which may run for long."""
        if self._remarked:
            self._remarked = None
            self._tell(Remarked(machine, None))

    def _shell_ended(self, machine: str, shell: Shell, closed: asyncio.Future[int]) -> None:
        if self._shells.get(machine) is shell and not closed.cancelled():
            self._tell(ShellEnded(machine, closed.result()))

    async def _watch_lab(self) -> None:
        ends = [self.lab.ended, *(self.lab.machine_ended(name) for name in self._shells)]
        done, _ = await asyncio.wait([asyncio.shield(end) for end in ends], return_when=asyncio.FIRST_COMPLETED)
        self._tell(LabDied(next(iter(done)).result()))

    async def _state_loop(self) -> None:
        while True:
            await self._state_wake.wait()
            self._state_wake.clear()
            async with self._judging:
                await self.referee.look_at_state()
                self._record_and_tell()
            await self._complete_if_so()

    async def _traffic_loop(self) -> None:
        while True:
            await self._wait_for_traffic_wake()
            for trial in range(SETTLE_TRIES + 1):
                self._traffic_wake.clear()
                await self.referee.look_at_traffic(patience=PATIENCE, settled=trial == SETTLE_TRIES)
                self._record_and_tell()
                if not self.referee.waits_for_traffic:
                    break
                await asyncio.sleep(SETTLE_PAUSE)
            await self._complete_if_so()

    async def _wait_for_traffic_wake(self) -> None:
        """Until woken; while packets fail, also at the times of ``LATER``."""
        for pause in LATER if self.referee.waits_for_traffic else ():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._traffic_wake.wait(), pause)
                return
            await self.referee.look_at_traffic(patience=PATIENCE)
            self._record_and_tell()
            await self._complete_if_so()
        await self._traffic_wake.wait()

    async def _poll_loop(self) -> None:
        before: object = None
        while True:
            await asyncio.sleep(POLL)
            if wants := self.referee.unannounced:
                now = (await self.lab.read(wants)).read
                if before is not None and now != before:
                    self.wake()
                before = now

    async def _complete_if_so(self, patience: float = PATIENCE) -> None:
        """Complete the open step if all of it holds together, and every next one that holds too."""
        async with self._judging:
            while not self._step_done and self.referee.promising:
                if not await self.referee.complete(patience=patience):
                    break
                await self._complete()
        self._record_and_tell()

    async def _complete(self) -> None:
        step, goals = self.step, self.referee.states
        self._record_and_tell()
        self._step_done = True
        self.completed |= {step.id}
        self._keep(lambda store: store.record_step(self._attempt, step.id))
        self._tell(StepCompleted(step, goals))
        if self._step_index + 1 < len(self.lesson.steps):
            await self.open_step(self._step_index + 1)
        else:
            self._tell_state()
            self._tell(LessonCompleted())

    def _record_and_tell(self) -> None:
        """Progress is stored first, then shown: a tick that was seen survives a crash."""
        state, told = self.state, self._last_told
        if state == told:
            return
        said = {goal.goal.id: goal for goal in told.goals} if told and told.step is state.step else {}
        for goal in state.goals:
            if goal.verdict is not None and goal != said.get(goal.goal.id):
                self._record_goal(goal.goal.id, goal.verdict)
        self._tell_state()

    def _record_goal(self, goal_id: str, verdict: Verdict) -> None:
        status, detail = _in_words(verdict)
        self._keep(lambda store: store.record_goal(self._attempt, self.step.id, goal_id, status, detail))

    def _keep(self, write: Callable[[Store], None]) -> None:
        """Write progress. Where it cannot be written the lesson goes on, and the learner is told once."""
        if self._store is None:
            return
        try:
            write(self._store)
        except StoreError as error:
            self._store = None
            self._tell(NotSaved(str(error)))

    def _tell_state(self) -> None:
        self._last_told = self.state
        self._tell(StateChanged(self._last_told))

    def _tell(self, event: SessionEvent) -> None:
        for callback in self._callbacks:
            callback(event)

    def _spawn(self, loop: Coroutine[object, object, None]) -> None:
        task = asyncio.create_task(loop)
        self._tasks.add(task)
        task.add_done_callback(self._task_ended)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, NettutorError) and self.lab.ended.done():
            return  # the lab died under a look; _watch_lab says so
        task.get_loop().call_exception_handler({"message": "the session failed", "exception": error, "task": task})


def _in_words(verdict: Verdict) -> tuple[Literal["met", "unmet", "unknown"], str]:
    match verdict:
        case Met(observed):
            return "met", observed
        case Unmet():
            return "unmet", f"expected {verdict.expected}; observed {verdict.observed}"
        case Unknown(cause):
            return "unknown", cause
