"""Commands with a learner's own values replaced by other ones, as if the same person had been given those.

A value counts where it stands as a word: ``192.168.15`` in ``192.168.15.2/24``, with its dots escaped in a pattern, and
turned round in ``15.168.192.in-addr.arpa``; ``8080`` in ``-p8080:80``, and after an escape of ``printf``. All
are replaced at once, so that values may change places. What a shell puts together only when it runs is not seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

_BEFORE = r"(?:(?<!\w)(?<!\d\.)|(?<=\s-[A-Za-z])|(?<=\\[nrt]))"
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){1,3}")
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")


def substituted(text: str, own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """``text`` with each value of ``own`` replaced by that of the same name in ``other``."""
    pairs = _pairs(own, other)
    return _words(pairs).sub(lambda match: pairs[match[0]], text) if pairs else text


def mentions(text: str, values: Mapping[str, str]) -> frozenset[str]:
    """The names of those values that stand in ``text``, in any of the ways that ``substituted`` sees."""
    by_form = {form: name for name, value in values.items() for form, _ in _forms(value, value)}
    return frozenset(by_form[match[0]] for match in _words(by_form).finditer(text)) if by_form else frozenset()


def elsewhere(texts: Sequence[str], own: Mapping[str, str], draws: Sequence[Mapping[str, str]]) -> int:
    """Which of ``draws`` is best to try ``texts`` with: most parameters differ, and fewest of its values are in use
    there already for something else. The first of equals."""
    text = "\n".join(texts)
    used = {value for value in {each for values in draws for each in values.values()} if mentions(text, {"": value})}

    def trouble(position: int) -> tuple[int, int, int]:
        values = draws[position]
        same = sum(values.get(name) == value for name, value in own.items())
        taken = sum(value in used and value != own.get(name) for name, value in values.items())
        return same, taken, position

    return min(range(len(draws)), key=trouble)


def _pairs(own: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    """Each form of a value, and what stands in its place; a value itself wins over a form of another one."""
    both = own.keys() & other.keys()
    pairs = {before: after for name in both for before, after in _forms(own[name], other[name])}
    return pairs | {own[name]: other[name] for name in both}


def _forms(value: str, instead: str) -> Iterator[tuple[str, str]]:
    yield value, instead
    if "." in value:
        yield value.replace(".", "\\."), instead.replace(".", "\\.")
    if _DOTTED.fullmatch(value) and _DOTTED.fullmatch(instead):
        yield _turned(value), _turned(instead)
    if _MAC.fullmatch(value) and _MAC.fullmatch(instead):
        yield value.upper(), instead.upper()
        yield value.replace(":", "-"), instead.replace(":", "-")


def _turned(value: str) -> str:
    return ".".join(reversed(value.split("."))) + ".in-addr"


def _words(forms: Mapping[str, str]) -> re.Pattern[str]:
    """The longest first. A plain number is none that goes on after a dot."""
    longest = sorted(forms, key=len, reverse=True)
    return re.compile("|".join(map(_word, longest)), re.ASCII)


def _word(form: str) -> str:
    if form.endswith(".in-addr"):
        return rf"(?<!\d){re.escape(form)}(?!\w)"
    return _BEFORE + re.escape(form) + (r"(?!\w|\.\d)" if form.isdecimal() else r"(?!\w)")
