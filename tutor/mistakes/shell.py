"""What the shell says before any tool runs."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.mistakes.message import message

SHELL = (
    message(
        r"^(?:[\w.-]*bash: )?sudo: ",
        tell("You are `root` here already, as the `#` of the prompt says: the same command without `sudo` does it."),
    ),
)
