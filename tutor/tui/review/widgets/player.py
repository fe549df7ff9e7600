"""Plays a recording in a terminal: the emulator's cells and nothing that a terminal obeys."""

from __future__ import annotations

import time
from typing import ClassVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tutor.i18n import _
from tutor.term.emulator import Emulator
from tutor.term.vt.frames import Frame
from tutor.tui.review.desk import clock
from tutor.tui.review.recording import Recording
from tutor.tui.widgets.cells import strip_of

SPEEDS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
_TURN = 1 / 30
_JUMP, _LEAP = 5.0, 60.0
_AFRESH = b"\x18\x1b\\\x1bc"  # whatever was begun ends, and everything is as in a new terminal (RIS)


class Screen(Widget):
    """A part of the emulator's screen: that with the cursor, where there is no room for all of it."""

    DEFAULT_CSS = "Screen { width: 1fr; height: 1fr; }"
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self.emulator: Emulator | None = None
        self._left = self._top = 0

    def show(self, frame: Frame) -> None:
        width, height = self.content_size
        if frame.cursor is not None:
            x, y = frame.cursor
            self._left = max(0, min(self._left, x), x - width + 1)
            self._top = max(0, min(self._top, y), y - height + 1)
        self._left = max(0, min(self._left, frame.width - width))
        self._top = max(0, min(self._top, frame.height - height))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        style = self.rich_style
        base = Style(color=style.color, bgcolor=style.bgcolor)
        width = self.content_size.width
        emulator = self.emulator
        frame = emulator.frame if emulator is not None else None
        row = y + self._top
        if emulator is None or frame is None or row >= len(emulator.rows):
            return Strip.blank(width, base)
        strip = strip_of(emulator.rows[row], frame.width, base)
        return strip.crop(self._left, self._left + width).adjust_cell_length(width, base)


class Bar(Widget):
    """Where in the recording one is."""

    DEFAULT_CSS = "Bar { height: 1; background: $panel; padding: 0 1; text-wrap: nowrap; }"
    at: reactive[tuple[float, float, bool, float]] = reactive((0.0, 0.0, False, 1.0))
    title: reactive[str] = reactive("")

    def render(self) -> Content:
        now, length, playing, speed = self.at
        word = _("playing") if playing else _("at its end") if length and now >= length else _("paused")
        head = f"{'▶' if playing else '■'} {word}  {clock(now)} / {clock(length)}  {speed:g}×  "
        width = self.content_size.width
        room = width - Content(head + self.title).cell_length - 2
        if room < 10:
            return Content(head + self.title).truncate(width, ellipsis=True)
        done = round(room * min(1.0, now / length)) if length else 0
        return Content.assemble(
            (head, "bold"), ("━" * done, "$text-accent"), ("─" * (room - done), "$text-muted"), f"  {self.title}"
        )


class Player(Widget, can_focus=True):
    """One recording at a time, given by ``load``."""

    DEFAULT_CSS = """
    Player { layout: vertical; height: 1fr; }
    Player Screen { background: $shell; padding: 0 1; }
    Player:focus Bar { color: $text-accent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "play"),
        Binding("left", "seek(-1)"),
        Binding("right", "seek(1)"),
        Binding("pageup,shift+left", "leap(-1)"),
        Binding("pagedown,shift+right", "leap(1)"),
        Binding("home", "start"),
        Binding("end", "end"),
        Binding("plus,equals_sign,up", "speed(1)"),
        Binding("minus,down", "speed(-1)"),
    ]

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._recording = Recording(24, 80, ())
        self._emulator: Emulator | None = None
        self._next = 0
        self._pressed = False
        self._timer: Timer | None = None
        self._then = 0.0
        self.position = 0.0
        self.playing = False
        self.speed = 1.0

    def compose(self) -> ComposeResult:
        yield Screen()
        yield Bar()

    def load(self, recording: Recording, title: str) -> None:
        """From its beginning, not yet playing."""
        self._recording = recording
        self.query_one(Bar).title = title
        self._pause()
        if self._emulator is None:
            self._emulator = Emulator(recording.rows, recording.columns)
            self._emulator.on_frame = self.query_one(Screen).show
            self._emulator.on_pressure = self._press
            self.query_one(Screen).emulator = self._emulator
        self._rewind()
        self.go_to(0.0)

    def on_unmount(self) -> None:
        if self._emulator is not None:
            self._emulator.close()
            self._emulator = None

    def go_to(self, position: float) -> None:
        """Show it as it was then."""
        position = max(0.0, min(position, self._recording.length))
        if self._recording.until(position) < self._next:
            self._rewind()
        self.position = position
        self._catch_up()

    # -- what is pressed

    def action_play(self) -> None:
        if self.playing:
            self._pause()
        elif self._recording.events:
            if self.position >= self._recording.length:
                self.go_to(0.0)
            self.playing = True
            self._then = time.monotonic()
            self._timer = self.set_interval(_TURN, self._turn)
        self._say()

    def action_seek(self, direction: int) -> None:
        self.go_to(self.position + direction * _JUMP)

    def action_leap(self, direction: int) -> None:
        self.go_to(self.position + direction * _LEAP)

    def action_start(self) -> None:
        self.go_to(0.0)

    def action_end(self) -> None:
        self.go_to(self._recording.length)

    def action_speed(self, by: int) -> None:
        self.speed = SPEEDS[max(0, min(SPEEDS.index(self.speed) + by, len(SPEEDS) - 1))]
        self._say()

    # -- inside

    def _turn(self) -> None:
        now = time.monotonic()
        self.position = min(self._recording.length, self.position + (now - self._then) * self.speed)
        self._then = now
        self._catch_up()
        if self.position >= self._recording.length:
            self._pause()

    def _pause(self) -> None:
        self.playing = False
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self._say()

    def _rewind(self) -> None:
        self._next = 0
        if self._emulator is not None:
            self._emulator.feed(_AFRESH)
            self._emulator.resize(self._recording.rows, self._recording.columns)

    def _press(self, on: bool) -> None:
        self._pressed = on
        if not on:
            self._catch_up()

    def _catch_up(self) -> None:
        """Feed all that was shown up to now, as fast as it is taken."""
        until = self._recording.until(self.position)
        while self._emulator is not None and self._next < until and not self._pressed:
            event = self._recording.events[self._next]
            self._next += 1
            if event.size is not None:
                self._emulator.resize(*event.size)
            else:
                self._emulator.feed(event.output)
        self._say()

    def _say(self) -> None:
        if self.is_mounted:
            self.query_one(Bar).at = (self.position, self._recording.length, self.playing, self.speed)
