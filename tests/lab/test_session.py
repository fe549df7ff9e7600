"""The live session on a real lab: ticks come by themselves, progress is kept, and one can come back to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tutor import replay
from tutor.content import load
from tutor.model.lesson import Lesson
from tutor.model.state import GoalState
from tutor.model.verdict import Met, Unmet
from tutor.session import LabDied, LessonCompleted, Session, SessionEvent, ShellEnded, StepCompleted
from tutor.store import Store

LIMIT = 10.0


@pytest.fixture(scope="module")
def namespaces() -> Lesson:
    return load("namespaces")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "progress.sqlite3")


class Live:
    """A started session, and what it has told."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.events: list[SessionEvent] = []
        session.subscribe(self.events.append)

    def type(self, line: str, machine: str = "host") -> None:
        self.session.shells[machine].send(line.encode() + b"\r")

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(LIMIT):
            while not holds():  # noqa: ASYNC110 - any of many events may make it true
                await asyncio.sleep(0.005)

    def answered(self, goal_id: str) -> bool:
        """Whether the goal is done, or its step is over."""
        return all(state.done for state in self.session.state.goals if state.goal.id == goal_id)

    def completed(self) -> list[str]:
        return [event.step.id for event in self.events if isinstance(event, StepCompleted)]

    def goal(self, goal_id: str) -> GoalState:
        return next(state for state in self.session.state.goals if state.goal.id == goal_id)


@pytest.fixture
async def live(namespaces: Lesson, store: Store) -> AsyncIterator[Live]:
    running = Live(await replay.begin(namespaces, store))
    await running.session.start()
    yield running
    await running.session.close()


async def test_a_typed_command_ticks_its_goal_without_a_check_key(live: Live) -> None:
    await live.until(lambda: isinstance(live.goal("red-exists").verdict, Unmet))
    live.type("ip netns add red")
    await live.until(lambda: isinstance(live.goal("red-exists").verdict, Met))
    assert isinstance(live.goal("blue-exists").verdict, Unmet)
    live.type("ip netns add blue")
    await live.until(lambda: live.completed() == ["create"])
    assert live.session.step.id == "inside"


async def test_what_a_background_process_does_is_seen_without_a_command_end(live: Live) -> None:
    live.type("sleep 0.5 && ip netns add red && sleep 60")
    await live.until(lambda: isinstance(live.goal("red-exists").verdict, Met))


async def test_a_goal_is_unmet_again_when_its_state_is_undone(live: Live) -> None:
    live.type("ip netns add red")
    await live.until(lambda: live.goal("red-exists").done)
    live.type("ip netns del red")
    await live.until(lambda: not live.goal("red-exists").done)


async def test_progress_is_stored_before_it_is_told(namespaces: Lesson, tmp_path: Path) -> None:
    path = tmp_path / "progress.sqlite3"
    running = Live(await replay.begin(namespaces, Store.open(path)))
    stored: list[bool] = []

    def look(event: SessionEvent) -> None:
        if isinstance(event, StepCompleted):
            with Store.open(path) as other:
                attempt = other.current("namespaces")
                stored.append(attempt is not None and event.step.id in attempt.completed)

    running.session.subscribe(look)
    await running.session.start()
    running.type("ip netns add red; ip netns add blue")
    await running.until(lambda: bool(stored))
    await running.session.close()
    assert stored == [True]


async def test_resume_brings_back_the_state_and_the_step(namespaces: Lesson, store: Store) -> None:
    first = Live(await replay.begin(namespaces, store))
    await first.session.start()
    first.type("ip netns add red")
    first.type("ip netns add blue")
    await first.until(lambda: first.completed() == ["create"])
    first.type("ip link add extra type veth peer name other")
    await first.until(lambda: "ip link add extra" in str(store.current("namespaces")))
    await first.session.close()

    session = await replay.resume(namespaces, store)
    try:
        assert session.step.id == "inside"
        assert session.completed == {"create"}
        assert await session.lab.namespaces("host") == ("blue", "red")
        shown = await session.lab.run("host", ["ip", "link", "show", "extra"])
        assert shown.status == 0, "what was typed in the open step is there again"
    finally:
        await session.close()


async def test_resume_survives_commands_that_end_the_lab(namespaces: Lesson, store: Store) -> None:
    attempt = store.begin("namespaces", seed=0)
    store.record_open(attempt, "create")
    for text in ("ip netns add red", "ip netns add blue", "sh -c 'kill -9 -1'", "exit"):
        store.record_command(attempt, "create", "host", text, 0)
    store.record_step(attempt, "create")
    store.record_open(attempt, "inside")
    reboot = "/usr/bin/python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x1234567)'"
    for text in ("ip link add extra type bridge", reboot):
        store.record_command(attempt, "inside", "host", text, 0)
    session = await replay.resume(namespaces, store)
    try:
        assert session.step.id == "inside"
        assert await session.lab.namespaces("host") == ("blue", "red")
        assert not session.lab.ended.done()
        assert not session.lab.machine_ended("host").done()
        assert (await session.lab.run("host", ["ip", "link", "show", "extra"])).status != 0
    finally:
        await session.close()


