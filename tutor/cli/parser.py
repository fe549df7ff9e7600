"""The arguments of all commands, and the call of the one that was asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from tutor import __version__
from tutor.errors import UsageError
from tutor.i18n import ENGLISH, _, language, languages, preferred, shown, tell, use_language

_COMMANDS = {
    "start": ("tutor.cli.start", tell("the tutorial, where you left off")),
    "list": ("tutor.cli.lessons", tell("the lessons, what each needs, and your progress")),
    "check": ("tutor.cli.check", tell("type a script into a fresh lab and judge every step")),
    "why": ("tutor.cli.why", tell("the first broken hop between two places of a lab")),
    "run": ("tutor.cli.run", tell("one command in a fresh lab")),
    "doctor": ("tutor.cli.doctor", tell("what this machine can and cannot do")),
    "tools": ("tutor.cli.tools", tell("the lab's tools: list them, fetch missing ones")),
    "author": ("tutor.cli.author", tell("begin a lesson, lint it, prove it by breaking it")),
    "checkpoint": ("tutor.cli.checkpoint", tell("exams: make them, take them, hand them in")),
    "grade": ("tutor.cli.grade", tell("submissions into the gradebook, by doing them again")),
}

_EXAMPLES = tell("""\
examples:
  nettutor start                 begin, or go on where you left off
  nettutor start nat#masquerade  open one step of a lesson
  nettutor check nat --script my-solution.sh
  nettutor run -- ip address     a command in a lab, away from your machine's network
  nettutor doctor                why something does not work here
""")


_ARGPARSE = (
    tell("usage: "),
    tell("positional arguments"),
    tell("options"),
    tell("show this help message and exit"),
    tell("show program's version number and exit"),
    tell("the following arguments are required: %s"),
    tell("unrecognized arguments: %s"),
    tell("argument %(argument_name)s: %(message)s"),
    tell("invalid choice: %(value)r (choose from %(choices)s)"),
    tell("invalid %(type)s value: %(value)r"),
    tell("expected one argument"),
    tell("expected at least one argument"),
    tell("not allowed with argument %s"),
    tell("ignored explicit argument %r"),
)
"""What argparse itself says, for the catalogues."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong as a ``UsageError``: one line, like every other message."""

    def __init__(self, *args: Any, examples: str = "", **options: Any) -> None:
        ours = {
            "formatter_class": argparse.RawDescriptionHelpFormatter,
            "epilog": shown(examples),
            "allow_abbrev": False,
        }
        super().__init__(*args, **{**ours, **options})
        self.add_argument(
            "--lang", metavar="LANGUAGE", help=_("{codes}; default: that of your locale", codes=", ".join(languages()))
        )

    def error(self, message: str) -> NoReturn:
        raise UsageError(tell("{message} (see `{prog} --help`)", message=message, prog=self.prog))


def dispatch(argv: Sequence[str]) -> int:
    """Parse, and run the command; ``UsageError`` for what is not one."""
    asked_language, argv = _speak(argv)
    parser = Parser(
        prog="nettutor",
        description=_("Learn Linux networking in a real shell, on a real kernel, without root."),
        examples=_EXAMPLES,
    )
    parser.add_argument("--version", action="version", version=f"nettutor {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", parser_class=Parser)
    asked = next((word for word in argv if not word.startswith("-")), None)
    for name, (module, summary) in _COMMANDS.items():
        if asked == name:
            importlib.import_module(module).add(commands, name, shown(summary))
        else:
            commands.add_parser(name, help=shown(summary))
    if asked is None:
        parser.parse_args(argv)
        parser.print_help(sys.stderr)
        raise UsageError(tell("which command? the first to try is `nettutor start`"))
    if asked not in _COMMANDS:
        raise UsageError(tell("there is no command {asked}{nearest}", asked=repr(asked), nearest=_nearest(asked)))
    arguments = parser.parse_args(argv)
    arguments.lang = asked_language
    return int(arguments.run(arguments))


def _nearest(word: str) -> str:
    import difflib

    near = difflib.get_close_matches(word, _COMMANDS, n=1, cutoff=0.4)
    if near:
        return tell("; did you mean {word}?", word=near[0])
    return tell("; there are {words}", words=", ".join(_COMMANDS))


def _speak(argv: Sequence[str]) -> tuple[str | None, list[str]]:
    """Use the language that is asked for, wherever among the arguments, and give the others: the help and the errors
    of the parser itself are shown in it too."""
    ends = argv.index("--") if "--" in argv else len(argv)
    asked: str | None = None
    before: list[str] = []
    words = iter(argv[:ends])
    for word in words:
        if word == "--lang":
            asked = next(words, "")
        elif word.startswith("--lang="):
            asked = word.partition("=")[2]
        else:
            before.append(word)
    use_language(preferred(asked))
    if language() != ENGLISH:
        vars(argparse)["_"] = _
    if asked is not None and asked not in languages():
        raise UsageError(tell("--lang is one of {codes}, not {asked}", codes=", ".join(languages()), asked=repr(asked)))
    return asked, [*before, *argv[ends:]]
