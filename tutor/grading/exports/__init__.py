"""Grades on their way out: files that Canvas, Moodle and spreadsheets load, JSON for programs, feedback for learners.

Every format is a pure function from a ``Sheet`` to bytes or texts; knows no gradebook, no directory and no command
line.
"""

from tutor.grading.exports.sheet import Choices, Column, Missing, Pending, Sheet, Standing, arrange

__all__ = ["Choices", "Column", "Missing", "Pending", "Sheet", "Standing", "arrange"]
