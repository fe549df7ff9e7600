"""The line at the top of a review screen, and the keys at its bottom."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tutor.tui.widgets.bars import KeyBar


class Head(Widget):
    """What is looked at on the left, and a summary on the right that gives way when there is no room."""

    DEFAULT_CSS = """
    Head { height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    """
    left: reactive[Content] = reactive(Content(""))
    right: reactive[Content] = reactive(Content(""))

    def render(self) -> Content:
        width = self.content_size.width
        room = width - self.right.cell_length - 2
        if room < min(self.left.cell_length, 24):
            return self.left.truncate(width, ellipsis=True)
        left = self.left.truncate(room, ellipsis=True)
        return Content.assemble(left, " " * (width - left.cell_length - self.right.cell_length), self.right)


class Keys(KeyBar):
    """Keys whose actions are those of the screen that they stand on."""

    async def on_click(self, event: events.Click) -> None:
        event.prevent_default()
        if isinstance(action := event.style.meta.get("key"), str):
            await self.run_action(action if "." in action else f"screen.{action}")
