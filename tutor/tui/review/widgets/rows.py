"""Thousands of rows under a head: only those in sight are drawn."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

Draw = Callable[[int, int], Content]
"""The row of this number, in so many cells."""


class Rows(ScrollView, can_focus=True):
    """One row is chosen with the arrow keys; Enter or a click on it opens it. ``empty`` stands where there are none."""

    DEFAULT_CSS = """
    Rows { height: 1fr; background: $surface; scrollbar-size-vertical: 1; scrollbar-size-horizontal: 0; }
    Rows > .rows--head { color: $text-muted; background: $surface; }
    Rows > .rows--cursor { background: $panel; }
    Rows:focus > .rows--cursor { background: $primary; color: $background; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--head", "rows--cursor"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)"),
        Binding("down,j", "move(1)"),
        Binding("pageup", "page(-1)"),
        Binding("pagedown,space", "page(1)"),
        Binding("home", "move(-1000000)"),
        Binding("end", "move(1000000)"),
        Binding("enter", "choose"),
    ]

    class Moved(Message):
        """Another row is chosen, or other rows are there."""

        def __init__(self, rows: Rows, index: int) -> None:
            super().__init__()
            self.rows = rows
            self.index = index

        @property
        def control(self) -> Rows:
            return self.rows

    class Chosen(Moved):
        """Open this one."""

    def __init__(self, *, empty: str = "", id: str | None = None) -> None:
        super().__init__(id=id)
        self.index = 0
        self._count = 0
        self._empty = empty
        self._draw: Draw = lambda index, width: Content("")
        self._head: Callable[[int], Content] | None = None

    @property
    def count(self) -> int:
        return self._count

    def fill(
        self,
        count: int,
        draw: Draw,
        *,
        head: Callable[[int], Content] | None = None,
        at: int = 0,
        empty: str | None = None,
    ) -> None:
        """Show these rows, with the one at ``at`` chosen."""
        self._count, self._draw, self._head = count, draw, head
        self._empty = self._empty if empty is None else empty
        self.index = max(0, min(at, count - 1))
        self._measure()
        self.refresh()
        self._reveal()
        self.post_message(self.Moved(self, self.index))

    def move_to(self, index: int) -> None:
        index = max(0, min(index, self._count - 1))
        if self._count and index != self.index:
            self.index = index
            self._reveal()
            self.refresh()
            self.post_message(self.Moved(self, index))

    def action_move(self, by: int) -> None:
        self.move_to(self.index + by)

    def action_page(self, pages: int) -> None:
        self.move_to(self.index + pages * max(1, self._room - 1))

    def action_choose(self) -> None:
        if self._count:
            self.post_message(self.Chosen(self, self.index))

    def on_resize(self) -> None:
        self._measure()
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        index = event.get_content_offset_capture(self).y - self._above + self.scroll_offset.y
        if event.get_content_offset_capture(self).y >= self._above and index < self._count:
            if index == self.index and event.chain > 1:
                self.action_choose()
            self.move_to(index)

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        if self._head is not None and y == 0:
            return self._strip(self._head(width), width, "rows--head")
        index = y - self._above + self.scroll_offset.y
        if not self._count and y == self._above:
            return self._strip(Content.styled(self._empty, "$text-muted"), width, None)
        if index >= self._count:
            return Strip([Segment(" " * width, self.rich_style)], width)
        return self._strip(self._draw(index, width), width, "rows--cursor" if index == self.index else None)

    # -- inside

    @property
    def _above(self) -> int:
        return 0 if self._head is None else 1

    @property
    def _room(self) -> int:
        return max(1, self.size.height - self._above)

    def _measure(self) -> None:
        self.virtual_size = Size(self.size.width, self._count + self._above)

    def _reveal(self) -> None:
        """The head takes a line of the view, so the region is a line higher than the row."""
        region = Region(0, self.index, max(1, self.size.width), 1 + self._above)
        self.scroll_to_region(region, animate=False, force=True)

    def _strip(self, content: Content, width: int, component: str | None) -> Strip:
        style = self.get_visual_style(component) if component else self.visual_style
        if component == "rows--cursor" and self.has_focus:
            content = Content(content.plain)  # one colour that can be read on the bar
        content = content.truncate(width, ellipsis=True, pad=True)
        strips = Visual.to_strips(self, content, width, 1, style, pad=True)
        return strips[0] if strips else Strip.blank(width)


def cell(text: str, width: int, style: str = "", *, right: bool = False) -> Content:
    """One cell of a row, exactly so wide."""
    content = Content.styled(text, style) if style else Content(text)
    content = content.truncate(width, ellipsis=True)
    gap = " " * max(0, width - content.cell_length)
    return Content.assemble(gap, content) if right else Content.assemble(content, gap)
