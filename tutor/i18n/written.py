"""Texts of files that were translated in a file beside them."""

from __future__ import annotations

from typing import NoReturn, Protocol


class Texts(Protocol):
    """Where the translations of one file's texts are. Asked only when one is shown."""

    def text(self, language: str, key: str) -> str | None:
        """The translation, or ``None`` where there is none."""


class Written(str):
    """English text of a file, which knows where its translations are.

    To everyone but ``shown`` it is the ``str`` that it looks like. ``key`` names it among the texts of its file.
    """

    __slots__ = ("_key", "_texts")
    _key: str
    _texts: Texts

    def __new__(cls, english: str, key: str, texts: Texts) -> Written:
        written = super().__new__(cls, english)
        object.__setattr__(written, "_key", key)
        object.__setattr__(written, "_texts", texts)
        return written

    def in_language(self, language: str) -> str:
        """The translation, or the English text where there is none."""
        return self._texts.text(language, self._key) or str(self)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"a text is not changed: {name}")

    __delattr__ = __setattr__  # type: ignore[assignment]

    def __reduce__(self) -> tuple[type[Written], tuple[str, str, Texts]]:
        return Written, (str(self), self._key, self._texts)

    def __copy__(self) -> Written:
        return self

    def __deepcopy__(self, memo: object) -> Written:
        return self
