"""The key that signs what a learner hands in: one that nettutor keeps, or one of the learner's own."""

from __future__ import annotations

import argparse
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tutor.i18n import _, tell

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from tutor.grading.taking import Taking

_EXAMPLES = tell("""\
The key signs what you hand in: it shows that the file is yours, and was not changed. It is made when you first need
it. Give the line that is printed to your instructor, who puts it into the roster.

examples:
  nettutor checkpoint key
  nettutor checkpoint key --key ~/.ssh/id_ed25519
""")
_REMEMBERED = "key"


def add(actions: Any) -> None:
    parser = actions.add_parser("key", help=_("the public key of yours to give to your instructor"), examples=_EXAMPLES)
    add_option(parser)
    parser.set_defaults(run=run)


def add_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key", type=Path, metavar="FILE", help=_("an Ed25519 key of yours; default: one that nettutor keeps")
    )


def run(arguments: argparse.Namespace) -> int:
    from tutor.cli import exits
    from tutor.grading import keys

    path = _key_path(arguments.key)
    public = keys.public_text(_load_key(path))
    exits.say(tell("{fingerprint}, in {path}", fingerprint=keys.fingerprint(public), path=path))
    print(public)
    return exits.DONE


def given(asked: Path | None) -> Ed25519PrivateKey:
    """The key in the file that was asked for, or nettutor's own. Raises ``UsageError`` and ``StoreError``."""
    return _load_key(_key_path(asked))


def of(taking: Taking) -> Ed25519PrivateKey:
    """The one that was given when the checkpoint was taken up."""
    try:
        remembered = (taking.folder / _REMEMBERED).read_text().strip()
    except (OSError, UnicodeDecodeError):
        remembered = ""
    return given(Path(remembered) if remembered else None)


def remember(taking: Taking, asked: Path) -> None:
    """Sign with the key in this file, also when it is not named next time."""
    taking.check_key(given(asked))
    with contextlib.suppress(OSError):
        (taking.folder / _REMEMBERED).write_text(f"{_key_path(asked).resolve()}\n")


def _key_path(asked: Path | None) -> Path:
    from tutor import paths

    return asked.expanduser() if asked else paths.data() / "checkpoints" / "id_ed25519"


def _load_key(path: Path) -> Ed25519PrivateKey:
    """The key in a file; nettutor's own is made when it is first needed."""
    from tutor.grading import keys

    if not path.exists() and path == _key_path(None):
        made = keys.generate()
        try:
            keys.save_private(made, path)
        except OSError as error:
            from tutor.store import refusals

            raise refusals.of_os(path, error) from error
        return made
    return keys.load_private(path.with_suffix("") if path.suffix == ".pub" else path)
