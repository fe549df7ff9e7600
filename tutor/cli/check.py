"""``nettutor check``: a script against a lesson."""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.cli import exits
from tutor.errors import UsageError

if TYPE_CHECKING:
    from tutor.model.lesson import Command, Lesson
    from tutor.replay import GoalReport, Report

_MAXIMUM = 256 * 1024  # bytes of a script

_EXAMPLES = """\
examples:
  nettutor check namespaces --script answer.sh
  nettutor check nat --script - --json < answer.sh

The script's lines are typed into the shell of the lesson's first machine. A line `@lan` goes on in the shell of that
machine, a line `= TEXT` answers the open question; empty lines and lines that begin with # are passed over.
Exit status: 0 all steps complete, 1 not all, 2 the script is wrong, 3 this machine cannot.
"""


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument("lesson", metavar="LESSON")
    parser.add_argument("--script", metavar="FILE", help="lines to type (- is standard input); without it, none")
    parser.add_argument("--seed", type=int, metavar="N", help="draw the lesson's parameters from this number")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
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
        raise UsageError(f"{shown}: it is not UTF-8 text") from error
    if len(text) > _MAXIMUM:
        raise UsageError(f"{shown}: it is larger than {_MAXIMUM // 1024} KiB")
    source = from_text(shown, text)
    shells = tuple(machine.name for machine in lesson.topology.machines if machine.shell)
    return parse_lines(source, enumerate(source.lines, 1), shells)


def _tell(report: Report) -> None:
    from tutor.model.verdict import Met, Unknown, Unmet

    def tell_goal(goal: GoalReport) -> None:
        match goal.verdict:
            case Met():
                print(f"    ✓ {goal.goal.text}")
            case Unmet(expected, observed, _, look_next):
                print(f"    ✗ {goal.goal.text}")
                print(f"      expected: {expected}")
                print(f"      seen:     {observed}")
                print(f"      look at:  {look_next}")
            case Unknown(cause):
                print(f"    ? {goal.goal.text}")
                print(f"      not known: {cause}")

    for number, step in enumerate(report.steps, 1):
        print(f"{'✓' if step.completed else '·'} {number}. {step.step.title}")
        if not step.completed:
            for goal in step.goals:
                tell_goal(goal)
    done = sum(step.completed for step in report.steps)
    sys.stdout.flush()
    exits.say(f"{report.lesson.id}: {done} of {len(report.steps)} steps complete")
