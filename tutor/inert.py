"""Text from outside (lesson, machine name, file name, submission, error) made harmless and visible before it is shown.

Whatever shows text passes over control characters (Textual, a browser), obeys them (a terminal: ECMA-48 C0 and C1, OSC
52), or reorders what the reader sees by Unicode's bidirectional controls (UAX #9). Each is a visible sign here instead.
"""

from __future__ import annotations

import re
import unicodedata

from tutor import i18n

_SUSPECT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)


def _sign(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    if unicodedata.category(character) == "Cs":
        return "\ufffd"
    return f"<U+{code:04X}>"


def shown(text: str) -> str:
    """``text`` in the learner's language, with every control, bidirectional and invisible character as a sign; line
    feeds stay, tabs widen."""
    return _SUSPECT.sub(_sign, i18n.shown(text).replace("\r\n", "\n").expandtabs(8))


def line(text: str) -> str:
    """As ``shown``, on one line."""
    return shown(" ".join(i18n.shown(text).split("\n")))
