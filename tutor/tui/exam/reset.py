"""Asks once what is to be set back."""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.i18n import _
from tutor.tui.exam.box import Box


class Reset(Enum):
    STEP = "step"
    ITEM = "item"


class ResetScreen(Box[Reset | None]):
    """Gives what to set back, or ``None``. ``several``: the item has more than one step."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('step')"),
        Binding("i", "choose('item')"),
        Binding("escape,f4,q,n", "dismiss"),
        Binding("shift+f1", "app.next_language"),
    ]

    def __init__(self, *, several: bool) -> None:
        super().__init__()
        self._several = several

    async def language_changed(self) -> None:
        await self.recompose()
        self.query_one(OptionList).focus()

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = _("Start again?")
            box.border_subtitle = _("Esc back")
            told = _(
                "You get a fresh lab. What you typed there no longer counts; the log keeps it, and that you reset."
            )
            yield Static(Content(told), classes="quiet")
            yield OptionList(*self._options(), compact=True)

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def _options(self) -> list[Option]:
        options = [("s", _("this step"), "step")]
        if self._several:
            options.append(("i", _("the whole item"), "item"))
        options.append(("n", _("no, go on"), "no"))
        return [
            Option(Content.assemble((f"{key} ", "bold $text-accent"), text), id=name) for key, text, name in options
        ]

    def action_choose(self, what: str) -> None:
        if what == "step" or self._several:
            self.dismiss(Reset(what))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(None if event.option_id == "no" else Reset(event.option_id))
