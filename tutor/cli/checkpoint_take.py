"""``nettutor checkpoint take`` and ``hand-in``: the learner's side."""

from __future__ import annotations

import argparse
import contextlib
import gc
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.cli import asking, checkpoint_key, exits
from tutor.errors import StoreError, UsageError
from tutor.i18n import _, preferred, tell, use_language

if TYPE_CHECKING:
    from tutor.grading.handing import HandedIn
    from tutor.grading.paper import Paper
    from tutor.grading.taking import Taking
    from tutor.model.checkpoint import Checkpoint

_TAKE = tell("""\
The clock starts when you say so. Everything is kept as you do it: after a crash, or when you left, the same command
goes on. At the end one file is written into the directory that you are in: that is what you hand in.

examples:
  nettutor checkpoint take midterm.checkpoint
  nettutor checkpoint take midterm.checkpoint --learner 20271234 --key ~/.ssh/id_ed25519
""")
_HAND_IN = tell("""\
Without the screen of the exam, of all that was done so far: when the time is over, or the terminal broke. Done again,
it writes the same file again. No other file is ever written over.

examples:
  nettutor checkpoint hand-in midterm.checkpoint
  nettutor checkpoint hand-in midterm.checkpoint --to /media/stick
""")


def add(actions: Any) -> None:
    parser = actions.add_parser("take", help=_("take a checkpoint, or go on with it"), examples=_TAKE)
    _add_file(parser)
    parser.set_defaults(run=run_take)
    parser = actions.add_parser("hand-in", help=_("hand in what was done so far"), examples=_HAND_IN)
    _add_file(parser)
    parser.add_argument("--to", type=Path, metavar="DIR", default=Path(), help=_("default: the directory you are in"))
    parser.add_argument("--yes", action="store_true", help=_("do not ask"))
    parser.set_defaults(run=run_hand_in)
    checkpoint_key.add(actions)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help=_("the file that your instructor handed out"))
    parser.add_argument("--learner", metavar="ID", help=_("the id that your school knows you by"))
    checkpoint_key.add_option(parser)


def run_take(arguments: argparse.Namespace) -> int:
    from tutor.cli import guard, start, utf8

    start.require_terminal("checkpoint take")
    utf8.require()
    again = f"nettutor checkpoint take {shlex.quote(str(arguments.file))}"
    return guard.run(lambda: _exam(arguments), again)


def _exam(arguments: argparse.Namespace) -> int:
    gc.disable()  # as for the tutorial: all that is made from here to the first frame stays
    from tutor.cli.start import screen_on_stderr
    from tutor.grading.paper import Paper
    from tutor.grading.taking import Taking, begun_here
    from tutor.tui import exam
    from tutor.tui.exam.sitting import Sitting

    checkpoint, digest = _checkpoint(arguments.file)
    learner = asking.learner_of(checkpoint, arguments.learner)
    paper = Paper(checkpoint, checkpoint.learners[learner].seed, preferred(arguments.lang))
    _fetch_tools(checkpoint)
    if learner not in begun_here(checkpoint) and not _begins(checkpoint, learner, paper, arguments):
        return exits.INCOMPLETE
    with Taking.open(checkpoint, learner) as taking:
        _settle(taking, arguments, digest)
        language = preferred(arguments.lang, taking.store.language() or _language())
        use_language(language)
        sitting = Sitting(
            taking, Paper(checkpoint, taking.entrant.seed, language), lambda: checkpoint_key.of(taking), Path.cwd()
        )
        with screen_on_stderr():
            handed = exam.take(sitting, language)
        return _told(handed, arguments.file)


def run_hand_in(arguments: argparse.Namespace) -> int:
    from tutor.grading.handing import hand_in
    from tutor.grading.taking import Taking, begun_here

    checkpoint, _digest = _checkpoint(arguments.file)
    learner = asking.learner_of(checkpoint, arguments.learner)
    if learner not in begun_here(checkpoint):
        raise UsageError(
            tell(
                "{learner} has not begun the checkpoint {id} on this machine",
                learner=repr(learner),
                id=repr(checkpoint.id),
            )
        )
    if not arguments.to.is_dir():
        raise UsageError(tell("{path} is no directory", path=arguments.to))
    with Taking.open(checkpoint, learner) as taking:
        taking.hold()
        key = checkpoint_key.given(arguments.key) if arguments.key else checkpoint_key.of(taking)
        taking.check_key(key)
        if not (taking.handed_in or arguments.yes or _sure(taking)):
            return exits.INCOMPLETE
        return _told(hand_in(taking, key, arguments.to), arguments.file)


