"""The instructor's screen: the class, one submission, what was typed and shown, and points given by hand.

It shows the gradebook and writes what a person says into it; it judges nothing itself. Whatever a file brought is drawn
through ``tutor.inert``, and a recording through the emulator. Importing this package loads no Textual; ``run`` does.
"""

from __future__ import annotations

from pathlib import Path


def run(course: Path, checkpoint: str | None, book: str | None, who: str | None, language: str | None = None) -> int:
    """Review until the instructor leaves; returns the exit code.

    Without ``checkpoint``, the one that was handed in last; without ``book``, the course's own gradebook; without
    ``who``, the name of the login. Raises ``UsageError`` and ``StoreError``; the terminal is restored then.
    """
    from tutor.tui.review.start import start

    return start(course, checkpoint, book, who, language)
