"""YAML as a small tree in which every value knows its line, so that every error can name it.

Scalars stay text: what ``yes`` or ``1`` means is decided by what is wanted there. Aliases, anchors, tags and more than
one document are refused, and so is deep nesting, while the text is being read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

from tutor.content.source import SourceText
from tutor.errors import ContentError
from tutor.i18n import tell

if TYPE_CHECKING:
    from collections.abc import Iterable

MAXIMUM_DEPTH = 12


@dataclass(frozen=True, slots=True)
class Node:
    """A value at a line of a file."""

    shown: str
    line: int

    def error(self, reason: str) -> ContentError:
        return ContentError(self.shown, self.line, reason)

    @property
    def kind(self) -> str:
        return "a value"

    def text(self, what: str) -> str:
        """The scalar's text; ``what`` names it in the error."""
        raise self.error(f"{what} must be one value, not {self.kind}")

    def mapping(self, what: str) -> Mapping:
        raise self.error(f"{what} must be a mapping of names to values, not {self.kind}")

    def items(self, what: str) -> tuple[Node, ...]:
        """The elements of a list; one scalar counts as a list of one."""
        raise self.error(f"{what} must be a list, not {self.kind}")


@dataclass(frozen=True, slots=True)
class Scalar(Node):
    value: str
    plain: bool

    @property
    def kind(self) -> str:
        return f"{shortened(self.value)!r}" if self.value else "nothing"

    def text(self, what: str) -> str:
        if not self.value:
            raise self.error(f"{what} is empty")
        return self.value

    def items(self, what: str) -> tuple[Node, ...]:
        self.text(what)
        return (self,)


@dataclass(frozen=True, slots=True)
class Sequence(Node):
    elements: tuple[Node, ...]

    @property
    def kind(self) -> str:
        return "a list"

    def items(self, what: str) -> tuple[Node, ...]:
        return self.elements


@dataclass(frozen=True, slots=True)
class Mapping(Node):
    entries: dict[str, Node]
    key_lines: dict[str, int]

    @property
    def kind(self) -> str:
        return "a mapping"

    def mapping(self, what: str) -> Mapping:
        return self

    def get(self, key: str) -> Node | None:
        return self.entries.get(key)

    def need(self, key: str, what: str) -> Node:
        node = self.entries.get(key)
        if node is None:
            raise self.error(f"{what} needs {key!r}")
        return node

    def only(self, known: Iterable[str], what: str) -> None:
        """Refuse keys that are not known, with the nearest that is."""
        names = tuple(known)
        for key in self.entries:
            if key not in names:
                raise self.unknown(key, names, what)

    def unknown(self, key: str, known: Iterable[str], what: str) -> ContentError:
        return ContentError(self.shown, self.key_lines[key], f"{what} has no {key!r}{nearest(key, known)}")


def nearest(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` or, with nothing near, what there is."""
    names = sorted({str(name) for name in known})
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    if close:
        return tell("; did you mean {word}?", word=repr(close[0]))
    return tell("; there is {words}", words=", ".join(names)) if names and len(names) <= 16 else ""


def shortened(text: str, length: int = 40) -> str:
    line = " ".join(text[: length * 4].split())
    return line if len(line) <= length else line[: length - 1] + "…"


def parse(source: SourceText, first_line: int, lines: Iterable[str]) -> Node:
    """The YAML document in ``lines``, which start at ``first_line`` of ``source``; ``ContentError``."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        return _Builder(source, first_line).document(yaml.parse("\n".join(lines), Loader=loader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        reason = error.problem or error.context or "it cannot be read"
        raise source.error(line, f"this is not YAML: {reason}") from error
    except yaml.YAMLError as error:
        raise source.error(first_line, f"this is not YAML: {shortened(str(error), 100)}") from error


class _Builder:
    """Turns parser events into nodes, iterating where a document could make recursion deep."""

    def __init__(self, source: SourceText, first_line: int) -> None:
        self._source = source
        self._first = first_line

    def document(self, events: Iterator[Any]) -> Node:
        import yaml

        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent) and root is not None:
                self._refuse(event, "only one YAML document is allowed here")
            if isinstance(event, yaml.NodeEvent):
                root = self._node(event, events, 1)
        if root is None:
            raise self._source.error(self._first, "there is nothing here")
        return root

    def _line(self, event: Any) -> int:
        return self._first + int(event.start_mark.line)

    def _refuse(self, event: Any, reason: str) -> NoReturn:
        raise self._source.error(self._line(event), reason)

    def _node(self, event: Any, events: Iterator[Any], depth: int) -> Node:
        import yaml

        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:
            self._refuse(event, "anchors and aliases (& and *) are not allowed; quote the value if it is text")
        if event.tag is not None:
            self._refuse(event, f"the tag {shortened(event.tag)!r} is not allowed")
        if depth > MAXIMUM_DEPTH:
            self._refuse(event, f"this is nested more than {MAXIMUM_DEPTH} deep")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(self._source.shown, self._line(event), event.value, event.style is None)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, events, depth)
        return self._mapping(event, events, depth)

    def _sequence(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        import yaml

        elements: list[Node] = []
        for event in events:
            if isinstance(event, yaml.SequenceEndEvent):
                break
            elements.append(self._node(event, events, depth + 1))
        return Sequence(self._source.shown, self._line(start), tuple(elements))

    def _mapping(self, start: Any, events: Iterator[Any], depth: int) -> Node:
        import yaml

        entries: dict[str, Node] = {}
        key_lines: dict[str, int] = {}
        for event in events:
            if isinstance(event, yaml.MappingEndEvent):
                break
            key = self._node(event, events, depth + 1)
            if not isinstance(key, Scalar):
                raise key.error(f"a name was expected here, not {key.kind}")
            if key.value in entries:
                raise key.error(f"{shortened(key.value)!r} is given twice, first at line {key_lines[key.value]}")
            entries[key.value] = self._node(next(events), events, depth + 1)
            key_lines[key.value] = key.line
        return Mapping(self._source.shown, self._line(start), entries, key_lines)
