"""From entries to progress: a pure fold. What an unknown kind of entry says is left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tutor.model.progress import Attempt, LessonProgress, TypedCommand
from tutor.store.journal import Event


@dataclass
class _Draft:
    """An attempt that is being put together; ``frozen`` is what callers get."""

    attempt: Attempt
    completed: dict[str, None] = field(default_factory=dict)
    goals: dict[tuple[str, str], str] = field(default_factory=dict)
    met: set[tuple[str, str]] = field(default_factory=set)
    commands: list[TypedCommand] = field(default_factory=list)
    hints: dict[str, int] = field(default_factory=dict)

    def frozen(self) -> Attempt:
        return replace(
            self.attempt,
            completed=tuple(self.completed),
            goals=dict(self.goals),
            met=frozenset(self.met),
            commands=tuple(self.commands),
            hints=dict(self.hints),
        )

    def forget(self, steps: frozenset[str] | None) -> None:
        """Steps that were reset start over, but a hint that was read stays read."""

        def gone(step: str) -> bool:
            return steps is None or step in steps

        self.completed = {step: None for step in self.completed if not gone(step)}
        self.goals = {key: status for key, status in self.goals.items() if not gone(key[0])}
        self.met = {key for key in self.met if not gone(key[0])}
        self.commands = [command for command in self.commands if not gone(command.step)]
        if steps is None:
            self.attempt = replace(self.attempt, step=None)


class Progress:
    """The state after all entries given to ``add`` so far."""

    def __init__(self) -> None:
        self._drafts: dict[int, _Draft] = {}
        self._current: dict[str, int] = {}
        self._ever: dict[str, set[str]] = {}
        self._last: int | None = None
        self.language: str | None = None

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            if event.kind == "begun":
                self._begin(event)
            elif event.kind == "language":
                self.language = _text(event.body, "code")
            elif (draft := self._drafts.get(_attempt(event.body))) is not None:
                self._last = draft.attempt.id
                self._apply(draft, event.kind, event.body)

    def _begin(self, event: Event) -> None:
        lesson = _text(event.body, "lesson")
        attempt = Attempt(id=event.seq, lesson=lesson, seed=_number(event.body, "seed"), begun=event.at)
        self._drafts[event.seq] = _Draft(attempt)
        self._current[lesson] = self._last = event.seq

    def _apply(self, draft: _Draft, kind: str, body: Mapping[str, Any]) -> None:
        match kind:
            case "opened":
                draft.attempt = replace(draft.attempt, step=_text(body, "step"))
            case "goal":
                key = (_text(body, "step"), _text(body, "goal"))
                draft.goals[key] = _text(body, "status")
                if draft.goals[key] == "met":
                    draft.met.add(key)
            case "completed":
                draft.completed[_text(body, "step")] = None
                self._ever.setdefault(draft.attempt.lesson, set()).add(_text(body, "step"))
            case "command":
                draft.commands.append(
                    TypedCommand(body["step"], body["machine"], body["text"], body["exit_status"], body["answer"])
                )
            case "hint":
                step = _text(body, "step")
                draft.hints[step] = max(draft.hints.get(step, 0), _number(body, "level"))
            case "reset":
                steps = body.get("steps")
                draft.forget(None if steps is None else frozenset(steps))

    def current(self, lesson: str) -> Attempt | None:
        number = self._current.get(lesson)
        return None if number is None else self._drafts[number].frozen()

    def known(self, attempt: int) -> bool:
        return attempt in self._drafts

    def status(self, attempt: int, step: str, goal: str) -> str | None:
        return self._drafts[attempt].goals.get((step, goal))

    def lessons(self) -> dict[str, LessonProgress]:
        found = {}
        for lesson, number in self._current.items():
            draft = self._drafts[number]
            ever = frozenset(self._ever.get(lesson, ()))
            found[lesson] = LessonProgress(lesson, draft.attempt.step, frozenset(draft.completed), ever)
        return found

    def last(self) -> tuple[str, str] | None:
        if self._last is None:
            return None
        attempt = self._drafts[self._last].attempt
        return attempt.lesson, attempt.step or ""


def attempts(events: Iterable[Event]) -> dict[str, Attempt]:
    """The current attempt at each lesson after these entries. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for
    entries that this program does not write."""
    progress = Progress()
    progress.add(events)
    found = {lesson: progress.current(lesson) for lesson in progress.lessons()}
    return {lesson: attempt for lesson, attempt in found.items() if attempt is not None}


def _attempt(body: Mapping[str, Any]) -> int:
    """The attempt that an entry is about; 0, which there is not, where it is about none."""
    number = body.get("attempt")
    return number if isinstance(number, int) else 0


def _text(body: Mapping[str, Any], name: str) -> str:
    return str(body[name])


def _number(body: Mapping[str, Any], name: str) -> int:
    return int(body[name])
