"""Text from outside is shown as text: FAULTS 23."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tutor.inert import line, shown

BIDI = {"LRE", "RLE", "PDF", "LRO", "RLO", "LRI", "RLI", "FSI", "PDI"}


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    result = shown(text)
    for character in result:
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cs", "Zl", "Zp")
        assert unicodedata.bidirectional(character) not in BIDI


@given(st.text())
def test_shown_text_is_shown_as_it_is(text: str) -> None:
    assert shown(shown(text)) == shown(text)


@given(st.text())
def test_one_line_is_one_line(text: str) -> None:
    assert "\n" not in line(text)


@pytest.mark.parametrize(
    ("hostile", "visible"),
    [
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x9b21t", "<U+009B>21t"),
        ("abc\u202egpj.exe", "abc<U+202E>gpj.exe"),
        ("a\x7fb", "a␡b"),
        ("한국어 \t탭", "한국어 " + " " * 4 + "탭"),
    ],
)
def test_hostile_text_is_visible(hostile: str, visible: str) -> None:
    assert shown(hostile) == visible
