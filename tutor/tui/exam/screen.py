"""The main screen of an exam: the tutorial's, with the item and the clock at its top and the policy in its keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tutor.i18n import NAMES, next_language, tell
from tutor.model.state import GoalState, SessionState
from tutor.model.verdict import Unmet
from tutor.tui import messages
from tutor.tui.exam.bars import ExamTitle, Heading
from tutor.tui.exam.sitting import Sitting, clock_text, late_text
from tutor.tui.pages import Page
from tutor.tui.prose import Section, Tone
from tutor.tui.screens.tutorial import TutorialScreen
from tutor.tui.widgets.bars import Key, KeyBar, Notice, NoticeBar, TitleLine
from tutor.tui.widgets.machines import Machines, Tabs

if TYPE_CHECKING:
    from tutor.tui.exam.app import ExamApp

TICK = 1.0
"""Seconds."""


class ExamScreen(TutorialScreen):
    """Draws a ``SessionState`` of the open item of ``sitting``."""

    def __init__(self, state: SessionState, sitting: Sitting) -> None:
        self.sitting = sitting
        super().__init__(state)

    @property
    def exam(self) -> ExamApp:
        from tutor.tui.exam.app import ExamApp

        assert isinstance(self.app, ExamApp)
        return self.app

    def make_title(self) -> TitleLine:
        title = ExamTitle()
        title.set_reactive(ExamTitle.heading, self._heading())
        return title

    def on_mount(self) -> None:
        self.set_interval(TICK, self.tick)
        self.tick()

    def tick(self) -> None:
        """Once a second: the clock, and what waits for the disk."""
        store = self.exam.patient
        if store is not None and store.waits:
            store.catch_up()
        self.query_one(ExamTitle).heading = self._heading()
        self._update_notice()

    @property
    def item_complete(self) -> bool:
        return all(step.id in self.state.completed for step in self.sitting.steps)

    def _heading(self) -> Heading:
        sitting = self.sitting
        left = sitting.seconds_left()
        return Heading(
            sitting.checkpoint.title,
            sitting.item + 1,
            len(sitting.paper.items),
            sitting.chosen.points,
            tuple(step.id for step in sitting.steps),
            clock_text(left, sitting.taking.elapsed()),
            0 if left is None or left > sitting.soon else 1 if left >= 0 else 2,
        )

    # -- what the session says

    def on_lesson_done(self, message: messages.LessonDone) -> None:
        message.prevent_default()
        self._praise(tell("Item {number} is complete", number=self.sitting.item + 1))

    def on_remark_shown(self, message: messages.RemarkShown) -> None:
        if not self.sitting.policy.hints:
            message.prevent_default()

    # -- what the learner does

    def action_hint(self) -> None:
        if self.exam.may_hint():
            super().action_hint()

    def action_onward(self) -> None:
        if self.viewed != self.state.step_index:
            self._follow()
        elif self.item_complete:
            self.exam.next_item()
        elif self.state.step_complete:
            self.exam.next_step()

    # -- what is shown

    def _page(self) -> Page:
        page = super()._page()
        policy = self.sitting.policy
        sections = [section for section in page.sections if section.tone is not Tone.PRAISE]
        if not policy.show_me:
            sections = [section for section in sections if section.tone is not Tone.SOLUTION]
        newest = page.newest_hint
        if self.item_complete and page.index == self.state.step_index:
            newest = len(sections)
            sections.append(Section(Tone.PRAISE, tell("✔ This item is complete"), self._what_next()))
        elif self._jumped_over and page.index == self.state.step_index:
            newest = len(sections)
            left = tell("Others of this item are not: F8 opens the first of them.")
            sections.append(Section(Tone.PRAISE, tell("✔ This step is complete"), left))
        goals = page.goals if policy.hints else tuple(map(_without_help, page.goals))
        return replace(page, sections=tuple(sections), goals=goals, newest_hint=newest)

    @property
    def _jumped_over(self) -> bool:
        """The last step is complete, and one before it is not."""
        return self.state.step_complete and not self.item_complete

    def _what_next(self) -> str:
        following = self.sitting.following()
        if following is None:
            return tell("All items are complete. F10 hands in; F5 shows them all.")
        return tell("F8 opens item {number}; F5 shows them all, F10 hands in.", number=following + 1)

    def _update_keys(self) -> None:
        side = self._side()
        self.query_one(Tabs).active = side == "shell"
        policy = self.sitting.policy
        keys = [Key("F1", tell("Help"), "help", 7)]
        if policy.hints:
            keys.append(Key("F2", tell("Hint"), "hint", 8))
        keys += [
            Key("F3", tell("Check"), "check", 2),
            Key("F4", tell("Reset"), "reset", 5),
            Key("F5", tell("Items"), "contents", 8),
            Key("F6", self.side_names[self._next_side()], "switch", 7),
        ]
        if len(self.query_one(Machines).names) > 1:
            keys.append(Key("F7", tell("Machine"), "next_machine", 6))
        if self.viewed != self.state.step_index:
            keys.append(Key("F8", tell("Step {number}", number=self.state.step_index + 1), "onward", 9))
        elif self.item_complete and self.sitting.following() is not None:
            keys.append(Key("F8", tell("Next item"), "onward", 9))
        elif self._jumped_over:
            keys.append(Key("F8", tell("Open step"), "onward", 9))
        keys.append(Key("F9", tell("Both") if self._zoom else tell("Zoom"), "zoom", 4))
        keys.append(Key("F10", tell("Finish"), "leave", 9))
        if policy.hints and any(
            isinstance(goal.verdict, Unmet) and goal.verdict.why and not goal.done for goal in self.state.goals
        ):
            keys.append(Key("F11", tell("Why"), "why", 8))
        keys.append(Key("⇧F1", NAMES[next_language()], "next_language", 1))
        self.query_one(KeyBar).keys = tuple(keys)

    def _update_notice(self) -> None:
        if self.gone:
            super()._update_notice()
            return
        store, left = self.exam.patient, self.sitting.seconds_left()
        text = ""
        if store is not None and store.trouble and not store.waits:
            text = store.trouble
        elif store is not None and store.trouble:
            text = tell("{reason}. What you do is kept in memory, and tried again.", reason=store.trouble)
        elif left is not None and left < 0:
            text = late_text(self.sitting.checkpoint.lateness, -left)
        self.query_one(NoticeBar).notice = Notice(text) if text else None


def _without_help(state: GoalState) -> GoalState:
    """What is expected and what is seen, but not where to look."""
    if not isinstance(state.verdict, Unmet):
        return state
    return replace(state, verdict=replace(state.verdict, look_next="", why=None))