def _sure(taking: Taking) -> bool:
    """Ask, where there is somebody to ask."""
    if not asking.somebody():
        raise UsageError(tell("handing in ends the checkpoint; say --yes where nobody can be asked"))
    commands = sum(len(attempt.commands) for attempt in taking.attempts().values())
    return asking.agrees(
        _("Hand in {count} commands and answers? After that you cannot go on. [y/N] ", count=commands), usual=False
    )


def _told(handed: HandedIn | None, file: Path) -> int:
    quoted = shlex.quote(str(file))
    if handed is None:
        exits.say(tell("not handed in yet; to go on: `nettutor checkpoint take {file}`", file=quoted))
        return exits.INCOMPLETE
    if handed.path is None:
        where = tell(
            "Copy {path}, or in another directory: `nettutor checkpoint hand-in {file}`",
            path=handed.kept,
            file=quoted,
        )
        raise StoreError(tell("handed in, but the file could not be written: {why}", why=handed.trouble), where)
    exits.say(tell("handed in; give this one file to your instructor. SHA-256 {digest}", digest=handed.digest))
    print(handed.path)
    return exits.DONE


def _checkpoint(path: Path) -> tuple[Checkpoint, str]:
    """The checkpoint and the SHA-256 of its file, which is verified once for each that took it up here."""
    from tutor.grading.course import read_handout
    from tutor.grading.taking import begun_here, folder_of

    seen = ""

    def known(checkpoint: Checkpoint, digest: str) -> bool:
        nonlocal seen
        seen = digest
        folders = [folder_of(checkpoint, learner) for learner in begun_here(checkpoint)]
        return any(_text(folder / _VERIFIED) == digest for folder in folders)

    return read_handout(path, known), seen


_VERIFIED = "verified"


def _text(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _begins(checkpoint: Checkpoint, learner: str, paper: Paper, arguments: argparse.Namespace) -> bool:
    """Say what is coming, and ask whether the clock may start."""
    from tutor.grading.taking import check_key, check_open
    from tutor.tui.exam.briefing import briefing

    check_open(checkpoint)
    paper.read_all()
    check_key(checkpoint, learner, checkpoint_key.given(arguments.key))
    print(briefing(checkpoint, paper), file=sys.stderr)
    return asking.agrees(_("Begin? [Y/n] "), usual=True)


def _settle(taking: Taking, arguments: argparse.Namespace, digest: str) -> None:
    """One program at a time, with the key that was given; nothing is done to what is handed in."""
    taking.hold()
    with contextlib.suppress(OSError):
        (taking.folder / _VERIFIED).write_text(digest)
    if taking.handed_in:
        again = f"nettutor checkpoint hand-in {shlex.quote(str(arguments.file))}"
        raise UsageError(
            tell(
                "the checkpoint {id} is handed in; `{again}` writes the same file again",
                id=repr(taking.checkpoint.id),
                again=again,
            )
        )
    if arguments.key is not None:
        checkpoint_key.remember(taking, arguments.key)


def _fetch_tools(checkpoint: Checkpoint) -> None:
    """Before the clock starts, what all items need."""
    from tutor import content
    from tutor.cli.bar import Bar
    from tutor.lab import tools

    wanted = {item.lesson for item in checkpoint.items}
    names = dict.fromkeys(name for header in content.headers() if header.id in wanted for name in header.tools)
    if lacking := [tool.name for tool in tools.missing(names)]:
        with Bar() as bar:
            tools.ensure(lacking, bar)


def _language() -> str | None:
    """What the learner chose in the tutorial."""
    from tutor import paths
    from tutor.store import Store

    if not paths.progress_file().exists():
        return None
    with contextlib.suppress(StoreError), Store.open() as store:
        return store.language()
    return None
