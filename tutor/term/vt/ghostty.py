"""libghostty-vt through ctypes: the library that pyghostty ships.

Its own binding parses 3,500 lines of C declarations at import (160 ms); the twenty functions used here are declared
by hand instead. Struct layouts and enum values are those of pyghostty 0.1.3 and are compared with the library's own
description (``ghostty_type_json``) by a test. The library may crash on hostile bytes: only the child loads it.
"""

from __future__ import annotations

import ctypes as c
import time
from typing import Any

from tutor.term.vt import frames
from tutor.term.vt.frames import CursorShape, Look, Mode, RawRun

HISTORY_BYTES = 4 << 20
_HOLD_SECONDS = 0.15

# GhosttyTerminalOption
_WRITE_PTY, _SIZE, _KITTY_LIMIT = 1, 6, 15
_KITTY_FILE, _KITTY_TEMP_FILE, _KITTY_SHARED = 16, 17, 18
_APC_MAX, _APC_MAX_KITTY, _SCROLLBACK_BYTES, _SCROLLBACK_LINES, _TITLE_REPORT = 19, 20, 27, 28, 32
# GhosttyTerminalData
_SCREEN, _SCROLLBAR, _TITLE, _MODE = 6, 9, 12, 37
# GhosttyRenderStateData, ...RowData, ...RowCellsData
_DIRTY, _ROW_ITERATOR, _CURSOR = 3, 4, 18
_ROW_CELLS, _ROW_CELLS_RAW = 3, 5
_CELL_STYLE, _CELL_CLUSTER_LENGTH, _CELL_CLUSTER = 2, 3, 4
_FULL = 2
_TOP, _BOTTOM, _DELTA = 0, 1, 2
_POINT_SCREEN = 2

_STYLE_MASK = 0xFFFF << 26
_KIND_MASK = 0b11
_WIDE_SHIFT = 42
_WIDE, _TAIL = 1, 2
_PLAIN_MASK = _STYLE_MASK | _KIND_MASK | 0b11 << _WIDE_SHIFT

_MODES = (
    (1, Mode.APPLICATION_CURSOR),
    (66, Mode.APPLICATION_KEYPAD),
    (2004, Mode.BRACKETED_PASTE),
    (1004, Mode.FOCUS),
    (1007, Mode.ALTERNATE_SCROLL),
)
_LOOKS = (
    (0, Look.BOLD),
    (1, Look.ITALIC),
    (2, Look.DIM),
    (3, Look.BLINK),
    (4, Look.REVERSE),
    (5, Look.HIDDEN),
    (6, Look.STRIKE),
    (7, Look.OVERLINE),
)


class StyleColour(c.Structure):
    _fields_ = (("tag", c.c_int), ("value", c.c_uint64))


class Style(c.Structure):
    _fields_ = (
        ("size", c.c_size_t),
        ("fg_color", StyleColour),
        ("bg_color", StyleColour),
        ("underline_color", StyleColour),
        ("flags", c.c_uint8 * 8),
        ("underline", c.c_int),
    )


class CellsView(c.Structure):
    _fields_ = (("ptr", c.c_void_p), ("len", c.c_size_t))


class String(c.Structure):
    _fields_ = (("ptr", c.c_void_p), ("len", c.c_size_t))


class Scrollbar(c.Structure):
    _fields_ = (("total", c.c_uint64), ("offset", c.c_uint64), ("len", c.c_uint64))


class ModeConfig(c.Structure):
    _fields_ = (("mode", c.c_uint16), ("value", c.c_bool))


class RenderCursor(c.Structure):
    _fields_ = (
        ("size", c.c_size_t),
        ("viewport_has_value", c.c_bool),
        ("viewport_x", c.c_uint16),
        ("viewport_y", c.c_uint16),
        ("wide_tail", c.c_bool),
        ("visible", c.c_bool),
        ("blinking", c.c_bool),
        ("password_input", c.c_bool),
        ("visual_style", c.c_int),
    )


