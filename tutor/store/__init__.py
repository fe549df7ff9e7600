"""Progress on disk: an append-only journal in SQLite, each entry chained to the one before by SHA-256.

The journal is the only truth; what the program asks for is folded from it in memory. A recorded entry was committed
and synced before the call returns. Knows no lesson file, lab or screen: steps and goals are names to it.
"""

from tutor.model.progress import Attempt, LessonProgress, TypedCommand
from tutor.store.fold import attempts
from tutor.store.journal import Event, body_text, first_broken
from tutor.store.store import Store

__all__ = ["Attempt", "Event", "LessonProgress", "Store", "TypedCommand", "attempts", "body_text", "first_broken"]
