"""The keys, and how to read the goals."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from tutor.i18n import tell
from tutor.tui.prose import Section, Tone
from tutor.tui.screens.sheet import Sheet
from tutor.tui.widgets.lesson_pane import Prose

_HELP = tell("""\
Type in the shell. The goals under the lesson are checked as you type; there is nothing to submit.
Every machine here is a lab: your own computer's network is never touched.

| key | does |
|---|---|
| `F1` | this help |
| `F2` | the next hint; the last one is a solution |
| `F3` | check all goals now |
| `F4` | start the step or the lesson again |
| `F5` | all lessons and steps, and jump to one |
| `F6` | go to the lesson, to a question, back to the shell |
| `F7` | the shell of the next machine |
| `F8` | on to the open step, or to the next lesson |
| `F9` | the shell or the lesson alone, and back |
| `F10` | quit; you go on from here next time |
| `F11` | why the packets of a goal do not arrive: their way, hop by hop |
| `F12` | send the next key to the shell as it is, for programs that want F1 to F12 |

All other keys go to the shell while you are in it.
""")
LESSON = tell("""\
| key | does |
|---|---|
| `↑` `↓` `PgUp` `PgDn` `Space` | scroll |
| `←` `→` | read the step before, the step after |
| `Tab` | to the answer line of a question |
| `<` `>` | a narrower, a wider lesson (or drag the line) |
| `w` | why, as `F11`, which some terminals keep for themselves |
| `t` | dark or light |
| `l` | English or Korean (한국어) |
| `Esc` | back to the shell |
""")
GOALS = tell("""\
| sign | means |
|---|---|
| `✔ done` | reached |
| `✘ not yet` | not reached; below it stands what was seen |
| `… checking` | not looked at yet |
| `? could not check` | no verdict: it neither counts for you nor against you |
| `◌ was so before` | it held before the step was opened: undo it, do it again |
| `✘ broken` | something that had to stay did not: `F4` |
""")


class HelpScreen(Sheet):
    """The tutorial's; other front ends have other ``sections``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter", "dismiss"),
        Binding("t", "app.toggle_look"),
        Binding("l,shift+f1", "app.next_language"),
    ]
    heading = tell("Help")
    keys = tell("↑ ↓ scroll · t dark or light · l 한국어 · Esc back")

    def content(self) -> Prose:
        return Prose(self.sections())

    def sections(self) -> tuple[Section, ...]:
        return (
            Section(Tone.PROSE, "", _HELP),
            Section(Tone.PROSE, tell("In the lesson (F6)"), LESSON),
            Section(Tone.PROSE, tell("Goals"), GOALS),
        )
