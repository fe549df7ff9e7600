"""The line between lesson and shell; it can be dragged."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.widget import Widget

from tutor.tui.messages import DividerMoved


class Divider(Widget):
    """One cell thick, upright or lying as its own size says."""

    DEFAULT_CSS = """
    Divider { width: 1; height: 100%; color: $border; background: $surface; text-wrap: nowrap; }
    Divider:hover { color: $primary; }
    Divider.-held { color: $accent; }
    """
    ALLOW_SELECT = False

    def render(self) -> Content:
        width, height = self.size
        return Content("─" * width) if width > 1 else Content("\n".join("│" * max(1, height)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self.capture_mouse()
        self.add_class("-held")
        event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.has_class("-held"):
            self.post_message(DividerMoved(event.screen_x, event.screen_y))
            event.stop()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()
        self.remove_class("-held")
        event.stop()
