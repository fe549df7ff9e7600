"""The tutorial in exam mode: items instead of lessons, the clock, the policy of the checkpoint, and handing in.

Shows what ``tutor.grading`` knows of an attempt and passes on what the learner does. It must not know the lab, nor
judge anything. Importing this package loads no Textual; ``take`` does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tutor.grading.handing import HandedIn
    from tutor.tui.exam.sitting import Sitting


def take(sitting: Sitting, language: str) -> HandedIn | None:
    """The exam until the learner leaves it; what was handed in, or ``None``. The terminal is restored then.

    Raises ``UsageError`` for an item that this version does not have, and ``MachineError`` where this machine cannot.
    """
    from tutor.tui.exam.start import start

    return start(sitting, language)
