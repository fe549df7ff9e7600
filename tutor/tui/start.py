"""From the words of the command line to a running application."""

from __future__ import annotations

import asyncio
import difflib
import gc
import importlib
import os
from typing import TYPE_CHECKING

from tutor.content import headers, load
from tutor.errors import UsageError
from tutor.i18n import preferred, tell, use_language
from tutor.model.lesson import Lesson
from tutor.store import Store
from tutor.tui.opening import Opening, load_lesson

if TYPE_CHECKING:
    from tutor.tui.app import NettutorApp


def start(lesson: str | None, step: str | None, asked_language: str | None, *, watch: bool = False) -> int:
    """See ``tutor.tui.run``."""
    with Store.open() as store:
        language = preferred(asked_language, store.language())
        use_language(language)
        loaded = load_lesson(lesson or _left_off(store), store, language)
        _known(loaded, step)
        return asyncio.run(_run(loaded, store, step, language, watch=watch))


async def _run(lesson: Lesson, store: Store, step: str | None, language: str, *, watch: bool) -> int:
    """The lab is made by other processes; Textual is loaded meanwhile."""
    for stale in ("COLUMNS", "LINES"):  # Textual believes them rather than the terminal, also after a resize
        os.environ.pop(stale, None)
    size = os.get_terminal_size(0)
    opening = Opening(lesson, store, step, rows=max(1, size.lines // 2), columns=max(1, size.columns))
    gc.disable()  # all that is made from here to the first frame stays
    try:
        driver = await asyncio.to_thread(importlib.import_module, "tutor.tui.driver")
        driver.ShellPane.warm_up()
        module = await asyncio.to_thread(importlib.import_module, "tutor.tui.app")
        app: NettutorApp = module.NettutorApp(
            lesson, store, step=step, language=language, driver=driver.ShellDriver, opening=opening, watch=watch
        )
    finally:
        gc.freeze()
        gc.enable()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: app.fail_in_background(context))
    code = await app.run_async()
    if app.failure is not None:
        raise app.failure
    return code if code is not None else app.return_code or 0


def _left_off(store: Store) -> str:
    """The lesson that the learner was at; the next one where that is complete; the first one otherwise."""
    known = headers()
    if not known:
        raise UsageError(tell("there are no lessons here"))
    ids = [header.id for header in known]
    last = store.last()
    if last is None or last[0] not in ids:
        return ids[0]
    at = ids.index(last[0])
    steps = {step.id for step in load(last[0]).steps}
    reached = store.progress()[last[0]].completed
    return ids[at + 1] if steps <= reached and at + 1 < len(ids) else last[0]


def _known(lesson: Lesson, step: str | None) -> None:
    ids = [each.id for each in lesson.steps]
    if step is not None and step not in ids:
        near = difflib.get_close_matches(step, ids, n=1)
        hint = (
            tell("did you mean {word}?", word=repr(near[0])) if near else tell("it has {words}", words=", ".join(ids))
        )
        raise UsageError(
            tell("lesson {lesson} has no step {step}; {hint}", lesson=repr(lesson.id), step=repr(step), hint=hint)
        )
