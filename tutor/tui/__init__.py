"""The tutorial on a terminal: Textual screens over a session.

It draws ``SessionState`` and passes on what the learner asks for. It must not know the lab, nor judge anything.
Importing this package loads no Textual; ``run`` does.
"""

from __future__ import annotations


def run(lesson: str | None = None, step: str | None = None, language: str | None = None, *, watch: bool = False) -> int:
    """The tutorial until the learner leaves; returns the exit code.

    Without ``lesson``: where the learner left off, or the first lesson. Without ``language``: the one chosen last, or
    that of the locale. With ``watch`` the lesson is read again when its files are saved. Raises ``UsageError`` for an
    unknown lesson or step, ``MachineError`` where the progress file or this machine cannot; the terminal is restored
    then.
    """
    from tutor.tui.start import start

    return start(lesson, step, language, watch=watch)
