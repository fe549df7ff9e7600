"""The command line: one module a command; ``exits`` owns exit codes and what is said on standard error.

Each module has ``add`` (its arguments) and ``run`` (its work, which imports what is heavy only then). Data goes to
standard output, messages to standard error. Knows how to ask the other packages; judges and draws nothing itself.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """The ``nettutor`` command; gives its exit status."""
    from tutor.cli import exits, parser

    arguments = list(sys.argv[1:] if argv is None else argv)
    return exits.guarded(lambda: parser.dispatch(arguments))
