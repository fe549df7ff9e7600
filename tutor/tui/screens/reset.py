"""Asks once what is to be set back."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.i18n import _


class Reset(Enum):
    STEP = "step"
    LESSON = "lesson"


class ResetScreen(ModalScreen[Reset | None]):
    """Gives what to set back, or ``None``."""

    DEFAULT_CSS = """
    ResetScreen { align: center middle; background: $background 60%; }
    ResetScreen > Vertical {
        width: 60; max-width: 96%; height: auto; max-height: 100%; padding: 1 2;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
    }
    ResetScreen OptionList { height: auto; border: none; padding: 0; background: $surface; }
    ResetScreen OptionList:focus { border: none; }
    ResetScreen OptionList > .option-list--option-highlighted { background: $panel; color: $foreground; }
    ResetScreen Static { margin-top: 1; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('step')"),
        Binding("l", "choose('lesson')"),
        Binding("escape,f4,q,n", "dismiss"),
        Binding("shift+f1", "app.next_language"),
    ]

    async def language_changed(self) -> None:
        await self.recompose()
        self.query_one(OptionList).focus()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("Start again?")
            yield OptionList(
                Option(Content.assemble(("s ", "bold $text-accent"), _("this step")), id="step"),
                Option(Content.assemble(("l ", "bold $text-accent"), _("the whole lesson")), id="lesson"),
                Option(Content.assemble(("n ", "bold $text-accent"), _("no, go on")), id="no"),
                compact=True,
            )
            yield Static(Content(_("You get a fresh lab. What you typed in the step or the lesson is forgotten.")))

    def action_choose(self, what: str) -> None:
        self.dismiss(Reset(what))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(None if event.option_id == "no" else Reset(event.option_id))
