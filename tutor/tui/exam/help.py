"""The keys of an exam, its rules, and how to read the goals."""

from __future__ import annotations

from tutor.i18n import _, shown, tell
from tutor.tui.exam.sitting import Sitting, not_allowed, rule_text
from tutor.tui.prose import Section, Tone
from tutor.tui.screens.help import GOALS, LESSON, HelpScreen

_HELP = tell("""\
Type in the shell. The goals under the text are checked as you type. Everything that you do is kept at once: after a
crash, or when you leave, the same command goes on from here.

| key | does |
|---|---|
| `F1` | this help |
| `F2` | the next hint, where hints are allowed |
| `F3` | check all goals now |
| `F4` | start the step or the item again |
| `F5` | all items, and go to one |
| `F6` | go to the text, to a question, back to the shell |
| `F7` | the shell of the next machine |
| `F8` | on to the open step, or to the next item |
| `F9` | the shell or the text alone, and back |
| `F10` | finish: hand in, or leave and go on later |
| `F12` | send the next key to the shell as it is, for programs that want F1 to F12 |

All other keys go to the shell while you are in it.
""")


class ExamHelpScreen(HelpScreen):
    """As the tutorial's, with the rules of the checkpoint."""

    def __init__(self, sitting: Sitting) -> None:
        super().__init__()
        self._sitting = sitting

    def sections(self) -> tuple[Section, ...]:
        return (
            Section(Tone.PROSE, "", _HELP),
            Section(Tone.PROSE, tell("Rules"), self._rules()),
            Section(Tone.PROSE, tell("In the lesson (F6)"), LESSON),
            Section(Tone.PROSE, tell("Goals"), GOALS),
        )

    def _rules(self) -> str:
        checkpoint = self._sitting.checkpoint
        lines = [shown(rule_text(checkpoint.lateness))] if checkpoint.minutes or checkpoint.closes else []
        if words := not_allowed(checkpoint.policy):
            lines.append(_("Not allowed: {words}.", words=", ".join(map(shown, words))))
        lines.append(_("Resetting is allowed, and recorded."))
        return "\n".join(f"- {text}" for text in lines)
