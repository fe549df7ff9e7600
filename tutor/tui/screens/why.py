"""Why a goal is not met: the way of its packets, hop by hop, up to the first that is broken."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, assert_never

from textual.binding import Binding, BindingType
from textual.content import Content

from tutor.i18n import _, cells, padded, shown, tell
from tutor.model import words
from tutor.model.place import Place
from tutor.model.state import GoalState
from tutor.model.verdict import Unmet
from tutor.model.why import Broken, CannotTell, Outcome, Works
from tutor.tui.pages import in_reach
from tutor.tui.screens.sheet import Sheet
from tutor.tui.widgets.flow import Flow, hang
from tutor.tui.widgets.goals import inline, look_of, reasons

_LABEL = 10


class Walk(Flow):
    """The goal, the drawing, and the words to it."""

    DEFAULT_CSS = "Walk { padding: 0 1; }"

    def __init__(self, state: GoalState, shells: tuple[str, ...]) -> None:
        super().__init__()
        self._state = state
        self._shells = shells

    def lines(self, width: int) -> Content:
        sign, word, colour = look_of(self._state)
        head = Content.assemble((f"{sign} {shown(word)}", f"bold {colour}"), "  ", inline(self._state.goal.text))
        rows = [*hang(head, width, 2), Content("")]
        verdict = self._state.verdict
        why = verdict.why if isinstance(verdict, Unmet) else None
        if why is not None:
            rows += [*_drawing(why), Content("")]
        for label, clause, style in _words(self._state, why, self._shells):
            text = Content.assemble((padded(shown(label), _LABEL - 1) + " ", "$text-muted"), inline(clause, style))
            rows += hang(text, width, _LABEL if width > 40 else 2)
        return Content("\n").join(rows)


def _words(state: GoalState, why: Outcome | None, shells: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Label, clause, style. Where to look is on one of the machines with ``shells``, where the learner can go."""
    match why:
        case Broken():
            verdict = state.verdict
            yield _("because"), shown(why.sentence), "bold"
            yield _("kernel"), shown(why.evidence), ""
            if isinstance(verdict, Unmet) and verdict.observed not in (why.sentence, ""):
                yield _("seen"), shown(verdict.observed), ""
            look = verdict.look_next if isinstance(verdict, Unmet) and why.hop.machine not in shells else why.command
            if words.in_reach(look, shells):
                yield _("look at"), f"`{shown(look)}`", ""
        case Works():
            yield _("way"), _("the settings let packets there and back: what is wrong is something else"), ""
        case CannotTell(sentence):
            yield _("way"), _("it cannot be told: {reason}", reason=shown(sentence)), ""
        case None:
            pass
        case _:
            assert_never(why)
    if not isinstance(why, Broken):
        yield from ((label, clause, "") for label, clause in reasons(in_reach(state, shells), brief=False))


def _drawing(why: Outcome) -> list[Content]:
    """A line a place, there and back, and between them what lies between."""
    if isinstance(why, CannotTell):
        return []
    stops = _stops(why)
    room = max(cells(shown(words.place(place))) for place, _, _ in stops) + 2
    rows: list[Content] = []
    for place, role, state in stops:
        sign, colour = ("●", "$text-success") if state == "passed" else ("✘", "$text-error")
        if rows:
            rows.append(Content.assemble(("   ┆" if state == "beyond" else "   │", colour)))
        name = padded(shown(words.place(place)), room)
        rows.append(Content.assemble("   ", (sign, f"bold {colour}"), " ", (name, "bold"), (role, "$text-muted")))
    return rows


def _stops(why: Works | Broken) -> list[tuple[Place, str, str]]:
    """Each place with what happens there, and whether the packet passed it, ends there, or never came."""
    path, back = why.path, why.back
    stops = [(place, _("passes it on"), "passed") for place in path]
    if stops:
        stops[0] = (path[0], _("sends"), "passed")
    if back and stops:
        stops[-1] = (path[-1], _("gets it and answers"), "passed")
        stops += [(place, _("passes the answer on"), "passed") for place in back[1:]]
    if isinstance(why, Works):
        stops[-1] = (stops[-1][0], _("gets the answer"), "passed")
    elif stops and stops[-1][0] == why.hop:
        ends = _("here the answer ends") if back else _("here it ends")
        stops[-1] = (why.hop, ends, "ended")
    else:
        stops.append((why.hop, _("here something is wrong"), "beyond"))
    return stops


class WhyScreen(Sheet):
    """Shows one goal."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f11,q,w,enter", "dismiss"),
        Binding("l,shift+f1", "app.next_language"),
    ]
    heading = tell("Why?")
    keys = tell("↑ ↓ scroll · Esc back")

    def __init__(self, state: GoalState, shells: tuple[str, ...]) -> None:
        super().__init__()
        self._state = state
        self._shells = shells

    def content(self) -> Walk:
        return Walk(self._state, self._shells)
