"""The goals of a step: each with its state in a shape, a word and a colour, and the reason why it is not met."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import assert_never

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input

from tutor.i18n import _, cells, padded, shown, tell
from tutor.inert import line
from tutor.model.state import GoalState
from tutor.model.verdict import Met, Unknown, Unmet
from tutor.tui.messages import AnswerGiven, AnswersGiven, WhyAsked
from tutor.tui.widgets.flow import Flow, hang

_CODE = re.compile(r"(`+)(.+?)\1")
DONE = ("✔", tell("done"), "$text-success")
NOT_YET = ("✘", tell("not yet"), "$text-warning")
BROKEN = ("✘", tell("broken"), "$text-error")
CHECKING = ("…", tell("checking"), "$text-muted")
UNKNOWN = ("?", tell("could not check"), "$text-muted")
BEFORE = ("◌", tell("was so before"), "$text-warning")
LABELS = EXPECTED, SEEN, LOOK_AT, BECAUSE = tell("expected"), tell("seen"), tell("look at"), tell("because")
DENSE_BELOW = 48
"""Columns under which a goal that is done takes one line only."""
ASKED = ("▸", tell("your answer"), "$text-warning")


def look_of(state: GoalState) -> tuple[str, str, str]:
    """The shape, the word and the colour for the state of a goal."""
    if state.done:
        return DONE
    if state.broken:
        return BROKEN
    match state.verdict:
        case None:
            return CHECKING
        case Met():
            return BEFORE
        case Unmet(observed="no answer yet") if state.goal.question:
            return ASKED
        case Unmet():
            return NOT_YET
        case Unknown():
            return UNKNOWN
        case _:
            assert_never(state.verdict)


def reasons(state: GoalState, *, brief: bool) -> list[tuple[str, str]]:
    """Labelled clauses to be read under a goal that is not done."""
    if state.done:
        return []
    if state.broken:
        return [
            (SEEN, tell("it held, and then it did not")),
            (LOOK_AT, tell("F4 starts the step again")),
        ]
    match state.verdict:
        case Unmet() as unmet:
            if look_of(state) is ASKED:
                return []
            seen = (SEEN, unmet.observed)
            where = [(LOOK_AT, unmet.look_next)] if unmet.look_next else []
            return [seen] if brief else [(EXPECTED, unmet.expected), seen, *where]
        case Unknown(cause):
            return [(BECAUSE, cause)]
        case Met():
            return [
                (SEEN, tell("it held before this step was opened")),
                (LOOK_AT, tell("undo it, then do it again")),
            ]
        case None:
            return []
        case _:
            assert_never(state.verdict)


def inline(text: str, style: str = "") -> Content:
    """Lesson text on one line; only its `code` is set apart."""
    parts: list[tuple[str, str]] = []
    at = 0
    text = line(text)
    for match in _CODE.finditer(text):
        parts += [(text[at : match.start()], style), (match[2].strip(), "bold $text-secondary")]
        at = match.end()
    return Content.assemble(*parts, (text[at:], style))


class GoalCard(Flow):
    """One goal. ``brief`` keeps the reason to what was seen."""

    DEFAULT_CSS = "GoalCard { margin: 0; }"

    def __init__(self, state: GoalState, *, brief: bool) -> None:
        super().__init__()
        self._shown = (state, brief)

    def on_click(self) -> None:
        state, _ = self._shown
        if isinstance(state.verdict, Unmet) and state.verdict.why is not None and not state.done:
            self.post_message(WhyAsked(state.goal.id))

    def show(self, state: GoalState, *, brief: bool) -> None:
        if (state, brief) != self._shown:
            self._shown = (state, brief)
            self.reflow()

    def lines(self, width: int) -> Content:
        state, brief = self._shown
        sign, word, colour = look_of(state)
        head = Content.assemble(
            (f"{sign} {shown(word)}", f"bold {colour}"),
            "  ",
            inline(state.goal.text, "$text-muted" if state.done else ""),
        )
        if state.done and width < DENSE_BELOW:
            return head.truncate(width, ellipsis=True)
        rows = hang(head, width, 2)
        column = max(cells(shown(label)) for label in LABELS) + 1
        for label, clause in reasons(state, brief=brief):
            style = "$text-secondary" if label is LOOK_AT else ""
            text = Content.assemble((padded(shown(label), column), "$text-muted"), inline(clause, style))
            rows += [row.pad_left(2) for row in hang(text, max(1, width - 2), column if width > 30 else 2)]
        return Content("\n").join(rows)


class AnswerLine(Input):
    """Where the answer to a question is typed."""

    DEFAULT_CSS = """
    AnswerLine { margin: 0 0 0 2; background: $panel; color: $foreground; padding: 0 1; }
    AnswerLine > .input--placeholder { color: $text-muted; }
    AnswerLine:focus { background-tint: $foreground 8%; }
    """

    def __init__(self, goal_id: str) -> None:
        super().__init__(placeholder=_("type your answer, then Enter"), compact=True, select_on_focus=False)
        self.goal_id = goal_id

    def language_changed(self) -> None:
        self.placeholder = _("type your answer, then Enter")

    async def action_submit(self) -> None:
        if self.value.strip():
            self.post_message(AnswerGiven(self.goal_id, self.value.strip()))
            self.select_all()  # what is typed next takes the place of a wrong answer


class GoalList(VerticalScroll, can_focus=False):
    """All goals of one step."""

    DEFAULT_CSS = """
    GoalList {
        height: auto; padding: 0 1 0 2; background: $surface; border-top: solid $border; scrollbar-size-vertical: 1;
    }
    GoalList > #goals-title { dock: top; height: 1; background: $surface; color: $text-muted; text-style: bold; }
    GoalList Vertical { height: auto; }
    """

    def __init__(self, goals: Sequence[GoalState], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._goals = tuple(goals)

    def compose(self) -> ComposeResult:
        yield _Tally(self._goals)
        with Vertical():
            yield from self._cards()

    def _cards(self) -> list[GoalCard | AnswerLine]:
        found: list[GoalCard | AnswerLine] = []
        for state, brief in self._briefly():
            found.append(GoalCard(state, brief=brief))
            if state.goal.question and not state.done:
                found.append(AnswerLine(state.goal.id))
        return found

    def _briefly(self) -> list[tuple[GoalState, bool]]:
        """The first goal that is not done is told in full."""
        first = next((state for state in self._goals if not state.done), None)
        return [(state, state is not first) for state in self._goals]

    async def show(self, goals: Sequence[GoalState]) -> None:
        """Show these goals; cards of goals that were shown before are updated in place."""
        goals = tuple(goals)
        if goals == self._goals:
            return
        same = [state.goal for state in goals] == [state.goal for state in self._goals]
        self._goals = goals
        if not self.is_mounted:
            return
        self.query_one(_Tally).show(goals)
        if not same:
            holder = self.query_one(Vertical)
            if isinstance(self.screen.focused, AnswerLine):
                self.post_message(AnswersGiven())
            await holder.remove_children()
            await holder.mount_all(self._cards())
            self.scroll_home(animate=False)
            return
        cards = list(self.query(GoalCard))
        for card, (state, brief) in zip(cards, self._briefly(), strict=True):
            card.show(state, brief=brief)
        answered = {state.goal.id for state in goals if state.done}
        asked = {entry.goal_id for entry in self.query(AnswerLine)}
        for card, state in zip(cards, goals, strict=True):
            if state.goal.question and not state.done and state.goal.id not in asked:  # the step was started again
                await self.query_one(Vertical).mount(AnswerLine(state.goal.id), after=card)
        for entry in self.query(AnswerLine):
            if entry.goal_id in answered:
                if self.screen.focused is entry:
                    self._on_from(entry.goal_id)
                await entry.remove()
        self._reveal_open()

    def _on_from(self, answered: str) -> None:
        """Give the focus to the next question, unless something else is to be done first."""
        at = next(n for n, state in enumerate(self._goals) if state.goal.id == answered)
        following = next((state for state in self._goals[at:] + self._goals[:at] if not state.done), None)
        for entry in self.query(AnswerLine):
            if following is not None and entry.goal_id == following.goal.id:
                self.screen.set_focus(entry)
                return
        self.post_message(AnswersGiven())

    def on_mount(self) -> None:
        self._reveal_open()

    def _reveal_open(self) -> None:
        """Bring the line that is typed in into sight, or else the first goal that is not done."""
        cards = zip(self.query(GoalCard), self._goals, strict=False)
        first = next((card for card, state in cards if not state.done), None)
        typing = next((entry for entry in self.query(AnswerLine) if entry.has_focus), None)
        if (target := typing or first) is not None:
            self.call_after_refresh(self.scroll_to_widget, target, animate=False)


class _Tally(Flow):
    """How many of the goals are done."""

    def __init__(self, goals: Sequence[GoalState]) -> None:
        super().__init__(id="goals-title")
        self._counts = _count(goals)

    def show(self, goals: Sequence[GoalState]) -> None:
        if (counts := _count(goals)) != self._counts:
            self._counts = counts
            self.reflow()

    def lines(self, width: int) -> Content:
        done, all_of_them = self._counts
        return Content.assemble(
            (_("Goals") + "  ", "bold $text-primary"),
            (_("{done} of {total} done", done=done, total=all_of_them), "$text-muted"),
        ).truncate(width)


def _count(goals: Sequence[GoalState]) -> tuple[int, int]:
    return sum(state.done for state in goals), len(goals)
