"""The arguments of all commands, and the call of the one that was asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from tutor import __version__
from tutor.errors import UsageError

_COMMANDS = {
    "start": ("tutor.cli.start", "the tutorial, where you left off"),
    "list": ("tutor.cli.lessons", "the lessons, what each needs, and your progress"),
    "check": ("tutor.cli.check", "type a script into a fresh lab and judge every step"),
    "why": ("tutor.cli.why", "the first broken hop between two places of a lab"),
    "run": ("tutor.cli.run", "one command in a fresh lab"),
    "doctor": ("tutor.cli.doctor", "what this machine can and cannot do"),
    "tools": ("tutor.cli.tools", "the lab's tools: list them, fetch missing ones"),
    "author": ("tutor.cli.author", "begin a lesson, lint it, prove it by breaking it"),
}

_EXAMPLES = """\
examples:
  nettutor start                 begin, or go on where you left off
  nettutor start nat#masquerade  open one step of a lesson
  nettutor check nat --script my-solution.sh
  nettutor run -- ip address     a command in a lab, away from your machine's network
  nettutor doctor                why something does not work here
"""


class Parser(argparse.ArgumentParser):
    """Says what is wrong as a ``UsageError``: one line, like every other message."""

    def __init__(self, *args: Any, examples: str = "", **options: Any) -> None:
        ours = {"formatter_class": argparse.RawDescriptionHelpFormatter, "epilog": examples, "allow_abbrev": False}
        super().__init__(*args, **{**ours, **options})

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message} (see `{self.prog} --help`)")


def dispatch(argv: Sequence[str]) -> int:
    """Parse, and run the command; ``UsageError`` for what is not one."""
    parser = Parser(
        prog="nettutor",
        description="Learn Linux networking in a real shell, on a real kernel, without root.",
        examples=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"nettutor {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    asked = next((word for word in argv if not word.startswith("-")), None)
    for name, (module, summary) in _COMMANDS.items():
        if asked == name:
            importlib.import_module(module).add(commands, name, summary)
        else:
            commands.add_parser(name, help=summary)
    if asked is None:
        parser.parse_args(argv)
        parser.print_help(sys.stderr)
        raise UsageError("which command? the first to try is `nettutor start`")
    if asked not in _COMMANDS:
        raise UsageError(f"there is no command {asked!r}{_nearest(asked)}")
    arguments = parser.parse_args(argv)
    return int(arguments.run(arguments))


def _nearest(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, _COMMANDS, n=1, cutoff=0.4)
    return f"; did you mean {near[0]}?" if near else f"; there are {', '.join(_COMMANDS)}"
