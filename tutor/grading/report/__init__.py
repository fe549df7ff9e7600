"""Reports in HTML: a page for the class and one for each learner, each a file that needs nothing else.

Pure functions from values to text; knows no gradebook, no directory and no command line. Whatever a text in them holds,
it is shown: control characters as signs (``tutor.inert``), markup as text (autoescape), and a page may load or run
nothing (its content security policy).
"""

from tutor.grading.report.pages import class_page, learner_page
from tutor.grading.report.work import Pupil, Work, work_of

__all__ = ["Pupil", "Work", "class_page", "learner_page", "work_of"]
