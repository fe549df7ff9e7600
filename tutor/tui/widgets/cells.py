"""Runs of an emulator's row as the cells of a Textual strip: colours, looks, widths, and nothing a terminal obeys."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from tutor.term.snapshot import printable
from tutor.term.vt.frames import DEFAULT_COLOUR, RGB, Look, Run

_ON_DARK = (
    "000000 cd3131 0dbc79 d7c452 3b8eea bc3fbc 29b8db cccccc 666666 f14c4c 23d18b f5f543 6cb0ff d670d6 59d9f0 ffffff"
)
_ON_LIGHT = (
    "000000 b3261e 1f6b2b 7a5c00 0451a5 9b1f9b 0b6075 555555 666666 cd3131 14762f 8a5300 0b5cad bc05bc 0b6a80 767676"
)
_LEVELS = (0, 95, 135, 175, 215, 255)


def _palette(first: str) -> tuple[Color, ...]:
    colours = [Color.from_rgb(*bytes.fromhex(code)) for code in first.split()]
    colours += [Color.from_rgb(r, g, b) for r in _LEVELS for g in _LEVELS for b in _LEVELS]
    colours += [Color.from_rgb(level, level, level) for level in range(8, 248, 10)]
    return tuple(colours)


ON_DARK, ON_LIGHT = _palette(_ON_DARK), _palette(_ON_LIGHT)


@lru_cache(maxsize=4096)
def style_of(foreground: int, background: int, look: int, base: Style) -> Style:
    """The style of a run upon the pane's own. The first sixteen colours are legible on a dark or a light ground."""
    palette = ON_LIGHT if _is_light(base.bgcolor) and background == DEFAULT_COLOUR else ON_DARK
    return base + Style(
        color=_colour(foreground, palette),
        bgcolor=_colour(background, palette),
        bold=bool(look & Look.BOLD) or None,
        dim=bool(look & Look.DIM) or None,
        italic=bool(look & Look.ITALIC) or None,
        underline=bool(look & Look.UNDERLINE) or None,
        blink=bool(look & Look.BLINK) or None,
        reverse=bool(look & Look.REVERSE) or None,
        conceal=bool(look & Look.HIDDEN) or None,
        strike=bool(look & Look.STRIKE) or None,
        overline=bool(look & Look.OVERLINE) or None,
    )


def _is_light(ground: Color | None) -> bool:
    if ground is None or ground.triplet is None:
        return False
    red, green, blue = ground.triplet
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 128


def _colour(number: int, palette: tuple[Color, ...]) -> Color | None:
    if number >= RGB:
        return Color.from_rgb(number >> 16 & 0xFF, number >> 8 & 0xFF, number & 0xFF)
    return palette[number] if 0 <= number < 256 else None


def strip_of(runs: Sequence[Run], width: int, base: Style) -> Strip:
    """A row, exactly ``width`` cells wide."""
    segments = [
        Segment(text_of(run), style_of(run.foreground, run.background, run.look, base)) for run in runs if run.text
    ]
    cells = sum(run.cells for run in runs)
    strip = Strip(segments, cells)
    return strip if cells == width else strip.adjust_cell_length(width, base)


def text_of(run: Run) -> str:
    """The text of a run, which takes ``run.cells`` cells wherever it is shown."""
    if run.text.isascii() and run.text.isprintable():
        return run.text
    if run.cluster:
        return _fit(printable(run.text), run.width)
    text = printable(run.text)
    if len(text) == len(run.text) and cell_len(text) == run.cells:
        return text
    return "".join(_fit(printable(char), run.width) for char in run.text)


def _fit(text: str, width: int) -> str:
    """One character of ``width`` cells; where the library that draws thinks otherwise, a stand-in."""
    for candidate in (text, text[:1]):
        if candidate and cell_len(candidate) == width:
            return candidate
    return "\N{REPLACEMENT CHARACTER}" + " " * (width - 1) if text else " " * width


def characters(runs: Sequence[Run]) -> Iterator[tuple[int, int, str]]:
    """Column, width and text of each character of a row."""
    column = 0
    for run in runs:
        for char in (run.text,) if run.cluster else run.text:
            yield column, run.width, char
            column += run.width


def word_at(runs: Sequence[Run], column: int) -> tuple[int, int]:
    """First and last column of the word at ``column``: what one wants of a double click, such as an address."""
    cells = list(characters(runs))
    index = next((i for i, (start, width, _) in enumerate(cells) if start <= column < start + width), None)
    if index is None or not _in_word(cells[index][2]):
        return column, column
    first = last = index
    while first > 0 and _in_word(cells[first - 1][2]):
        first -= 1
    while last + 1 < len(cells) and _in_word(cells[last + 1][2]):
        last += 1
    return cells[first][0], cells[last][0] + cells[last][1] - 1


def _in_word(char: str) -> bool:
    return char[:1].isalnum() or char in "-_./:@%+~=,#&?"
