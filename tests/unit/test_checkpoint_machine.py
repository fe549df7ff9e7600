"""Whatever is done in whatever order, with kills and clocks that jump: the journal says it, and it is taken in."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import hypothesis.strategies as st
from exam_room import KEY, course_in
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tutor.grading import inbox
from tutor.grading.course import read_handout
from tutor.grading.handing import hand_in
from tutor.grading.keeping import PatientStore
from tutor.grading.taking import JOURNAL, Taking, _stamp
from tutor.model.checkpoint import Item

PLACES = (("namespaces", "create"), ("namespaces", "inside"), ("bridges", "bridge"))
ITEMS = (Item("namespaces", 5, ("create", "inside")), Item("bridges", 5, ("bridge",)))
TEXTS = st.text(max_size=30)
Lines = dict[str, list[tuple[str, str]]]


class Exam(RuleBasedStateMachine):
    """A model of the commands that count, beside the real thing."""

    def __init__(self) -> None:
        super().__init__()
        self.path = Path(tempfile.mkdtemp())
        self.course = course_in(self.path, ITEMS)
        self.checkpoint = read_handout(self.course.handouts / "mid.checkpoint")
        self.shift = 0
        self.lines: Lines = {}
        self.place: tuple[str, str] | None = None
        self.handed: bytes | None = None
        self.entries = 0

    @initialize()
    def begin(self) -> None:
        Taking.open(self.checkpoint, "ann", root=self.path / "data").close()
        self._open()

    def _open(self) -> None:
        folder = next((self.path / "data").iterdir())
        store = PatientStore.open(folder / JOURNAL, clock=lambda: time.time_ns() + self.shift, stamp=_stamp)
        self.taking = Taking(self.checkpoint, "ann", folder, store)
        self.entries = max(self.entries, 1)

    @precondition(lambda self: self.handed is None)
    @rule(place=st.sampled_from(PLACES))
    def go(self, place: tuple[str, str]) -> None:
        self.taking.go_to(*place)
        self.place = place
        self.lines.setdefault(place[0], [])

    @precondition(lambda self: self.place and self.handed is None)
    @rule(text=TEXTS, answer=st.booleans(), status=st.sampled_from([0, 1, 130, None]))
    def types(self, text: str, answer: bool, status: int | None) -> None:
        lesson, step = self._at()
        attempt = self.taking.attempts()[lesson].id
        self.taking.store.record_command(attempt, step, "host", text, status, answer)
        self.lines[lesson].append((step, text.encode("utf-8", "replace").decode()))

    @precondition(lambda self: self.place and self.handed is None)
    @rule(status=st.sampled_from(["met", "unmet", "unknown"]), detail=TEXTS)
    def is_judged(self, status: str, detail: str) -> None:
        lesson, step = self._at()
        attempt = self.taking.attempts()[lesson].id
        self.taking.store.record_goal(attempt, step, "g", status, detail)  # type: ignore[arg-type]
        if status == "met":
            self.taking.store.record_step(attempt, step)

    @precondition(lambda self: self.place and self.handed is None)
    @rule(whole=st.booleans())
    def resets(self, whole: bool) -> None:
        lesson, step = self._at()
        steps = tuple(name for where, name in PLACES if where == lesson) if whole else (step,)
        self.taking.store.reset(self.taking.attempts()[lesson].id, steps)
        self.lines[lesson] = [line for line in self.lines[lesson] if line[0] not in steps]

    @rule(days=st.sampled_from([-365, -1, 1, 365]))
    def the_clock_jumps(self, days: int) -> None:
        self.shift += days * 86_400 * 10**9

    @rule()
    def is_killed(self) -> None:
        """Nothing is closed: another connection finds what was there."""
        self._open()

    @rule()
    def hands_in(self) -> None:
        handed = hand_in(self.taking, KEY, self.path)
        assert handed.path == self.path / "net-mid-ann.submission"
        data = handed.path.read_bytes()
        assert self.handed in (None, data)
        self.handed = data
        accepted = inbox.accept(data, self.course)
        found = {lesson: [(c.step, c.text) for c in each.commands] for lesson, each in accepted.attempts.items()}
        assert found == self.lines

    @invariant()
    def the_journal_says_what_was_done(self) -> None:
        if not hasattr(self, "taking"):
            return
        attempts = self.taking.attempts()
        assert {name: [(c.step, c.text) for c in each.commands] for name, each in attempts.items()} == self.lines
        events = self.taking.store.journal()
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert len(events) >= self.entries, "nothing that was recorded goes away"
        self.entries = len(events)
        left = self.taking.clock().left
        assert left is not None
        assert 3000 < left <= 3600, "by the clock that cannot be set"

    def teardown(self) -> None:
        if hasattr(self, "taking"):
            self.taking.close()
        shutil.rmtree(self.path)

    def _at(self) -> tuple[str, str]:
        assert self.place is not None
        return self.place


TestExam = Exam.TestCase
TestExam.settings = settings(max_examples=15, stateful_step_count=20, deadline=None)
