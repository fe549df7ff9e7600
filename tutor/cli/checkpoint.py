"""``nettutor checkpoint``: courses and checkpoints; what learners and graders do with them is in modules beside it."""

from __future__ import annotations

import argparse
import datetime
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.cli import checkpoint_export, checkpoint_report, checkpoint_review, checkpoint_take, exits
from tutor.errors import UsageError
from tutor.i18n import _, tell

if TYPE_CHECKING:
    from tutor.grading.course import Course
    from tutor.model.checkpoint import Checkpoint, Item, Lateness, Policy

_EXAMPLES = tell("""\
examples:
  nettutor checkpoint new net-2027 --title "Networks 2027" --roster roster.csv
  nettutor checkpoint add net-2027 midterm --item nat=10 --item bridges#bridge+ports=5 --minutes 60
  nettutor checkpoint take midterm.checkpoint
  nettutor checkpoint hand-in midterm.checkpoint
""")
_NEW = tell("""\
The roster is CSV with the columns id, name and, if you have them, key: a public key in one line, ssh-ed25519 AAAA….
The directory then holds the keys and the secret of the course: keep it to yourself, and keep a copy.

examples:
  nettutor checkpoint new net-2027 --title "Networks 2027" --roster roster.csv
""")
_ADD = tell("""\
An item is a lesson, or some of its steps, and the points that it is worth. Times are UTC. The file to hand out is the
same for everybody; each learner's addresses, names and ports in it are their own.

examples:
  nettutor checkpoint add net-2027 midterm --item nat=10 --item bridges#bridge+ports=5 --minutes 60
  nettutor checkpoint add net-2027 final --item pod-network#challenge=20 --closes 2027-01-29T12:00 --allow hints,jumps
  nettutor checkpoint add net-2027 final --again --item pod-network#challenge=20 --late grace=10,percent=25,until=4
""")


_LIST = tell("""\
With --learner, also what was drawn for one of them: the seed, with which `nettutor check LESSON --seed N` makes the
same lab, and the values that the lesson has with it.

examples:
  nettutor checkpoint list net-2027
  nettutor checkpoint list net-2027 --learner 2027001
""")


def add(commands: Any, name: str, summary: str) -> None:
    parser = commands.add_parser(name, help=summary, description=summary.capitalize() + ".", examples=_EXAMPLES)
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    _add_new(actions)
    _add_add(actions)
    _add_list(actions)
    checkpoint_take.add(actions)
    checkpoint_review.add(actions)
    checkpoint_export.add(actions)
    checkpoint_report.add(actions)


def _add_new(actions: Any) -> None:
    parser = actions.add_parser("new", help=_("begin a course"), examples=_NEW)
    parser.add_argument("course", metavar="DIR", type=Path)
    parser.add_argument("--title", required=True, metavar="TEXT")
    parser.add_argument("--roster", required=True, metavar="FILE", type=Path, help=_("CSV: id,name and perhaps key"))
    parser.add_argument("--id", metavar="ID", help=_("default: the name of the directory"))
    parser.set_defaults(run=run_new)


def _add_add(actions: Any) -> None:
    parser = actions.add_parser("add", help=_("make a checkpoint and the file to hand out"), examples=_ADD)
    parser.add_argument("course", metavar="DIR", type=Path)
    parser.add_argument("id", metavar="ID")
    item = "LESSON[#STEP[+STEP]]=POINTS"
    parser.add_argument("--item", required=True, action="append", metavar=item, dest="items")
    parser.add_argument("--title", metavar="TEXT", help=_("default: the id"))
    parser.add_argument("--minutes", type=int, default=0, metavar="N", help=_("time from the start; default: no limit"))
    parser.add_argument("--opens", default="", metavar="TIME", help=_("UTC, as 2027-01-29T10:00"))
    parser.add_argument("--closes", default="", metavar="TIME")
    parser.add_argument(
        "--allow", default="", metavar="WHAT", help=_("of hints, show-me, skip, jumps, or nothing; default: skip")
    )
    parser.add_argument("--late", default="", metavar="RULE", help=_("default: grace=5,percent=10,until=24"))
    parser.add_argument("--again", action="store_true", help=_("replace the checkpoint of this id"))
    parser.set_defaults(run=run_add)


def _add_list(actions: Any) -> None:
    parser = actions.add_parser("list", help=_("the learners and checkpoints of a course"), examples=_LIST)
    parser.add_argument("course", metavar="DIR", type=Path)
    parser.add_argument("--learner", metavar="ID", help=_("show what was drawn for this learner"))
    parser.set_defaults(run=run_list)


def run_new(arguments: argparse.Namespace) -> int:
    from tutor.grading.course import Course

    path = arguments.course
    course = Course.create(
        path, id=arguments.id or path.resolve().name, title=arguments.title, learners=arguments.roster
    )
    exits.say(
        tell("{path}: the course {id} with {count} learners", path=path, id=course.id, count=len(course.learners))
    )
    exits.say(tell("next: nettutor checkpoint add {path} ID --item LESSON=POINTS", path=path))
    return exits.DONE


