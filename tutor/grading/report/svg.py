"""Pictures as inline SVG, drawn to the width of a phone and scaled up.

Each has a title and a description that a screen reader says, and a ``name`` that no other on its page has. Colours come
from the page, by class, so that they follow its light and its dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element, SubElement, tostring

from markupsafe import Markup

from tutor import inert

WIDTH = 400
_LINE = 18  # height of a line of text
_BAR = 16
_LONGEST = 44  # characters of a label


@dataclass(frozen=True, slots=True)
class Part:
    """``kind`` is the class that colours it; ``text`` stands in it where there is room."""

    kind: str
    size: float
    text: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A bar of parts, with its ``label`` above it and ``text`` to the right of that; ``span`` is drawn over it as a
    thin line from one size to another."""

    label: str
    parts: tuple[Part, ...]
    text: str = ""
    span: tuple[float, float] | None = None


def columns(name: str, title: str, description: str, bars: Sequence[tuple[str, int]], *, axis: str) -> Markup:
    """A histogram: upright bars with their counts above and their labels below, and what the labels are of."""
    top, height = _LINE, 130
    picture = _picture(name, title, description, top + height + 2 * _LINE + 6)
    most = max((count for _label, count in bars), default=0) or 1
    slot = WIDTH / max(1, len(bars))
    for number, (label, count) in enumerate(bars):
        middle, tall = slot * (number + 0.5), height * count / most
        _box(picture, "bar", slot * number + slot * 0.08, top + height - tall, slot * 0.84, tall)
        if count:
            _text(picture, str(count), middle, top + height - tall - 4, anchor="middle")
        _text(picture, label, middle, top + height + 15, anchor="middle", kind="quiet")
    _box(picture, "line", 0, top + height, WIDTH, 1)
    _text(picture, axis, WIDTH / 2, top + height + 15 + _LINE, anchor="middle", kind="quiet")
    return _markup(picture)


def rows(name: str, title: str, description: str, bars: Sequence[Row], *, full: float = 0.0) -> Markup:
    """Lying bars, one below another. ``full`` is the size of the whole width, or else the largest bar is."""
    tall = _LINE + _BAR + 10
    picture = _picture(name, title, description, tall * max(1, len(bars)))
    reach = (max(sum(part.size for part in row.parts), row.span[1] if row.span else 0) for row in bars)
    scale = WIDTH / (full or max(reach, default=0.0) or 1.0)
    for number, row in enumerate(bars):
        top = tall * number
        _text(picture, _cut(row.label), 0, top + 14)
        _text(picture, row.text, WIDTH, top + 14, anchor="end", kind="quiet")
        top += _LINE
        _box(picture, "track", 0, top, WIDTH, _BAR)
        left = 0.0
        for part in row.parts:
            width = part.size * scale
            _box(picture, part.kind, left, top, width, _BAR)
            if part.text and width > 9 * len(part.text):
                _text(picture, part.text, left + width / 2, top + 12, anchor="middle", kind="inside")
            left += width
        if row.span:
            low, high = (min(WIDTH - 1.5, each * scale) for each in row.span)
            _box(picture, "line", low, top + _BAR / 2 - 1, max(1.0, high - low), 2)
            for at in (low, high):
                _box(picture, "line", at, top + 3, 1.5, _BAR - 6)
    return _markup(picture)


def strip(
    name: str, title: str, description: str, marks: Sequence[float], whole: float, ends: tuple[str, str]
) -> Markup:
    """A line of time with a tick for each of ``marks``, from 0 to ``whole``."""
    picture = _picture(name, title, description, 34 + _LINE)
    _box(picture, "track", 0, 4, WIDTH, 26)
    for mark in marks:
        _box(picture, "tick", min(WIDTH - 1.5, WIDTH * mark / (whole or 1.0)), 6, 1.5, 22)
    _text(picture, ends[0], 0, 46, kind="quiet")
    _text(picture, ends[1], WIDTH, 46, anchor="end", kind="quiet")
    return _markup(picture)


def _picture(name: str, title: str, description: str, height: float) -> Element:
    names = f"{name}-title {name}-desc"
    size = f"0 0 {WIDTH} {_number(height)}"
    picture = Element("svg", {"viewBox": size, "role": "img", "aria-labelledby": names, "class": "picture"})
    SubElement(picture, "title", {"id": f"{name}-title"}).text = inert.line(title)
    SubElement(picture, "desc", {"id": f"{name}-desc"}).text = inert.line(description)
    return picture


def _box(picture: Element, kind: str, left: float, top: float, width: float, height: float) -> None:
    place = {"x": left, "y": top, "width": width, "height": height}
    SubElement(picture, "rect", {"class": kind, **{name: _number(each) for name, each in place.items()}})


def _text(picture: Element, text: str, left: float, base: float, *, anchor: str = "start", kind: str = "") -> None:
    place = {"x": _number(left), "y": _number(base), "text-anchor": anchor}
    SubElement(picture, "text", {**place, **({"class": kind} if kind else {})}).text = inert.line(text)


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _cut(label: str) -> str:
    return label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"


def _markup(picture: Element) -> Markup:
    return Markup(tostring(picture, encoding="unicode"))
