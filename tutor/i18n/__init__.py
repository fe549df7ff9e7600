"""What the program says, in the learner's language. English stands in the code; the others in gettext catalogues.

A text that one part makes and another shows is ``tell("{place} has no address", place=...)``: English for whoever
compares, logs or writes JSON, and translated by ``shown`` where it is drawn. A text that is drawn where it is made is
``_("Goals")``. ``Written`` is a text of a lesson, which knows where its translation is. Knows no other package, and no
file but its own catalogues, which are loaded when first needed.

After a text was added or changed: ``python -m tutor.i18n.update`` (see there).
"""

from tutor.i18n.cells import cells, padded
from tutor.i18n.choice import ENGLISH, NAMES, language, languages, next_language, preferred, use_language
from tutor.i18n.told import Told, _, shown, tell
from tutor.i18n.written import Texts, Written

__all__ = [
    "ENGLISH",
    "NAMES",
    "Texts",
    "Told",
    "Written",
    "_",
    "cells",
    "language",
    "languages",
    "next_language",
    "padded",
    "preferred",
    "shown",
    "tell",
    "use_language",
]