def run_add(arguments: argparse.Namespace) -> int:
    from tutor.grading.course import Course
    from tutor.model.checkpoint import Checkpoint

    course = Course.open(arguments.course)
    opens, closes = _moment("--opens", arguments.opens), _moment("--closes", arguments.closes)
    if opens and closes and opens >= closes:
        raise UsageError(tell("--closes must be later than --opens"))
    if not 0 <= arguments.minutes <= 7 * 24 * 60:
        raise UsageError(tell("--minutes must be from 0, which is no limit, to 10080, a week"))
    chosen = Checkpoint(
        course.id,
        arguments.id,
        arguments.title or arguments.id,
        course.public_key,
        _items(arguments.items),
        minutes=arguments.minutes,
        opens=opens,
        closes=closes,
        policy=_policy(arguments.allow),
        lateness=_lateness(arguments.late),
    )
    path = course.add(chosen, again=arguments.again)
    exits.say(
        tell("{points} points for {count} learners; hand out:", points=f"{chosen.points:g}", count=len(course.learners))
    )
    print(path)
    return exits.DONE


def run_list(arguments: argparse.Namespace) -> int:
    from tutor.grading.course import Course
    from tutor.inert import line, shown

    course, learner = Course.open(arguments.course), arguments.learner
    if learner is not None and learner not in course.learners:
        raise UsageError(
            tell("the roster has no learner {learner}{nearest}", learner=repr(learner), nearest=_like(learner, course))
        )
    print(f"{shown(course.id)}: {line(course.title)}, {_('{count} learners', count=len(course.learners))}")
    for id in course.checkpoint_ids():
        checkpoint = course.checkpoint(id)
        limit = _("{minutes} minutes", minutes=checkpoint.minutes) if checkpoint.minutes else _("no time limit")
        print(f"  {id}: {line(checkpoint.title)}, {_('{points} points', points=f'{checkpoint.points:g}')}, {limit}")
        for item in checkpoint.items:
            print(f"    {item.points:6g}  {shown(item.id)}")
        if learner is not None:
            _print_drawn(checkpoint, learner)
    return exits.DONE


def _print_drawn(checkpoint: Checkpoint, learner: str) -> None:
    from tutor import content

    seed = checkpoint.learners[learner].seed
    for lesson in dict.fromkeys(item.lesson for item in checkpoint.items):
        values = content.load(lesson, seed=seed).parameters
        print(f"      {lesson} --seed {seed}: {' '.join(f'{name}={value}' for name, value in values.items())}")


def _like(learner: str, course: Course) -> str:
    from tutor.content.tree import nearest

    return nearest(learner, course.learners)


def _items(words: Sequence[str]) -> tuple[Item, ...]:
    """``LESSON[#STEP[+STEP]]=POINTS``, of lessons and steps that there are, each step once."""
    found = tuple(_item(word) for word in words)
    seen: set[tuple[str, str]] = set()
    for item in found:
        for step in item.steps or _steps(item.lesson):
            if (item.lesson, step) in seen:
                raise UsageError(tell("{step} is in two items", step=f"{item.lesson}#{step}"))
            seen.add((item.lesson, step))
    return found


def _item(word: str) -> Item:
    from tutor.content.tree import nearest
    from tutor.model.checkpoint import Item

    what, equals, points = word.rpartition("=")
    lesson, _hash, names = what.partition("#")
    try:
        worth = float(points)
    except ValueError:
        worth = math.nan
    if not equals or not lesson or not 0 < worth <= 1000:
        raise UsageError(tell("{word} is not LESSON[#STEP[+STEP]]=POINTS, with points from 0 to 1000", word=repr(word)))
    known = _steps(lesson)
    steps = tuple(names.split("+")) if names else ()
    for step in steps:
        if step not in known:
            raise UsageError(
                tell(
                    "the lesson {lesson} has no step {step}{nearest}",
                    lesson=lesson,
                    step=repr(step),
                    nearest=nearest(step, known),
                )
            )
    return Item(lesson, worth, tuple(step for step in known if step in steps))


def _steps(lesson: str) -> tuple[str, ...]:
    from tutor import content

    return tuple(step.id for step in content.load(lesson).steps)


def _moment(flag: str, text: str) -> str:
    """A time as in ``Checkpoint.opens``; ``UsageError`` for what is none."""
    if not text:
        return ""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(
            tell("{flag}: {text} is not a time such as 2027-01-29T10:00", flag=flag, text=repr(text))
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _policy(text: str) -> Policy:
    from tutor.model.checkpoint import Policy

    names = [word.strip() for word in text.split(",") if word.strip()]
    known = ("hints", "show-me", "skip", "jumps", "nothing")
    for name in names:
        if name not in known:
            raise UsageError(tell("--allow knows {known}, not {name}", known=", ".join(known), name=repr(name)))
    if not names:
        return Policy()
    return Policy(hints="hints" in names, show_me="show-me" in names, skip="skip" in names, jumps="jumps" in names)


def _lateness(text: str) -> Lateness:
    from tutor.model.checkpoint import Lateness

    given: dict[str, float] = {}
    for word in filter(None, text.split(",")):
        name, _equals, number = word.partition("=")
        if name not in ("grace", "percent", "until") or not number.isdecimal() or len(number) > 5:
            raise UsageError(
                tell("--late: {word} is not grace=MINUTES, percent=NUMBER or until=HOURS", word=repr(word))
            )
        given[name] = int(number)
    if given.get("percent", 0) > 100:
        raise UsageError(tell("--late: percent is from 0 to 100"))
    usual = Lateness()
    return Lateness(
        int(given.get("grace", usual.grace)), given.get("percent", usual.percent), int(given.get("until", usual.until))
    )
