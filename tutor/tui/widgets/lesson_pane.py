"""The lesson: the page of one step, and its goals, which stay in sight while the prose scrolls."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from tutor.i18n import shown
from tutor.tui.pages import Page
from tutor.tui.prose import Section, Tone, paint
from tutor.tui.theme import Palette
from tutor.tui.widgets.flow import Flow
from tutor.tui.widgets.goals import GoalList

if TYPE_CHECKING:
    from tutor.mistakes import Remark


class Prose(Flow):
    """Sections of Markdown."""

    DEFAULT_CSS = "Prose { padding: 0 1; }"

    def __init__(self, sections: tuple[Section, ...]) -> None:
        super().__init__()
        self._sections = sections
        self._starts: tuple[int, ...] = ()

    def on_mount(self) -> None:
        self.watch(self.app, "theme", self.reflow, init=False)

    def show(self, sections: tuple[Section, ...]) -> None:
        if sections != self._sections:
            self._sections = sections
            self.reflow()

    def on_resize(self) -> None:
        """The scroll takes no more room than it needs, so that the goals stand right below the prose."""
        if isinstance(self.parent, PageScroll):
            self.parent.fit(self.outer_size.height)

    def start_of(self, section: int) -> int:
        """The line at which a section begins."""
        self.flowed(self.content_size.width)
        return self._starts[section] if section < len(self._starts) else 0

    def lines(self, width: int) -> Content:
        content, self._starts = paint(self._sections, width, Palette.of(self.app.current_theme))
        return content


class PageScroll(VerticalScroll):
    """The scrolling prose. It has the focus when the lesson has."""

    DEFAULT_CSS = "PageScroll { scrollbar-size-vertical: 1; }"

    def __init__(self) -> None:
        super().__init__()
        # The first page of a lesson seldom fits; found out by the first layout, this would cost a second one.
        self.set_reactive(Widget.show_vertical_scrollbar, True)

    def fit(self, height: int) -> None:
        """The height of the prose is now this."""
        self.styles.max_height = height + self.gutter.height

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "page_down", show=False),
        Binding("j", "scroll_down", show=False),
        Binding("k", "scroll_up", show=False),
    ]


class RemarkBox(Flow):
    """What the tutor has to say of the command that ended last. It takes no room while there is nothing."""

    DEFAULT_CSS = "RemarkBox { padding: 0 1; max-height: 40%; dock: bottom; display: none; }"
    remark: reactive[Remark | None] = reactive(None)

    def watch_remark(self) -> None:
        self.display = self.remark is not None
        if self.remark is not None:
            self.reflow()

    def lines(self, width: int) -> Content:
        said = " ".join(shown(sentence) for sentence in self.remark.sentences) if self.remark else ""
        content, _ = paint((Section(Tone.REMARK, "", said),), width, Palette.of(self.app.current_theme))
        return content


class LessonPane(Widget):
    """Shows a ``Page``."""

    DEFAULT_CSS = """
    LessonPane { layout: vertical; background: $surface; }
    LessonPane PageScroll { height: 1fr; padding: 1 0; border-left: blank; }
    LessonPane PageScroll:focus { border-left: outer $primary; }
    LessonPane GoalList { max-height: 55%; }
    LessonPane.-wide { layout: horizontal; }
    LessonPane.-wide PageScroll { width: 1fr; height: 100%; max-height: 100% !important; padding: 0; }
    LessonPane.-wide GoalList {
        width: 44%; height: 100%; max-height: 100%; border-top: none; border-left: solid $border;
    }
    LessonPane.-low PageScroll { padding: 0; }
    """

    def __init__(self, page: Page, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.page = page

    def compose(self) -> ComposeResult:
        with PageScroll():
            yield Prose(self.page.sections)
        yield GoalList(self.page.goals)
        yield RemarkBox()

    async def show(self, page: Page) -> None:
        """Show ``page``; another step starts at its top, a new hint is scrolled to."""
        before, self.page = self.page, page
        if page == before or not self.is_mounted:
            return
        self.query_one(Prose).show(page.sections)
        await self.query_one(GoalList).show(page.goals)
        scroll = self.query_one(PageScroll)
        if page.index != before.index:
            scroll.scroll_home(animate=False)
        elif page.newest_hint is not None and page.newest_hint != before.newest_hint:
            self.call_after_refresh(self.scroll_to_section, page.newest_hint)

    def scroll_to_section(self, section: int) -> None:
        """Bring the start of a section of the page to the top."""
        scroll = self.query_one(PageScroll)
        scroll.scroll_to(y=self.query_one(Prose).start_of(section), animate=False)
