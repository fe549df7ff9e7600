"""The application of the review: the class table, and over it whatever is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from textual.screen import Screen

from tutor.errors import NettutorError
from tutor.i18n import _, next_language, use_language
from tutor.inert import line
from tutor.tui.base import PlainApp
from tutor.tui.review.desk import Desk
from tutor.tui.review.screens.table import ClassScreen

if TYPE_CHECKING:
    from textual.driver import Driver

_Value = TypeVar("_Value")


@runtime_checkable
class Multilingual(Protocol):
    """A screen that can be drawn anew in another language."""

    async def language_changed(self) -> None: ...


class ReviewApp(PlainApp, inherit_bindings=False):
    """``desk`` is only used in threads: a gradebook may be on another machine."""

    def __init__(self, desk: Desk, checkpoint: str, *, driver: type[Driver] | None = None) -> None:
        super().__init__(driver)
        self.desk = desk
        self.main = ClassScreen(desk, checkpoint)

    def get_default_screen(self) -> Screen[None]:
        return self.main

    async def ask(self, call: Callable[[], _Value]) -> _Value | None:
        """What ``call`` gives, in a thread; ``None`` after an error was told, which changed nothing."""
        try:
            return await asyncio.to_thread(call)
        except NettutorError as error:
            self.notify(line(error.message), title=_("Not done"), severity="error", timeout=20, markup=False)
            return None

    def action_help(self) -> None:
        from tutor.tui.review.screens.help import ReviewHelpScreen

        self.push_screen(ReviewHelpScreen())

    async def action_next_language(self) -> None:
        use_language(next_language())
        for screen in self.screen_stack:
            if isinstance(screen, Multilingual):
                await screen.language_changed()
