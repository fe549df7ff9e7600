"""``nettutor list``: the lessons, what each needs, and how far one has come."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tutor.cli import exits
from tutor.errors import StoreError
from tutor.i18n import _, padded, shown, tell

if TYPE_CHECKING:
    from tutor.model.lesson import Lesson
    from tutor.model.progress import LessonProgress

_EXAMPLES = tell("""\
examples:
  nettutor list
  nettutor list --json | jq '.[].id'
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument("--json", action="store_true", help=_("as a JSON array on standard output"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tutor import content

    progress = _progress()
    rows = [_row(lesson, progress.get(lesson.id)) for lesson in content.catalogue()]
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return exits.DONE
    for row in rows:
        print(_line(row))
        for lacking in row["missing"]:
            print(f"      {_('missing')}: {lacking}")
        if row["missing"]:
            print(f"      {_('get it')}: {shown(row['fix'])}")
    return exits.DONE


def _progress() -> Mapping[str, LessonProgress]:
    """None of it where the file cannot be used: the lessons can be listed all the same."""
    from tutor import paths
    from tutor.store import Store

    if not paths.progress_file().exists():
        return {}
    try:
        with Store.open() as store:
            return store.progress()
    except StoreError as error:
        exits.say(error.message)
        return {}


def _row(lesson: Lesson, progress: LessonProgress | None) -> dict[str, Any]:
    from tutor.lab import tools

    steps = [step.id for step in lesson.steps]
    lacking = tools.missing(lesson.tools)
    return {
        "id": lesson.id,
        "number": lesson.number,
        "title": lesson.title,
        "summary": lesson.summary,
        "requires": list(lesson.requires),
        "tools": list(lesson.tools),
        "steps": steps,
        "completed": [step for step in steps if progress is not None and step in progress.completed],
        "step": progress.step if progress is not None else None,
        "missing": [tool.name for tool in lacking],
        "fix": tools.how_to_get(lacking) if lacking else "",
    }


def _line(row: Mapping[str, Any]) -> str:
    done, total = len(row["completed"]), len(row["steps"])
    state = _("{total} steps", total=total)
    if done == total:
        state = _("complete")
    elif row["step"]:
        state = _("{done} of {total} steps", done=done, total=total)
    return f"{row['number']:2}  {row['id']:15}  {padded(state, 14)}  {shown(row['title'])}"
