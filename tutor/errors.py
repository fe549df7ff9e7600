"""Every error that nettutor raises on purpose, and the exit code that each one means.

::

    NettutorError               1   never raised itself
    ├── UsageError              2   the user's words or files are wrong; nothing was changed
    │   ├── ContentError        2   ... in a lesson or script: says file and line
    │   └── SubmissionError     2   ... in a checkpoint or submission; nothing of it was used
    ├── MachineError            3   this machine cannot; carries the fix
    │   ├── LabError            3   the lab could not be built
    │   ├── ToolError           3   a lab tool is missing or could not be fetched
    │   └── StoreError          3   progress or gradebook is damaged, newer, read-only, not reached, or the disk is full
    └── LabEnded                1   the lab died under us; a new one can be started

Anything else that reaches the command line is a bug (exit code 4).
"""

from __future__ import annotations

from tutor.i18n import tell


class NettutorError(Exception):
    """The root of the tree. ``str(error)`` is the message for the user: one line, no traceback."""

    exit_code = 1

    @property
    def message(self) -> str:
        """The same, for ``i18n.shown`` to translate."""
        first = self.args[0] if self.args else ""
        return first if isinstance(first, str) else str(first)


class UsageError(NettutorError):
    """Bad input from the user."""

    exit_code = 2


class ContentError(UsageError):
    """A file of ours or of the learner's is wrong at ``path:line`` (line counts from 1)."""

    def __init__(self, path: object, line: int, reason: str) -> None:
        super().__init__(tell("{path}:{line}: {reason}", path=path, line=line, reason=reason))
        self.path = str(path)
        self.line = line
        self.reason = reason


class SubmissionError(UsageError):
    """A checkpoint or a submission is refused. The message is one clause, for whoever knows which file it is to put its
    name before it; texts out of the file in it are cut short and quoted."""


class MachineError(NettutorError):
    """This machine cannot do what was asked. ``fix`` says what the user can do about it."""

    exit_code = 3

    def __init__(self, reason: str, fix: str = "") -> None:
        super().__init__(tell("{reason}. {fix}", reason=reason, fix=fix) if fix else reason)
        self.reason = reason
        self.fix = fix


class LabError(MachineError):
    """The lab could not be built."""


class ToolError(MachineError):
    """A tool that the lab needs is not there and could not be fetched."""


class StoreError(MachineError):
    """The progress file or the gradebook cannot be used; it is left as it was."""


class LabEnded(NettutorError):
    """The lab is gone: its first process was killed, or the machine was rebooted from inside."""