class SizeReport(c.Structure):
    _fields_ = (
        ("rows", c.c_uint16),
        ("columns", c.c_uint16),
        ("cell_width", c.c_uint32),
        ("cell_height", c.c_uint32),
    )


class ScrollViewport(c.Structure):
    _fields_ = (("tag", c.c_int), ("value", c.c_int64), ("padding", c.c_uint64))


class Point(c.Structure):
    _fields_ = (("tag", c.c_int64), ("x", c.c_uint16), ("y", c.c_uint32), ("padding", c.c_uint64))


class GridRef(c.Structure):
    _fields_ = (("size", c.c_size_t), ("node", c.c_void_p), ("x", c.c_uint16), ("y", c.c_uint16))


class Selection(c.Structure):
    _fields_ = (("size", c.c_size_t), ("start", GridRef), ("end", GridRef), ("rectangle", c.c_bool))


class FormatOptions(c.Structure):
    _fields_ = (
        ("size", c.c_size_t),
        ("emit", c.c_int),
        ("unwrap", c.c_bool),
        ("trim", c.c_bool),
        ("selection", c.POINTER(Selection)),
    )


_WriteFn = c.CFUNCTYPE(None, c.c_void_p, c.c_void_p, c.POINTER(c.c_uint8), c.c_size_t)
_SizeFn = c.CFUNCTYPE(c.c_bool, c.c_void_p, c.c_void_p, c.POINTER(SizeReport))

_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "ghostty_terminal_new": (c.c_void_p, c.POINTER(c.c_void_p), c.c_uint16, c.c_uint16),
    "ghostty_terminal_resize": (c.c_void_p, c.c_uint16, c.c_uint16, c.c_uint32, c.c_uint32),
    "ghostty_terminal_set": (c.c_void_p, c.c_int, c.c_void_p),
    "ghostty_terminal_get": (c.c_void_p, c.c_int, c.c_void_p),
    "ghostty_terminal_vt_write": (c.c_void_p, c.c_char_p, c.c_size_t),
    "ghostty_terminal_scroll_viewport": (c.c_void_p, ScrollViewport),
    "ghostty_terminal_grid_ref": (c.c_void_p, Point, c.POINTER(GridRef)),
    "ghostty_terminal_selection_format_buf": (
        c.c_void_p,
        FormatOptions,
        c.c_void_p,
        c.c_size_t,
        c.POINTER(c.c_size_t),
    ),
    "ghostty_render_state_new": (c.c_void_p, c.POINTER(c.c_void_p)),
    "ghostty_render_state_update": (c.c_void_p, c.c_void_p),
    "ghostty_render_state_get": (c.c_void_p, c.c_int, c.c_void_p),
    "ghostty_render_state_clean": (c.c_void_p,),
    "ghostty_render_state_row_iterator_new": (c.c_void_p, c.POINTER(c.c_void_p)),
    "ghostty_render_state_row_iterator_next": (c.c_void_p,),
    "ghostty_render_state_row_iterator_next_dirty": (c.c_void_p, c.POINTER(c.c_uint16)),
    "ghostty_render_state_row_get": (c.c_void_p, c.c_int, c.c_void_p),
    "ghostty_render_state_row_cells_new": (c.c_void_p, c.POINTER(c.c_void_p)),
    "ghostty_render_state_row_cells_select": (c.c_void_p, c.c_uint16),
    "ghostty_render_state_row_cells_get": (c.c_void_p, c.c_int, c.c_void_p),
}
_RETURNS = {
    "ghostty_terminal_vt_write": None,
    "ghostty_terminal_scroll_viewport": None,
    "ghostty_render_state_row_iterator_next": c.c_bool,
    "ghostty_render_state_row_iterator_next_dirty": c.c_bool,
}


class GhosttyError(RuntimeError):
    """The library refused a call."""


def load(path: str) -> c.CDLL:
    """The library with the functions declared. Raises OSError or AttributeError where it is another one."""
    library = c.CDLL(path)
    for name, arguments in _FUNCTIONS.items():
        function = getattr(library, name)
        function.argtypes = arguments
        function.restype = _RETURNS.get(name, c.c_int)
    return library


