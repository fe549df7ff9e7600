"""``nettutor start``: the tutorial, under a parent that puts the terminal right however it ends."""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import sys
from typing import Any

from tutor.errors import ToolError, UsageError
from tutor.i18n import _, tell

_EXAMPLES = tell("""\
examples:
  nettutor start                 begin, or go on where you left off
  nettutor start bridges         go on with a lesson
  nettutor start nat#masquerade  open one of its steps
  nettutor start --watch vlan    read the lesson again whenever you save it
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=_("Open the tutorial."), examples=_EXAMPLES)
    parser.add_argument("lesson", nargs="?", metavar="LESSON[#STEP]", help=_("default: where you left off"))
    parser.add_argument("--watch", action="store_true", help=_("for authors: read the lesson again when it is saved"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    require_terminal()
    from tutor.cli import guard, utf8

    utf8.require()
    return guard.run(lambda: _tutorial(arguments))


def require_terminal(command: str = "start") -> None:
    """``UsageError`` where there is nothing to draw on."""
    if not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        if command == "start":
            raise UsageError(
                tell("start needs a terminal for input and output; to judge a script use `nettutor check`")
            )
        raise UsageError(tell("{command} needs a terminal for input and output", command=command))
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise UsageError(
            tell(
                "{command} needs a terminal that can draw, and TERM is {term}; "
                "in a full terminal try `TERM=xterm-256color nettutor {command}`",
                command=command,
                term=repr(os.environ.get("TERM", "not set")),
            )
        )


def _tutorial(arguments: argparse.Namespace) -> int:
    gc.disable()  # all that is made from here to the first frame stays; tui turns it on again
    lesson, hash_sign, step = (arguments.lesson or "").partition("#")
    if hash_sign and not (lesson and step):
        raise UsageError(tell("{lesson} is not LESSON#STEP", lesson=repr(arguments.lesson)))
    _check_name(lesson)
    _fetch_tools(lesson)
    from tutor import tui

    with screen_on_stderr():
        return tui.run(lesson or None, step or None, arguments.lang, watch=arguments.watch)


def _check_name(lesson: str) -> None:
    """Before anything is fetched for it."""
    from tutor import content

    if lesson and all(lesson != header.id for header in content.headers()):
        content.load(lesson)  # says which name is near


def _fetch_tools(lesson: str) -> None:
    """The tools of all lessons, as the learner may go from one to the next; those of this one must be had.

    What may have to be built, which takes minutes, is fetched for the lesson that needs it.
    """
    from tutor import content
    from tutor.cli import exits
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    headers = content.headers()
    wanted = dict.fromkeys(name for header in headers for name in header.tools)
    lacking = [tool.name for tool in tools.missing(wanted)]
    if not lacking:
        return
    first = lesson or _left_off() or headers[0].id
    own = {name for header in headers if header.id == first for name in header.tools}
    try:
        with Bar() as bar:
            tools.ensure([name for name in lacking if name in own or not tools.manifest()[name].release], bar)
    except ToolError as error:
        if tools.missing(own):
            raise
        exits.say(tell("{error}. Other lessons need them; going on with {first}", error=error.message, first=first))


def _left_off() -> str | None:
    from tutor.store import Store

    with Store.open() as store:
        last = store.last()
    return last[0] if last else None


class screen_on_stderr(contextlib.AbstractContextManager[None]):
    """Textual draws on standard error: while it does, that is the terminal, wherever the user sent it."""

    def __enter__(self) -> None:
        self._saved = None
        if not os.isatty(2):
            self._saved = os.dup(2)
            os.dup2(1, 2)

    def __exit__(self, *unused: object) -> None:
        if self._saved is not None:
            os.dup2(self._saved, 2)
            os.close(self._saved)
