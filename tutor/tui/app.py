"""The application: one lesson at a time on one screen, led by a ``Conductor`` that is loaded after the first frame."""

from __future__ import annotations

import asyncio
import importlib
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from textual import events
from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from tutor.errors import MachineError, NettutorError, StoreError
from tutor.i18n import _, next_language, tell, use_language
from tutor.inert import line
from tutor.model.lesson import Lesson
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Unmet
from tutor.tui import messages
from tutor.tui.base import PlainApp
from tutor.tui.opening import load_lesson
from tutor.tui.screens.tutorial import TutorialScreen
from tutor.tui.widgets.machines import Machines

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from textual.driver import Driver

    from tutor.store import Store
    from tutor.tui.conductor import Conductor
    from tutor.tui.opening import Opening
    from tutor.tui.screens.contents import Choice
    from tutor.tui.screens.reset import Reset


@runtime_checkable
class Multilingual(Protocol):
    """A screen that can be drawn anew in another language."""

    async def language_changed(self) -> None: ...


def first_state(lesson: Lesson, store: Store | None, step: str | None) -> SessionState:
    """What is on the screen before there is a lab: the step that will be open."""
    attempt = store.current(lesson.id) if store else None
    known = {each.id for each in lesson.steps}
    at = step or (attempt.step if attempt else None)
    index = lesson.index(at) if at in known and at is not None else 0
    completed = frozenset(attempt.completed) & known if attempt else frozenset[str]()
    hints = attempt.hints.get(lesson.steps[index].id, 0) if attempt else 0
    goals = tuple(GoalState(goal) for goal in lesson.steps[index].goals)
    return SessionState(lesson, index, goals, completed, hints)


