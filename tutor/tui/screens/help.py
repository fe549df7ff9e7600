"""The keys, and how to read the goals."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

from tutor.i18n import _, tell
from tutor.tui.prose import Section, Tone
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


class HelpScreen(ModalScreen[None]):
    DEFAULT_CSS = """
    HelpScreen { align: center middle; background: $background 60%; }
    HelpScreen > VerticalScroll {
        width: 84; max-width: 100%; height: auto; max-height: 100%; padding: 0 1; scrollbar-size-vertical: 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,q,enter", "dismiss"),
        Binding("t", "app.toggle_look"),
        Binding("l,shift+f1", "app.next_language"),
    ]

    async def language_changed(self) -> None:
        await self.recompose()

    def compose(self) -> ComposeResult:
        with VerticalScroll() as box:
            box.border_title = _("Help")
            box.border_subtitle = _("↑ ↓ scroll · t dark or light · l 한국어 · Esc back")
            yield Prose(
                (
                    Section(Tone.PROSE, "", _HELP),
                    Section(Tone.PROSE, tell("In the lesson (F6)"), LESSON),
                    Section(Tone.PROSE, tell("Goals"), GOALS),
                )
            )
