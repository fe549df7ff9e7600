"""Brings the catalogues up to date with the source: ``python -m tutor.i18n.update``.

New texts come into ``catalogues/*.po`` without a translation, those that are gone go, and the ``.mo`` files that the
program reads are made anew. Says what has no translation, or one whose place-holders are not those of the English;
the exit status is 1 then. Run it, translate, and run it again. Needs Babel, which only developers have.
"""

from __future__ import annotations

import io
import string
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from tutor.i18n.choice import CATALOGUES, ENGLISH, NAMES

_SOURCE = Path(__file__).resolve().parent.parent
_KEYWORDS = {"tell": None, "_": None}
_METHODS = [("**.py", "python"), ("**/templates/*.html", "jinja2")]
_WIDTH = 120
_TOOLS = "assets/tools.toml"


class _Compiled(Catalog):
    """Without dates and versions: the same texts give the same file."""

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [("Content-Type", "text/plain; charset=utf-8")]


def translated() -> tuple[str, ...]:
    """The languages that have a catalogue."""
    return tuple(code for code in NAMES if code != ENGLISH)


def po_file(code: str) -> Path:
    return CATALOGUES / f"{code}.po"


def mo_file(code: str) -> Path:
    return CATALOGUES / f"{code}.mo"


def source_texts() -> Catalog:
    """Every text of the source, with the files where it stands."""
    catalogue = Catalog(project="nettutor", fuzzy=False)
    for path, _line, text, comments, _context in extract_from_dir(_SOURCE, _METHODS, keywords=_KEYWORDS):
        # Without line numbers: they would change with every commit.
        catalogue.add(text, locations=[(f"tutor/{path}", 0)], auto_comments=comments)
    with (_SOURCE.parent / _TOOLS).open("rb") as file:
        for tool in tomllib.load(file)["tools"].values():
            catalogue.add(tool["purpose"], locations=[(_TOOLS, 0)])
    return catalogue


def read(code: str) -> Catalog:
    """The catalogue as it stands in the file, or an empty one."""
    path = po_file(code)
    if not path.exists():
        return Catalog(locale=code, fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=code)


def updated(code: str) -> Catalog:
    """The catalogue with exactly the texts of the source."""
    old, new = read(code), Catalog(locale=code, project="nettutor", fuzzy=False)
    for message in _texts(source_texts()):
        before = old.get(str(message.id))
        new.add(message.id, before.string if before else "", message.locations, auto_comments=message.auto_comments)
    return new


def po_bytes(catalogue: Catalog) -> bytes:
    """The file as it is kept: sorted, without dates and names."""
    buffer = io.BytesIO()
    write_po(
        buffer, catalogue, width=_WIDTH, omit_header=True, include_lineno=False, sort_by_file=True, ignore_obsolete=True
    )
    header = b'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n"Language: %s\\n"\n\n'
    return header % str(catalogue.locale).encode() + buffer.getvalue()


def mo_bytes(catalogue: Catalog) -> bytes:
    """The compiled catalogue: only what is translated."""
    buffer, compiled = io.BytesIO(), _Compiled(locale=catalogue.locale, fuzzy=False)
    for message in _texts(catalogue):
        if message.string:
            compiled.add(message.id, message.string)
    write_mo(buffer, compiled)
    return buffer.getvalue()


def problems(catalogue: Catalog) -> Iterator[str]:
    """What keeps the catalogue from being complete, one line each."""
    for message in _texts(catalogue):
        where = message.locations[0][0] if message.locations else "?"
        if not message.string:
            yield f"{where}: not translated: {message.id!r}"
        elif _names(str(message.id)) != _names(str(message.string)):
            yield f"{where}: other place-holders in the translation of {message.id!r}"


def _texts(catalogue: Catalog) -> Iterator[Message]:
    return (message for message in catalogue if message.id)


def _names(text: str) -> set[str]:
    """The names in the place-holders; a text that is no template has none."""
    try:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
    except ValueError:
        return set()


def main() -> int:
    found: list[str] = []
    for code in translated():
        catalogue = updated(code)
        po_file(code).write_bytes(po_bytes(catalogue))
        mo_file(code).write_bytes(mo_bytes(catalogue))
        found += [f"{code}: {problem}" for problem in problems(catalogue)]
    print("\n".join(found) or "complete")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
