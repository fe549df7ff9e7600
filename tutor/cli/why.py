"""``nettutor why``: the first broken hop between two places."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Any

from tutor.cli import exits
from tutor.errors import UsageError
from tutor.i18n import _, cells, padded, shown, tell

_EXAMPLES = tell("""\
examples:
  nettutor why host/red 192.168.15.2             in the tutorial that is open, as it is now
  nettutor why host/blue lan:80                  a connection to port 80 of the machine lan
  nettutor why bridges host/red 192.168.15.2 --script answer.sh

The way of a packet is followed through links, addresses, routes, ARP, forwarding, filters, translation and sockets,
there and back, to the first thing that breaks it. SOURCE is a machine, or a namespace of one as machine/namespace;
DESTINATION is an address or such a place. Without a port it is a ping, with one a TCP connection.

Without LESSON the tutorial is asked that you have open in another terminal (the one opened last). With LESSON a fresh
lab of it is built and the script typed into it, as `nettutor check` does.
Exit status: 0 it works, 1 it does not or cannot be told, 2 wrong arguments or script, 3 this machine cannot.
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    parser.add_argument(
        "lesson", metavar="LESSON", nargs="?", help=_("a fresh lab of it, not the tutorial that is open")
    )
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("destination", metavar="DESTINATION[:PORT]")
    parser.add_argument(
        "--script", metavar="FILE", help=_("lines to type first into a fresh lab (- is standard input)")
    )
    parser.add_argument("--seed", type=int, metavar="N", help=_("draw the lesson's parameters from this number"))
    parser.add_argument("--json", action="store_true", help=_("one JSON object on standard output"))
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    if arguments.lesson is not None:
        outcome = _fresh(arguments)
    elif arguments.script is not None or arguments.seed is not None:
        raise UsageError(tell("--script and --seed are for a fresh lab: say which LESSON before SOURCE"))
    else:
        from tutor.replay.running import ask

        outcome = ask(arguments.source, arguments.destination)
    if arguments.json:
        print(json.dumps(outcome, indent=1))
    else:
        _tell(outcome)
    return exits.DONE if outcome["outcome"] == "works" else exits.INCOMPLETE


def _fresh(arguments: argparse.Namespace) -> Mapping[str, Any]:
    import asyncio

    from tutor import content, replay
    from tutor.cli.bar import Bar
    from tutor.cli.check import script_commands
    from tutor.lab import tools

    lesson = content.load(arguments.lesson, seed=arguments.seed)
    flow = replay.asked(lesson.topology, arguments.source, arguments.destination)
    commands = script_commands(arguments.script, lesson)
    with Bar() as bar:
        tools.ensure(lesson.tools, bar)
    return replay.why_json(asyncio.run(replay.why(lesson, commands, *flow)))


def _tell(outcome: Mapping[str, Any]) -> None:
    match outcome["outcome"]:
        case "works":
            path, back = " → ".join(outcome["path"]), " → ".join(outcome["back"])
            print("✓ " + _("it works: {path}, and back: {back}", path=path, back=back))
        case "broken":
            print(f"✗ {shown(outcome['sentence'])}")
            rows = ((_("layer"), "layer"), (_("kernel"), "evidence"), (_("look at"), "command"))
            width = max(cells(label) for label, key in rows) + 1
            for label, key in rows:
                print(f"  {padded(label + ':', width)} {shown(outcome[key])}")
        case other:
            assert other == "unknown", other
            print("? " + _("it cannot be told: {reason}", reason=shown(outcome["sentence"])))
