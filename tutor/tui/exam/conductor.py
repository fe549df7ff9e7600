"""Leads the session of an exam: as the tutorial's, with everything that the shells show recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from textual.message import Message

from tutor.grading.casts import Recorder
from tutor.grading.evidence import read_facts
from tutor.model.lesson import Lesson
from tutor.session import Session, SessionEvent, StepCompleted
from tutor.term import Finished, Shell
from tutor.tui import messages
from tutor.tui.conductor import Conductor, Size, Tell
from tutor.tui.exam.sitting import Sitting


class ExamConductor(Conductor):
    """The item that is open is that of ``sitting``."""

    def __init__(self, sitting: Sitting, tell: Tell, size: Size) -> None:
        super().__init__(sitting.taking.store, self._told, size)
        self._sitting = sitting
        self._on = tell
        self._recorders: dict[str, Recorder] = {}
        self._recorded: set[Shell] = set()
        self._unended: dict[Shell, str] = {}

    async def go_on(self, lesson: Lesson) -> bool:
        """Go to the next item in the lab of the one before, where it is the step after the one that was completed
        last, and nothing was typed for it yet; whether it is."""
        session = self.session
        attempt = self._sitting.taking.store.current(lesson.id)
        if session is None or session.lesson.id != lesson.id or attempt is None or attempt.step is None:
            return False
        target = lesson.index(attempt.step)
        typed = any(command.step == attempt.step for command in attempt.commands)
        if typed or target != session.state.step_index + 1 or session.step.id not in session.completed:
            return False
        self._record(session.shells)
        await session.exchange(lesson)
        await session.open_step(target)
        return True

    async def keep_facts(self) -> None:
        """What a probe reads of the open item now. That it cannot be kept loses nothing that counts."""
        session, item = self.session, self._sitting.item
        if session is None:
            return
        facts = await read_facts(session, self._sitting.steps)
        if facts:
            with contextlib.suppress(OSError):
                self._sitting.taking.keep_facts(item, facts)

    def note_unended(self) -> None:
        """Commands that run still are part of what was done: a server in the foreground, for one."""
        if (session := self._session) is not None:
            self._note_unended(session, session.step.id)

    async def close(self) -> None:
        await super().close()
        for recorder in self._recorders.values():
            recorder.close()
        self._recorders.clear()

    # -- inside

    def _told(self, message: Message) -> None:
        match message:
            case messages.LabReady():
                self._record(message.shells)
            case messages.ShellBack():
                self._listen(message.machine, message.shell)
        self._on(message)

    def _pass_on(self, session: Session, event: SessionEvent) -> None:
        if isinstance(event, StepCompleted) and session is self._session:
            self._note_unended(session, event.step.id)
        super()._pass_on(session, event)

    def _note_unended(self, session: Session, step: str) -> None:
        for machine, shell in session.shells.items():
            running = shell.transcript.running
            if running and self._unended.get(shell) != running:
                self._unended[shell] = running
                self._sitting.taking.store.record_command(session.attempt, step, machine, running, None)

    def _record(self, shells: Mapping[str, Shell]) -> None:
        for recorder in self._recorders.values():
            recorder.close()
        self._recorders.clear()
        for machine, shell in shells.items():
            path = self._sitting.taking.recording(self._sitting.item, machine)
            title = f"{self._sitting.chosen.id}, {machine}"
            self._recorders[machine] = Recorder(path, title, shell.size)
            self._listen(machine, shell)

    def _listen(self, machine: str, shell: Shell) -> None:
        if shell in self._recorded:
            return
        self._recorded.add(shell)

        def heard(data: bytes) -> None:
            if (recorder := self._recorders.get(machine)) is not None:
                recorder.output(data, shell.size)

        def ended(_: Finished) -> None:
            self._unended.pop(shell, None)

        shell.listen(heard)
        shell.on_command(ended)

    async def _answer_questions(self) -> None:
        """``nettutor why`` in another terminal is a hint."""
        if self._sitting.policy.hints:
            await super()._answer_questions()
