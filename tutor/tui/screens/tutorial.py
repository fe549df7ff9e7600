"""The tutorial: lesson, goals and shells side by side or one above the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Literal

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.reactive import reactive
from textual.screen import Screen
from textual.timer import Timer

from tutor.i18n import NAMES, _, next_language, tell
from tutor.inert import line
from tutor.model.state import SessionState
from tutor.model.verdict import Unmet
from tutor.tui import messages
from tutor.tui.pages import Goals, Page, hint_levels, page
from tutor.tui.widgets.bars import Key, KeyBar, Notice, NoticeBar, TitleLine
from tutor.tui.widgets.divider import Divider
from tutor.tui.widgets.flow import Flow
from tutor.tui.widgets.goals import AnswerLine
from tutor.tui.widgets.lesson_pane import LessonPane, PageScroll, RemarkBox
from tutor.tui.widgets.machines import Machines, Tabs

if TYPE_CHECKING:
    from tutor.term import Shell
    from tutor.tui.app import NettutorApp

Side = Literal["lesson", "shell"]
_SIDES = {"lesson": tell("Lesson"), "shell": tell("Shell"), "answer": tell("Answer")}
_MORE = tell("More")
PRAISE_SECONDS = 1.6
STACKED_BELOW = 100
"""Columns under which the lesson lies above the shell: 40 columns are too few for the output of ``ip address``."""
TINY = (40, 14)
"""Columns and rows under which there is room for one of the two only."""


class TutorialScreen(Screen[None]):
    """Draws a ``SessionState``. What is read (``viewed``) may be an earlier step than the open one."""

    DEFAULT_CSS = """
    TutorialScreen { layout: vertical; background: $background; }
    TutorialScreen #body { layout: horizontal; height: 1fr; }
    TutorialScreen.-stacked #body { layout: vertical; }
    TutorialScreen LessonPane { width: 45%; height: 100%; }
    TutorialScreen Machines { width: 1fr; height: 100%; }
    TutorialScreen.-stacked LessonPane { width: 100%; height: 45%; }
    TutorialScreen.-stacked Machines { width: 100%; height: 1fr; }
    TutorialScreen.-stacked Divider { display: none; }
    TutorialScreen.-only-shell LessonPane, TutorialScreen.-only-shell Divider { display: none; }
    TutorialScreen.-only-lesson Machines, TutorialScreen.-only-lesson Divider { display: none; }
    TutorialScreen.-only-lesson LessonPane { width: 100%; height: 100%; max-width: 100%; }
    TutorialScreen.-flat TitleLine { display: none; }
    TutorialScreen.-flattest KeyBar { display: none; }
    """
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "app.help", priority=True),
        Binding("f2", "hint", priority=True),
        Binding("f3", "app.check", priority=True),
        Binding("f4", "app.reset", priority=True),
        Binding("f5", "app.contents", priority=True),
        Binding("f6", "switch", priority=True),
        Binding("f7", "next_machine", priority=True),
        Binding("f8", "onward", priority=True),
        Binding("f9", "zoom", priority=True),
        Binding("f10", "app.leave", priority=True),
        Binding("f11", "app.why", priority=True),
        Binding("f12", "quote", priority=True),
        Binding("r,R", "revive", priority=True),
        Binding("left", "read(-1)"),
        Binding("right", "read(1)"),
        Binding("less_than_sign", "resize_panes(-1)"),
        Binding("greater_than_sign", "resize_panes(1)"),
        Binding("t", "app.toggle_look"),
        Binding("l", "app.next_language"),
        Binding("shift+f1,f13", "app.next_language", priority=True),
        Binding("w", "app.why"),
        Binding("escape", "to_shell"),
        Binding("enter", "onward"),
    ]

    side_names = _SIDES
    quoting: reactive[bool] = reactive(False)

    def __init__(self, state: SessionState) -> None:
        super().__init__()
        self.state = state
        self.viewed = state.step_index
        self.past: dict[str, Goals] = {}
        self.gone = ""
        self._wrong = ""
        self._ratio = 0.45
        self._zoom: Side | None = None
        self._been: set[type] = set()
        """The answer line and the page, where the focus has been in them since it left the shell."""
        self._hold: Timer | None = None
        self._shells: Mapping[str, Shell] = {}

    def begin_with(self, state: SessionState, shells: Mapping[str, Shell]) -> None:
        """Show a lab that was up before there was a screen on the first frame, for which call this before it."""
        self.state, self.viewed, self._shells = state, state.step_index, shells

    @property
    def tutor(self) -> NettutorApp:
        from tutor.tui.app import NettutorApp

        assert isinstance(self.app, NettutorApp)
        return self.app

    def compose(self) -> ComposeResult:
        title = self.make_title()
        title.set_reactive(TitleLine.state, self.state)
        yield title
        with Container(id="body"):
            yield LessonPane(self._page())
            yield Divider()
            names = [spec.name for spec in self.state.lesson.topology.machines if spec.shell]
            yield Machines(names, self._shells)
        yield NoticeBar()
        yield KeyBar()

    def make_title(self) -> TitleLine:
        """The line at the top."""
        return TitleLine()

    def on_mount(self) -> None:
        self._arrange()
        self._update_keys()
        if self._shells:
            self.action_to_shell()  # as its prompt will be seen, and typed at
        self.watch(self.query_one(PageScroll), "scroll_y", self._update_keys, init=False)
        self.screen_layout_refresh_signal.subscribe(self, lambda _: self._update_keys(), immediate=True)

    async def language_changed(self) -> None:
        """Draw everything anew; the lab and its shells go on."""
        self._update_notice()
        await self._show_page()
        for flow in self.query(Flow):
            flow.reflow()
        for entry in self.query(AnswerLine):
            entry.language_changed()
        for widget in self.query("*"):
            widget.refresh(layout=True)

    # -- what the session says

    async def show(self, state: SessionState) -> None:
        """Draw ``state``; another lesson starts afresh."""
        before, self.state = self.state, state
        if state.lesson.id != before.lesson.id:
            self.past.clear()
            self._stop_praise()
        if self._hold is None and (self.viewed == before.step_index or state.lesson is not before.lesson):
            self.viewed = state.step_index
        self.viewed = min(self.viewed, max(state.step_index, before.step_index))
        self.query_one(TitleLine).state = state
        await self._show_page()

    async def on_state_shown(self, message: messages.StateShown) -> None:
        await self.show(message.state)

    async def on_step_done(self, message: messages.StepDone) -> None:
        lesson = self.state.lesson
        self.past[message.step.id] = message.goals
        number = lesson.index(message.step.id) + 1
        self._praise(tell("Step {number} complete: {title}", number=number, title=message.step.title))

    def on_lesson_done(self, message: messages.LessonDone) -> None:
        if self.state.lesson_complete:
            self._praise(tell("Lesson complete: all steps done"))
        else:  # who jumped here has left out some
            self._praise(tell("The last step is done; F5 shows which are left"))

    def on_remark_shown(self, message: messages.RemarkShown) -> None:
        self.query_one(RemarkBox).remark = message.remark

    async def on_lab_starting(self, message: messages.LabStarting) -> None:
        self._stop_praise()
        self.gone = ""
        self.query_one(RemarkBox).remark = None
        if self._side() == "shell":
            self.set_focus(None)  # or Textual gives it to the lesson when the shell goes
        await self.query_one(Machines).detach(message.text)
        self._update_notice()

    async def on_lab_ready(self, message: messages.LabReady) -> None:
        self.gone = self._wrong = ""
        machines = self.query_one(Machines)
        await machines.attach(message.shells)
        if self.focused is None or not isinstance(self.focused, PageScroll | AnswerLine):
            self.action_to_shell()  # before its prompt can be seen, and typed at
        self.viewed = message.state.step_index
        self.past = {step: goals for step, goals in self.past.items() if step in message.state.completed}
        await self.show(message.state)
        self._update_notice()
        self._update_keys()

    async def on_lab_failed(self, message: messages.LabFailed) -> None:
        self.gone = message.error.message
        await self.query_one(Machines).detach(
            tell("The lab could not be started: {reason}", reason=message.error.message)
        )
        self._update_notice()

    def on_lab_gone(self, message: messages.LabGone) -> None:
        self.gone = message.reason or tell("it stopped")
        self.query_one(Machines).interrupted(tell("the lab ended"))
        self._update_notice()

    def on_shell_gone(self, message: messages.ShellGone) -> None:
        self.query_one(Machines).mark_ended(message.machine)

    def on_shell_back(self, message: messages.ShellBack) -> None:
        self.query_one(Machines).reattach(message.shell, message.machine)

    def on_shell_pane_restart_requested(self) -> None:
        """Enter in a shell that ended."""
        if self.gone:
            self.tutor.rebuild()
        else:
            self.tutor.restart_shell(self.query_one(Machines).current)

    def on_not_saved(self, message: messages.NotSaved) -> None:
        self.notify(line(message.reason), title=_("Progress is not saved"), severity="warning", markup=False)

    # -- what the learner does

    def action_hint(self) -> None:
        if self.viewed != self.state.step_index:
            self._follow()
        if self._zoom == "shell":
            self._set_zoom("lesson")
        if self.state.step_complete or self.state.hint_level >= hint_levels(self.state.step):
            pane = self.query_one(LessonPane)
            if pane.page.newest_hint is not None:
                pane.scroll_to_section(pane.page.newest_hint)
            return
        if conductor := self.tutor.conductor:
            conductor.reveal_hint()

    def on_answer_given(self, message: messages.AnswerGiven) -> None:
        if conductor := self.tutor.conductor:
            conductor.answer(message.goal_id, message.text)

    def on_answers_given(self) -> None:
        self.action_to_shell()

    def on_why_asked(self, message: messages.WhyAsked) -> None:
        self.tutor.action_why(message.goal_id)

    def on_machine_chosen(self, message: messages.MachineChosen) -> None:
        self.query_one(Machines).choose(message.machine)
        self.action_to_shell()

    def action_next_machine(self) -> None:
        self.query_one(Machines).next()
        self.action_to_shell()

    def action_switch(self) -> None:
        """Shell, lesson, answer, shell; the answer before the lesson when there is nothing else left to read or do.

        Once around passes each of them once.
        """
        target = self._next_side()
        if target == "shell":
            self.action_to_shell()
            return
        if self._only() == "shell":
            self._set_zoom("lesson")
        (self.query(AnswerLine).first() if target == "answer" else self.query_one(PageScroll)).focus()

    def _next_side(self) -> Literal["lesson", "shell", "answer"]:
        asked = bool(self.query(AnswerLine))
        others = any(not goal.done and not goal.goal.question for goal in self.state.goals)
        answer_first = asked and not others and not self._unread()
        if isinstance(self.focused, PageScroll):
            return "answer" if asked and AnswerLine not in self._been else "shell"
        if self._side() == "lesson":
            return "lesson" if answer_first and PageScroll not in self._been else "shell"
        return "answer" if answer_first else "lesson"

    def _unread(self) -> bool:
        """Whether the page goes on below what is in sight."""
        scroll = self.query_one(PageScroll)
        return scroll.scroll_target_y < scroll.max_scroll_y

    def action_to_shell(self) -> None:
        if self._only() == "lesson":
            self._set_zoom("shell")
        if pane := self.query_one(Machines).pane:
            pane.focus()
        else:
            self.set_focus(None)

    def action_zoom(self) -> None:
        self._set_zoom(self._side() if self._zoom is None else None)

    async def action_read(self, by: int) -> None:
        """Turn the page among the steps that were opened so far."""
        self._stop_praise()
        done = [n for n, step in enumerate(self.state.lesson.steps) if step.id in self.state.completed]
        self.viewed = max(0, min(self.viewed + by, max([self.state.step_index, *done])))
        await self._show_page()

    def action_onward(self) -> None:
        if self.viewed != self.state.step_index:
            self._follow()
        elif self.state.lesson_complete:
            self.tutor.next_lesson()

    def action_revive(self) -> None:
        self.tutor.rebuild()

    def action_quote(self) -> None:
        """Let the next key through to the shell."""
        self.quoting = self._side() == "shell" and self.query_one(Machines).pane is not None

    def action_resize_panes(self, by: int) -> None:
        self._set_ratio(self._ratio + by * 0.03)

    def on_divider_moved(self, message: messages.DividerMoved) -> None:
        self._set_ratio(message.x / max(1, self.size.width))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A key that means nothing now goes to the shell; one pressed before the screen was there is too early."""
        return self.is_mounted and (action != "revive" or bool(self.gone))

    def watch_quoting(self, quoting: bool) -> None:
        if self.is_mounted:
            self.query_one(KeyBar).note = tell("F12: the next key goes to the shell as it is") if quoting else ""

    # -- the arrangement

    def on_resize(self, event: events.Resize) -> None:
        self._arrange()
        self._update_keys()

    def on_descendant_focus(self) -> None:
        here = next((side for side in (AnswerLine, PageScroll) if isinstance(self.focused, side)), None)
        self._been = {*self._been, here} if here is not None else set()
        self._update_keys()

    def on_descendant_blur(self) -> None:
        self._update_keys()

    def _side(self) -> Side:
        if self._only() is not None and self.focused is None:
            return self._only() or "shell"
        return "lesson" if isinstance(self.focused, PageScroll | AnswerLine) else "shell"

    def _only(self) -> Side | None:
        if self.has_class("-only-shell"):
            return "shell"
        return "lesson" if self.has_class("-only-lesson") else None

    def _set_zoom(self, zoom: Side | None) -> None:
        self._zoom = zoom
        self._arrange()
        self._update_keys()

    def _set_ratio(self, ratio: float) -> None:
        self._ratio = max(0.2, min(0.8, ratio))
        self._arrange()

    def _arrange(self) -> None:
        width, height = self.size
        stacked = width < STACKED_BELOW
        tiny = width < TINY[0] or height < TINY[1]
        only = self._zoom or (self._side() if tiny else None)
        self.set_class(stacked, "-stacked")
        self.set_class(only == "shell", "-only-shell")
        self.set_class(only == "lesson", "-only-lesson")
        self.set_class(height < 8, "-flat")
        self.set_class(height < 4, "-flattest")
        pane = self.query_one(LessonPane)
        pane.set_class(stacked and not tiny and only is None and width >= 70, "-wide")
        pane.set_class(height < 30, "-low")
        if only is not None:
            pane.styles.width = pane.styles.height = "100%"
        elif stacked:
            pane.styles.width, pane.styles.height = "100%", max(5, round((height - 2) * self._ratio))
        else:
            pane.styles.width, pane.styles.height = max(30, min(round(width * self._ratio), width - 30)), "100%"

    def _update_keys(self) -> None:
        """The key bar, and which side stands out."""
        side = self._side()
        self.query_one(Tabs).active = side == "shell"
        keys = [
            Key("F1", tell("Help"), "help", 9),
            Key("F2", tell("Hint"), "hint", 8),
            Key("F3", tell("Check"), "check", 2),
            Key("F4", tell("Reset"), "reset", 5),
            Key("F5", tell("Steps"), "contents", 5),
            Key(
                "F6",
                _MORE if (following := self._next_side()) == "lesson" and self._unread() else _SIDES[following],
                "switch",
                7,
            ),
        ]
        if len(self.query_one(Machines).names) > 1:
            keys.append(Key("F7", tell("Machine"), "next_machine", 6))
        if self.viewed != self.state.step_index:
            keys.append(Key("F8", tell("Step {number}", number=self.state.step_index + 1), "onward", 8))
        elif self.state.lesson_complete:
            keys.append(Key("F8", tell("Next lesson"), "onward", 8))
        keys.append(Key("F9", tell("Both") if self._zoom else tell("Zoom"), "zoom", 4))
        keys.append(Key("F10", tell("Quit"), "leave", 9))
        if any(isinstance(goal.verdict, Unmet) and goal.verdict.why and not goal.done for goal in self.state.goals):
            keys.append(Key("F11", tell("Why"), "why", 8))
        keys.append(Key("⇧F1", NAMES[next_language()], "next_language", 1))
        self.query_one(KeyBar).keys = tuple(keys)

    def say_wrong(self, text: str) -> None:
        """What is wrong with the files of the lesson; nothing, where the text is empty."""
        self._wrong = text
        self._update_notice()

    def _update_notice(self) -> None:
        text = tell("The lab ended: {reason}. Press R for a new one.", reason=self.gone) if self.gone else self._wrong
        self.query_one(NoticeBar).notice = Notice(text) if text else None

    # -- the page

    def _page(self) -> Page:
        return page(self.state, self.viewed, self.past, reading=self._hold is None)

    async def _show_page(self) -> None:
        await self.query_one(LessonPane).show(self._page())
        self._update_keys()

    def _praise(self, text: str) -> None:
        self._stop_praise()
        self.query_one(TitleLine).praise = text
        self._hold = self.set_timer(PRAISE_SECONDS, self._praise_over)

    def _stop_praise(self) -> None:
        if self._hold is not None:
            self._hold.stop()
            self._hold = None
        self.query_one(TitleLine).praise = ""

    async def _praise_over(self) -> None:
        """Go on to the open step, unless the learner is reading."""
        self._stop_praise()
        if not isinstance(self.focused, PageScroll):
            self.viewed = self.state.step_index
        await self._show_page()

    def _follow(self) -> None:
        self._stop_praise()
        self.viewed = self.state.step_index
        self.call_later(self._show_page)
