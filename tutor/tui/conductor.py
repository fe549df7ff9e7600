"""Leads the session for the screen: starts it, moves it to other steps, restarts what died, and passes on its events.

This is the one module of the screen that knows ``session`` and ``replay``. It is imported after the first frame, as
the lab's libraries take longer to load than the lesson takes to show.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, assert_never

from textual.message import Message

from tutor import replay
from tutor.errors import NettutorError
from tutor.i18n import tell
from tutor.model.lesson import Lesson
from tutor.session import (
    LabDied,
    LessonCompleted,
    NotSaved,
    Remarked,
    Session,
    SessionEvent,
    ShellEnded,
    StateChanged,
    StepCompleted,
)
from tutor.store import Store
from tutor.tui import messages
from tutor.tui.opening import open_session

if TYPE_CHECKING:
    from tutor.replay.running import Answering

Tell = Callable[[Message], object]
Size = Callable[[], tuple[int, int]]


class Conductor:
    """``tell`` gets messages for the screen; ``size`` gives rows and columns for a new shell.

    One move (start, jump, reset, rebuild) goes on at a time; the caller cancels one before it begins another.
    """

    def __init__(self, store: Store | None, tell: Tell, size: Size) -> None:
        self._store = store
        self._tell = tell
        self._size = size
        self._session: Session | None = None
        self._moving = False
        self._answering: Answering | None = None

    @property
    def session(self) -> Session | None:
        """The session, unless a move is under way or there is none yet."""
        return None if self._moving else self._session

    async def start(self, lesson: Lesson, step: str | None) -> None:
        """Begin or resume a lesson; with ``step``, go there."""
        await self.close()
        rows, columns = self._size()
        await self._move(
            tell("Starting the lab …"),
            lambda: open_session(lesson, self._store, step, rows=rows, columns=columns, on_progress=self.progress),
        )

    async def adopt(self, opening: asyncio.Future[Session]) -> None:
        """Take a session that is already being opened."""
        await self._move("" if opening.done() else tell("Starting the lab …"), lambda: opening)

    async def jump(self, index: int) -> None:
        """A fresh lab at the start of the step at ``index``."""
        if (session := self.session) is not None:
            rows, columns = self._size()
            await self._move(
                tell("Making a fresh lab …"),
                lambda: replay.jump(session, index, rows=rows, columns=columns, on_progress=self.progress),
            )

    async def reset_step(self) -> None:
        if (session := self.session) is not None:
            rows, columns = self._size()
            await self._move(
                tell("Setting the step back …"), lambda: replay.reset_step(session, rows=rows, columns=columns)
            )

    async def reset_lesson(self) -> None:
        if (session := self.session) is not None:
            rows, columns = self._size()
            await self._move(
                tell("Setting the lesson back …"), lambda: replay.reset_lesson(session, rows=rows, columns=columns)
            )

    async def rebuild(self, lesson: Lesson) -> None:
        """A lab in place of one that died, at the start of the open step: what was typed since then may have killed
        it, and is not typed again."""
        if self.session is not None:
            await self.reset_step()
            return
        attempt = self._store.current(lesson.id) if self._store else None
        if self._store is not None and attempt is not None and attempt.step is not None:
            self._store.reset(attempt.id, (attempt.step,))
        await self.start(lesson, None)

    async def restart_shell(self, machine: str) -> None:
        if (session := self.session) is None:
            return
        rows, columns = self._size()
        try:
            shell = await session.restart_shell(machine, rows=rows, columns=columns)
        except NettutorError as error:
            self._tell(messages.LabGone(error.message))
        else:
            self._tell(messages.ShellBack(machine, shell))

    async def check_now(self) -> None:
        if (session := self.session) is not None:
            await session.check_now()

    async def exchange(self, lesson: Lesson) -> bool | None:
        """Another version of the lesson that is open; see ``Session.exchange``. ``None`` while there is no lab."""
        return await session.exchange(lesson) if (session := self.session) is not None else None

    def reveal_hint(self) -> None:
        if (session := self.session) is not None:
            session.reveal_hint()

    def answer(self, goal_id: str, text: str) -> None:
        if (session := self.session) is not None:
            session.answer(goal_id, text)

    async def close(self) -> None:
        answering, self._answering = self._answering, None
        if answering is not None:
            await answering.close()
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def progress(self, text: str, done: int, total: int) -> None:
        """What is being typed to get to a step."""
        self._tell(
            messages.LabStarting(
                tell("Typing what leads here, {number} of {total}: {text}", number=done + 1, total=total, text=text)
            )
        )

    # -- inside

    async def _move(self, text: str, make: Callable[[], Awaitable[Session]]) -> None:
        self._moving = True
        if text:
            self._tell(messages.LabStarting(text))
        try:
            session = await make()
            self._session = session
            session.subscribe(lambda event: self._pass_on(session, event))
            await session.start()
        except NettutorError as error:
            self._tell(messages.LabFailed(error))
            return
        finally:
            self._moving = False
        self._tell(messages.LabReady(session.shells, session.state))
        await self._answer_questions()

    async def _answer_questions(self) -> None:
        """Of ``nettutor why`` in another terminal."""
        if self._answering is None:
            from tutor.replay.running import Answering

            self._answering = Answering(lambda: self.session)
            await self._answering.open()

    def _pass_on(self, session: Session, event: SessionEvent) -> None:
        if session is not self._session:
            return
        match event:
            case StateChanged(state):
                self._tell(messages.StateShown(state))
            case StepCompleted(step, goals):
                self._tell(messages.StepDone(step, goals))
            case LessonCompleted():
                self._tell(messages.LessonDone())
            case ShellEnded(machine, status):
                self._tell(messages.ShellGone(machine, status))
            case LabDied(reason):
                self._tell(messages.LabGone(reason))
            case NotSaved(reason):
                self._tell(messages.NotSaved(reason))
            case Remarked(_, remark):
                self._tell(messages.RemarkShown(remark))
            case _:
                assert_never(event)
