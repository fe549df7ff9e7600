"""See ``tutor.inert``."""

from tutor.inert import line, shown

__all__ = ["line", "shown"]
