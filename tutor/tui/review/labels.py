"""The words and signs of the review, in one place: a state always has a sign and a word beside its colour."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.model.grade import FlagKind, Outcome
from tutor.tui.review.desk import Show, Sort

OUTCOMES = {
    Outcome.CONFIRMED: ("✔", tell("confirmed"), "$text-success"),
    Outcome.NOT_REPRODUCED: ("✘", tell("not reproduced"), "$text-error"),
    Outcome.INCONCLUSIVE: ("?", tell("inconclusive"), "$text-warning"),
}
FLAGS = {
    FlagKind.CLOCK: tell("clock"),
    FlagKind.PASTED: tell("pasted"),
    FlagKind.ALIKE: tell("alike"),
    FlagKind.FOREIGN: tell("foreign values"),
    FlagKind.KEY: tell("new key"),
    FlagKind.LATE: tell("late"),
}
SORTS = {
    Sort.DOUBTFUL: tell("doubtful first"),
    Sort.LEARNER: tell("learner"),
    Sort.POINTS: tell("points"),
    Sort.LATE: tell("late"),
    Sort.FLAGS: tell("flags"),
}
SHOWS = {
    Show.ALL: tell("all"),
    Show.DOUBTFUL: tell("doubtful"),
    Show.FLAGGED: tell("flagged"),
    Show.LATE: tell("late"),
    Show.WAITING: tell("not graded"),
    Show.MISSING: tell("nothing handed in"),
}


def points(number: float) -> str:
    """At most two digits behind the point."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
