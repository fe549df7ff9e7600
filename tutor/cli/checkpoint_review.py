"""``nettutor checkpoint review``: the instructor's screen, under a parent that puts the terminal right."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any

from tutor.i18n import _, tell

_EXAMPLES = tell("""\
Shows the class, and of each submission what its replay found, what was typed and recorded, and what is odd in it; takes
points and remarks. What is kept is in the gradebook at once, with your name and the time. F1 lists the keys.

examples:
  nettutor checkpoint review net-2027
  nettutor checkpoint review net-2027 midterm --who "Ada Kim"
  nettutor checkpoint review net-2027 --book postgresql://grader@db.example/net2027
""")


def add(actions: Any) -> None:
    parser = actions.add_parser("review", help=_("look at submissions, and give points by hand"), examples=_EXAMPLES)
    parser.add_argument("course", metavar="DIR", type=Path)
    parser.add_argument("id", metavar="CHECKPOINT", nargs="?", help=_("default: the one that was handed in last"))
    parser.add_argument("--book", metavar="URL", help=_("the gradebook; default: that of the course"))
    parser.add_argument("--who", metavar="NAME", help=_("in whose name; default: your login"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    from tutor.cli import guard, start, utf8

    start.require_terminal("checkpoint review")
    utf8.require()
    again = shlex.join(["nettutor", "checkpoint", "review", str(arguments.course)])
    return guard.run(lambda: _review(arguments), again)


def _review(arguments: argparse.Namespace) -> int:
    from tutor.cli.start import screen_on_stderr
    from tutor.tui import review

    with screen_on_stderr():
        return review.run(arguments.course, arguments.id, arguments.book, arguments.who, arguments.lang)
