"""The store: what is recorded is there again, in order, whoever wrote it."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tutor.model.progress import TypedCommand
from tutor.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "progress.sqlite3"


def test_an_attempt_is_read_back_as_recorded(path: Path) -> None:
    with Store.open(path) as store:
        attempt = store.begin("nat", seed=7)
        store.record_open(attempt, "route")
        store.record_command(attempt, "route", "host", "ip r add 한글 \udc80", 2)
        store.record_goal(attempt, "route", "reaches", "unmet", "no route")
        store.record_goal(attempt, "route", "reaches", "met")
        store.record_goal(attempt, "route", "reaches", "unmet", "gone again")
        store.record_command(attempt, "route", "gateway", "192.168.1.1", None, answer=True)
        store.record_hint(attempt, "route", 2)
        store.record_hint(attempt, "route", 1)
        store.record_step(attempt, "route")
        store.record_open(attempt, "forward")
    with Store.open(path) as store:
        found = store.current("nat")
        assert found is not None
        assert (found.id, found.seed, found.step, found.completed) == (attempt, 7, "forward", ("route",))
        assert found.goals == {("route", "reaches"): "unmet"}
        assert found.met == {("route", "reaches")}
        assert found.hints == {"route": 2}
        assert found.commands == (
            TypedCommand("route", "host", "ip r add 한글 \udc80", 2),
            TypedCommand("route", "gateway", "192.168.1.1", None, answer=True),
        )
        assert store.last() == ("nat", "forward")
        assert store.current("bridges") is None


def test_an_empty_store_knows_nothing(path: Path) -> None:
    with Store.open(path) as store:
        assert store.last() is None
        assert store.progress() == {}
        assert store.journal() == ()


def test_reset_forgets_the_named_steps_and_keeps_hints_and_what_was_ever_reached(path: Path) -> None:
    with Store.open(path) as store:
        attempt = store.begin("nat", seed=0)
        for step in ("a", "b", "c"):
            store.record_open(attempt, step)
            store.record_command(attempt, step, "host", f"echo {step}", 0)
            store.record_goal(attempt, step, "g", "met")
            store.record_hint(attempt, step, 1)
            store.record_step(attempt, step)
        store.reset(attempt, ("b", "c"))
        found = store.current("nat")
        assert found is not None
        assert found.completed == ("a",)
        assert [command.step for command in found.commands] == ["a"]
        assert found.met == {("a", "g")}
        assert set(found.hints) == {"a", "b", "c"}
        assert store.progress()["nat"].ever == {"a", "b", "c"}
        store.reset(attempt)
        found = store.current("nat")
        assert found is not None
        assert (found.step, found.completed, found.commands) == (None, (), ())


def test_a_new_attempt_replaces_the_current_one(path: Path) -> None:
    with Store.open(path) as store:
        first = store.begin("nat", seed=1)
        store.record_step(first, "a")
        second = store.begin("nat", seed=2)
        found = store.current("nat")
        assert found is not None
        assert (found.id, found.completed) == (second, ())
        assert store.progress()["nat"].ever == {"a"}


def test_a_verdict_that_did_not_change_is_not_written_again(path: Path) -> None:
    with Store.open(path) as store:
        attempt = store.begin("nat", seed=1)
        for _ in range(3):
            store.record_goal(attempt, "a", "g", "unmet", "x")
        assert len(store.journal()) == 2


def test_two_stores_see_each_other(path: Path) -> None:
    with Store.open(path) as one, Store.open(path) as other:
        attempt = one.begin("nat", seed=1)
        assert other.current("nat") is not None
        other.record_step(attempt, "a")
        one.record_step(attempt, "b")
        for store in (one, other):
            found = store.current("nat")
            assert found is not None
            assert found.completed == ("a", "b")


def test_an_unknown_attempt_is_refused(path: Path) -> None:
    with Store.open(path) as store, pytest.raises(LookupError, match="no attempt 3"):
        store.record_step(3, "a")


def test_a_clock_that_goes_back_is_recorded_as_it_was_and_order_is_kept(path: Path) -> None:
    year = 365 * 86400 * 10**9
    ticks = iter([5 * year, 4 * year, 4 * year + 1, 6 * year])
    with Store.open(path, clock=lambda: next(ticks)) as store:
        attempt = store.begin("nat", seed=1)
        for step in ("a", "b", "c"):
            store.record_step(attempt, step)
    with Store.open(path) as store:
        assert [event.at for event in store.journal()] == [5 * year, 4 * year, 4 * year + 1, 6 * year]
        assert store.clock_went_back() == (2,)
        found = store.current("nat")
        assert found is not None
        assert found.completed == ("a", "b", "c")


def test_entries_are_chained(path: Path) -> None:
    with Store.open(path) as store:
        attempt = store.begin("nat", seed=1)
        for number in range(20):
            store.record_hint(attempt, "a", number)
        events = store.journal()
    assert [event.seq for event in events] == list(range(1, 22))
    assert all(a.hash != b.hash for a, b in itertools.pairwise(events))


def test_the_language_that_was_chosen_last_is_remembered(path: Path) -> None:
    with Store.open(path) as store:
        assert store.language() is None
        store.record_language("ko")
        attempt = store.begin("nat", seed=1)
        store.record_language("en")
        store.reset(attempt)
    with Store.open(path) as store:
        assert store.language() == "en"
        assert store.last() == ("nat", "")
