"""Lists that open over the class: the files that were refused, and the checkpoints to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen

from tutor.grading import saying
from tutor.i18n import _
from tutor.inert import line
from tutor.model.grade import Refused
from tutor.tui.review.desk import Desk
from tutor.tui.review.widgets.rows import Rows, cell
from tutor.tui.widgets.flow import Flow, hang

if TYPE_CHECKING:
    from tutor.tui.review.app import ReviewApp


class Reason(Flow):
    """One refused file in full."""

    DEFAULT_CSS = "Reason { padding: 0 0; }"
    refused: Refused | None = None

    def lines(self, width: int) -> Content:
        if self.refused is None:
            return Content("")
        rows = hang(Content.styled(line(self.refused.reason), "bold"), width, 2)
        rows += hang(Content(line(self.refused.file)), width, 2)
        rows += hang(
            Content.styled(f"{saying.moment(self.refused.at)}  {line(self.refused.digest)}", "$text-muted"), width, 2
        )
        return Content("\n").join(rows)


class RefusedScreen(ModalScreen[None]):
    DEFAULT_CSS = """
    RefusedScreen { align: center middle; background: $background 60%; }
    RefusedScreen > Vertical {
        width: 110; max-width: 100%; height: 90%; padding: 0 1; background: $surface; border: round $primary;
        border-title-color: $primary; border-title-style: bold; border-subtitle-color: $text-muted;
    }
    RefusedScreen VerticalScroll { height: 6; border-top: solid $border; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,r", "dismiss"),
        Binding("l,shift+f1", "app.next_language"),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._refused: tuple[Refused, ...] = ()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("Files that were refused")
            box.border_subtitle = _("↑ ↓ choose · Esc back")
            yield Rows(empty=_("none"))
            with VerticalScroll(can_focus=False):
                yield Reason()

    def on_mount(self) -> None:
        self.query_one(Rows).focus()
        self.load()

    async def language_changed(self) -> None:
        await self.recompose()
        self.query_one(Rows).focus()
        self._fill()

    @work
    async def load(self) -> None:
        found = await cast("ReviewApp", self.app).ask(self._desk.refusals)
        self._refused = found or ()
        self._fill()

    def _fill(self) -> None:
        self.query_one(Rows).fill(len(self._refused), self._draw)

    def _draw(self, index: int, width: int) -> Content:
        refused = self._refused[index]
        name = max(12, width // 3)
        file = line(refused.file.rpartition("/")[2])
        return Content.assemble(cell(file, name), "  ", cell(line(refused.reason), width - name - 2, "$text-error"))

    def on_rows_moved(self, event: Rows.Moved) -> None:
        reason = self.query_one(Reason)
        reason.refused = self._refused[event.index] if event.index < len(self._refused) else None
        reason.reflow()


class CheckpointScreen(ModalScreen[str | None]):
    """Gives the id of the checkpoint to look at."""

    DEFAULT_CSS = """
    CheckpointScreen { align: center middle; background: $background 60%; }
    CheckpointScreen > Vertical {
        width: 60; max-width: 100%; height: 14; max-height: 100%; padding: 0 1; background: $surface;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,c", "dismiss"),
        Binding("l,shift+f1", "app.next_language"),
    ]

    def __init__(self, ids: Sequence[str], here: str) -> None:
        super().__init__()
        self._ids = tuple(ids)
        self._here = here

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("Checkpoints")
            box.border_subtitle = _("Enter choose · Esc back")
            yield Rows()

    def on_mount(self) -> None:
        rows = self.query_one(Rows)
        rows.focus()
        at = self._ids.index(self._here) if self._here in self._ids else 0
        rows.fill(len(self._ids), lambda index, width: Content(line(self._ids[index])), at=at)

    def on_rows_chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(self._ids[event.index])
