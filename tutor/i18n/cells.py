"""How many columns of a terminal a text takes, and how to line texts up by them."""

from __future__ import annotations


def cells(text: str) -> int:
    """The columns of a line: wide and full-width characters take two (UAX 11), combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import category, east_asian_width  # a library of its own to load, which English does without

    return sum(0 if category(each) == "Mn" else 2 if east_asian_width(each) in "WF" else 1 for each in text)


def padded(text: str, columns: int) -> str:
    """The text with blanks behind it, so that it takes at least so many columns."""
    return text + " " * max(0, columns - cells(text))
