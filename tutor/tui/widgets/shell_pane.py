"""The shell pane: a terminal as a widget. Draws what the emulator says and sends on what the user does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from tutor.i18n import _, cells, shown, tell
from tutor.term.emulator import Emulator
from tutor.term.keys import Act, encode_focus, encode_key, encode_mouse, encode_paste
from tutor.term.shell import Shell
from tutor.term.snapshot import printable
from tutor.term.vt.frames import TO_BOTTOM, CursorShape, Frame, Mode, Tracking
from tutor.tui.widgets.cells import strip_of, word_at

_KEPT = 64 << 10
_RESIZE_SECONDS = 0.03
_WHEEL_ROWS = 3
_COPY_LIMIT = 1 << 20
_NO_MODE = Mode(0)


@dataclass(frozen=True, slots=True)
class Span:
    """A selection from one (row, column) to another, both included; rows count from the oldest of history."""

    anchor: tuple[int, int]
    head: tuple[int, int]

    @property
    def ends(self) -> tuple[tuple[int, int], tuple[int, int]]:
        return min(self.anchor, self.head), max(self.anchor, self.head)

    def columns(self, row: int, width: int) -> tuple[int, int] | None:
        """First column and the one past the last that are selected in ``row``."""
        (first_row, first), (last_row, last) = self.ends
        if not first_row <= row <= last_row:
            return None
        return (first if row == first_row else 0), (last + 1 if row == last_row else width)


class ShellPane(Widget, can_focus=True):
    """A shell in a terminal. Every key goes to it but those in ``reserved_keys``."""

    DEFAULT_CSS = """
    ShellPane { width: 1fr; height: 1fr; }
    """
    ALLOW_SELECT = False
    reserved_keys: ClassVar[frozenset[str]] = frozenset(f"f{number}" for number in range(1, 11))
    notice: reactive[str] = reactive("")
    """A line at the bottom that is not the terminal's: why it does not go on."""

    class RestartRequested(Message):
        """The shell of this pane has ended and the user wants a new one: ``attach`` it."""

        def __init__(self, pane: ShellPane) -> None:
            super().__init__()
            self.pane = pane

        @property
        def control(self) -> ShellPane:
            return self.pane

    _spare: ClassVar[Emulator | None] = None

    @classmethod
    def warm_up(cls) -> None:
        """Start an emulator now, for the first pane that needs one. Call it before the lab is built."""
        if cls._spare is None:
            cls._spare = Emulator()

    @classmethod
    def cool_down(cls) -> None:
        """End the emulator that no pane came to need: it belongs to the event loop that it was started in."""
        spare, cls._spare = cls._spare, None
        if spare is not None:
            spare.close()

    def __init__(self, *, name: str | None = None, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._shell: Shell | None = None
        self._emulator: Emulator | None = None
        self._strips: dict[int, Strip] = {}
        self._base = Style()
        self._kept = bytearray()
        self._cursor: tuple[int, int] | None = None
        self._scrolled = 0
        self._span: Span | None = None
        self._dragging = False
        self._anchor = (0, 0)
        self._resizing: Timer | None = None
        self._size_told = (0, 0)
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def emulator(self) -> Emulator | None:
        return self._emulator

    def attach(self, shell: Shell) -> None:
        """Show this shell from now on; the screen starts empty."""
        again = self._shell is not None
        self._shell = shell
        self.notice = ""
        self._kept.clear()
        if again and self._emulator is not None:
            self._emulator.feed(b"\x1bc")
        shell.on_output(lambda data: self._hear(shell, data))
        shell.closed.add_done_callback(lambda closed: self._shell_ended(shell, closed))
        self._size_told = (0, 0)
        self._tell_size()

    # The way of the bytes

    def _hear(self, shell: Shell, data: bytes) -> None:
        if shell is not self._shell:
            return
        if self._emulator is not None:
            self._emulator.feed(data)
            return
        # Not seen yet, so not drawn; the shell goes on all the same.
        self._kept += data
        del self._kept[:-_KEPT]

    def _open_emulator(self, rows: int, columns: int) -> Emulator:
        spare, ShellPane._spare = ShellPane._spare, None
        if spare is not None:
            spare.resize(rows, columns)
        emulator = spare or Emulator(rows, columns)
        emulator.on_frame = self._draw
        emulator.on_reply = self._send
        emulator.on_pressure = self._press
        emulator.on_restart = self._redraw_programs
        emulator.feed(bytes(self._kept))
        self._kept.clear()
        return emulator

    def _send(self, data: bytes) -> None:
        if self._shell is not None and data:
            self._shell.send(data)

    def _press(self, on: bool) -> None:
        if self._shell is not None:
            if on:
                self._shell.pause()
            else:
                self._shell.resume()

    def _redraw_programs(self) -> None:
        """After a new emulator: a program that draws the whole screen does so when the size changes."""
        rows, columns = self._size_told
        if self._shell is not None and rows > 1:
            self._shell.resize(rows - 1, columns)
            self._size_told = (0, 0)
            self.set_timer(_RESIZE_SECONDS, self._tell_size)

    def _shell_ended(self, shell: Shell, closed: asyncio.Future[int]) -> None:
        if shell is not self._shell or closed.cancelled() or not self.is_attached:
            return
        status = closed.result()
        how = tell("exit {status}", status=status) if status >= 0 else tell("its machine is gone")
        self.notice = tell("the shell ended ({how}): press Enter to start a new one", how=how)

    # Size

    def on_mount(self) -> None:
        """Not every change of size is posted: https://github.com/Textualize/textual/issues/5024."""
        self.screen.screen_layout_refresh_signal.subscribe(self, lambda _: self._laid_out())

    def _laid_out(self) -> None:
        if self.content_size and (self.content_size.height, self.content_size.width) != self._size_told:
            self.on_resize()

    def on_resize(self) -> None:
        if self._resizing is None:
            self._tell_size()
            self._resizing = self.set_timer(_RESIZE_SECONDS, self._resized)

    def _resized(self) -> None:
        self._resizing = None
        self._tell_size()

    def _tell_size(self) -> None:
        """Give pty and emulator the pane's size, if it has one and it is another than before."""
        columns, rows = self.content_size
        if columns < 1 or rows < 1 or (rows, columns) == self._size_told:
            return
        self._size_told = (rows, columns)
        self._span = None
        if self._emulator is None:
            self._emulator = self._open_emulator(rows, columns)
        else:
            self._emulator.resize(rows, columns)
        if self._shell is not None:
            self._shell.resize(rows, columns)

    def on_unmount(self) -> None:
        if self._emulator is not None:
            self._emulator.close()
            self._emulator = None
        self._shell = None

    # Drawing

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._strips.clear()

    def watch_notice(self) -> None:
        self._refresh_rows({self.content_size.height - 1})

    def _draw(self, frame: Frame) -> None:
        """Take a frame: forget the rows that changed and have them drawn."""
        changed = set(frame.rows)
        if frame.cursor != self._cursor:
            changed |= {cursor[1] for cursor in (frame.cursor, self._cursor) if cursor is not None}
            self._cursor = frame.cursor
        if frame.scrolled != self._scrolled or (frame.scrolled and frame.rows):
            self._scrolled = frame.scrolled
            changed.add(0)
        if frame.cursor is not None and self.has_focus:
            # Input methods draw what is being composed at the real cursor.
            self.app.cursor_position = self.content_region.offset + frame.cursor
        self._refresh_rows(changed)

    def _refresh_rows(self, rows: set[int]) -> None:
        regions: list[Region] = []
        width, height = self.content_size
        for y in sorted(rows):
            self._strips.pop(y, None)
            if not 0 <= y < height:
                continue
            if regions and regions[-1].bottom == y:
                regions[-1] = Region(0, regions[-1].y, width, regions[-1].height + 1)
            else:
                regions.append(Region(0, y, width, 1))
        if regions:
            self.refresh(*regions)

    def _forget(self) -> None:
        self._strips.clear()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        strip = self._strips.get(y)
        width = self.content_size.width
        if strip is None or strip.cell_length != width:
            strip = self._strips[y] = self._line(y, width)
        return strip

    def _line(self, y: int, width: int) -> Strip:
        self._base = self._base_style()
        emulator = self._emulator
        if self.notice and y == self.content_size.height - 1:
            text = printable(shown(self.notice))[:width]
            return Strip([Segment(text, self._base + Style(reverse=True))]).adjust_cell_length(width, self._base)
        if emulator is None or y >= len(emulator.rows) or emulator.frame is None:
            return Strip.blank(width, self._base)
        strip = strip_of(emulator.rows[y], width, self._base)
        frame = emulator.frame
        if self._span is not None:
            selected = self._span.columns(frame.history - frame.scrolled + y, width)
            if selected is not None:
                strip = _painted(strip, *selected, Style(reverse=True))
        if self._cursor is not None and self._cursor[1] == y and not self.notice:
            strip = self._with_cursor(strip, self._cursor[0], frame.cursor_shape)
        if self._scrolled and y == 0:
            strip = self._with_scroll_mark(strip, frame, width)
        return strip

    def _base_style(self) -> Style:
        style = self.rich_style
        return Style(color=style.color, bgcolor=style.bgcolor)

    def _with_cursor(self, strip: Strip, column: int, shape: CursorShape) -> Strip:
        column = min(column, strip.cell_length - 1)
        cell = strip.crop(column, column + 1)
        wide = 2 if cell.text in ("", " ") and strip.crop(column, column + 2).text.strip() else 1
        block = self.has_focus and shape is not CursorShape.UNDERLINE
        return _painted(strip, column, column + wide, Style(reverse=True) if block else Style(underline=True))

    def _with_scroll_mark(self, strip: Strip, frame: Frame, width: int) -> Strip:
        mark = " " + _("↑ {scrolled} of {history}", scrolled=frame.scrolled, history=frame.history) + " "
        if cells(mark) > width:
            return strip
        return Strip.join(
            [strip.crop(0, width - cells(mark)), Strip([Segment(mark, self._base + Style(reverse=True))], cells(mark))]
        )

    # Keys

    @property
    def _mode(self) -> Mode:
        frame = self._emulator.frame if self._emulator is not None else None
        return frame.mode if frame is not None else _NO_MODE

    def on_key(self, event: events.Key) -> None:
        if event.key in self.reserved_keys:
            return
        event.stop()
        event.prevent_default()
        if self._shell is None or self._shell.closed.done():
            if event.key == "enter" and self._shell is not None:
                self.post_message(self.RestartRequested(self))
            return
        if self._scroll_key(event.key):
            return
        data = encode_key(event.key, event.character, self._mode)
        if data:
            self._typed(data)

    def _typed(self, data: bytes) -> None:
        if self._scrolled and self._emulator is not None:
            self._emulator.scroll(TO_BOTTOM)
        if self._span is not None:
            self._span = None
            self._forget()
        self._send(data)

    def _scroll_key(self, key: str) -> bool:
        """Shift with the paging keys looks back into history, as terminals have it."""
        emulator = self._emulator
        if emulator is None or self._mode & Mode.ALTERNATE_SCREEN:
            return False
        page = max(1, self.content_size.height - 1)
        moves = {"shift+pageup": -page, "shift+pagedown": page, "shift+home": -(1 << 30), "shift+end": TO_BOTTOM}
        if key not in moves:
            return False
        emulator.scroll(moves[key])
        return True

    def on_paste(self, event: events.Paste) -> None:
        event.stop()
        event.prevent_default()
        if event.text:
            self._typed(encode_paste(event.text, self._mode))

    def on_focus(self) -> None:
        self._focus_changed(True)

    def on_blur(self) -> None:
        self._focus_changed(False)

    def _focus_changed(self, focused: bool) -> None:
        if self._mode & Mode.FOCUS:
            self._send(encode_focus(focused))
        if self._cursor is not None:
            self._refresh_rows({self._cursor[1]})

    # Mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self._report(event, Act.PRESS):
            self.capture_mouse()
            return
        if event.button == 1 and (cell := self._cell(event)) is not None:
            if event.shift and self._span is not None:
                self._anchor = self._span.anchor
                self._select(Span(self._anchor, cell))
            else:
                self._anchor = cell
                self._select(None)
            self._dragging = True
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self._dragging:
            if (cell := self._cell(event)) is not None and (self._span is not None or cell != self._anchor):
                self._select(Span(self._anchor, cell))
            self._scroll_at_edge(event)
            event.stop()
        else:
            self._report(event, Act.MOVE)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self.release_mouse()
        if self._dragging:
            self._dragging = False
            if self._span is not None:
                self._copy(self._span)
            event.stop()
        else:
            self._report(event, Act.RELEASE)

    def on_click(self, event: events.Click) -> None:
        cell = self._cell(event)
        if event.chain < 2 or event.button != 1 or cell is None or self._reports(event) or self._emulator is None:
            return
        row, column = cell
        first, last = 0, self.content_size.width - 1
        if event.chain == 2:
            y = event.get_content_offset_capture(self).y
            first, last = word_at(self._emulator.rows[y], column) if y < len(self._emulator.rows) else (column, column)
        self._select(Span((row, first), (row, last)))
        self._copy(Span((row, first), (row, last)))

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        self._wheel(event, Act.UP, -1)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        self._wheel(event, Act.DOWN, 1)

    def _wheel(self, event: events.MouseEvent, act: Act, direction: int) -> None:
        event.stop()
        event.prevent_default()
        if self._report(event, act) or self._emulator is None:
            return
        if self._mode & Mode.ALTERNATE_SCREEN:
            if self._mode & Mode.ALTERNATE_SCROLL:
                self._send(encode_key("up" if direction < 0 else "down", None, self._mode) * _WHEEL_ROWS)
            return
        self._emulator.scroll(direction * _WHEEL_ROWS)

    def _reports(self, event: events.MouseEvent) -> bool:
        """Whether the program gets the mouse; with Shift it is the user's."""
        frame = self._emulator.frame if self._emulator is not None else None
        return frame is not None and frame.tracking is not Tracking.NONE and not event.shift and not frame.scrolled

    def _report(self, event: events.MouseEvent, act: Act) -> bool:
        if not self._reports(event) or self._emulator is None or self._emulator.frame is None:
            return False
        x, y = event.get_content_offset_capture(self)
        width, height = self.content_size
        data = encode_mouse(
            act,
            event.button,
            max(0, min(x, width - 1)),
            max(0, min(y, height - 1)),
            tracking=self._emulator.frame.tracking,
            coding=self._emulator.frame.coding,
            meta=event.meta,
            ctrl=event.ctrl,
        )
        self._send(data)
        event.stop()
        return True

    # Selection

    def _cell(self, event: events.MouseEvent) -> tuple[int, int] | None:
        frame = self._emulator.frame if self._emulator is not None else None
        if frame is None:
            return None
        x, y = event.get_content_offset_capture(self)
        y = max(0, min(y, frame.height - 1))
        return frame.history - frame.scrolled + y, max(0, min(x, frame.width - 1))

    def _scroll_at_edge(self, event: events.MouseEvent) -> None:
        y = event.get_content_offset_capture(self).y
        if self._emulator is not None and (y < 0 or y >= self.content_size.height):
            self._emulator.scroll(-1 if y < 0 else 1)

    def _select(self, span: Span | None) -> None:
        if span != self._span:
            self._span = span
            self._forget()

    def _copy(self, span: Span) -> None:
        task = asyncio.get_running_loop().create_task(self._copy_text(span))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _copy_text(self, span: Span) -> None:
        if self._emulator is None:
            return
        text = await self._emulator.text(*span.ends)
        lines = "\n".join(printable(line.rstrip()) for line in text.split("\n"))
        if lines.strip() and self.is_attached:
            self.app.copy_to_clipboard(lines[:_COPY_LIMIT])


def _painted(strip: Strip, start: int, end: int, style: Style) -> Strip:
    """The strip with ``style`` on the cells from ``start`` up to ``end``; reverse upon reverse is plain again."""
    end = min(end, strip.cell_length)
    if start >= end:
        return strip
    before, middle, after = strip.divide([start, end, strip.cell_length])

    def turn(old: Style) -> Style:
        return old + Style(reverse=False) if style.reverse and old.reverse else old + style

    painted = Strip([Segment(text, turn(old or Style())) for text, old, _ in middle], middle.cell_length)
    return Strip.join([before, painted, after])
