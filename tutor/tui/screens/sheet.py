"""A box over the screen with something to read that scrolls; Esc goes back."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

from tutor.i18n import shown


class Sheet(ModalScreen[None]):
    """``heading`` and ``keys`` are what its border says, above and below."""

    DEFAULT_CSS = """
    Sheet { align: center middle; background: $background 60%; }
    Sheet > VerticalScroll {
        width: 84; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; scrollbar-size-vertical: 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    """
    heading: ClassVar[str]
    keys: ClassVar[str]

    async def language_changed(self) -> None:
        await self.recompose()

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = shown(self.heading)
            box.border_subtitle = shown(self.keys)
            yield self.content()

    def content(self) -> Widget:
        """What there is to read, anew in each language."""
        raise NotImplementedError
