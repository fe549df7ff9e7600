"""What is coming, before the clock starts: plain lines for the terminal."""

from __future__ import annotations

import shutil
import textwrap

from tutor.grading.paper import Paper
from tutor.i18n import _, cells, padded, shown, tell
from tutor.inert import line
from tutor.model.checkpoint import Checkpoint
from tutor.tui.exam.sitting import not_allowed, rule_text


def briefing(checkpoint: Checkpoint, paper: Paper) -> str:
    """Title, items and points, time, and rules."""
    points = [_("{points} points", points=f"{item.points:g}") for item in paper.items]
    titles = [f"{index + 1}. {line(paper.title(index))}" for index in range(len(paper.items))]
    room, width = max(map(cells, titles)), max(map(cells, points))
    rows = [
        f"    {padded(title, room)}   {' ' * (width - cells(worth))}{worth}"
        for title, worth in zip(titles, points, strict=True)
    ]
    lines = [f"{line(checkpoint.title)} ({line(checkpoint.course)})", "", *rows, "", *_rules(checkpoint)]
    return "\n".join(["", *lines, ""])


def _rules(checkpoint: Checkpoint) -> list[str]:
    found: list[str] = []
    if checkpoint.minutes:
        found.append(tell("You have {minutes} minutes from the moment that you begin.", minutes=checkpoint.minutes))
    if checkpoint.closes:
        found.append(tell("It closes at {closes} (UTC).", closes=checkpoint.closes))
    if found:
        found.append(rule_text(checkpoint.lateness))
    else:
        found.append(tell("There is no time limit."))
    if words := not_allowed(checkpoint.policy):
        found.append(tell("Not allowed: {words}.", words=", ".join(map(shown, words))))
    width = max(40, min(100, shutil.get_terminal_size().columns))
    return [row for text in found for row in textwrap.wrap(line(text), width)]
