"""Markdown to styled lines: the lesson's prose, its hints and its solutions, painted for one width.

Rich's renderer (on markdown-it-py) does the parsing and the layout; a whole step costs one widget and a few
milliseconds, where a widget per block would cost a tenth of a second before the first frame. Nothing in the text is
a link, an action or markup: what the author wrote is what is seen.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import ClassVar

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markdown import CodeBlock, Heading, Markdown, MarkdownElement, TableElement
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style
from rich.table import Table
from rich.text import Text
from rich.theme import Theme
from textual.content import Content

from tutor.inert import shown
from tutor.tui.theme import Palette


class Tone(StrEnum):
    """What a section is: it decides its bar and its colour."""

    PROSE = "prose"
    HINT = "hint"
    SOLUTION = "solution"
    PRAISE = "praise"
    REMARK = "remark"


@dataclass(frozen=True, slots=True)
class Section:
    """A titled piece of Markdown. An empty title shows none; ``code`` is shown as a block of commands below it."""

    tone: Tone
    title: str
    markdown: str = ""
    code: str = ""


class _Heading(Heading):
    LEVEL_ALIGN: ClassVar = dict.fromkeys(("h1", "h2", "h3", "h4", "h5", "h6"), "left")


class _Code(CodeBlock):
    """Indented lines on a ground of their own; a line that is too long goes on, further in."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield from _code_lines(console, options.max_width, str(self.text))


def _code_lines(console: Console, width: int, code: str) -> Iterable[Segment | Text]:
    style = console.get_style("markdown.code_block")
    comment = console.get_style("markdown.comment")
    for line in code.rstrip("\n").split("\n"):
        text = Text(line, style=comment if line.lstrip().startswith("#") else style)
        room = max(1, width - 3)
        for number, piece in enumerate(text.wrap(console, max(1, room - 2), no_wrap=False) if line else [text]):
            lead = Text("  ", style=style) if not number else Text("  ↪ ", style=comment)
            body = lead + piece
            body.truncate(width, pad=True)
            body.stylize(Style(bgcolor=style.bgcolor))
            yield body


class _Table(TableElement):
    """A table whose cells go on in the next line: Rich counts characters where it should count columns, and would cut
    off the end of a line of wide ones. No word is broken where all of them have room beside each other."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for table in super().__rich_console__(console, options):
            if isinstance(table, Table):
                for column in table.columns:
                    column.overflow = "fold"
                table.show_edge = False
                _give_words_room(table, console, options)
            yield table


def _give_words_room(table: Table, console: Console, options: ConsoleOptions) -> None:
    """Set the widths of the columns, where not all lines fit but all words do."""
    endless = options.update_width(10_000)
    wanted = [
        Measurement(max(each.minimum for each in cells), max(each.maximum for each in cells))
        for column in table.columns
        if (cells := [Measurement.get(console, endless, cell) for cell in (column.header, *column.cells)])
    ]
    lines, words = (sum(each.maximum for each in wanted), sum(each.minimum for each in wanted))
    room = options.max_width - (Measurement.get(console, endless, table).maximum - lines)
    if not words <= room < lines:
        return
    span = given = 0
    for column, each in zip(table.columns, wanted, strict=True):
        span += each.span
        column.width = each.minimum + span * (room - words) // (lines - words) - given
        given += column.width - each.minimum


class _Markdown(Markdown):
    elements: ClassVar[dict[str, type[MarkdownElement]]] = {
        **Markdown.elements,
        "heading_open": _Heading,
        "table_open": _Table,
        "fence": _Code,
        "code_block": _Code,
    }

    def __init__(self, markup: str) -> None:
        super().__init__(markup, hyperlinks=False)
        for token in self._flatten_tokens(self.parsed):
            if token.type == "html_inline":  # `<name>` in prose is meant to be read
                token.type = "text"


@lru_cache(maxsize=4)
def _console(palette: Palette) -> Console:
    theme = Theme(
        {
            "markdown.paragraph": palette.text,
            "markdown.text": palette.text,
            "markdown.em": "italic",
            "markdown.strong": f"bold {palette.strong}",
            "markdown.code": f"bold {palette.code}",
            "markdown.code_block": f"{palette.code} on {palette.code_ground}",
            "markdown.comment": f"{palette.muted} on {palette.code_ground}",
            "markdown.block_quote": palette.muted,
            "markdown.list": palette.text,
            "markdown.item": palette.text,
            "markdown.item.bullet": f"bold {palette.heading}",
            "markdown.item.number": f"bold {palette.heading}",
            "markdown.hr": palette.muted,
            "markdown.h1": f"bold {palette.heading}",
            "markdown.h2": f"bold {palette.heading}",
            "markdown.h3": f"bold {palette.strong}",
            "markdown.h4": f"bold {palette.text}",
            "markdown.h5": f"bold {palette.text}",
            "markdown.h6": f"bold {palette.text}",
            "markdown.link": palette.heading,
            "markdown.link_url": palette.muted,
            "markdown.table.border": palette.muted,
            "markdown.table.header": f"bold {palette.heading}",
            "markdown.s": "strike",
            "markdown.kbd": "bold",
        },
        inherit=True,
    )
    return Console(
        file=io.StringIO(),
        theme=theme,
        color_system="truecolor",
        force_terminal=True,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
        width=80,
    )


def _as_text(lines: Iterable[Iterable[Segment]]) -> list[Text]:
    return [Text.assemble(*((part.text, part.style or "") for part in row if not part.control)) for row in lines]


def _trimmed(lines: list[Text]) -> list[Text]:
    first, last = 0, len(lines)
    while first < last and not lines[first].plain.strip():
        first += 1
    while last > first and not lines[last - 1].plain.strip():
        last -= 1
    return lines[first:last]


def _section(section: Section, width: int, palette: Palette) -> list[Text]:
    console = _console(palette)
    bar = {Tone.PROSE: "", Tone.HINT: "┃ ", Tone.SOLUTION: "┃ ", Tone.PRAISE: "┃ ", Tone.REMARK: "┃ "}[section.tone]
    colour = {Tone.PROSE: palette.heading, Tone.HINT: palette.hint, Tone.REMARK: palette.hint}.get(
        section.tone, palette.done
    )
    room = max(4, width - len(bar))
    options = console.options.update(width=room, height=None)
    lines: list[Text] = []
    if section.title:
        title = Text(shown(section.title), style=f"bold {colour}")
        lines += title.wrap(console, room)
    if section.markdown.strip():
        if section.title and section.tone is Tone.PROSE:
            lines.append(Text())
        lines += _trimmed(_as_text(console.render_lines(_Markdown(shown(section.markdown)), options, pad=False)))
    if section.code:
        lines += [piece for piece in _code_lines(console, room, shown(section.code)) if isinstance(piece, Text)]
    if not bar:
        return lines
    return [Text.assemble((bar, colour), line) for line in lines]


def paint(sections: Sequence[Section], width: int, palette: Palette) -> tuple[Content, tuple[int, ...]]:
    """The sections as one content of lines no wider than ``width`` cells, and the line where each section starts."""
    lines: list[Text] = []
    starts: list[int] = []
    for section in sections:
        if lines:
            lines.append(Text())
        starts.append(len(lines))
        lines += _section(section, width, palette)
    for line in lines:
        line.truncate(max(1, width))
    return Content.from_rich_text(Text("\n", end="").join(lines)), tuple(starts)
