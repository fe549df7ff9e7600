"""``nettutor tools``: the lab's tools."""

from __future__ import annotations

import argparse
import json
from typing import Any

from tutor.cli import exits
from tutor.i18n import _, padded, shown, tell

_EXAMPLES = tell("""\
examples:
  nettutor tools list            what there is, and where each comes from
  nettutor tools install         fetch all that this machine lacks, without root
  nettutor tools install nginx   fetch one

What no distribution packages is fetched from its makers, or built with Go where that cannot be. A directory or https://
address in NETTUTOR_TOOLS_MIRROR is asked first: copy ~/.cache/nettutor/programs there from a machine that has it.
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listing = actions.add_parser("list", help=_("the tools, and where each is"))
    listing.add_argument("--json", action="store_true", help=_("as JSON on standard output"))
    listing.set_defaults(run=_list)
    installing = actions.add_parser("install", help=_("fetch missing tools into your data directory"))
    installing.add_argument("names", nargs="*", metavar="NAME", help=_("only these (default: all that are missing)"))
    installing.set_defaults(run=_install)


def _list(arguments: argparse.Namespace) -> int:
    from tutor import paths
    from tutor.lab import tools

    rows = []
    for tool in tools.manifest().values():
        found = [tools.find(program) for program in tool.programs]
        where = "missing" if None in found else "machine"
        if where != "missing" and any(path and path.is_relative_to(paths.tools_layer()) for path in found):
            where = "fetched"
        fix = tools.how_to_get([tool]) if where == "missing" else ""
        rows.append(
            {"name": tool.name, "where": where, "programs": list(tool.programs), "purpose": tool.purpose, "fix": fix}
        )
    if arguments.json:
        print(json.dumps(rows, indent=1))
        return exits.DONE
    width = max(len(str(row["name"])) for row in rows)
    names = {"missing": _("missing"), "machine": _("machine"), "fetched": _("fetched")}
    for row in rows:
        where = padded(names[str(row["where"])], 7)
        print(f"{row['name']:{width}}  {where}  {_(str(row['purpose']))}")
        if row["fix"]:
            print(f"{'':{width}}  {_('get it')}: {shown(str(row['fix']))}")
    return exits.DONE


def _install(arguments: argparse.Namespace) -> int:
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    with Bar() as bar:
        fetched = tools.ensure(arguments.names or None, bar)
    names = ", ".join(tool.name for tool in fetched)
    exits.say(tell("fetched {names}", names=names) if fetched else tell("nothing is missing"))
    return exits.DONE
