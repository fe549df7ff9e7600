"""The gradebook: submissions that were taken in, what their replays found, and what people said of them.

A SQLite file, or a PostgreSQL database by its URL. Nothing in it is changed or deleted: each change adds rows and one
entry to a journal whose hashes are chained, all in one transaction that is on disk when the call returns. Knows no
lab, no lesson and no screen; what a text from a learner holds is kept as it is, and for whoever shows it to make inert.
"""

from tutor.grading.book.book import Book
from tutor.grading.book.ledger import Change

__all__ = ["Book", "Change"]
