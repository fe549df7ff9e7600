"""The words and signs of the review, in one place: a state always has a sign and a word beside its colour."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.model.grade import Outcome
from tutor.tui.review.desk import Show, Sort

OUTCOMES = {
    Outcome.CONFIRMED: ("✔", "$text-success"),
    Outcome.NOT_REPRODUCED: ("✘", "$text-error"),
    Outcome.INCONCLUSIVE: ("?", "$text-warning"),
}
"""Sign and colour; the words are in ``grading.saying``."""
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
