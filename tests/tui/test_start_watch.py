"""A lesson that is saved is on the screen a moment later, and its goals are judged anew in the same lab."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from live_app import ready, typed, until
from textual.pilot import Pilot
from tui_values import seen

from tutor.store import Store
from tutor.tui.app import NettutorApp
from tutor.tui.opening import load_lesson

LESSON = """\
---
id: hello
title: A first lesson
summary: One namespace.
requires: [netns]
tools: [iproute2]
machines:
  host: {}
---

What this is about.

## Make a namespace {#create}

Old words.

```yaml goal
id: red
text: There is a namespace called `red`.
namespace-exists: host/red
```

```yaml goal
id: blue
text: There is a namespace called `blue`.
namespace-exists: host/blue
```

```bash solution ip
ip netns add red
ip netns add blue
```
"""


def save(path: Path, text: str) -> None:
    """As editors do: a new file in the place of the old one."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "lessons" / "01-hello" / "lesson.md"
    path.parent.mkdir(parents=True)
    path.write_text(LESSON)
    monkeypatch.setenv("NETTUTOR_LESSONS", str(tmp_path / "lessons"))
    return path


@asynccontextmanager
async def watched(directory: Path) -> AsyncIterator[tuple[NettutorApp, Pilot[int]]]:
    with Store.open(directory / "progress.sqlite3") as store:
        app = NettutorApp(load_lesson("hello", store, "en"), store, watch=True)
        async with app.run_test(size=(120, 40)) as pilot:
            await until(pilot, lambda: ready(app))
            await pilot.pause(0.7)  # the files were looked at for the first time
            yield app, pilot
        if app.failure is not None:
            raise app.failure


async def test_a_saved_lesson_is_shown_and_judged(lesson: Path, tmp_path: Path) -> None:
    async with watched(tmp_path) as (app, pilot):
        assert "Old words." in seen(app)
        await typed(pilot, "ip netns add red")
        await until(pilot, lambda: "1 of 2 done" in seen(app))
        save(lesson, LESSON.replace("Old words.", "New words.").replace("host/blue", "host/green"))
        await until(pilot, lambda: "New words." in seen(app))
        await until(pilot, lambda: "1 of 2 done" in seen(app))
        await typed(pilot, "ip netns add green")
        await until(pilot, lambda: "Lesson complete" in seen(app) or "2 of 2 done" in seen(app))


async def test_a_mistake_is_told_with_its_line_and_the_old_lesson_stays(lesson: Path, tmp_path: Path) -> None:
    async with watched(tmp_path) as (app, pilot):
        save(lesson, LESSON.replace("namespace-exists: host/blue", "namespace-exist: host/blue"))
        await until(pilot, lambda: "lesson.md:26" in seen(app))
        assert "Old words." in seen(app)
        save(lesson, LESSON.replace("Old words.", "New words."))
        await until(pilot, lambda: "New words." in seen(app))
        assert "lesson.md:" not in seen(app)


async def test_other_machines_are_offered_with_a_reset(lesson: Path, tmp_path: Path) -> None:
    async with watched(tmp_path) as (app, pilot):
        save(lesson, LESSON.replace("  host: {}\n", "  host: {}\n  lan: {}\n"))
        await until(pilot, lambda: "The machines of the lesson are others now" in seen(app))
        await pilot.press("f4", "l")
        await until(pilot, lambda: ready(app) and " host   lan " in seen(app))
        assert "machines of the lesson" not in seen(app)


async def test_a_step_that_is_gone_gives_way_to_another(lesson: Path, tmp_path: Path) -> None:
    async with watched(tmp_path) as (app, pilot):
        save(lesson, LESSON.replace("{#create}", "{#make}").replace("Old words.", "New words."))
        await until(pilot, lambda: "New words." in seen(app))
        assert app.main.state.step.id == "make"
