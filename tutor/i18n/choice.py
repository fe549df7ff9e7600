"""Which language is spoken, and its catalogue."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gettext import GNUTranslations

ENGLISH = "en"
NAMES = {ENGLISH: "English", "ko": "한국어"}
"""Every language by its code (ISO 639-1), as it calls itself."""
CATALOGUES = Path(__file__).with_name("catalogues")

_current = ENGLISH
_loaded: dict[str, GNUTranslations] = {}


def languages() -> tuple[str, ...]:
    """The codes of all languages, English first."""
    return tuple(NAMES)


def language() -> str:
    """The code of the language that is spoken."""
    return _current


def next_language() -> str:
    """The code of the language after the one that is spoken, round and round."""
    codes = languages()
    return codes[(codes.index(_current) + 1) % len(codes)]


def use_language(code: str) -> None:
    """From now on texts are shown in this language; ``ValueError`` for one that is not in ``languages()``."""
    global _current
    if code not in NAMES:
        raise ValueError(f"there is no language {code!r}")
    _current = code


def preferred(asked: str | None = None, remembered: str | None = None) -> str:
    """The language that was asked for, else ``$NETTUTOR_LANG``, else the remembered one, else that of the locale, else
    English. Of a locale, the first of LC_ALL, LC_MESSAGES and LANG that is set decides (setlocale(3))."""
    locale = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    for wish in (asked, os.environ.get("NETTUTOR_LANG"), remembered, locale):
        code = (wish or "").replace("-", "_").partition("_")[0].partition(".")[0].lower()
        if code in NAMES:
            return code
    return ENGLISH


def catalogue() -> GNUTranslations | None:
    """The texts of the language that is spoken; ``None`` for English, which needs none."""
    if _current == ENGLISH:
        return None
    found = _loaded.get(_current)
    if found is None:
        from gettext import GNUTranslations

        with (CATALOGUES / f"{_current}.mo").open("rb") as file:
            found = _loaded[_current] = GNUTranslations(file)
    return found