class NettutorApp(PlainApp, inherit_bindings=False):
    """The tutorial."""

    def __init__(
        self,
        lesson: Lesson,
        store: Store | None,
        *,
        step: str | None = None,
        language: str = "en",
        driver: type[Driver] | None = None,
        opening: Opening | None = None,
        watch: bool = False,
    ) -> None:
        """``opening`` is the session of the lesson, if it is being opened already; with ``watch`` the lesson is read
        again whenever its files are saved."""
        super().__init__(driver)
        self.lesson = lesson
        self.store = store
        self.language = language
        self.conductor: Conductor | None = None
        self._step = step
        self._opening = opening
        self._watch = watch
        self._main = self.make_screen(first_state(lesson, store, step))
        if opening is not None and (ready := opening.ready) is not None:
            self._main.begin_with(ready.state, ready.shells)

    def make_screen(self, state: SessionState) -> TutorialScreen:
        """The main screen."""
        return TutorialScreen(state)

    async def make_conductor(self) -> Conductor:
        """Loads what it takes to lead a session, which takes longer than the first frame."""
        module = await asyncio.to_thread(importlib.import_module, "tutor.tui.conductor")
        conductor: Conductor = module.Conductor(self.store, self._tell, self._shell_size)
        return conductor

    def get_default_screen(self) -> Screen[None]:
        return self._main

    @property
    def main(self) -> TutorialScreen:
        """The screen that everything else opens over."""
        return self._main

    async def on_event(self, event: events.Event) -> None:
        """After F12 a key goes to the shell whatever it means here."""
        if (
            isinstance(event, events.Key)
            and not event.is_forwarded
            and self.screen is self._main
            and self._main.quoting
        ):
            self._main.quoting = False
            (self.focused or self._main)._forward_event(event)
            return
        await super().on_event(event)

    def on_ready(self) -> None:
        if self._opening is not None:
            self._move(self._begin(self.lesson, self._step))
        else:
            self.call_after_refresh(self._move, self._begin(self.lesson, self._step))
        if self._watch:
            from tutor.tui.watching import Watching

            watching = Watching(lambda: self.lesson, self._read, self._exchange, self._main.say_wrong)
            self.run_worker(watching.run(), group="watch")

    async def on_unmount(self) -> None:
        from tutor.tui.widgets.shell_pane import ShellPane

        ShellPane.cool_down()
        if self.conductor is not None:
            await self.conductor.close()

    # -- what the learner asks for

    def action_help(self) -> None:
        from tutor.tui.screens.help import HelpScreen

        self.push_screen(HelpScreen())

    def action_check(self) -> None:
        if self.conductor is not None:
            self.run_worker(self.conductor.check_now(), group="check", exclusive=True)

    def action_reset(self) -> None:
        from tutor.tui.screens.reset import ResetScreen

        if self._idle() is not None:
            self.push_screen(ResetScreen(), self._reset)

    def action_contents(self) -> None:
        self.run_worker(self._contents(), group="contents", exclusive=True)

    def action_why(self, goal: str | None = None) -> None:
        """Explain a goal, or else the first that is not met and sends packets, or else the first that is not met."""
        from tutor.tui.widgets.goals import ASKED, look_of

        unmet = [state for state in self._main.state.goals if isinstance(state.verdict, Unmet) and not state.done]
        chosen = [state for state in unmet if goal in (None, state.goal.id) and look_of(state) is not ASKED]
        chosen.sort(key=lambda state: not _sends(state))
        if not chosen:
            self.notify(_("There is nothing to explain: no goal is found unmet."), markup=False)
            return
        from tutor.tui.screens.why import WhyScreen

        self.push_screen(WhyScreen(chosen[0], self._main.state.lesson.topology.shells))

    async def action_next_language(self) -> None:
        """Speak another language from now on, here and next time. The lab does not notice."""
        self.language = next_language()
        use_language(self.language)
        if self.store is not None:
            try:
                self.store.record_language(self.language)
            except StoreError as error:
                self.notify(line(error.message), title=_("Progress is not saved"), severity="warning", markup=False)
        for screen in self.screen_stack:
            if isinstance(screen, Multilingual) and screen.is_mounted:
                await screen.language_changed()

    # the key bar's names for what the main screen does

    def action_hint(self) -> None:
        self._main.action_hint()

    def action_switch(self) -> None:
        self._main.action_switch()

    def action_next_machine(self) -> None:
        self._main.action_next_machine()

    def action_onward(self) -> None:
        self._main.action_onward()

    def action_zoom(self) -> None:
        self._main.action_zoom()

    def rebuild(self) -> None:
        """A new lab after one that ended."""
        if self.conductor is not None:
            self._move(self.conductor.rebuild(self.lesson))

    def restart_shell(self, machine: str) -> None:
        if (conductor := self._idle()) is not None:
            self.run_worker(conductor.restart_shell(machine), group="shell", exclusive=True)

    def next_lesson(self) -> None:
        self.run_worker(self._next_lesson(), group="contents", exclusive=True)

    # -- inside

    def _read(self, lesson_id: str) -> Lesson:
        return load_lesson(lesson_id, self.store, self.language)

    async def _exchange(self, lesson: Lesson) -> None:
        """The files of the open lesson were saved."""
        same = None if self.conductor is None else await self.conductor.exchange(lesson)
        self.lesson = lesson
        if same is None:
            state = self._main.state
            await self._main.show(first_state(lesson, self.store, state.step.id))
        elif not same:
            self._main.say_wrong(tell("The machines of the lesson are others now. F4, then l, makes them."))

    def _idle(self) -> Conductor | None:
        conductor = self.conductor
        return conductor if conductor is not None and conductor.session is not None else None

    def _move(self, move: Coroutine[object, object, None]) -> None:
        self.run_worker(move, group="move", exclusive=True, exit_on_error=True)

    async def _begin(self, lesson: Lesson, step: str | None) -> None:
        if self.conductor is None:
            if self._opening is None:  # with one, the emulator is at work already
                from tutor.tui.widgets.shell_pane import ShellPane

                ShellPane.warm_up()
            self.conductor = await self.make_conductor()
        if self._opening is None:
            await self.conductor.start(lesson, step)
            return
        opening, self._opening = self._opening, None
        opening.on_progress = self.conductor.progress
        await self.conductor.adopt(opening.session)

    def _tell(self, message: Message) -> None:
        if isinstance(message, messages.LabFailed) and isinstance(message.error, MachineError):
            self._fail(message.error)
        else:
            self._main.post_message(message)

    def _fail(self, error: NettutorError) -> None:
        self.failure = error
        self.exit(error.exit_code)

    def _shell_size(self) -> tuple[int, int]:
        """Rows and columns of the place where a shell will be seen."""
        width, height = self._main.query_one(Machines).size
        return max(1, height - 1), max(1, width)

    def _reset(self, what: Reset | None) -> None:
        from tutor.tui.screens.reset import Reset

        conductor = self._idle()
        if what is None or conductor is None:
            return
        self._move(conductor.reset_step() if what is Reset.STEP else conductor.reset_lesson())

    async def _contents(self) -> None:
        from tutor.content import catalogue
        from tutor.tui.screens.contents import ContentsScreen, Here

        lessons = await asyncio.to_thread(catalogue)
        progress = self.store.progress() if self.store else {}
        completed = {lesson: reached.completed for lesson, reached in progress.items()}
        state = self._main.state
        completed[state.lesson.id] = state.completed
        here = Here(state.lesson.id, state.step.id)
        self.push_screen(ContentsScreen(lessons, completed, here), self._go)

    def _go(self, choice: Choice | None) -> None:
        if choice is None:
            return
        state = self._main.state
        if choice.lesson != state.lesson.id:
            self._move(self._open(choice.lesson, choice.step))
        elif choice.step is not None and (conductor := self._idle()) is not None:
            self._move(conductor.jump(state.lesson.index(choice.step)))

    async def _open(self, lesson_id: str, step: str | None) -> None:
        try:
            lesson = load_lesson(lesson_id, self.store, self.language)  # here, as the store belongs to this thread
            await asyncio.to_thread(_require_tools, lesson)
        except NettutorError as error:
            self.notify(Content(line(error.message)).plain, severity="error", markup=False)
            return
        self.lesson = lesson
        await self._main.show(first_state(lesson, self.store, step))
        await self._begin(lesson, step)

    async def _next_lesson(self) -> None:
        from tutor.content import catalogue

        lessons = [lesson.id for lesson in await asyncio.to_thread(catalogue)]
        at = lessons.index(self.lesson.id) if self.lesson.id in lessons else -1
        if at + 1 < len(lessons):
            self._move(self._open(lessons[at + 1], None))
        else:
            self.notify(_("That was the last lesson. F5 shows them all."), markup=False)


def _sends(state: GoalState) -> bool:
    """Whether packets of the goal were sent and explained."""
    return isinstance(state.verdict, Unmet) and state.verdict.why is not None


def _require_tools(lesson: Lesson) -> None:
    from tutor.session.needs import require_tools  # knows how tools are packaged, which the first screen need not

    require_tools(lesson)
