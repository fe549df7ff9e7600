"""bittty: an emulator in Python alone, for machines where no wheel of the fast one fits, and when that one crashes."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any, cast

from bittty import BITTTY, Board
from bittty.style import Color
from bittty.terminals import Terminal
from bittty.terminals.scrollback import MemoryScrollback

from tutor.term.vt import frames
from tutor.term.vt.frames import CursorShape, Look, Mode, RawRun

_HISTORY_CELLS = 400_000
# No printer and no serial lines, and no way to make it show control characters instead of obeying them (CRM).
_MODEL = replace(BITTTY, options=frozenset(), fixed_modes=BITTTY.fixed_modes | {(False, 3, 4)})
_HOLD_SECONDS = 0.15
_MODES = (
    (1, Mode.APPLICATION_CURSOR),
    (66, Mode.APPLICATION_KEYPAD),
    (2004, Mode.BRACKETED_PASTE),
    (1004, Mode.FOCUS),
)
_SHAPES = {"underline": CursorShape.UNDERLINE, "bar": CursorShape.BAR}
_LOOKS = (
    ("bold", Look.BOLD),
    ("dim", Look.DIM),
    ("italic", Look.ITALIC),
    ("underline", Look.UNDERLINE),
    ("blink", Look.BLINK),
    ("reverse", Look.REVERSE),
    ("conceal", Look.HIDDEN),
    ("strike", Look.STRIKE),
    ("overline", Look.OVERLINE),
)


class _Wire:
    """Where the board writes what the program is to be told."""

    def __init__(self) -> None:
        self.told = bytearray()

    def write(self, data: str) -> int:
        return self.write_bytes(data.encode("utf-8", "replace"))

    def write_bytes(self, data: bytes) -> int:
        if len(self.told) < 1 << 16:
            self.told += data
        return len(data)

    def flush(self) -> None: ...

    def configure_line(self, line: object) -> None: ...

    def resize(self, rows: int, cols: int) -> None: ...

    def close(self) -> None: ...


class _Chrome(Terminal):
    """What keeps the board's history and knows its title."""

    title = ""

    def on_title(self, title: str, icon_title: str) -> None:
        self.title = title


