"""The class: everybody with points, outcomes, lateness and flags; sorted, filtered, searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Input

from tutor.grading import saying
from tutor.i18n import _
from tutor.inert import line, shown
from tutor.tui.review.desk import Desk, Row, Show, Sort, arranged, totals
from tutor.tui.review.labels import OUTCOMES, SHOWS, SORTS
from tutor.tui.review.widgets.edges import Head, Keys
from tutor.tui.review.widgets.rows import Rows, cell
from tutor.tui.widgets.bars import Key, Notice, NoticeBar

if TYPE_CHECKING:
    from tutor.tui.review.app import ReviewApp

_POINTS, _COUNT, _LATE = 11, 4, 9
_Choice = TypeVar("_Choice", Sort, Show)


class ClassScreen(Screen[None]):
    DEFAULT_CSS = """
    ClassScreen { background: $surface; }
    ClassScreen Input {
        display: none; height: 1; border: none; padding: 0 1; background: $panel; color: $foreground;
    }
    ClassScreen Input:focus { border: none; }
    ClassScreen.-finding Input { display: block; }
    ClassScreen Rows { padding: 0 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1,question_mark", "app.help"),
        Binding("s", "sort"),
        Binding("f", "show"),
        Binding("slash,ctrl+f", "find"),
        Binding("escape", "all"),
        Binding("r", "refused"),
        Binding("c", "checkpoint"),
        Binding("f5,ctrl+r", "reload"),
        Binding("t", "app.toggle_look"),
        Binding("l,shift+f1", "app.next_language"),
        Binding("f10,q", "app.leave"),
    ]

    def __init__(self, desk: Desk, checkpoint: str) -> None:
        super().__init__()
        self._desk = desk
        self._checkpoint = checkpoint
        self._title = ""
        self._worth = 0.0
        self._all: tuple[Row, ...] = ()
        self._refused = 0
        self._sort = Sort.DOUBTFUL
        self._show = Show.ALL
        self._words = ""
        self.listed: list[Row] = []

    def compose(self) -> ComposeResult:
        yield Head()
        yield NoticeBar()
        yield Input(placeholder=_("part of a name or an id"), id="find")
        yield Rows(id="class")
        yield Keys()

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self.query_one(NoticeBar).notice = Notice(_("Reading the gradebook …"), urgent=False)
        self.load()

    async def language_changed(self) -> None:
        self.query_one(Input).placeholder = _("part of a name or an id")
        self._arrange()

    @work(exclusive=True, group="load")
    async def load(self, learner: str | None = None) -> None:
        """Read the gradebook anew; the same learner, or the one given, stays chosen."""
        keep = learner or self.chosen
        checkpoint = await self._app.ask(lambda: self._desk.checkpoint(self._checkpoint))
        rows = await self._app.ask(lambda: self._desk.rows(self._checkpoint))
        refused = await self._app.ask(self._desk.refusals)
        self.query_one(NoticeBar).notice = None
        if checkpoint is None or rows is None:
            return
        self._title, self._worth = checkpoint.title, checkpoint.points
        self._all, self._refused = rows, len(refused or ())
        self._arrange(keep)

    @property
    def chosen(self) -> str | None:
        """The learner under the cursor."""
        index = self.query_one(Rows).index
        return self.listed[index].learner if index < len(self.listed) else None

    def beside(self, digest: str, by: int) -> str | None:
        """The submission that is listed so many places after another; ``None`` past either end."""
        digests = [row.grade.digest for row in self.listed if row.grade is not None]
        at = digests.index(digest) + by if digest in digests else -1
        return digests[at] if 0 <= at < len(digests) else None

    # -- what is pressed

    def action_sort(self) -> None:
        self._sort = _after(list(Sort), self._sort)
        self._arrange(keep=None)

    def action_show(self) -> None:
        self._show = _after(list(Show), self._show)
        self._arrange()

    def action_find(self) -> None:
        self.add_class("-finding")
        self.query_one(Input).focus()

    def action_all(self) -> None:
        """Everybody again."""
        self.query_one(Input).value = self._words = ""
        self.remove_class("-finding")
        self._show = Show.ALL
        self.query_one(Rows).focus()
        self._arrange()

    def action_reload(self) -> None:
        self.load()

    def action_refused(self) -> None:
        from tutor.tui.review.screens.lists import RefusedScreen

        self.app.push_screen(RefusedScreen(self._desk))

    def action_checkpoint(self) -> None:
        from tutor.tui.review.screens.lists import CheckpointScreen

        self.app.push_screen(CheckpointScreen(self._desk.course.checkpoint_ids(), self._checkpoint), self._switch)

    def action_open(self) -> None:
        self.query_one(Rows).action_choose()

    def on_input_changed(self, event: Input.Changed) -> None:
        if event.value != self._words:
            self._words = event.value
            self._arrange()

    def on_input_submitted(self) -> None:
        self.query_one(Rows).focus()

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        row = self.listed[event.index]
        if row.grade is None:
            self.notify(_("{name} handed in nothing.", name=line(row.name or row.learner)), markup=False)
            return
        from tutor.tui.review.screens.submission import SubmissionScreen

        self.app.push_screen(SubmissionScreen(self._desk, row.grade.digest), self._back)

    # -- inside

    @property
    def _app(self) -> ReviewApp:
        return cast("ReviewApp", self.app)

    def _back(self, digest: str | None) -> None:
        """From a submission: what it is now may not be what it was."""
        learner = next((row.learner for row in self.listed if row.grade and row.grade.digest == digest), None)
        self.load(learner)

    def _switch(self, checkpoint: str | None) -> None:
        if checkpoint is not None and checkpoint != self._checkpoint:
            self._checkpoint = checkpoint
            self.load()

    def _arrange(self, keep: str | None = "") -> None:
        """Without ``keep`` the one that is chosen stays; ``None`` goes to the first."""
        learner = self.chosen if keep == "" else keep
        self.listed = arranged(self._all, self._sort, self._show, self._words)
        at = next((index for index, row in enumerate(self.listed) if row.learner == learner), 0)
        self.query_one(Rows).fill(
            len(self.listed),
            lambda index, width: self._draw(self.listed[index], width),
            head=self._head,
            at=at,
            empty=_("nobody: Esc shows all"),
        )
        self._say()

    def _say(self) -> None:
        everybody, handed_in, doubtful = totals(self._all)
        head = self.query_one(Head)
        head.left = Content.assemble(
            (line(self._desk.course.title), "$text-muted"), "  ", (line(self._title or self._checkpoint), "bold")
        )
        parts = [_("{count} of {all} handed in", count=handed_in, all=everybody)]
        if doubtful:
            parts.append(_("{count} doubtful", count=doubtful))
        if len(self.listed) != everybody:
            parts.append(_("{count} listed", count=len(self.listed)))
        head.right = Content("  ".join(parts))
        refused = _("Refused files ({count})", count=self._refused)
        self.query_one(Keys).keys = (
            Key("F1", _("Help"), "app.help", 9),
            Key("Enter", _("Open"), "open", 8),
            Key("s", _("Sort: {how}", how=shown(SORTS[self._sort])), "sort", 7),
            Key("f", _("Show: {what}", what=shown(SHOWS[self._show])), "show", 6),
            Key("/", _("Find"), "find", 5),
            *((Key("r", refused, "refused", 4),) if self._refused else ()),
            *((Key("c", _("Checkpoint"), "checkpoint", 3),) if len(self._desk.course.checkpoint_ids()) > 1 else ()),
            Key("F5", _("Reload"), "reload", 2),
            Key("q", _("Quit"), "app.leave", 9),
        )

    def _widths(self, width: int) -> tuple[int, int]:
        """Of the name and of the flags."""
        rest = width - _POINTS - 3 * _COUNT - _LATE - 4
        name = max(14, min(48, rest * 6 // 10))
        return name, max(0, rest - name)

    def _head(self, width: int) -> Content:
        name, flags = self._widths(width)
        signs = [cell(sign, _COUNT, right=True) for sign, _style in OUTCOMES.values()]
        return Content.assemble(
            "  ",
            cell(_("learner"), name),
            cell(_("points"), _POINTS, right=True),
            *signs,
            cell(_("late"), _LATE, right=True),
            "  ",
            cell(_("flags"), flags),
        )

    def _draw(self, row: Row, width: int) -> Content:
        name, flags = self._widths(width)
        who = f"{row.name} ({row.learner})" if row.name and row.name != row.learner else row.learner
        if row.grade is None:
            return Content.assemble(
                ("- ", "$text-muted"),
                cell(line(who), name, "$text-muted"),
                (f"  {_('nothing handed in')}", "$text-muted"),
            )
        if row.waiting:
            state = _("not graded yet: nettutor grade")
            return Content.assemble(("… ", "$text-muted"), cell(line(who), name), (f"  {state}", "$text-muted"))
        sign, style = ("?", "bold $text-warning") if row.doubtful else (" ", "")
        hand = "*" if row.marked else " "
        counts = [
            cell(str(row.count(outcome) or "·"), _COUNT, style if row.count(outcome) else "$text-muted", right=True)
            for outcome, (_sign, style) in OUTCOMES.items()
        ]
        late = _("{count} min", count=round(row.late)) if row.late else "·"
        return Content.assemble(
            (f"{sign} ", style),
            cell(line(who), name),
            cell(f"{saying.points(row.grade.points)}/{saying.points(row.grade.worth)}{hand}", _POINTS, right=True),
            *counts,
            cell(late, _LATE, "$text-warning" if row.late else "$text-muted", right=True),
            "  ",
            cell(", ".join(saying.flag(kind) for kind in row.flags), flags, "$text-warning"),
        )


def _after(values: Sequence[_Choice], value: _Choice) -> _Choice:
    """The next one, and after the last the first."""
    return values[(values.index(value) + 1) % len(values)]
