"""One submission: its goals, flags, log, recordings and end state; and points given by hand."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import ContentSwitcher

from tutor.grading import saying
from tutor.i18n import _
from tutor.inert import line
from tutor.model.grade import GradedGoal
from tutor.tui.review import lines, recording, telling
from tutor.tui.review.desk import Desk, Opened
from tutor.tui.review.widgets.clauses import Clauses
from tutor.tui.review.widgets.edges import Head, Keys
from tutor.tui.review.widgets.player import Player
from tutor.tui.review.widgets.rows import Rows
from tutor.tui.review.widgets.tabs import Tabs
from tutor.tui.widgets.bars import Key, Notice, NoticeBar

if TYPE_CHECKING:
    from tutor.tui.review.app import ReviewApp

PANES = ("goals", "flags", "log", "recording", "end")
_SAID = 15.0  # seconds that a word on what was kept stays
_WIDE = 110


class SubmissionScreen(Screen[str]):
    """Gives the digest of the submission that was looked at last."""

    DEFAULT_CSS = """
    SubmissionScreen { background: $surface; }
    SubmissionScreen ContentSwitcher { height: 1fr; }
    SubmissionScreen .split { layout: vertical; height: 1fr; }
    SubmissionScreen .split Rows { height: 1fr; padding: 0 1; }
    SubmissionScreen .split VerticalScroll { height: 45%; border-top: solid $border; scrollbar-size-vertical: 1; }
    SubmissionScreen #log VerticalScroll { height: 5; }
    SubmissionScreen.-wide #goals { layout: horizontal; }
    SubmissionScreen.-wide #goals Rows { width: 1fr; height: 1fr; }
    SubmissionScreen.-wide #goals VerticalScroll {
        width: 1fr; height: 1fr; border-top: none; border-left: solid $border;
    }
    SubmissionScreen VerticalScroll { scrollbar-size-vertical: 1; background: $surface; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"pane('{name}')") for number, name in enumerate(PANES, 1)),
        Binding("tab", "turn(1)", priority=True),
        Binding("shift+tab", "turn(-1)", priority=True),
        Binding("m", "mark"),
        Binding("w", "remark"),
        Binding("n", "beside(1)"),
        Binding("p", "beside(-1)"),
        Binding("left_square_bracket", "other(-1)"),
        Binding("right_square_bracket", "other(1)"),
        Binding("escape", "back"),
        Binding("f1,question_mark", "app.help"),
        Binding("t", "app.toggle_look"),
        Binding("l,shift+f1", "app.next_language"),
        Binding("q,f10", "app.leave"),
    ]

    def __init__(self, desk: Desk, digest: str) -> None:
        super().__init__()
        self._desk = desk
        self.digest = digest
        self.opened: Opened | None = None
        self._asks: dict[tuple[str, str, str], str] = {}
        self._log: tuple[telling.Happened, ...] = ()
        self._casts: list[tuple[str, str]] = []
        self._cast = 0
        self._loaded: tuple[str, int] | None = None
        self._noted: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Head()
        yield Tabs()
        yield NoticeBar()
        with ContentSwitcher(initial="goals"):
            with Container(id="goals", classes="split"):
                yield Rows(id="goal-rows")
                with VerticalScroll(can_focus=False):
                    yield Clauses(id="goal")
            with VerticalScroll(id="flags"):
                yield Clauses(id="about")
            with Container(id="log", classes="split"):
                yield Rows(id="log-rows")
                with VerticalScroll(can_focus=False):
                    yield Clauses(id="entry")
            yield Player(id="recording")
            with VerticalScroll(id="end"):
                yield Clauses(id="facts")
        yield Keys()

    def on_mount(self) -> None:
        self.action_pane("goals")
        self.load()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= _WIDE, "-wide")

    async def language_changed(self) -> None:
        self._fill()
        self.load()

    @property
    def pane(self) -> str:
        return self.query_one(ContentSwitcher).current or "goals"

    # -- reading

    @work(exclusive=True, group="load")
    async def load(self) -> None:
        """The submission of ``digest``; the chosen goal stays chosen where it is the same."""
        digest = self.digest
        opened = await self._app.ask(lambda: self._desk.open(digest))
        if opened is None or digest != self.digest:
            return
        self.opened = opened
        self._asks = await asyncio.to_thread(self._desk.asks, opened)
        self._fill()

    def _fill(self) -> None:
        opened = self.opened
        if opened is None:
            return
        goals = opened.grade.goals
        rows = self.query_one("#goal-rows", Rows)
        rows.fill(
            len(goals),
            lambda index, width: lines.goal_line(goals[index], self._ask_of(goals[index]), width),
            head=lines.goal_head,
            at=rows.index,
            empty=_("not graded yet: nettutor grade"),
        )
        self.query_one("#about", Clauses).show(lambda: telling.about_clauses(opened))
        self._log = telling.happenings(opened)
        log = self.query_one("#log-rows", Rows)
        log.fill(
            len(self._log),
            lambda index, width: lines.log_line(self._log[index], width),
            head=lines.log_head,
            at=log.index,
            empty=opened.wrong,
        )
        self.query_one("#facts", Clauses).show(lambda: telling.end_clauses(opened))
        casts = opened.submission.casts if opened.submission else {}
        self._casts = [(item, machine) for item in opened.items for machine in casts.get(item, ())]
        self.query_one(NoticeBar).notice = Notice(opened.wrong) if opened.wrong else None
        self._show_recording()
        self._say()

    # -- what is pressed

    def action_pane(self, name: str) -> None:
        self._note("")
        self.query_one(ContentSwitcher).current = name
        focus: dict[str, Widget] = {
            "goals": self.query_one("#goal-rows"),
            "log": self.query_one("#log-rows"),
            "recording": self.query_one(Player),
            "flags": self.query_one("#flags"),
            "end": self.query_one("#end"),
        }
        focus[name].focus()
        self._show_recording()
        self._say()

    def action_turn(self, by: int) -> None:
        self.action_pane(PANES[(PANES.index(self.pane) + by) % len(PANES)])

    def action_back(self) -> None:
        self.dismiss(self.digest)

    def action_beside(self, by: int) -> None:
        """Another submission of the class as it is listed."""
        digest = self._app.main.beside(self.digest, by)
        if digest is None:
            self.notify(_("There is no other one in the list."), markup=False)
            return
        self._note("")
        self.digest = digest
        self._cast, self._loaded = 0, None
        self.query_one("#goal-rows", Rows).index = self.query_one("#log-rows", Rows).index = 0
        self.load()

    def action_other(self, by: int) -> None:
        """Another recording."""
        if self._casts and self.pane == "recording":
            self._cast = (self._cast + by) % len(self._casts)
            self._show_recording()

    def action_mark(self) -> None:
        goal = self._goal
        if goal is None:
            self.notify(_("There is no goal to give points for: it is not graded yet."), markup=False)
            return
        from tutor.tui.review.screens.marking import MarkScreen

        digest, kept = self.digest, [""]

        def keep(number: float, comment: str) -> None:
            self._desk.mark(digest, goal, number, comment)
            kept[0] = _("✔ kept: {points} points for {goal}", points=saying.points(number), goal=line(goal.result.goal))

        self.app.push_screen(MarkScreen(goal, self._ask_of(goal), keep), lambda done: self._kept(done, kept[0]))

    def action_remark(self) -> None:
        from tutor.tui.review.screens.marking import CommentScreen

        digest = self.digest
        self.app.push_screen(
            CommentScreen(self._who, lambda text: self._desk.comment(digest, text)),
            lambda done: self._kept(done, _("✔ kept: the remark")),
        )

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        if event.rows.id == "goal-rows":
            self.action_mark()

    def on_rows_moved(self, event: Rows.Moved) -> None:
        opened = self.opened
        if opened is None:
            return
        if event.rows.id == "goal-rows":
            goal = self._goal
            self.query_one("#goal", Clauses).show(
                lambda: telling.goal_clauses(opened, goal, self._ask_of(goal)) if goal else ()
            )
        elif event.index < len(self._log):
            entry = self._log[event.index]
            self.query_one("#entry", Clauses).show(lambda: lines.entry_clauses(entry))

    # -- inside

    @property
    def _app(self) -> ReviewApp:
        return cast("ReviewApp", self.app)

    @property
    def _goal(self) -> GradedGoal | None:
        goals = self.opened.grade.goals if self.opened else ()
        index = self.query_one("#goal-rows", Rows).index
        return goals[index] if index < len(goals) else None

    @property
    def _who(self) -> str:
        if self.opened is None:
            return ""
        learner, name = self.opened.grade.learner, self.opened.name
        return f"{name} ({learner})" if name and name != learner else learner

    def _ask_of(self, goal: GradedGoal) -> str:
        return self._asks.get((goal.result.item, goal.result.step, goal.result.goal), "")

    def _kept(self, done: bool | None, what: str) -> None:
        if done:
            self._note(what)
            self.load()

    def _note(self, text: str) -> None:
        """In place of the keys, for a while or until something else is done."""
        self.query_one(Keys).note = text
        if self._noted is not None:
            self._noted.stop()
        self._noted = self.set_timer(_SAID, lambda: self._note("")) if text else None

    def _show_recording(self) -> None:
        """Only when it is looked at: reading one takes a moment, and a terminal is a process."""
        if self.pane != "recording" or self.opened is None or self._loaded == (self.digest, self._cast):
            return
        self._loaded = (self.digest, self._cast)
        player = self.query_one(Player)
        if not self._casts:
            player.load(recording.Recording(24, 80, ()), _("there is no recording"))
            return
        assert self.opened.submission is not None
        item, machine = self._casts[self._cast]
        title = f"{line(item)} / {line(machine)} ({self._cast + 1}/{len(self._casts)})"
        player.load(recording.read(self.opened.submission.casts[item][machine]), title)

    def _say(self) -> None:
        opened = self.opened
        if opened is None:
            return
        grade = opened.grade
        head = self.query_one(Head)
        head.left = Content.styled(line(self._who), "bold")
        total = _("{points} of {worth} points", points=saying.points(grade.points), worth=saying.points(grade.worth))
        late = _("late: {keeps} % kept", keeps=f"{grade.late.keeps * 100:g}") if grade.late.minutes else ""
        head.right = Content.assemble(
            (_("doubtful") + "  " if grade.doubtful else "", "bold $text-warning"),
            (f"{late}  " if late else "", "$text-warning"),
            (total if grade.judged else _("not graded yet"), "bold"),
        )
        tabs = self.query_one(Tabs)
        tabs.chosen = PANES.index(self.pane)
        tabs.names = (
            _("Goals ({count})", count=len(grade.goals)),
            _("Flags ({count})", count=len(grade.flags)),
            _("Log ({count})", count=len(self._log)),
            _("Recording ({count})", count=len(self._casts)),
            _("End state"),
        )
        self.query_one(Keys).keys = self._keys()

    def _keys(self) -> tuple[Key, ...]:
        recorded = self.pane == "recording"
        return (
            Key("F1", _("Help"), "app.help", 9),
            Key("Tab", _("Next pane"), "turn(1)", 5),
            *((Key("m", _("Points by hand"), "mark", 8),) if self.pane == "goals" else ()),
            *(
                (
                    Key("Space", _("Play"), "play", 8),
                    Key("← →", _("Seek"), "", 6),
                    Key("+ -", _("Speed"), "", 5),
                )
                if recorded
                else ()
            ),
            *((Key("[ ]", _("Other recording"), "other(1)", 6),) if recorded and len(self._casts) > 1 else ()),
            Key("w", _("Remark"), "remark", 6),
            Key("n p", _("Next, previous"), "beside(1)", 7),
            Key("Esc", _("Class"), "back", 9),
        )

    def action_play(self) -> None:
        self.query_one(Player).action_play()
