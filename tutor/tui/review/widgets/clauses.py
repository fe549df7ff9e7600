"""Labelled clauses, and lists of them: how a submission's details are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual.content import Content

from tutor.i18n import cells, padded
from tutor.inert import line, shown
from tutor.tui.widgets.flow import Flow, hang
from tutor.tui.widgets.goals import inline

Clause = tuple[str, str, str]
"""Label, text, style. Without a label it is a heading; a text may have many lines."""


class Clauses(Flow):
    """Texts may come from a file: they are made harmless here."""

    DEFAULT_CSS = "Clauses { padding: 0 1; }"

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._make: Callable[[], Iterable[Clause]] = tuple

    def show(self, make: Callable[[], Iterable[Clause]]) -> None:
        """``make`` is called again in another language."""
        self._make = make
        self.reflow()

    def lines(self, width: int) -> Content:
        clauses = list(self._make())
        labels = max((cells(line(label)) for label, _text, _style in clauses if label), default=0)
        room = min(labels, max(4, width // 4)) + 1
        rows: list[Content] = []
        for label, text, style in clauses:
            if label:
                rows += _labelled(line(label), text, style, room, width)
            else:
                rows += ([Content("")] if rows else []) + hang(inline(text, style or "bold"), width, 2)
        return Content("\n").join(rows) if rows else Content("")


def _labelled(label: str, text: str, style: str, room: int, width: int) -> Sequence[Content]:
    rows: list[Content] = []
    for number, row in enumerate(shown(text).split("\n") or [""]):
        head = padded(label if not number else "", room - 1) + " "
        content = Content.assemble((head, "$text-muted"), (row, style) if style else row)
        rows += hang(content, width, room if width > 40 else 2)
    return rows
