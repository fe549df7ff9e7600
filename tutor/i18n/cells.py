"""How many columns of a terminal a text takes, and how to line texts up by them."""

from __future__ import annotations

import unicodedata


def cells(text: str) -> int:
    """The columns of a line: wide and full-width characters take two (UAX 11), combining ones none."""
    if text.isascii():
        return len(text)
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) == "Mn":
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def padded(text: str, columns: int) -> str:
    """The text with blanks behind it, so that it takes at least so many columns."""
    return text + " " * max(0, columns - cells(text))
