"""The end: what is done and what is not, handing in, and where the file is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.grading.handing import HandedIn
from tutor.grading.paper import Standing
from tutor.i18n import _, shown
from tutor.inert import line
from tutor.tui.exam.box import Box
from tutor.tui.exam.items import item_lines
from tutor.tui.exam.sitting import Sitting, late_text, rule_text


class Choice(Enum):
    HAND_IN = "hand in"
    LEAVE = "leave"


class FinishScreen(Box[Choice | None]):
    """Gives what the learner wants; handing in is asked twice."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h", "choose('hand')"),
        Binding("y", "choose('yes')"),
        Binding("q", "choose('leave')"),
        Binding("escape,f10,n", "choose('no')"),
        Binding("shift+f1", "app.next_language"),
    ]

    def __init__(self, sitting: Sitting, standings: Sequence[Standing]) -> None:
        super().__init__()
        self._sitting = sitting
        self._standings = tuple(standings)
        self._sure = False

    async def language_changed(self) -> None:
        await self._again()

    async def _again(self) -> None:
        await self.recompose()
        self._focus()

    def on_mount(self) -> None:
        self._focus()

    def _focus(self) -> None:
        entries = self.query_one(OptionList)
        entries.highlighted = entries.option_count - 1 if self._sure else 0
        entries.focus()

    def compose(self) -> ComposeResult:
        sitting = self._sitting
        left = sitting.seconds_left()
        with VerticalScroll() as box:
            box.border_title = _("Hand in for good?") if self._sure else _("Finish")
            box.border_subtitle = _("Esc back")
            yield Static(Content("\n").join(item_lines(sitting, self._standings)))
            if self._sure:
                yield Static(Content(self._warning()))
            else:
                rule = sitting.checkpoint.lateness
                if left is not None:
                    text = rule_text(rule) if left >= 0 else late_text(rule, -left)
                    yield Static(Content(shown(text)), classes="quiet" if left >= 0 else "urgent")
                seen = _("This is what your tutor saw. Your points come from doing your commands again.")
                yield Static(Content(seen), classes="quiet")
            yield OptionList(*self._options(), compact=True)

    def _warning(self) -> str:
        undone = sum(not each.complete for each in self._standings)
        if not undone:
            return _("After that you cannot go on. All items are complete.")
        return _("After that you cannot go on. Items that are not complete: {count}.", count=undone)

    def _options(self) -> list[Option]:
        def option(key: str, text: str, name: str) -> Option:
            return Option(Content.assemble((f"{key} ", "bold $text-accent"), text), id=name)

        if self._sure:
            return [option("y", _("yes, hand in"), "yes"), option("n", _("no, go on"), "no")]
        return [
            option("n", _("go on"), "no"),
            option("h", _("hand in, and be done"), "hand"),
            option("q", _("leave, and go on later: the clock goes on"), "leave"),
        ]

    async def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        await self.action_choose(event.option_id or "no")

    async def action_choose(self, what: str) -> None:
        if what == "hand" and not self._sure:
            self._sure = True
            await self._again()
        elif what == "yes" and self._sure:
            self.dismiss(Choice.HAND_IN)
        elif what == "leave" and not self._sure:
            self.dismiss(Choice.LEAVE)
        elif what == "no":
            self.dismiss(None)


class WaitScreen(Box[None]):
    """While there is nothing to do."""

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = _("Handing in")
            yield Static(Content(_("Reading what is there, and sealing it …")))


class HandedInScreen(Box[None]):
    """Where the file is, or why there is none."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,escape,q,f10", "dismiss"),
        Binding("shift+f1", "app.next_language"),
    ]

    def __init__(self, handed: HandedIn | None, trouble: str = "") -> None:
        """``trouble`` is why nothing was handed in."""
        super().__init__()
        self._handed = handed
        self._trouble = trouble

    async def language_changed(self) -> None:
        await self.recompose()

    def compose(self) -> ComposeResult:
        handed = self._handed
        with VerticalScroll() as box:
            box.border_title = _("Not handed in") if handed is None else _("Handed in")
            box.border_subtitle = _("Enter back") if handed is None else _("Enter leaves")
            if handed is None:
                yield Static(Content(line(self._trouble)))
                yield Static(Content(_("Nothing is lost: what you did is kept. Try again.")), classes="quiet")
                return
            if handed.path is None:
                yield Static(
                    Content.styled(_("The file could not be written here: {why}", why=line(handed.trouble)), "$error")
                )
            where = handed.path or handed.kept
            yield Static(
                Content.assemble(_("Give this one file to your instructor:"), "\n", (line(f"{where}"), "bold"))
            )
            yield Static(Content.assemble(("SHA-256 ", "$text-muted"), handed.digest), classes="quiet")
            if handed.path is None:
                yield Static(
                    Content(_("Or, in a directory where you may write: nettutor checkpoint hand-in CHECKPOINT-FILE")),
                    classes="quiet",
                )


class GiveAwayScreen(Box[bool]):
    """Whether to go on to an item on the way to which others are given away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "choose(True)"),
        Binding("escape,n,q", "choose(False)"),
        Binding("shift+f1", "app.next_language"),
    ]

    def __init__(self, item: int, given: Sequence[int]) -> None:
        """Items count from 0."""
        super().__init__()
        self._item = item
        self._given = tuple(given)

    async def language_changed(self) -> None:
        await self.recompose()
        self.query_one(OptionList).focus()

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = _("Leave an item behind?")
            box.border_subtitle = _("Esc back")
            given = ", ".join(f"{index + 1}" for index in self._given)
            told = _(
                "Item {item} builds on what is asked in: {given}. That is done for you, and you see how. So what is "
                "not complete there cannot be opened again; what you did for it still counts.",
                item=self._item + 1,
                given=given,
            )
            yield Static(Content(told))
            yield OptionList(
                Option(Content.assemble(("n ", "bold $text-accent"), _("no, stay here")), id="n"),
                Option(Content.assemble(("y ", "bold $text-accent"), _("yes, go on to it")), id="y"),
                compact=True,
            )

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_id == "y")

    def action_choose(self, yes: bool) -> None:
        self.dismiss(yes)
