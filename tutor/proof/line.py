"""A command line as a list of words that know where they stand, so that one can be replaced and the rest kept."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

_PLAIN = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Word:
    """``text`` without quotes, at ``start`` up to ``end`` of the line."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Line:
    """A command line. What stands in quotes is divided into words too: ``nft "add table ip t"``."""

    text: str
    words: tuple[Word, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", tuple(_words(self.text)))

    @property
    def texts(self) -> tuple[str, ...]:
        return tuple(word.text for word in self.words)

    @property
    def namespace(self) -> int | None:
        """The position of the word that names the namespace in which the command runs, if it runs in one."""
        texts = self.texts
        if texts[:3] == ("ip", "netns", "exec") and len(texts) > 4:
            return 3
        if texts[:1] == ("ip",) and texts[1:2] in (("-n",), ("-netns",)) and len(texts) > 3:
            return 2
        return None

    @property
    def bare(self) -> tuple[Word, ...]:
        """The words of the command itself: ``ip -n red link`` and ``ip netns exec red ip link`` give ``ip link``."""
        at = self.namespace
        if at is None:
            return self.words
        return self.words[4:] if at == 3 else (self.words[0], *self.words[3:])

    @property
    def program(self) -> str:
        bare = self.bare
        return bare[0].text if bare else ""

    def after(self, *names: str) -> Iterator[Word]:
        """Every word that follows one of these."""
        for word, following in pairwise(self.words):
            if word.text in names:
                yield following

    def before(self, word: Word) -> str:
        """The text of the word before it; empty for the first."""
        position = self.words.index(word)
        return self.words[position - 1].text if position else ""

    def replaced(self, word: Word, text: str) -> str:
        return self.text[: word.start] + text + self.text[word.end :]

    def without(self, *words: Word) -> str:
        """The line without these neighbouring words."""
        head, tail = self.text[: words[0].start].rstrip(), self.text[words[-1].end :].lstrip()
        return f"{head} {tail}".strip()


def normal(text: str) -> str:
    """A command line by which it can be compared with another: the same words in the same order."""
    return " ".join(Line(text).texts)


def _words(text: str) -> Iterator[Word]:
    at = 0
    for token in _tokens(text):
        start = text.index(token, at)
        at = start + len(token)
        if len(token) > 1 and token[0] == token[-1] and token[0] in "\"'":
            yield from (
                Word(match[0], start + 1 + match.start(), start + 1 + match.end())
                for match in _PLAIN.finditer(token[1:-1])
            )
        else:
            yield Word(token, start, at)


def _tokens(text: str) -> list[str]:
    lexer = shlex.shlex(text, posix=False, punctuation_chars=True)
    lexer.whitespace_split, lexer.commenters = True, ""
    try:
        return list(lexer)
    except ValueError:  # an open quote
        return _PLAIN.findall(text)
