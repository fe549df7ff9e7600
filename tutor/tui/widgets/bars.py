"""The lines at the edges: title and progress at the top, what went wrong, and the keys at the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual import events
from textual.content import Content
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from tutor.i18n import _, cells, shown
from tutor.inert import line
from tutor.model.state import SessionState


def dots(state: SessionState) -> Content:
    """A sign a step: ● done, ◉ open, ○ to come."""
    parts: list[tuple[str, str]] = []
    for index, step in enumerate(state.lesson.steps):
        if index == state.step_index and step.id not in state.completed:
            parts.append(("◉", "bold $text-accent"))
        elif step.id in state.completed:
            parts.append(("●", "bold $text-accent underline" if index == state.step_index else "$text-success"))
        else:
            parts.append(("○", "$text-muted"))
    return Content.assemble(*parts)


class TitleLine(Widget):
    """The lesson, and how far the learner is; for a moment, praise."""

    DEFAULT_CSS = """
    TitleLine { height: 1; background: $panel; color: $foreground; padding: 0 1; text-wrap: nowrap; }
    TitleLine.-praise { background: $success; color: $background; text-style: bold; }
    """
    state: reactive[SessionState | None] = reactive(None)
    praise: reactive[str] = reactive("")

    def watch_praise(self, praise: str) -> None:
        self.set_class(bool(praise), "-praise")

    def render(self) -> Content:
        width = self.content_size.width
        if self.praise:
            return Content(f"✔ {line(self.praise)}").truncate(width, ellipsis=True)
        state = self.state
        if state is None:
            return Content("nettutor")
        count = _("step {number} of {total}", number=state.step_index + 1, total=len(state.lesson.steps))
        title = Content.assemble(("nettutor", "$text-muted"), "  ", (line(state.lesson.title), "bold"))
        signs = dots(state)
        for right in (Content.assemble((count, ""), "  ", signs), Content(count), Content("")):
            room = width - right.cell_length - 2
            if room >= min(title.cell_length, 24):
                left = title.truncate(room, ellipsis=True)
                gap = max(0, width - left.cell_length - right.cell_length)
                return Content.assemble(left, " " * gap, right)
        return Content(line(state.lesson.title)).truncate(width, ellipsis=True)


@dataclass(frozen=True, slots=True)
class Notice:
    """One line that stays until it is no longer true. ``urgent`` ones want the learner to act."""

    text: str
    urgent: bool = True


class NoticeBar(Widget):
    """Says what is wrong, or what is going on; not there when there is nothing to say."""

    DEFAULT_CSS = """
    NoticeBar { height: auto; max-height: 2; display: none; padding: 0 1; background: $panel; color: $foreground; }
    NoticeBar.-urgent { background: $error; color: $background; text-style: bold; }
    """
    notice: reactive[Notice | None] = reactive(None, layout=True)

    def watch_notice(self, notice: Notice | None) -> None:
        self.display = notice is not None
        self.set_class(notice is not None and notice.urgent, "-urgent")

    def render(self) -> Content:
        notice = self.notice
        if notice is None:
            return Content("")
        return Content(("■ " if notice.urgent else "… ") + line(notice.text))


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the app: what it is called, what it does, and how long it stays when there is little room."""

    key: str
    label: str
    action: str
    weight: int = 5


class KeyBar(Widget):
    """The app's own keys. Those that do not fit are left out, the least needed first."""

    DEFAULT_CSS = """
    KeyBar { height: 1; background: $footer; padding: 0 1; text-wrap: nowrap; pointer: pointer; }
    """
    keys: reactive[tuple[Key, ...]] = reactive(())
    note: reactive[str] = reactive("")

    def render(self) -> Content:
        if self.note:
            return Content.styled(shown(self.note), "bold $text-accent").truncate(
                self.content_size.width, ellipsis=True
            )
        chosen = fitting(self.keys, self.content_size.width)
        parts: list[Content] = []
        for key in chosen:
            act = Style.from_meta({"key": key.action})
            entry = Content.assemble((key.key, "bold $text-accent"), " ", (shown(key.label), "$foreground"))
            parts.append(entry.stylize(act))
        return Content("  ").join(parts)

    async def on_click(self, event: events.Click) -> None:
        if isinstance(action := event.style.meta.get("key"), str):
            await self.app.run_action(f"app.{action}")


def fitting(keys: Sequence[Key], width: int) -> tuple[Key, ...]:
    """The keys that fit in ``width`` cells, in their order."""
    chosen = list(keys)
    while chosen and sum(len(key.key) + cells(shown(key.label)) + 3 for key in chosen) - 2 > width:
        chosen.remove(min(chosen, key=lambda key: key.weight))
    return tuple(chosen)