class Bitty:
    """A terminal of bittty. See ``backend.Backend``."""

    name = "bittty"
    step = 4096

    def __init__(self, rows: int = 24, columns: int = 80) -> None:
        self._board = Board(width=columns, height=rows, model=_MODEL)
        self._wire = _Wire()
        self._board.host.attach(cast(Any, self._wire))
        self._history = MemoryScrollback(_HISTORY_CELLS)
        self._chrome = _Chrome(self._board, self._history)
        self._chrome.attach()
        self._looks: dict[Any, tuple[int, int, int]] = {}
        self._held_since = 0.0
        self._reversed = False
        self._shown = (0, 0)

    def feed(self, data: bytes) -> None:
        self._board.feed_host_data(data)

    def resize(self, rows: int, columns: int) -> None:
        self._board.resize(columns, rows)
        self._chrome.scroll_to_bottom()

    def scroll(self, rows: int) -> None:
        if rows == frames.TO_BOTTOM:
            self._chrome.scroll_to_bottom()
        else:
            self._chrome.scroll_view(rows)

    def replies(self) -> bytes:
        told = bytes(self._wire.told)
        self._wire.told.clear()
        return told

    def frame(self, everything: bool) -> bytes:
        board, held = self._board, self._is_held()
        history, scrolled = self._view()
        rows = [] if held else self._rows_changed(everything, (history, scrolled))
        cursor = board.display.cursor
        if cursor is not None:
            cursor = (min(max(0, cursor[0]), board.width - 1), cursor[1] + scrolled)
            if not 0 <= cursor[1] < board.height:
                cursor = None
        return frames.encode_frame(
            (board.height, board.width),
            rows,
            cursor,
            self._state(),
            self._chrome.title[:256],
            (history, scrolled, held),
        )

    def text(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        history = self._history.width(self._board.width)
        page = self._board.display.page
        lines: list[str] = []
        joined = False
        for number in range(start[0], min(end[0] + 1, len(history) + page.height)):
            cells = history[number] if number < len(history) else page.line(number - len(history)).cells
            first = start[1] if number == start[0] else 0
            last = end[1] + 1 if number == end[0] else len(cells)
            text = "".join(cell[1] for cell in list(cells)[first:last])
            wrapped = number >= len(history) and bool(page.wrapped_lines[number - len(history)])
            text = text if wrapped else text.rstrip()
            if joined:
                lines[-1] += text
            else:
                lines.append(text)
            joined = wrapped
        return "\n".join(lines)

    def _is_set(self, number: int) -> bool:
        return bool(self._board.modes.mode_status(True, number) == 1)

    def _is_held(self) -> bool:
        if not self._is_set(2026):
            self._held_since = 0.0
            return False
        now = time.monotonic()
        self._held_since = self._held_since or now
        return now - self._held_since < _HOLD_SECONDS

    def _view(self) -> tuple[int, int]:
        if self._board.blitter.in_alt_screen:
            return 0, 0
        return len(self._history.width(self._board.width)), self._chrome.view_offset()

    def _state(self) -> tuple[int, int, int, int]:
        modes = Mode.ALTERNATE_SCROLL | (Mode.ALTERNATE_SCREEN if self._board.blitter.in_alt_screen else Mode(0))
        for number, mode in _MODES:
            if self._is_set(number):
                modes |= mode
        tracking = next((number for number in (1003, 1002, 1000, 9) if self._is_set(number)), 0)
        coding = next((number for number in (1006, 1015, 1005) if self._is_set(number)), 0)
        shape = _SHAPES.get(self._board.cursor.shape, CursorShape.BLOCK)
        return int(shape), int(modes), tracking, coding

    def _rows_changed(self, everything: bool, view: tuple[int, int]) -> list[tuple[int, list[RawRun]]]:
        damaged = set(self._chrome.damaged_rows())
        turned, self._reversed = self._reversed, self._is_set(5)
        scrolled = view[1]
        everything = (
            everything or turned != self._reversed or (view != self._shown and (scrolled or self._shown[1]) > 0)
        )
        self._shown = view
        if scrolled:
            cells = self._chrome.view_rows()
            return [(y, self._row(list(row))) for y, row in enumerate(cells)]
        page, height = self._board.display.page, self._board.height
        wanted = range(height) if everything else sorted(y for y in damaged if y < height)
        return [(y, self._row(page.line(y).cells)) for y in wanted]

    def _row(self, cells: Any) -> list[RawRun]:
        runs: list[RawRun] = []
        text: list[str] = []
        style: Any = None
        width, look = 1, (frames.DEFAULT_COLOUR, frames.DEFAULT_COLOUR, 0)
        count = len(cells)
        taken = 0
        for x in range(count):
            cell_style, char = cells[x]
            if not char:
                if taken <= x:  # the tail of a character that is not there any more
                    char = " "
                else:
                    continue
            cell_width = 2 if x + 1 < count and not cells[x + 1][1] and taken <= x + 1 and _is_wide(char) else 1
            if taken > x:
                continue
            taken = x + cell_width
            if cell_style is style and cell_width == width and len(char) == 1 and text:
                text.append(char)
                continue
            if text:
                runs.append(("".join(text), width, 0, *look))
                text = []
            style, width, look = cell_style, cell_width, self._look(cell_style)
            if len(char) == 1:
                text = [char]
            else:
                runs.append((char[:16], width, 1, *look))
                style = None
        if text:
            runs.append(("".join(text), width, 0, *look))
        return runs

    def _look(self, style: Any) -> tuple[int, int, int]:
        known = self._looks.get(style)
        if known is None:
            if len(self._looks) > 4096:
                self._looks.clear()
            look = 0
            for name, flag in _LOOKS:
                if getattr(style, name):
                    look |= flag
            known = self._looks[style] = (_colour(style.fg), _colour(style.bg), look)
        return (known[0], known[1], known[2] ^ Look.REVERSE) if self._reversed else known


def _is_wide(char: str) -> bool:
    return not char.isascii()


def _colour(colour: Color | None) -> int:
    if colour is None or colour.mode == "default":
        return frames.DEFAULT_COLOUR
    if isinstance(colour.value, int):
        return colour.value & 0xFF
    red, green, blue = colour.value or (0, 0, 0)
    return frames.RGB | (red & 0xFF) << 16 | (green & 0xFF) << 8 | blue & 0xFF
