"""With ``CI=true`` a skipped test is a failure, unless ``unsupported.txt`` lists it with its reason.

A test that cannot run on a machine skips itself with ``unsupported: why``; on the build machine that would hide that
nothing was tested.
"""

from __future__ import annotations

import fnmatch
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest

# Started in the background of a script, a process ignores Ctrl-C, and so would everything that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)
LIST = Path(__file__).with_name("unsupported.txt")


def permitted(node: str, reason: str, listing: str) -> bool:
    """Whether this skip is on the list. Blank lines and comments are passed over."""
    for line in listing.splitlines():
        pattern, colon, words = line.partition(": ")
        if colon and not line.startswith("#") and fnmatch.fnmatchcase(node, pattern) and words.strip() in reason:
            return True
    return False


def _hide_nothing(report: Report) -> Report:
    if os.environ.get("CI") != "true" or not report.skipped or hasattr(report, "wasxfail"):
        return report
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not permitted(report.nodeid, reason, LIST.read_text()):
        report.outcome = "failed"
        report.longrepr = f"skipped where CI=true, and not listed in {LIST.name}: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _hide_nothing((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _hide_nothing((yield))
