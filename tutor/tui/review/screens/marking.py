"""Dialogs that write into the gradebook. They close when it is on disk, and not before."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tutor.errors import NettutorError
from tutor.grading import saying
from tutor.i18n import _
from tutor.inert import line
from tutor.model.grade import GradedGoal
from tutor.tui.review.labels import OUTCOMES
from tutor.tui.widgets.goals import inline

LONGEST = 2000
"""Characters of a comment."""


class Dialog(ModalScreen[bool]):
    """Says whether something was written."""

    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 60%; }
    Dialog > Vertical {
        width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; background: $surface;
        border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    Dialog Input { height: 1; border: none; padding: 0 1; background: $panel; color: $foreground; margin: 0 0 1 0; }
    Dialog Input:focus { border: none; background: $panel; }
    Dialog .label { color: $text-muted; }
    Dialog #wrong { color: $text-error; text-style: bold; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel"),
        Binding("ctrl+s", "save"),
    ]

    def action_cancel(self) -> None:
        self.dismiss(False)

    def action_save(self) -> None:
        raise NotImplementedError

    @work(exclusive=True, group="write")
    async def write(self, call: Callable[[], None]) -> None:
        """In a thread; what was typed stays where it cannot be written."""
        try:
            await asyncio.to_thread(call)
        except NettutorError as error:
            self.say_wrong(error.message)
        else:
            self.dismiss(True)

    def say_wrong(self, text: str) -> None:
        self.query_one("#wrong", Static).update(Content(line(text)))


class MarkScreen(Dialog):
    """Points for one goal by hand, with a comment. ``keep`` writes them."""

    def __init__(self, goal: GradedGoal, asks: str, keep: Callable[[float, str], None]) -> None:
        super().__init__()
        self._goal = goal
        self._asks = asks
        self._keep = keep

    def compose(self) -> ComposeResult:
        result = self._goal.result
        sign, style = OUTCOMES[result.outcome]
        with Vertical() as box:
            box.border_title = _("Points by hand")
            box.border_subtitle = _("Enter on · Ctrl+S keep · Esc leave as it is")
            yield Static(Content(line(f"{result.item} / {result.step} / {result.goal}")), markup=False)
            if self._asks:
                yield Static(inline(self._asks, "bold"), markup=False)
            found = _(
                "{sign} {outcome}: {points} of {worth} points",
                sign=sign,
                outcome=saying.outcome(result.outcome),
                points=saying.points(result.points),
                worth=saying.points(result.worth),
            )
            yield Static(Content.styled(found, style), markup=False)
            yield Static("")
            yield Static(
                _("points, from 0 to {worth}", worth=saying.points(result.worth)), classes="label", markup=False
            )
            yield Input(saying.points(self._goal.points), id="points", max_length=12, select_on_focus=True)
            yield Static(_("why (the learner may read it)"), classes="label", markup=False)
            yield Input(id="comment", max_length=LONGEST)
            yield Static("", id="wrong", markup=False)

    def on_mount(self) -> None:
        self.query_one("#points", Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if event.input.id == "comment":
            self.action_save()
        elif self._points() is not None:
            self.set_focus(self.query_one("#comment"))
            self.query_one(Vertical).border_subtitle = _("Enter keep · Esc leave as it is")

    def action_save(self) -> None:
        number = self._points()
        if number is not None:
            comment = self.query_one("#comment", Input).value.strip()
            self.write(lambda: self._keep(number, comment))

    def _points(self) -> float | None:
        text = self.query_one("#points", Input).value.strip().replace(",", ".")
        try:
            number = float(text)
        except ValueError:
            number = math.nan
        worth = self._goal.result.worth
        if not 0 <= number <= worth + 1e-9:
            self.say_wrong(_("That is no number from 0 to {worth}.", worth=saying.points(worth)))
            self.set_focus(self.query_one("#points"))
            return None
        self.say_wrong("")
        return min(number, worth)


class CommentScreen(Dialog):
    """A remark on the whole submission."""

    def __init__(self, who: str, keep: Callable[[str], None]) -> None:
        super().__init__()
        self._who = who
        self._keep = keep

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("A remark on the whole submission")
            box.border_subtitle = _("Enter keep · Esc none")
            yield Static(Content(line(self._who)), markup=False)
            yield Static(_("remark (the learner may read it)"), classes="label", markup=False)
            yield Input(id="comment", max_length=LONGEST)
            yield Static("", id="wrong", markup=False)

    def on_mount(self) -> None:
        self.query_one(Input).focus()

    def on_input_submitted(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        text = self.query_one(Input).value.strip()
        if text:
            self.write(lambda: self._keep(text))
        else:
            self.say_wrong(_("There is nothing to keep."))
