"""All lessons and their steps, with what is done; choose one to go there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tutor.i18n import _
from tutor.inert import line
from tutor.model.lesson import Lesson


@dataclass(frozen=True, slots=True)
class Choice:
    """Go to a lesson; with ``step`` ``None``, where the learner left it."""

    lesson: str
    step: str | None


@dataclass(frozen=True, slots=True)
class Here:
    """Where the learner is."""

    lesson: str
    step: str


class ContentsScreen(ModalScreen[Choice | None]):
    """Gives where to go, or ``None``. ``completed`` are the completed steps' ids by lesson."""

    DEFAULT_CSS = """
    ContentsScreen { align: center middle; background: $background 60%; }
    ContentsScreen > Vertical {
        width: 104; max-width: 100%; height: 80%; max-height: 34; padding: 0 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    ContentsScreen Container { layout: horizontal; height: 1fr; }
    ContentsScreen OptionList {
        height: 1fr; border: none; background: $surface; scrollbar-size-vertical: 1; padding: 0;
    }
    ContentsScreen OptionList > .option-list--option-highlighted { background: $panel; color: $foreground; }
    ContentsScreen OptionList:focus > .option-list--option-highlighted { background: $primary; color: $background; }
    ContentsScreen OptionList:focus { border: none; }
    ContentsScreen #lessons { width: 2fr; }
    ContentsScreen #right { width: 3fr; border-left: solid $border; padding: 0 0 0 1; }
    ContentsScreen #summary { color: $text-muted; height: auto; max-height: 4; margin-bottom: 1; }
    ContentsScreen.-small > Vertical { height: 100%; }
    ContentsScreen.-small #summary { display: none; }
    ContentsScreen.-narrow Container { layout: vertical; }
    ContentsScreen.-narrow #lessons { width: 100%; height: 2fr; }
    ContentsScreen.-narrow #right {
        width: 100%; height: 3fr; border-left: none; border-top: solid $border; padding: 0;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f5,q", "dismiss"),
        Binding("right,tab", "steps", priority=True),
        Binding("left,shift+tab", "lessons", priority=True),
        Binding("l,shift+f1", "app.next_language"),
    ]

    def __init__(self, lessons: Sequence[Lesson], completed: Mapping[str, frozenset[str]], here: Here) -> None:
        super().__init__()
        self._lessons = tuple(lessons)
        self._completed = completed
        self._here = here

    def compose(self) -> ComposeResult:
        with Vertical() as box:
            box.border_title = _("Lessons and steps")
            box.border_subtitle = _("Enter go there · ← → lessons, steps · Esc back")
            with Container():
                yield OptionList(
                    *(Option(self._lesson_line(lesson), id=lesson.id) for lesson in self._lessons), id="lessons"
                )
                with Vertical(id="right"):
                    yield Static(id="summary")
                    yield OptionList(id="steps")

    def on_mount(self) -> None:
        self._fill()

    async def language_changed(self) -> None:
        await self.recompose()
        self._fill()

    def _fill(self) -> None:
        lessons = self.query_one("#lessons", OptionList)
        position = next((n for n, lesson in enumerate(self._lessons) if lesson.id == self._here.lesson), 0)
        lessons.highlighted = position
        self._show_steps(self._lessons[position])
        self.query_one("#steps", OptionList).focus()

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width < 70, "-narrow")
        self.set_class(event.size.height < 20, "-small")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if event.option_list.id == "lessons":
            self._show_steps(self._lessons[event.option_index])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        lesson = self._lessons[self.query_one("#lessons", OptionList).highlighted or 0]
        if event.option_list.id == "lessons":
            self.dismiss(Choice(lesson.id, None))
        else:
            self.dismiss(Choice(lesson.id, event.option_id))

    def action_steps(self) -> None:
        self.query_one("#steps", OptionList).focus()

    def action_lessons(self) -> None:
        self.query_one("#lessons", OptionList).focus()

    def _done(self, lesson: Lesson) -> frozenset[str]:
        return self._completed.get(lesson.id, frozenset()) & {step.id for step in lesson.steps}

    def _lesson_line(self, lesson: Lesson) -> Content:
        done, total = len(self._done(lesson)), len(lesson.steps)
        sign = "✔" if done == total else "◉" if lesson.id == self._here.lesson else "○"
        return Content.assemble(f"{sign} {lesson.number}. {line(lesson.title)}", f"  {done}/{total}")

    def _show_steps(self, lesson: Lesson) -> None:
        self.query_one("#summary", Static).update(Content(line(lesson.summary)))
        steps = self.query_one("#steps", OptionList)
        done = self._done(lesson)
        steps.clear_options()
        for number, step in enumerate(lesson.steps, start=1):
            here = (lesson.id, step.id) == (self._here.lesson, self._here.step)
            sign = "✔" if step.id in done else "◉" if here else "○"
            tail = "  " + _("← here") if here else ""
            steps.add_option(Option(Content(f"{sign} {number}. {line(step.title)}{tail}"), id=step.id))
        ids = [step.id for step in lesson.steps]
        at = ids.index(self._here.step) if lesson.id == self._here.lesson and self._here.step in ids else 0
        steps.highlighted = at
