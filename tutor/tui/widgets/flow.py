"""A widget whose lines depend on its width: the base of prose and of goals."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.selection import Selection
from textual.widget import Widget

from tutor.i18n import language


class Flow(Widget):
    """Subclasses give ``lines(width)``; ``reflow`` after a change of what they show."""

    DEFAULT_CSS = """
    Flow { height: auto; width: 1fr; text-wrap: nowrap; text-overflow: clip; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._flowed: tuple[int, str, Content] | None = None

    def lines(self, width: int) -> Content:
        """All that is shown, as lines of at most ``width`` cells."""
        raise NotImplementedError

    def reflow(self) -> None:
        self._flowed = None
        self.refresh(layout=True)

    def flowed(self, width: int) -> Content:
        if self._flowed is None or self._flowed[:2] != (width, language()):
            self._flowed = (width, language(), self.lines(max(1, width)))
        return self._flowed[2]

    def render(self) -> Content:
        return self.flowed(self.content_size.width)

    def get_content_width(self, container: Size, viewport: Size) -> int:
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.flowed(width).plain.count("\n") + 1

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """What is copied: without the padding that gives code its ground."""
        text = selection.extract(self.render().plain)
        return "\n".join(row.rstrip() for row in text.split("\n")), "\n"


def hang(content: Content, width: int, indent: int) -> list[Content]:
    """``content`` wrapped to ``width``, each line but the first moved right by ``indent``."""
    indent = min(indent, max(0, width - 8))
    first, *rest = content.wrap(max(1, width)) or [Content("")]
    if not rest:
        return [first]
    remaining = Content(content.plain[len(first.plain) :].lstrip()).plain
    start = len(content.plain) - len(remaining)
    tail = content[start:]
    return [first, *(line.pad_left(indent) for line in tail.wrap(max(1, width - indent)))]