async def test_a_step_can_be_asked_for_by_name(namespaces: Lesson, store: Store) -> None:
    session = await replay.resume(namespaces, store, step="plug")
    try:
        assert session.step.id == "plug"
        assert session.completed == frozenset()
        assert (await session.lab.run("host", ["ip", "link", "show", "veth-red"])).status == 0
        kept = store.current("namespaces")
        assert kept is not None
        assert kept.step == "plug"
    finally:
        await session.close()


async def test_a_step_that_is_done_is_opened_at_its_start_as_often_as_it_is_asked_for(
    namespaces: Lesson, store: Store
) -> None:
    attempt = store.begin("namespaces", seed=0)
    store.record_open(attempt, "create")
    for name in ("red", "blue"):
        store.record_command(attempt, "create", "host", f"ip netns add {name}", 0)
    store.record_step(attempt, "create")
    store.record_open(attempt, "inside")
    for _ in range(2):
        session = await replay.resume(namespaces, store, step="create")
        try:
            assert session.step.id == "create"
            assert await session.lab.namespaces("host") == ()
        finally:
            await session.close()


async def test_what_holds_when_a_step_is_gone_on_with_is_kept(namespaces: Lesson, store: Store) -> None:
    """Also the verdicts of before the session had a place to keep them."""
    attempt = store.begin("namespaces", seed=0)
    store.record_open(attempt, "plug")
    session = await replay.resume(namespaces, store)
    try:
        await session.look(patience=0.3)
        kept = store.current("namespaces")
        assert kept is not None
        told = {state.goal.id for state in session.state.goals if state.verdict is not None}
        assert told
        assert {goal for step, goal in kept.goals if step == "plug"} == told
    finally:
        await session.close()


async def test_reset_gives_the_step_as_it_was_opened(live: Live) -> None:
    live.type("ip netns add red; ip netns add blue")
    await live.until(lambda: live.completed() == ["create"])
    live.type("ip link add mess type bridge")
    session = await replay.reset_step(live.session)
    try:
        assert session.step.id == "inside"
        assert await session.lab.namespaces("host") == ("blue", "red")
        assert (await session.lab.run("host", ["ip", "link", "show", "mess"])).status != 0
        assert session.completed == {"create"}
    finally:
        await session.close()


async def test_a_jump_types_what_leads_there_and_pays_for_nothing(live: Live, namespaces: Lesson) -> None:
    target = namespaces.index("up")
    session = await replay.jump(live.session, target)
    try:
        assert session.step.id == "up"
        assert session.completed == frozenset()
        inside = await session.lab.run("host", ["ip", "-n", "red", "-br", "addr"])
        assert b"192.168.15.1/24" in inside.stdout
    finally:
        await session.close()


async def test_the_whole_lesson_typed_live(live: Live, namespaces: Lesson) -> None:
    for step in namespaces.steps:
        assert live.session.step is step
        for command in step.solutions[0].commands:
            if command.answer:
                question = next(s for s in live.session.state.goals if s.goal.question and not s.done)
                await live.until(lambda: all(s.done for s in live.session.state.goals if not s.goal.question))
                live.session.answer(question.goal.id, command.text)
                await live.until(lambda q=question: live.answered(q.goal.id))  # type: ignore[misc]
            else:
                await live.session.shells["host"].type(command.text, timeout=LIMIT)
        await live.until(lambda s=step: s.id in live.completed())  # type: ignore[misc]
    assert any(isinstance(event, LessonCompleted) for event in live.events)


async def test_exit_is_said_and_a_new_shell_can_be_had(live: Live) -> None:
    live.type("exit 3")
    await live.until(lambda: ShellEnded("host", 3) in live.events)
    shell = await live.session.restart_shell("host")
    await shell.type("ip netns add red", timeout=LIMIT)
    await live.until(lambda: live.goal("red-exists").done)


async def test_kill_all_is_said(live: Live) -> None:
    live.type("sh -c 'kill -9 -1'")
    await live.until(lambda: any(isinstance(event, LabDied | ShellEnded) for event in live.events))


async def test_what_packets_did_once_and_do_no_more_is_said_while_a_question_is_open() -> None:
    session = await Session.boot(load("port-forwarding"))
    live = Live(session)
    try:
        await session.open_step(0)
        await session.start()
        session.answer("before", "refused")
        session.answer("blue-before", "no")
        await live.until(lambda: live.completed() == ["knock"])
        await session.open_step(1)
        await live.until(lambda: live.goal("red-to-lan").done)
        live.type("iptables -t nat -A PREROUTING -p tcp --dport 8080 -j DNAT --to-destination 192.168.15.2:80")
        await live.until(lambda: isinstance(live.goal("red-to-lan").verdict, Unmet))
        assert live.goal("page").done
    finally:
        await session.close()
