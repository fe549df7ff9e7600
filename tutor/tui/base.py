"""What all applications of the program share: the two looks, and how one that failed ends."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App

from tutor.tui.theme import DARK, LIGHT

if TYPE_CHECKING:
    from textual.driver import Driver


class PlainApp(App[int], inherit_bindings=False):
    """``failure`` is the error that ended the program, for the command line to report."""

    TITLE = "nettutor"
    ENABLE_COMMAND_PALETTE = False
    CSS: ClassVar[str] = """
    * {
        scrollbar-color: $border; scrollbar-color-hover: $primary; scrollbar-color-active: $primary;
        scrollbar-background: $surface; scrollbar-background-hover: $surface; scrollbar-background-active: $surface;
        scrollbar-corner-color: $surface;
    }
    """

    def __init__(self, driver: type[Driver] | None = None) -> None:
        super().__init__(driver_class=driver)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = _first_theme(self.available_themes.keys())
        self.failure: BaseException | None = None

    def action_leave(self) -> None:
        self.exit(0)

    def action_toggle_look(self) -> None:
        self.theme = LIGHT.name if self.current_theme.dark else DARK.name

    def fail_in_background(self, context: Mapping[str, Any]) -> None:
        """A task of the event loop ended with an exception that nobody awaits: a bug, never to be passed over."""
        if isinstance(error := context.get("exception"), Exception):
            self._handle_exception(error)

    def _handle_exception(self, error: Exception) -> None:
        """Whatever ended the program is for the command line to report: one line, and where the log is."""
        self.failure = self.failure or error
        super()._handle_exception(error)

    def _fatal_error(self) -> None:
        """Without Textual's traceback, which can only be made while the exception is being handled."""
        self._close_messages_no_wait()

    def _print_error_renderables(self) -> None:
        """Nothing: the command line reports ``failure`` in place of Textual's traceback."""


def _first_theme(known: Collection[str]) -> str:
    """Textual's own setting where it is made; else light where the terminal says that its ground is."""
    asked = os.environ.get("TEXTUAL_THEME")
    if asked in known:
        return str(asked)
    ground = os.environ.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if ground in ("7", "15") else DARK.name
