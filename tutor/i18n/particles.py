"""Which form a Korean particle takes after a word: 이 or 가, 은 or 는, 을 or 를, 과 or 와, 으로 or 로.

The form depends on whether the word, as it is read aloud, ends in a consonant. Hangul syllables say so themselves
(The Unicode Standard, 3.12: 28 finals a syllable, the first of them none). Digits are read as 영, 일, 이, 삼 …; Latin
words as Koreans spell them, which is known for some endings and guessed for the rest.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from typing import Any

_FIRST, _LAST, _FINALS = 0xAC00, 0xD7A3, 28
_RIEUL = 8  # the final ㄹ, after which 로 stays 로
_CLOSING = "`'\"’”)]}>.,:;!?…"
_DIGITS = {"0": 21, "1": _RIEUL, "3": 16, "6": 1, "7": _RIEUL, "8": _RIEUL}
_LETTERS = {"l": _RIEUL, "m": 16, "n": 4, "r": _RIEUL}  # as in L, M, N, R, read as letters
_SHORT = "bckpt"
"""Letters that close a syllable after a vowel: web, ip netns exec, net."""


def fill(template: str, values: Mapping[str, object]) -> str:
    """``str.format``, and ``{name:이/가}`` for a value with the particle that suits it."""
    return _FILLER.vformat(template, (), values)


def chosen(word: str, forms: str) -> str:
    """The form after ``word``; ``forms`` is the one after a consonant, a slash, the one after a vowel: ``이/가``."""
    after_consonant, _, after_vowel = forms.partition("/")
    final = _final(word.rstrip(_CLOSING))
    if final == _RIEUL and after_consonant == "으로":
        return after_vowel
    return after_consonant if final else after_vowel


def _final(word: str) -> int:
    """The final consonant of the last syllable as Unicode counts them; 0 where it ends in a vowel."""
    last = word[-1:]
    if _FIRST <= ord(last or " ") <= _LAST:
        return (ord(last) - _FIRST) % _FINALS
    if last in _DIGITS:
        return _DIGITS[last]
    if not last.isalpha():
        return 0
    letters = word.lower()
    if letters[-2:] == "ng":
        return 21
    if (len(word) > 1 and word[-2:].isupper()) or not set("aeiouy") & set(_run(letters)):  # read letter by letter
        return _LETTERS.get(letters[-1], 0)
    if letters[-1:] == "e" and letters[-2:-1] in ("l", "m", "n") and letters[-3:-2].isalpha():
        vowel = letters[-3:-2] in tuple("aeiou")  # alone, name; but acme
        if vowel or letters[-2] == "l":
            return _LETTERS[letters[-2]]
    if last.lower() in "lmn":
        return _LETTERS[last.lower()]
    if last.lower() in _SHORT and letters[-2:-1] in tuple("aeiou"):
        return 1
    return 0


def _run(letters: str) -> str:
    """The letters at the end: ``br`` of ``veth-red-br``."""
    return re.split(r"[^a-z]", letters)[-1]


class _Filler(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if "/" in format_spec:
            return str(value) + chosen(str(value), format_spec)
        return format(value, format_spec)


_FILLER = _Filler()
