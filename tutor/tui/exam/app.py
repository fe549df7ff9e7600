"""The application in exam mode: one item at a time, the policy kept, and handing in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from textual.message import Message

from tutor.errors import NettutorError
from tutor.grading.keeping import PatientStore
from tutor.i18n import _
from tutor.inert import line
from tutor.model.lesson import Lesson
from tutor.model.state import SessionState
from tutor.tui import messages
from tutor.tui.app import NettutorApp, first_state
from tutor.tui.exam.screen import ExamScreen
from tutor.tui.exam.sitting import Sitting
from tutor.tui.screens.tutorial import TutorialScreen

if TYPE_CHECKING:
    from textual.driver import Driver

    from tutor.grading.handing import HandedIn
    from tutor.tui.conductor import Conductor
    from tutor.tui.exam.conductor import ExamConductor
    from tutor.tui.exam.items import Chosen
    from tutor.tui.exam.reset import Reset
    from tutor.tui.opening import Opening


class ExamApp(NettutorApp, inherit_bindings=False):
    """``handed_in`` is the submission, once there is one."""

    def __init__(
        self,
        sitting: Sitting,
        lesson: Lesson,
        *,
        language: str = "en",
        driver: type[Driver] | None = None,
        opening: Opening | None = None,
    ) -> None:
        """``lesson`` is that of the item that ``sitting`` has open."""
        self.sitting = sitting
        self.handed_in: HandedIn | None = None
        super().__init__(lesson, sitting.taking.store, language=language, driver=driver, opening=opening)

    def make_screen(self, state: SessionState) -> TutorialScreen:
        return ExamScreen(state, self.sitting)

    async def make_conductor(self) -> Conductor:
        from tutor.tui.exam.conductor import ExamConductor

        return ExamConductor(self.sitting, self._tell, self._shell_size)

    @property
    def patient(self) -> PatientStore | None:
        """The journal, where it waits for a full disk."""
        store = self.sitting.taking.store
        return store if isinstance(store, PatientStore) else None

    # -- what the learner asks for

    def action_help(self) -> None:
        from tutor.tui.exam.help import ExamHelpScreen

        self.push_screen(ExamHelpScreen(self.sitting))

    def may_hint(self) -> bool:
        """Whether the policy allows one more hint; says so where it does not."""
        policy, state = self.sitting.policy, self._main.state
        if not policy.hints:
            self._refuse(_("This checkpoint allows no hints."))
        elif not policy.show_me and state.hint_level >= len(state.step.hints):
            self._refuse(_("There are no more hints, and this checkpoint allows no solutions."))
        else:
            return True
        return False

    def action_why(self, goal: str | None = None) -> None:
        if self.sitting.policy.hints:
            super().action_why(goal)
        else:
            self._refuse(_("This checkpoint allows no hints, and so no explanations."))

    def action_reset(self) -> None:
        from tutor.tui.exam.reset import ResetScreen

        if self._idle() is not None:
            self.push_screen(ResetScreen(several=len(self.sitting.steps) > 1), self._set_back)

    def action_contents(self) -> None:
        self.run_worker(self._items(), group="contents", exclusive=True)

    def action_leave(self) -> None:
        self.run_worker(self._finish(), group="contents", exclusive=True)

    def next_item(self) -> None:
        following = self.sitting.following()
        if following is not None:
            self._go_to(following)

    def next_step(self) -> None:
        """The first of the item that was jumped over."""
        self._move(self._open_item(self.sitting.item, None))

    def next_lesson(self) -> None:
        self.next_item()

    def rebuild(self) -> None:
        """A lab in place of one that died: what was typed is typed again, but what may have killed it is not."""
        if self.conductor is not None:
            self._move(self.conductor.start(self.lesson, None))

    # -- inside

    def _refuse(self, text: str) -> None:
        self.notify(line(text), severity="warning", markup=False)

    def _tell(self, message: Message) -> None:
        """A step that the item leaves out is done for the learner; the end of an item is its facts' time."""
        if isinstance(message, messages.StateShown) and self._beside(message.state):
            self._move(self._open_item(self.sitting.item, None))
            return
        if isinstance(message, messages.LabReady):
            self.run_worker(self._read_all(), group="read")  # so that F5 and F10 answer at once
        if isinstance(message, messages.LessonDone):
            self.run_worker(self._keep_facts(), group="facts")
        super()._tell(message)

    def _beside(self, state: SessionState) -> bool:
        own = {step.id for step in self.sitting.steps}
        return state.lesson.id == self.lesson.id and state.step.id not in own

    def _leads(self) -> ExamConductor | None:
        from tutor.tui.exam.conductor import ExamConductor

        return self.conductor if isinstance(self.conductor, ExamConductor) else None

    async def _keep_facts(self) -> None:
        if (conductor := self._leads()) is not None:
            await conductor.keep_facts()

    def _set_back(self, what: Reset | None) -> None:
        from tutor.tui.exam.reset import Reset

        conductor = self._idle()
        if what is None or conductor is None:
            return
        if what is Reset.STEP:
            self._move(conductor.reset_step())
            return
        attempt = self.sitting.attempts().get(self.lesson.id)
        if attempt is not None:
            steps = tuple(step.id for step in self.sitting.steps)
            self.sitting.taking.store.reset(attempt.id, steps)
            self._move(self._open_item(self.sitting.item, steps[0]))

    def _go_to(self, item: int, step: str | None = None) -> None:
        if item in self.sitting.closed():
            self._refuse(_("Its solution was shown to you on the way to a later item."))
        elif not self.sitting.may_open(item):
            self._refuse(_("The items before are not complete yet."))
        elif step is not None and not self.sitting.policy.jumps:
            self._refuse(_("The steps of an item are done in their order."))
        else:
            self.run_worker(self._leave_for(item, step), group="contents", exclusive=True)

    async def _leave_for(self, item: int, step: str | None) -> None:
        """Go to another item, if the learner still wants to after hearing what that gives away."""
        if item != self.sitting.item and (given := self.sitting.gives_away(item)):
            from tutor.tui.exam.finish import GiveAwayScreen

            if not await self.push_screen_wait(GiveAwayScreen(item, given)):
                return
            await self._keep_facts()
            try:
                self.sitting.close(given)
            except NettutorError as error:
                self._refuse(error.message)
                return
        else:
            await self._keep_facts()
        self._move(self._open_item(item, step))

    async def _open_item(self, item: int, step: str | None) -> None:
        try:
            lesson = self.sitting.open(item, step)
        except NettutorError as error:
            self.notify(line(error.message), severity="error", markup=False)
            return
        self.lesson = lesson
        conductor = self._leads()
        if conductor is not None and await conductor.go_on(lesson):
            return
        await self._main.show(first_state(lesson, self.store, None))
        await self._begin(lesson, None)

    async def _items(self) -> None:
        from tutor.tui.exam.items import ItemsScreen

        if await self._read_all():
            state = self._main.state
            screen = ItemsScreen(self.sitting, self.sitting.standings(), state.completed, state.step.id)
            await self.push_screen(screen, self._chosen)

    def _chosen(self, chosen: Chosen | None) -> None:
        if chosen is not None and not (chosen.item == self.sitting.item and chosen.step is None):
            self._go_to(chosen.item, chosen.step)

    async def _read_all(self) -> bool:
        """Read the lessons of all items; says so where one cannot be had."""
        try:
            await asyncio.to_thread(self.sitting.paper.read_all)
        except NettutorError as error:
            self.notify(line(error.message), severity="error", markup=False)
            return False
        return True

    async def _finish(self) -> None:
        from tutor.tui.exam.finish import Choice, FinishScreen

        if not await self._read_all():
            return
        choice = await self.push_screen_wait(FinishScreen(self.sitting, self.sitting.standings()))
        if choice is Choice.LEAVE:
            await self._keep_facts()
            self.exit(0)
        elif choice is Choice.HAND_IN:
            await self._hand_in()

    async def _hand_in(self) -> None:
        from tutor.tui.exam.finish import HandedInScreen, WaitScreen

        waiting = WaitScreen()
        await self.push_screen(waiting)
        trouble = ""
        try:
            self.handed_in = await self._sealed()
        except NettutorError as error:
            trouble = error.message
        await self.pop_screen()
        await self.push_screen_wait(HandedInScreen(self.handed_in, trouble))
        if self.handed_in is not None:
            self.exit(0)

    async def _sealed(self) -> HandedIn:
        from tutor.grading.handing import hand_in

        if (conductor := self._leads()) is not None:
            await conductor.keep_facts()
            conductor.note_unended()
        key = await asyncio.to_thread(self.sitting.key)
        return hand_in(self.sitting.taking, key, self.sitting.directory)
