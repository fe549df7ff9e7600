"""From an attempt to a running application."""

from __future__ import annotations

import asyncio
import gc
import importlib
import os
from typing import TYPE_CHECKING

from tutor.grading.handing import HandedIn
from tutor.i18n import use_language
from tutor.tui.exam.sitting import Sitting
from tutor.tui.opening import Opening

if TYPE_CHECKING:
    from tutor.tui.exam.app import ExamApp


def start(sitting: Sitting, language: str) -> HandedIn | None:
    """See ``tutor.tui.exam.take``."""
    use_language(language)
    return asyncio.run(_run(sitting, language))


async def _run(sitting: Sitting, language: str) -> HandedIn | None:
    """As ``tutor.tui.start``: the lab is made while Textual is loaded."""
    for stale in ("COLUMNS", "LINES"):
        os.environ.pop(stale, None)
    size = os.get_terminal_size(0)
    lesson = sitting.open(sitting.left_off())
    store = sitting.taking.store
    opening = Opening(lesson, store, None, rows=max(1, size.lines // 2), columns=max(1, size.columns))
    gc.disable()
    try:
        driver = await asyncio.to_thread(importlib.import_module, "tutor.tui.driver")
        driver.ShellPane.warm_up()
        module = await asyncio.to_thread(importlib.import_module, "tutor.tui.exam.app")
        app: ExamApp = module.ExamApp(sitting, lesson, language=language, driver=driver.ShellDriver, opening=opening)
    finally:
        gc.freeze()
        gc.enable()
    asyncio.get_running_loop().set_exception_handler(lambda _, context: app.fail_in_background(context))
    await app.run_async()
    if app.failure is not None:
        raise app.failure
    return app.handed_in
