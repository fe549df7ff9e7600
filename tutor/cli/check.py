"""``nettutor check``: a script against a lesson."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor import i18n
from tutor.cli import exits
from tutor.errors import UsageError
from tutor.i18n import _, tell

if TYPE_CHECKING:
    from tutor.model.lesson import Command, Lesson
    from tutor.replay import GoalReport, Report

_MAXIMUM = 256 * 1024  # bytes of a script

_EXAMPLES = tell("""\
examples:
  nettutor check namespaces --script answer.sh
  nettutor check nat --script - --json < answer.sh

The script's lines are typed into the shell of the lesson's first machine. A line `@lan` goes on in the shell of that
machine, a line `= TEXT` answers the open question; empty lines and lines that begin with # are passed over.
Exit status: 0 all steps complete, 1 not all, 2 the script is wrong, 3 this machine cannot.
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument("lesson", metavar="LESSON")
    parser.add_argument("--script", metavar="FILE", help=_("lines to type (- is standard input); without it, none"))
    parser.add_argument("--seed", type=int, metavar="N", help=_("draw the lesson's parameters from this number"))
    parser.add_argument("--json", action="store_true", help=_("one JSON object on standard output"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    from tutor import content, replay
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    lesson = content.load(arguments.lesson, seed=arguments.seed)
    commands = script_commands(arguments.script, lesson)
    with Bar() as bar:
        tools.ensure(lesson.tools, bar)
    report = asyncio.run(replay.check(lesson, commands, seed=arguments.seed))
    if arguments.json:
        print(json.dumps(report.to_json(), indent=1))
    else:
        _tell(report)
    if report.lab_ended is not None:
        exits.say(report.lab_ended)
    return exits.DONE if report.completed else exits.INCOMPLETE


def script_commands(script: str | None, lesson: Lesson) -> tuple[Command, ...]:
    """The script's commands; a stream (``-``, ``<(...)``) is read once, to its end."""
    from tutor import content
    from tutor.content.script import commands as parse_lines
    from tutor.content.source import from_text

    if script is None:
        return ()
    if script != "-" and not Path(script).is_fifo():
        return content.parse_script(Path(script), lesson)
    shown = "standard input" if script == "-" else script
    try:
        with contextlib.nullcontext(sys.stdin.buffer) if script == "-" else Path(script).open("rb") as stream:
            text = stream.read(_MAXIMUM + 1).decode()
    except UnicodeDecodeError as error:
        raise UsageError(tell("{file}: it is not UTF-8 text", file=shown)) from error
    if len(text) > _MAXIMUM:
        raise UsageError(tell("{file}: it is larger than {limit} KiB", file=shown, limit=_MAXIMUM // 1024))
    source = from_text(shown, text)
    shells = tuple(machine.name for machine in lesson.topology.machines if machine.shell)
    return parse_lines(source, enumerate(source.lines, 1), shells)


def _tell(report: Report) -> None:
    from tutor.model.verdict import Met, Unknown, Unmet

    def labelled(*pairs: tuple[str, str]) -> None:
        width = max(i18n.cells(label) for label, _text in pairs) + 1
        for label, text in pairs:
            print(f"      {i18n.padded(label + ':', width)} {i18n.shown(text)}")

    def tell_goal(goal: GoalReport) -> None:
        match goal.verdict:
            case Met():
                print(f"    ✓ {i18n.shown(goal.goal.text)}")
            case Unmet(expected, observed, look_next=look_next):
                print(f"    ✗ {i18n.shown(goal.goal.text)}")
                labelled((_("expected"), expected), (_("seen"), observed), (_("look at"), look_next))
            case Unknown(cause):
                print(f"    ? {i18n.shown(goal.goal.text)}")
                labelled((_("not known"), cause))

    for number, step in enumerate(report.steps, 1):
        print(f"{'✓' if step.completed else '·'} {number}. {i18n.shown(step.step.title)}")
        if not step.completed:
            for goal in step.goals:
                tell_goal(goal)
    done = sum(step.completed for step in report.steps)
    sys.stdout.flush()
    exits.say(
        tell(
            "{lesson}: {done} of {total} steps complete",
            lesson=report.lesson.id,
            done=done,
            total=len(report.steps),
        )
    )
