"""The items of the checkpoint and their steps, with what is done; choose one to go there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.grading.paper import Standing
from tutor.i18n import _, cells
from tutor.inert import line
from tutor.tui.exam.sitting import Sitting


@dataclass(frozen=True, slots=True)
class Chosen:
    """Go to an item (from 0); with ``step`` ``None``, where it is gone on with."""

    item: int
    step: str | None = None


def sign_of(standing: Standing) -> tuple[str, str]:
    """✔ complete, ◐ begun, ○ not tried; and its colour."""
    if standing.complete:
        return "✔", "$text-success"
    return ("◐", "$text-warning") if standing.tried else ("○", "$text-muted")


def state_text(standing: Standing) -> str:
    if standing.complete:
        return _("complete")
    if not standing.tried:
        return _("not tried")
    return _("{done} of {total} goals", done=standing.met, total=standing.total)


def item_lines(sitting: Sitting, standings: Sequence[Standing]) -> list[Content]:
    """A line an item, in columns: ``◐ 2. A bridge    5 points  1 of 3 goals``."""
    titles = [f"{index + 1}. {line(sitting.paper.title(index))}" for index in range(len(standings))]
    worths = [_("{points} points", points=f"{item.points:g}") for item in sitting.paper.items]
    room, width = min(44, max(map(cells, titles))), max(map(cells, worths))
    closed, found = sitting.closed(), []
    for index, standing in enumerate(standings):
        sign, colour = sign_of(standing)
        state = _("closed: its solution was shown") if index in closed else state_text(standing)
        title = Content.styled(titles[index], "bold").truncate(room, ellipsis=True)
        title = title.pad_right(max(0, room - title.cell_length))
        worth = " " * (width - cells(worths[index])) + worths[index]
        found.append(Content.assemble((f"{sign} ", f"bold {colour}"), title, f"  {worth}  ", (state, colour)))
    return found


class ItemsScreen(ModalScreen[Chosen | None]):
    """Gives where to go, or ``None``. All lessons of the paper have been read."""

    DEFAULT_CSS = """
    ItemsScreen { align: center middle; background: $background 60%; }
    ItemsScreen > Vertical {
        width: 84; max-width: 100%; height: auto; max-height: 100%; padding: 0 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    ItemsScreen OptionList {
        height: auto; max-height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0;
    }
    ItemsScreen OptionList > .option-list--option-highlighted,
    ItemsScreen OptionList:focus > .option-list--option-highlighted { background: $panel; color: $foreground; }
    ItemsScreen OptionList:focus { border: none; }
    ItemsScreen Static { color: $text-muted; margin: 1 0 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5,q", "dismiss"),
        Binding("l,shift+f1", "app.next_language"),
    ]

    def __init__(self, sitting: Sitting, standings: Sequence[Standing], completed: frozenset[str], here: str) -> None:
        """``completed`` are the steps of the open lesson, and ``here`` is the open one."""
        super().__init__()
        self._sitting = sitting
        self._standings = tuple(standings)
        self._completed = completed
        self._here = here

    async def language_changed(self) -> None:
        await self.recompose()
        self._begin()

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("Items")
            box.border_subtitle = _("Enter go there · Esc back")
            yield OptionList(*self._options())
            if rule := self._rule():
                yield Static(Content(rule))

    def on_mount(self) -> None:
        self._begin()

    def _begin(self) -> None:
        entries = self.query_one(OptionList)
        entries.highlighted = entries.get_option_index(f"{self._sitting.item}")
        entries.focus()

    def _options(self) -> list[Option]:
        sitting, found = self._sitting, []
        attempts = sitting.attempts()
        for index, text in enumerate(item_lines(sitting, self._standings)):
            here = index == sitting.item
            if here:
                text += Content("  " + _("← here"))
            found.append(Option(text, id=f"{index}", disabled=not sitting.may_open(index)))
            attempt = attempts.get(sitting.paper.items[index].lesson)
            completed = set(attempt.completed) if attempt else set()
            steps = sitting.paper.steps(index)
            for step in steps if len(steps) > 1 else ():
                done = step.id in completed or (here and step.id in self._completed)
                sign = "●" if done else "◉" if here and step.id == self._here else "○"
                allowed = sitting.policy.jumps and sitting.may_open(index)
                label = Content(f"     {sign} {line(step.title)}")
                found.append(Option(label, id=f"{index}#{step.id}", disabled=not allowed))
        return found

    def _rule(self) -> str:
        policy = self._sitting.policy
        if not policy.skip:
            return _("The next item opens when the one before is complete.")
        several = any(len(self._sitting.paper.steps(index)) > 1 for index in range(len(self._standings)))
        return _("The steps of an item are done in their order.") if several and not policy.jumps else ""

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        index, _hash, step = (event.option_id or "0").partition("#")
        self.dismiss(Chosen(int(index), step or None))
