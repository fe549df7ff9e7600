"""The panes of a submission as one line of numbered names."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tutor.i18n import cells


class Tabs(Widget):
    """A click on a name turns to it, as its number does."""

    DEFAULT_CSS = """
    Tabs { height: 1; background: $surface; padding: 0 1; text-wrap: nowrap; }
    """
    names: reactive[tuple[str, ...]] = reactive(())
    chosen: reactive[int] = reactive(0)

    def render(self) -> Content:
        width = self.content_size.width
        whole = sum(cells(name) + 4 for name in self.names)
        parts = []
        for index, name in enumerate(self.names):
            here = index == self.chosen
            word = name if here or whole <= width else name.partition(" (")[0]
            style = "bold reverse $text-accent" if here else "$text-muted"
            part = Content.styled(f" {index + 1} {word} ", style)
            parts.append(part.stylize(Style.from_meta({"pane": index + 1})))
        return Content("").join(parts).truncate(width, ellipsis=True)

    async def on_click(self, event: events.Click) -> None:
        if isinstance(number := event.style.meta.get("pane"), int):
            from tutor.tui.review.screens.submission import PANES

            await self.run_action(f"screen.pane('{PANES[number - 1]}')")
