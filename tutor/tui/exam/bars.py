"""The line at the top: the checkpoint, the item, its steps, and the clock."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.reactive import reactive

from tutor.i18n import _, shown
from tutor.inert import line
from tutor.model.state import SessionState
from tutor.tui.widgets.bars import TitleLine


@dataclass(frozen=True, slots=True)
class Heading:
    """``number`` counts from 1; ``steps`` are the ids of the item's steps; ``urgent`` is 0 while there is time, 1 when
    it is nearly over, 2 when it is."""

    title: str
    number: int
    count: int
    points: float
    steps: tuple[str, ...]
    clock: str = ""
    urgent: int = 0


_CLOCKS = ("bold", "bold reverse $text-warning", "bold reverse $text-error")


class ExamTitle(TitleLine):
    """As the tutorial's, with the clock."""

    DEFAULT_CSS = "ExamTitle { height: 1; }"
    heading: reactive[Heading | None] = reactive(None)

    def render(self) -> Content:
        width, heading = self.content_size.width, self.heading
        if heading is None:
            return super().render()
        clock = Content.styled(f" {shown(heading.clock)} ", _CLOCKS[heading.urgent])
        if self.praise:
            left = Content(f"✔ {line(self.praise)}").truncate(max(0, width - clock.cell_length - 1), ellipsis=True)
            return _apart(left, clock, width)
        title = Content.styled(line(heading.title), "bold")
        item = _("item {number} of {count}", number=heading.number, count=heading.count)
        points = _("{points} points", points=f"{heading.points:g}")
        signs = item_dots(self.state, heading.steps) if len(heading.steps) > 1 else Content("")
        for parts in ((title, item, points, signs), (title, item, points), (title, item), (item,), ()):
            shown_parts = [part if isinstance(part, Content) else Content(part) for part in parts]
            left = Content("  ").join(part for part in shown_parts if part.cell_length)
            room = width - clock.cell_length - 1
            if left.cell_length <= room:
                return _apart(left, clock, width)
            tail = left.cell_length - title.cell_length
            if parts and parts[0] is title and room - tail >= 12:
                cut = title.truncate(room - tail, ellipsis=True)
                return _apart(Content("  ").join([cut, *shown_parts[1:]]), clock, width)
        return clock.truncate(width)


def _apart(left: Content, right: Content, width: int) -> Content:
    return Content.assemble(left, " " * max(0, width - left.cell_length - right.cell_length), right)


def item_dots(state: SessionState | None, steps: tuple[str, ...]) -> Content:
    """A sign a step of the item: ● done, ◉ open, ○ to come."""
    parts: list[tuple[str, str]] = []
    for step in steps:
        done = state is not None and step in state.completed
        here = state is not None and step == state.step.id
        sign = "●" if done else "◉" if here else "○"
        style = "$text-success" if done else "bold $text-accent" if here else "$text-muted"
        parts.append((sign, f"{style} underline" if done and here else style))
    return Content.assemble(*parts)
