"""Texts that know what they were made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn

from tutor.i18n import choice
from tutor.i18n.written import Written


class Told(str):
    """English text, with the template and the values that it was made of.

    To everyone but ``shown`` it is the ``str`` that it looks like. Values are texts, numbers or ``Told`` themselves.
    """

    __slots__ = ("_template", "_values")
    _template: str
    _values: dict[str, Any]

    def __new__(cls, template: str, values: Mapping[str, object]) -> Told:
        kept = {name: value if isinstance(value, str | int | float) else str(value) for name, value in values.items()}
        told = super().__new__(cls, template.format(**kept) if kept else template)
        object.__setattr__(told, "_template", template)
        object.__setattr__(told, "_values", kept)
        return told

    @property
    def template(self) -> str:
        """The English template, which is also the key in the catalogues."""
        return self._template

    @property
    def values(self) -> Mapping[str, str | int | float]:
        """What stands in its place-holders."""
        return dict(self._values)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a text is not changed: {name}")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Told], tuple[str, dict[str, Any]]]:
        return Told, (self._template, self._values)

    def __copy__(self) -> Told:
        return self

    def __deepcopy__(self, memo: object) -> Told:
        return self


def tell(template: str, /, **values: object) -> Told:
    """A text for the learner: ``tell("{place} has no address", place=words.place(where))``.

    The template must be a literal, as the catalogues are made from the source. It has named place-holders, filled as
    ``str.format`` does; without values, braces in it mean nothing.
    """
    return Told(template, values)


def shown(text: str) -> str:
    """The text in the learner's language; what was not told by ``tell``, or is not in the catalogue, as it is."""
    if isinstance(text, Written):
        return text.in_language(choice.language())
    if not isinstance(text, Told):
        return text
    catalogue = choice.catalogue()
    if catalogue is None:
        return str(text)
    translated = catalogue.gettext(text.template)
    if not text.values:
        return translated
    from tutor.i18n import particles  # English does without

    return particles.fill(
        translated, {name: shown(value) if isinstance(value, str) else value for name, value in text.values.items()}
    )


def _(template: str, /, **values: object) -> str:
    """``shown(tell(...))``: a text that is shown where it is made."""
    return shown(Told(template, values))
