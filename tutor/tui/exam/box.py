"""A box over the exam with something to decide."""

from __future__ import annotations

from textual.screen import ModalScreen, ScreenResultType


class Box(ModalScreen[ScreenResultType]):
    """Texts, and the answers that there are below them."""

    DEFAULT_CSS = """
    Box { align: center middle; background: $background 60%; }
    Box > VerticalScroll {
        width: 84; max-width: 100%; height: auto; max-height: 100%; padding: 1 2; scrollbar-size-vertical: 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    Box Static { height: auto; margin: 0 0 1 0; }
    Box .quiet { color: $text-muted; }
    Box OptionList { height: auto; border: none; padding: 0; background: $surface; }
    Box OptionList:focus { border: none; }
    Box .urgent { color: $text-warning; }
    Box OptionList > .option-list--option-highlighted,
    Box OptionList:focus > .option-list--option-highlighted { background: $panel; color: $foreground; }
    """