def _check(result: int, what: str) -> None:
    if result:
        raise GhosttyError(f"{what}: {result}")


class Ghostty:
    """A terminal of libghostty-vt. See ``backend.Backend``."""

    name = "ghostty"
    step = 1 << 20

    def __init__(self, path: str, rows: int = 24, columns: int = 80) -> None:
        self._lib = load(path)
        self._rows, self._columns = rows, columns
        self._replies = bytearray()
        self._styles: dict[bytes, tuple[int, int, int]] = {}
        self._held_since = 0.0
        self._reversed = False
        self._allocate()
        # Kept on the object: the library holds only their addresses.
        self._write_fn = _WriteFn(self._write)
        self._size_fn = _SizeFn(self._report_size)
        self._configure()

    def _allocate(self) -> None:
        lib = self._lib
        self._terminal, self._render = c.c_void_p(), c.c_void_p()
        self._row_iterator, self._cells = c.c_void_p(), c.c_void_p()
        _check(lib.ghostty_terminal_new(None, c.byref(self._terminal), self._columns, self._rows), "terminal")
        _check(lib.ghostty_render_state_new(None, c.byref(self._render)), "render state")
        _check(lib.ghostty_render_state_row_iterator_new(None, c.byref(self._row_iterator)), "row iterator")
        _check(lib.ghostty_render_state_row_cells_new(None, c.byref(self._cells)), "row cells")
        self._mode, self._scrollbar, self._title = ModeConfig(), Scrollbar(), String()
        self._view, self._style = CellsView(), Style(size=c.sizeof(Style))
        self._cursor = RenderCursor(size=c.sizeof(RenderCursor))

    def _configure(self) -> None:
        def put(option: int, value: Any) -> None:
            _check(self._lib.ghostty_terminal_set(self._terminal, option, value), f"option {option}")

        put(_WRITE_PTY, c.cast(self._write_fn, c.c_void_p))
        put(_SIZE, c.cast(self._size_fn, c.c_void_p))
        put(_SCROLLBACK_LINES, c.byref(c.c_size_t(1 << 20)))
        put(_SCROLLBACK_BYTES, c.byref(c.c_size_t(HISTORY_BYTES)))
        put(_KITTY_LIMIT, c.byref(c.c_uint64(0)))
        for medium in (_KITTY_FILE, _KITTY_TEMP_FILE, _KITTY_SHARED):
            put(medium, c.byref(c.c_bool(False)))
        put(_APC_MAX, c.byref(c.c_size_t(4096)))
        put(_APC_MAX_KITTY, c.byref(c.c_size_t(4096)))
        put(_TITLE_REPORT, c.byref(c.c_bool(False)))

    def _write(self, _terminal: object, _user: object, data: Any, length: int) -> None:
        if len(self._replies) < 1 << 16:
            self._replies += c.string_at(data, length)

    def _report_size(self, _terminal: object, _user: object, out: Any) -> bool:
        out[0] = SizeReport(self._rows, self._columns, 8, 16)
        return True

    def feed(self, data: bytes) -> None:
        self._lib.ghostty_terminal_vt_write(self._terminal, data, len(data))

    def resize(self, rows: int, columns: int) -> None:
        self._rows, self._columns = rows, columns
        _check(self._lib.ghostty_terminal_resize(self._terminal, columns, rows, 8, 16), "resize")

    def scroll(self, rows: int) -> None:
        where = ScrollViewport(_BOTTOM, 0) if rows == frames.TO_BOTTOM else ScrollViewport(_DELTA, rows)
        self._lib.ghostty_terminal_scroll_viewport(self._terminal, where)

    def replies(self) -> bytes:
        told = bytes(self._replies)
        self._replies.clear()
        return told

    def frame(self, everything: bool) -> bytes:
        held = self._is_held()
        rows = [] if held else self._rows_changed(everything)
        return frames.encode_frame(
            (self._rows, self._columns), rows, self._where(), self._state(), self._name(), (*self._scrolled(), held)
        )

    def text(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        selection = Selection(size=c.sizeof(Selection))
        for ref, (row, column) in ((selection.start, start), (selection.end, end)):
            ref.size = c.sizeof(GridRef)
            point = Point(_POINT_SCREEN, min(column, self._columns - 1), row)
            if self._lib.ghostty_terminal_grid_ref(self._terminal, point, c.byref(ref)):
                return ""
        options = FormatOptions(size=c.sizeof(FormatOptions), emit=0, unwrap=True, trim=True)
        options.selection = c.pointer(selection)
        length = c.c_size_t()
        self._lib.ghostty_terminal_selection_format_buf(self._terminal, options, None, 0, c.byref(length))
        buffer = c.create_string_buffer(max(1, length.value))
        done = self._lib.ghostty_terminal_selection_format_buf(
            self._terminal, options, buffer, len(buffer), c.byref(length)
        )
        return "" if done else buffer.raw[: length.value].decode("utf-8", "replace")

    def _get(self, key: int, out: Any) -> None:
        _check(self._lib.ghostty_terminal_get(self._terminal, key, c.byref(out)), f"get {key}")

    def _is_set(self, number: int) -> bool:
        self._mode.mode = number
        self._get(_MODE, self._mode)
        return bool(self._mode.value)

    def _is_held(self) -> bool:
        """A program that draws in one go (mode 2026) is not shown half way, but not for long either."""
        if not self._is_set(2026):
            self._held_since = 0.0
            return False
        now = time.monotonic()
        self._held_since = self._held_since or now
        return now - self._held_since < _HOLD_SECONDS

    def _state(self) -> tuple[int, int, int, int]:
        screen = c.c_int()
        self._get(_SCREEN, screen)
        modes = Mode.ALTERNATE_SCREEN if screen.value else Mode(0)
        for number, mode in _MODES:
            if self._is_set(number):
                modes |= mode
        tracking = next((number for number in (1003, 1002, 1000, 9) if self._is_set(number)), 0)
        coding = next((number for number in (1006, 1015, 1005) if self._is_set(number)), 0)
        shape = {0: CursorShape.BAR, 2: CursorShape.UNDERLINE}.get(self._cursor.visual_style, CursorShape.BLOCK)
        return int(shape), int(modes), tracking, coding

    def _where(self) -> tuple[int, int] | None:
        _check(self._lib.ghostty_render_state_get(self._render, _CURSOR, c.byref(self._cursor)), "cursor")
        cursor = self._cursor
        if not (cursor.visible and cursor.viewport_has_value):
            return None
        return cursor.viewport_x - (1 if cursor.wide_tail and cursor.viewport_x else 0), cursor.viewport_y

    def _name(self) -> str:
        self._get(_TITLE, self._title)
        if not self._title.ptr:
            return ""
        return c.string_at(self._title.ptr, min(self._title.len, 256)).decode("utf-8", "replace")

    def _scrolled(self) -> tuple[int, int]:
        self._get(_SCROLLBAR, self._scrollbar)
        bar = self._scrollbar
        history = max(0, bar.total - bar.len)
        return history, max(0, history - bar.offset)

    def _rows_changed(self, everything: bool) -> list[tuple[int, list[RawRun]]]:
        lib, rows = self._lib, list[tuple[int, list[RawRun]]]()
        _check(lib.ghostty_render_state_update(self._render, self._terminal), "update")
        dirty = c.c_int()
        _check(lib.ghostty_render_state_get(self._render, _DIRTY, c.byref(dirty)), "dirty")
        turned, self._reversed = self._reversed, self._is_set(5)
        everything = everything or dirty.value == _FULL or turned != self._reversed
        if everything or dirty.value:
            _check(lib.ghostty_render_state_get(self._render, _ROW_ITERATOR, c.byref(self._row_iterator)), "rows")
            number = c.c_uint16()
            if everything:
                while lib.ghostty_render_state_row_iterator_next(self._row_iterator):
                    rows.append((len(rows), self._row()))
            else:
                while lib.ghostty_render_state_row_iterator_next_dirty(self._row_iterator, c.byref(number)):
                    rows.append((number.value, self._row()))
        _check(lib.ghostty_render_state_clean(self._render), "clean")
        return rows

    def _row(self) -> list[RawRun]:
        lib = self._lib
        _check(lib.ghostty_render_state_row_get(self._row_iterator, _ROW_CELLS_RAW, c.byref(self._view)), "raw cells")
        _check(lib.ghostty_render_state_row_get(self._row_iterator, _ROW_CELLS, c.byref(self._cells)), "cells")
        view = self._view
        raw = memoryview(c.string_at(view.ptr, view.len * 8)).cast("Q") if view.len else ()
        runs: list[RawRun] = []
        key = blank = -1
        text: list[str] = []
        look = (frames.DEFAULT_COLOUR, frames.DEFAULT_COLOUR, 0)
        width = 1
        for x, cell in enumerate(raw):
            if (cell >> _WIDE_SHIFT) & 3 == _TAIL:
                continue
            kind = cell & _KIND_MASK
            if kind == 0 and cell & _PLAIN_MASK == key:
                text.append(chr(cell >> 2 & 0x1FFFFF or 32))
                continue
            if cell == blank:
                text.append(" ")
                continue
            if text:
                runs.append(("".join(text), width, 0, *look))
                text = []
            key, blank = cell & _PLAIN_MASK, -1
            width = 2 if (cell >> _WIDE_SHIFT) & 3 == _WIDE else 1
            look = self._look(x, cell)
            if kind == 0:
                text = [chr(cell >> 2 & 0x1FFFFF or 32)]
                continue
            key = -1
            if kind == 1:
                runs.append((self._cluster(x), width, 1, *look))
            else:
                colour = _rgb(cell >> 2) if kind == 3 else cell >> 2 & 0xFF
                look = (look[0], colour, look[2])
                text, blank = [" "], cell
        if text:
            runs.append(("".join(text), width, 0, *look))
        return runs

    def _cluster(self, x: int) -> str:
        """The characters of one cell that holds several, at most 16."""
        length = c.c_uint32()
        self._lib.ghostty_render_state_row_cells_select(self._cells, x)
        _check(
            self._lib.ghostty_render_state_row_cells_get(self._cells, _CELL_CLUSTER_LENGTH, c.byref(length)), "cluster"
        )
        points = (c.c_uint32 * max(1, length.value))()
        _check(self._lib.ghostty_render_state_row_cells_get(self._cells, _CELL_CLUSTER, points), "cluster")
        return "".join(chr(point) for point in points[: min(length.value, 16)] if point < 0x110000) or " "

    def _look(self, x: int, cell: int) -> tuple[int, int, int]:
        if not cell & _STYLE_MASK:
            return frames.DEFAULT_COLOUR, frames.DEFAULT_COLOUR, Look.REVERSE if self._reversed else 0
        self._lib.ghostty_render_state_row_cells_select(self._cells, x)
        _check(self._lib.ghostty_render_state_row_cells_get(self._cells, _CELL_STYLE, c.byref(self._style)), "style")
        # Style numbers are per page of the library's memory, so the struct itself is the key.
        key = bytes(self._style)
        look = self._styles.get(key)
        if look is None:
            if len(self._styles) > 4096:
                self._styles.clear()
            look = self._styles[key] = _translate(self._style)
        return (look[0], look[1], look[2] ^ Look.REVERSE) if self._reversed else look


def _translate(style: Style) -> tuple[int, int, int]:
    look = 0
    for index, flag in _LOOKS:
        if style.flags[index]:
            look |= flag
    if style.underline:
        look |= Look.UNDERLINE
    return _colour(style.fg_color), _colour(style.bg_color), look


def _colour(colour: StyleColour) -> int:
    if colour.tag == 1:
        return int(colour.value & 0xFF)
    if colour.tag == 2:
        return _rgb(int(colour.value))
    return frames.DEFAULT_COLOUR


def _rgb(value: int) -> int:
    """Red in the lowest byte, as the library has it, to ``RGB | rrggbb``."""
    return frames.RGB | (value & 0xFF) << 16 | value & 0xFF00 | value >> 16 & 0xFF
