"""Where the parts of a lesson file lie: front matter, introduction, steps with their blocks, recap. Knows Markdown, no
meaning: what stands in a block is read elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tutor.content.source import SourceText
from tutor.content.tree import nearest

RECAP = "Recap"
LESSON = {
    "goal": ("yaml", "goal"),
    "hint": ("hint",),
    "solution": ("bash", "solution"),
    "equivalent": ("bash", "equivalent"),
}
"""The blocks of a lesson, and the words that open each."""
TRANSLATION = {"goals": ("yaml", "goals"), "hint": ("hint",), "solutions": ("yaml", "solutions")}
"""The same for a translation."""
_HEADING = re.compile(r"(?P<title>.*?)\s*\{#(?P<id>[^}]*)\}")
_OPENING = re.compile(r"`{3,}\s*\w+ (goals?|solutions?|equivalent)\b.*`")
_STEP_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block for the program. ``line`` is that of its fence; ``lines`` start one below."""

    role: str
    title: str
    line: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A step as it stands in the file. ``prose`` is its Markdown without the blocks."""

    id: str
    title: str
    line: int
    prose: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    introduction: str
    sections: tuple[Section, ...]
    recap: str


def front_matter(source: SourceText) -> tuple[tuple[str, ...], int]:
    """The lines between the first two ``---``, and the index of the first line after them."""
    if not source.lines or source.lines[0].rstrip() != "---":
        raise source.error(1, "a lesson begins with front matter between two lines '---'")
    for index, line in enumerate(source.lines[1:], 1):
        if line.rstrip() == "---":
            return source.lines[1:index], index + 1
    raise source.error(1, "the front matter is not closed: a line '---' is missing")


def divided(source: SourceText, start: int, roles: Mapping[str, tuple[str, ...]] = LESSON) -> Document:
    """The body of the lesson, from the line with index ``start``, with the blocks that it may have."""
    for number, line in enumerate(source.lines[start:], start + 1):
        if _OPENING.match(line):
            raise source.error(number, "no backquote may stand after the backquotes that open a block")
    tokens = _tokens("\n".join(source.lines[start:]))
    headings = [(start + first, start + last, text) for first, last, text in _headings(source, start, tokens)]
    fences = [token for token in tokens if token.type == "fence"]
    blocks = [block for block in (_block(source, start, token, roles) for token in fences) if block]
    if not any(text != RECAP for _, _, text in headings):
        raise source.error(start, "the lesson has no step: a step is a heading '## Title {#id}'")
    ends = [first for first, _, _ in headings[1:]] + [len(source.lines)]
    introduction_end = headings[0][0]
    _refuse_outside(source, blocks, 0, introduction_end, "before the first step")
    introduction = _prose(source, start, introduction_end, ())
    sections: list[Section] = []
    recap = ""
    for position, ((first, body, text), end) in enumerate(zip(headings, ends, strict=True)):
        if text == RECAP:
            if position != len(headings) - 1:
                raise source.error(first + 1, f"'{RECAP}' must be the last heading")
            _refuse_outside(source, blocks, body, end, f"under '{RECAP}'")
            recap = _prose(source, body, end, ())
            continue
        inside = tuple(block for block in blocks if body < block.line <= end)
        title, step_id = _titled(source, first, text)
        sections.append(Section(step_id, title, first + 1, _prose(source, body, end, inside), inside))
    return Document(introduction, tuple(sections), recap)


def _tokens(text: str) -> list[Any]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser.parse(text)


def _headings(source: SourceText, start: int, tokens: list[Any]) -> list[tuple[int, int, str]]:
    """Top-level headings of level 2: first line, line after, text."""
    found = []
    for token, content in pairwise(tokens):
        if token.type != "heading_open" or token.level:
            continue
        if token.tag == "h1":
            reason = "a step is a heading of level 2 (##); the lesson's title stands in the front matter"
            raise source.error(start + token.map[0] + 1, reason)
        if token.tag == "h2":
            found.append((token.map[0], token.map[1], content.content.strip()))
    return found


def _titled(source: SourceText, first: int, text: str) -> tuple[str, str]:
    match = _HEADING.fullmatch(text)
    if match is None:
        raise source.error(first + 1, f"a step's heading ends in its id: '## {text} {{#some-id}}'")
    title, step_id = match["title"], match["id"]
    if not title:
        raise source.error(first + 1, "the step has no title")
    if not _STEP_ID.fullmatch(step_id) or len(step_id) > 40:
        raise source.error(first + 1, f"{step_id[:60]!r} is not an id: lower case letters, digits and hyphens")
    return title, step_id


def _block(source: SourceText, start: int, token: Any, roles: Mapping[str, tuple[str, ...]]) -> Block | None:
    """A fence is ours if its first or second word says so; other fences are examples, and prose."""
    words = token.info.split()
    line = start + token.map[0] + 1
    role = next((word for word in words[:2] if word in roles), None)
    if role is None:
        if len(words) > 1 and words[0] in ("yaml", "bash"):
            raise source.error(line, f"there is no block {' '.join(words[:2])!r}{nearest(words[1], roles)}")
        return None
    expected = roles[role]
    if tuple(words[: len(expected)]) != expected:
        raise source.error(line, f"write this block as ```{' '.join(expected)}")
    if token.level:
        raise source.error(line, f"a {role} must not stand inside a list or a quotation")
    last = start + token.map[1] - 1
    if not source.lines[last].lstrip().startswith(token.markup) or last < line:
        raise source.error(line, f"this {role} is not closed by {token.markup}")
    return Block(role, " ".join(words[len(expected) :]), line, source.lines[line:last])


def _refuse_outside(source: SourceText, blocks: list[Block], first: int, end: int, where: str) -> None:
    for block in blocks:
        if first < block.line <= end:
            raise source.error(block.line, f"a {block.role} belongs to a step; this one stands {where}")


def _prose(source: SourceText, first: int, end: int, blocks: tuple[Block, ...]) -> str:
    """The lines of a part without its blocks, and no more than one blank line at a time where one was taken out."""
    hidden = {line for block in blocks for line in range(block.line - 1, block.line + len(block.lines) + 1)}
    kept: list[str] = []
    for index in range(first, end):
        if index in hidden:
            continue
        line = source.lines[index].rstrip()
        if line or (kept and (kept[-1] or index - 1 not in hidden)):
            kept.append(line)
    return _trimmed("\n".join(kept))


def _trimmed(text: str) -> str:
    return re.sub(r"\A\n+|\n+\Z", "", text)
