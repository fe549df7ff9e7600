"""The two looks of the program, and the colours that the prose is painted with.

Every pair of text and ground keeps a contrast of at least 4.5:1 (WCAG 2.2, 1.4.3). Colour never carries a meaning
alone: each state also has a shape and a word, so ``NO_COLOR`` loses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.theme import Theme

DARK = Theme(
    name="nettutor-dark",
    dark=True,
    primary="#6cb6ff",
    secondary="#57c7c0",
    accent="#f0b762",
    success="#7fd28a",
    warning="#f0b762",
    error="#ff8b84",
    foreground="#d9dee7",
    background="#10141a",
    surface="#161b23",
    panel="#222a36",
    variables={"text-muted": "#9aa7b8", "border": "#323d4d", "shell": "#0b0e13", "footer": "#1b222c"},
)
LIGHT = Theme(
    name="nettutor-light",
    dark=False,
    primary="#0b5cad",
    secondary="#0a6b66",
    accent="#8a5300",
    success="#1f6b2b",
    warning="#8a5300",
    error="#b3261e",
    foreground="#20262e",
    background="#f4f2ec",
    surface="#fbfaf6",
    panel="#e6e2d7",
    variables={"text-muted": "#5a6472", "border": "#c4bfb0", "shell": "#ffffff", "footer": "#e9e5da"},
)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as ``#rrggbb``."""

    text: str
    muted: str
    strong: str
    heading: str
    code: str
    code_ground: str
    hint: str
    done: str

    @classmethod
    def of(cls, theme: Theme) -> Palette:
        own = theme if theme.name in (DARK.name, LIGHT.name) else (DARK if theme.dark else LIGHT)
        text = own.foreground or "#808080"
        return cls(
            text=text,
            muted=own.variables["text-muted"],
            strong="#ffffff" if own.dark else "#000000",
            heading=own.primary,
            code=own.secondary or text,
            code_ground=own.panel or "#808080",
            hint=own.accent or text,
            done=own.success or text,
        )
