"""The ways in which learners break the lines that write the files which decide about names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tutor.model.verdict import Layer
from tutor.proof.line import Line, Word
from tutor.proof.operators import Broken, mistyped, operator
from tutor.proof.vocabulary import Vocabulary

FILES = {
    "/etc/hosts": "/etc/host",
    "/etc/resolv.conf": "/etc/resolve.conf",
    "/etc/nsswitch.conf": "/etc/nswitch.conf",
}
"""Each with the way in which it is usually misspelt."""

_OF_SERVERS = ("/etc/nsd", "/etc/unbound", ".zone")
_KEYWORDS = {"nameserver": "nameservers", "search": "serach", "hosts:": "host:"}
_SOURCES = ("files", "dns")
_NAME = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)*")
_ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")
_WRITING = ("echo", "printf")


def writes_names(line: Line) -> bool:
    """Whether the line has to do with one of the files, or with those of a name server."""
    return any(path in text for text in line.texts for path in (*FILES, *_OF_SERVERS))


@operator("wrong file", Layer.NAME, Layer.SERVICE)
def wrong_file(line: Line, _: Vocabulary) -> Iterator[Broken]:
    for word in line.words:
        if word.text in FILES:
            yield Broken(line.replaced(word, FILES[word.text]), f"{FILES[word.text]} in place of {word.text}")


@operator("overwritten", Layer.NAME, Layer.SERVICE)
def overwritten(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """``>`` in place of ``>>``, and the other way round."""
    if writes_names(line):
        for word in line.words:
            if word.text in (">", ">>"):
                other = ">" if word.text == ">>" else ">>"
                yield Broken(line.replaced(word, other), f"{other} in place of {word.text}")
            if word.text == "-a" and "tee" in line.texts:
                yield Broken(line.without(word), "tee without -a")


@operator("wrong keyword", Layer.NAME, Layer.SERVICE)
def wrong_keyword(line: Line, _: Vocabulary) -> Iterator[Broken]:
    if writes_names(line):
        for word in line.words:
            if wrong := _KEYWORDS.get(word.text):
                yield Broken(line.replaced(word, wrong), f"{wrong} in place of {word.text}")


@operator("wrong order", Layer.NAME, Layer.SERVICE)
def wrong_order(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """The name before its address, or the sources the other way round."""
    for first, second in zip(line.words, line.words[1:], strict=False):
        if not writes_names(line) or line.program not in _WRITING:
            continue
        entry = _ADDRESS.fullmatch(first.text) and _NAME.fullmatch(second.text)
        if entry or {first.text, second.text} == set(_SOURCES):
            text = f"{line.text[: first.start]}{second.text} {first.text}{line.text[second.end :]}"
            yield Broken(text, f"{second.text} before {first.text}")


@operator("wrong name", Layer.NAME, Layer.SERVICE)
def wrong_name(line: Line, _: Vocabulary) -> Iterator[Broken]:
    """A name that was mistyped in what is written to the file."""
    if writes_names(line) and line.program in _WRITING:
        for word in _written(line):
            if _NAME.fullmatch(word.text) and word.text not in (*_KEYWORDS, *_SOURCES):
                yield Broken(line.replaced(word, mistyped(word.text)), f"{word.text} mistyped")


def _written(line: Line) -> Iterator[Word]:
    for word in line.words[1:]:
        if word.text in (">", ">>", "|"):
            return
        yield word
