"""The catalogues against the source: `python -m tutor.i18n.update` mends most of what fails here."""

from __future__ import annotations

import pytest

from tutor.i18n import update


@pytest.mark.parametrize("code", update.translated())
def test_every_text_is_translated_with_its_placeholders(code: str) -> None:
    assert list(update.problems(update.updated(code))) == []


@pytest.mark.parametrize("code", update.translated())
def test_the_catalogue_has_the_texts_of_the_source_and_no_others(code: str) -> None:
    assert update.po_file(code).read_bytes() == update.po_bytes(update.updated(code))


@pytest.mark.parametrize("code", update.translated())
def test_the_compiled_catalogue_is_that_of_the_translators(code: str) -> None:
    assert update.mo_file(code).read_bytes() == update.mo_bytes(update.read(code))
