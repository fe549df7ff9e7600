"""From a command that failed to the sentence that helps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tutor.i18n import Told, tell
from tutor.mistakes.catalogue import MESSAGES
from tutor.mistakes.message import Message
from tutor.mistakes.spelling import nearest
from tutor.mistakes.words import Words, commands, is_name

_NOT_FOUND = re.compile(r'(?:^|: )([^\s:]+): command not found|exec of "([^"]+)" failed: No such file', re.MULTILINE)
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])|[\x00-\x08\x0b-\x1f\x7f]")
_KINDLESS = re.compile(r"^RTNETLINK answers: .*\n?", re.MULTILINE)
"""What ``ss`` says of each kind of socket that the kernel does not have. It goes on with the others."""
_ANSWER = re.compile(r"no|none|예|네|아니[요오]|없음|[\d.]+(?:/\d+)?|(?:[\da-f]{2}:){5}[\da-f]{2}")
"""What is no command, and what questions are answered with."""
_INTERRUPTED = 130
_LONGEST = 60


@dataclass(frozen=True, slots=True)
class Remark:
    """What the tutor has to say of one command. ``sentences`` are Markdown, at least one."""

    command: str
    sentences: tuple[Told, ...]


def remark(command: str, status: int, output: str, words: Words) -> Remark | None:
    """What to say of a finished command: which word was probably meant, and what its error message means.

    ``output`` is what it printed, escape sequences and all; its end is enough. ``None`` where there is nothing to say.
    """
    text = _ESCAPES.sub("", output.replace("\r\n", "\n"))
    if any(line[0] == "ss" for line in commands(command)):
        text = _KINDLESS.sub("", text)
    sentences = [*_spelling(command, status, text, words), *_meaning(status, text)]
    return Remark(command, tuple(sentences)) if sentences else None


def _spelling(command: str, status: int, text: str, words: Words) -> Iterator[Told]:
    """At most one: the first word that looks mistyped."""
    if status in (0, _INTERRUPTED):
        return
    for missing in _NOT_FOUND.finditer(text):
        typed = missing[1] or missing[2]
        if _ANSWER.fullmatch(command.strip().casefold()):
            yield tell("An answer is typed in the line below its question: F6 leads there.")
            return
        if meant := nearest(typed, words.programs):
            yield tell("There is no command `{typed}`: did you mean `{meant}`?", typed=_kept(typed), meant=meant)
            return
    for line in commands(command):
        program, *arguments = line
        known = words.known(program)
        for typed in arguments if program in words.programs else ():
            if is_name(typed) and typed not in known and (meant := nearest(typed, known)):
                yield tell("`{typed}`: did you mean `{meant}`?", typed=_kept(typed), meant=meant)
                return


def _meaning(status: int, text: str) -> Iterator[Told]:
    """At most one: the first message of the catalogue that was printed."""
    for message in MESSAGES:
        if (status or message.always) and (found := message.pattern.search(text)):
            yield _filled(message, found)
            return


def _filled(message: Message, found: re.Match[str]) -> Told:
    values = {name: _kept(value or "") for name, value in found.groupdict().items()}
    return Told(message.sentence.template, values)


def _kept(word: str) -> str:
    """A word of the learner's as it can stand between backquotes."""
    return word.replace("`", "'")[:_LONGEST]
