"""Questions to the learner, on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tutor.errors import UsageError
from tutor.i18n import _, shown, tell

if TYPE_CHECKING:
    from tutor.model.checkpoint import Checkpoint

_TRIES = 3


def learner_of(checkpoint: Checkpoint, asked: str | None) -> str:
    """The id of a learner in the checkpoint: the given one, the one who began it here, or whoever is there says."""
    from tutor.grading.taking import begun_here

    if asked is not None:
        return _known(checkpoint, asked)
    begun = begun_here(checkpoint)
    if len(begun) == 1:
        return begun[0]
    if not somebody():
        raise UsageError(tell("whose is it? say --learner ID"))
    for turn in range(_TRIES):
        answer = _ask(_("Your id, as your school knows you: ")).strip()
        try:
            return _known(checkpoint, answer)
        except UsageError as error:
            if turn == _TRIES - 1:
                raise
            print(shown(error.message), file=sys.stderr)
    raise AssertionError


def _known(checkpoint: Checkpoint, learner: str) -> str:
    if learner not in checkpoint.learners:
        raise UsageError(
            tell(
                "the checkpoint {id} is not for {learner}: see how your id is written, or ask your instructor",
                id=repr(checkpoint.id),
                learner=repr(learner[:64]),
            )
        )
    return learner


def agrees(question: str, *, usual: bool) -> bool:
    answer = _ask(question).strip().casefold()
    return usual if not answer else answer in ("y", "yes", _("y"), _("yes"))


def somebody() -> bool:
    """Whether there is anybody to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: str) -> str:
    print(question, end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline()
    if not answer:
        raise UsageError(tell("nobody answers; nothing was begun"))
    return answer
