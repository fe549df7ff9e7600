"""``nettutor why``: the first broken hop between two places."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, assert_never

from tutor.cli import exits
from tutor.errors import UsageError

if TYPE_CHECKING:
    from tutor.diagnosis import Outcome
    from tutor.model.lesson import Lesson
    from tutor.model.place import Place
    from tutor.model.wants import Address

_EXAMPLES = """\
examples:
  nettutor why bridges host/red 192.168.15.2 --script answer.sh
  nettutor why nat host/blue lan:80 --script -   a connection to port 80 of the machine lan

A fresh lab of the lesson is built and the script typed into it, as `nettutor check` does. Then the way of a packet is
followed through links, addresses, routes, ARP, forwarding, filters, translation and sockets, there and back, to the
first thing that breaks it. SOURCE is a machine, or a namespace of one as machine/namespace; DESTINATION is an IPv4
address or such a place. Without a port it is a ping, with one a TCP connection.
Exit status: 0 it works, 1 it does not or cannot be told, 2 wrong arguments or script, 3 this machine cannot.
"""


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument("lesson", metavar="LESSON")
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("destination", metavar="DESTINATION[:PORT]")
    parser.add_argument("--script", metavar="FILE", help="lines to type first (- is standard input)")
    parser.add_argument("--seed", type=int, metavar="N", help="draw the lesson's parameters from this number")
    parser.add_argument("--json", action="store_true", help="one JSON object on standard output")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    import asyncio

    from tutor import content, replay
    from tutor.cli.bar import Bar
    from tutor.cli.check import script_commands
    from tutor.diagnosis import Works
    from tutor.lab import tools

    lesson = content.load(arguments.lesson, seed=arguments.seed)
    source = _place(lesson, arguments.source)
    target, port = _target(lesson, arguments.destination)
    commands = script_commands(arguments.script, lesson)
    with Bar() as bar:
        tools.ensure(lesson.tools, bar)
    outcome = asyncio.run(replay.why(lesson, commands, source, target, port))
    if arguments.json:
        print(json.dumps(_object(outcome), indent=1))
    else:
        _tell(outcome)
    return exits.DONE if isinstance(outcome, Works) else exits.INCOMPLETE


def _place(lesson: Lesson, text: str) -> Place:
    from tutor.model.place import Place

    names = [machine.name for machine in lesson.topology.machines]
    try:
        place = Place.parse(text)
    except ValueError as error:
        raise UsageError(str(error)) from error
    if place.machine not in names:
        raise UsageError(f"there is no machine {place.machine!r}; this lesson has {', '.join(names)}")
    return place


def _target(lesson: Lesson, text: str) -> tuple[Address | Place, int | None]:
    from ipaddress import IPv4Address

    host, colon, port = text.partition(":")
    if colon and not (port.isdecimal() and 0 < int(port) < 65536):
        raise UsageError(f"{text!r} is no IPv4 address or place, with or without a port")
    number = int(port) if colon else None
    try:
        return IPv4Address(host), number
    except ValueError:
        return _place(lesson, host), number


def _object(outcome: Outcome) -> dict[str, Any]:
    from tutor.diagnosis import Broken, CannotTell, Works

    match outcome:
        case Works(path, back):
            return {"outcome": "works", "path": list(map(str, path)), "back": list(map(str, back))}
        case Broken(hop):
            return {"outcome": "broken", **asdict(outcome), "hop": str(hop), "layer": outcome.layer.value}
        case CannotTell(why):
            return {"outcome": "unknown", "why": why}
        case _:
            assert_never(outcome)


def _tell(outcome: Outcome) -> None:
    from tutor.diagnosis import Broken, CannotTell, Works

    match outcome:
        case Works(path, back):
            print(f"✓ it works: {' → '.join(map(str, path))}, and back: {' → '.join(map(str, back))}")
        case Broken(_, layer, sentence, evidence, command):
            print(f"✗ {sentence}")
            print(f"  layer:   {layer}")
            print(f"  kernel:  {evidence}")
            print(f"  look at: {command}")
        case CannotTell(why):
            print(f"? it cannot be told: {why}")
        case _:
            assert_never(outcome)
