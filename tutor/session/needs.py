"""What must be there before a lesson can be opened."""

from __future__ import annotations

from tutor.errors import ToolError
from tutor.i18n import tell
from tutor.lab import tools
from tutor.model.lesson import Lesson


def require_tools(lesson: Lesson) -> None:
    """Raises ``ToolError`` where the lab lacks what the lesson needs. Nothing is fetched while the screen is drawn."""
    if lacking := tools.missing(lesson.tools):
        names = ", ".join(tool.name for tool in lacking)
        raise ToolError(
            tell("The lesson {lesson} needs {names}, which is not here yet", lesson=lesson.id, names=names),
            tell("Leave with F10 and type `nettutor start {lesson}`, which gets it", lesson=lesson.id),
        )
