"""The keys of the review, and how to read it."""

from __future__ import annotations

from tutor.i18n import tell
from tutor.tui.prose import Section, Tone
from tutor.tui.screens.help import HelpScreen

_HELP = tell("""\
What a submission claims is not believed: its commands were typed into fresh labs. Look at what that could not decide,
and give points by hand where you see better. Everything you keep goes to the gradebook at once, with your name and the
time; nothing is overwritten.
""")
_CLASS = tell("""\
| key | does |
|---|---|
| `Enter` | open a submission |
| `s` | sort: doubtful first, learner, points, late, flags |
| `f` | show only the doubtful, the flagged, the late, those not graded, those who handed in nothing |
| `/` | find a name or an id; `Esc` shows everybody |
| `r` | the files that were refused, and why |
| `c` | another checkpoint |
| `F5` | read the gradebook again |
""")
_SUBMISSION = tell("""\
| key | does |
|---|---|
| `1` … `5`, `Tab` | goals, flags, commands, recording, end state |
| `m` | points by hand for the chosen goal |
| `w` | a remark on the whole submission |
| `n` `p` | the next, the previous submission of the list |
| `Esc` | back to the class |
""")
_PLAYER = tell("""\
| key | does |
|---|---|
| `Space` | play, pause |
| `←` `→` | 5 seconds back, on; with `PgUp` `PgDn` a minute |
| `+` `-` | faster, slower |
| `Home` `End` | to the beginning, to the end |
| `[` `]` | another recording |
""")
_SIGNS = tell("""\
| sign | means |
|---|---|
| `✔ confirmed` | reached again in a fresh lab, and with other values |
| `✘ not reproduced` | the commands do not do it |
| `? inconclusive` | it could not be decided: somebody has to look |
| `*` | points given by hand |
| `-` | nothing handed in |
| `…` | not graded yet |

A flag costs no points and proves nothing by itself.
""")
_BOTH = tell("""\
| key | does |
|---|---|
| `F1` | this help |
| `t` | dark or light |
| `l` | English or Korean (한국어) |
| `q` `F10` | quit |
""")


class ReviewHelpScreen(HelpScreen):
    def sections(self) -> tuple[Section, ...]:
        return (
            Section(Tone.PROSE, "", _HELP),
            Section(Tone.PROSE, tell("The class"), _CLASS),
            Section(Tone.PROSE, tell("A submission"), _SUBMISSION),
            Section(Tone.PROSE, tell("A recording"), _PLAYER),
            Section(Tone.PROSE, tell("Signs"), _SIGNS),
            Section(Tone.PROSE, tell("Everywhere"), _BOTH),
        )
