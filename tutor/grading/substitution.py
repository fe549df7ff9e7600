"""Commands with a learner's own values replaced by other ones, as if the same person had been given those.

A value counts where it stands as a word: ``192.168.15`` in ``192.168.15.2/24``, with its dots escaped in a pattern, and
turned round in ``15.168.192.in-addr.arpa``; ``8080`` in ``-p8080:80``, and after an escape of ``printf``. All
are replaced at once, so that values may change places.

What a shell puts together only when it runs is not seen, but for parts of an address that stand alone, as in
``for i in 15 16; do ping 192.168.$i.1`` and ``s/15.2/16.2/``: whether they mean that is a guess.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

_BEFORE = r"(?:(?<!\w)(?<!\d\.)|(?<=\s-[A-Za-z])|(?<=\\[nrt]))"
_DOTTED = re.compile(r"\d{1,3}(?:\.\d{1,3}){1,3}")
_ALONE = r"(?:(?<![^\s={{,(.'\"/])(?<!-\w )(?:(?<!\d/){0}|{0}(?=\\?\.))(?![^\s}},;)./'\"\\]))"
"""A part of an address by itself: not inside a word, no length of a prefix, and no number of an option (``-c 5``)."""
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")


def substituted(text: str, own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """``text`` with each value of ``own`` replaced by that of the same name in ``other``."""
    pairs = _pairs(own, other)
    return _words(pairs).sub(lambda match: pairs[match[0]], text) if pairs else text


def pieced(text: str, own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """As ``substituted``, with the parts of addresses that stand alone as well, where they can only be of one."""
    pairs = _pairs(own, other)
    parts = {part: after.pop() for part, after in _parts(own, other).items() if len(after) == 1}
    return _words(pairs, parts).sub(lambda match: pairs.get(match[0]) or parts[match[0]], text) if pairs else text


def in_pieces(text: str, own: Mapping[str, str], other: Mapping[str, str]) -> str:
    """The first part of an address of ``own`` that stands alone in ``text`` and is another in ``other``; else empty."""
    pairs, parts = _pairs(own, other), _parts(own, other)
    found = (match[0] for match in _words(pairs, parts).finditer(text)) if parts else iter(())
    return next((part for part in found if part not in pairs), "")


def mentions(text: str, values: Mapping[str, str]) -> frozenset[str]:
    """The names of those values that stand in ``text``, in any of the ways that ``substituted`` sees."""
    by_form = {form: name for name, value in values.items() for form, _ in _forms(value, value)}
    return frozenset(by_form[match[0]] for match in _words(by_form).finditer(text)) if by_form else frozenset()


def elsewhere(texts: Sequence[str], own: Mapping[str, str], draws: Sequence[Mapping[str, str]]) -> int:
    """Which of ``draws`` is best to try ``texts`` with: addresses are of the same class, as ``ifconfig`` goes by it for
    a mask that is left out (RFC 791, section 3.2), most parameters differ, and fewest of its values are in use there
    already for something else. The first of equals."""
    text = "\n".join(texts)
    used = {value for value in {each for values in draws for each in values.values()} if mentions(text, {"": value})}

    def trouble(position: int) -> tuple[int, int, int, int]:
        values = draws[position]
        masks = sum(_class(values[name]) != _class(value) for name, value in own.items() if name in values)
        same = sum(values.get(name) == value for name, value in own.items())
        taken = sum(value in used and value != own.get(name) for name, value in values.items())
        return masks, same, taken, position

    return min(range(len(draws)), key=trouble)


def _class(value: str) -> int:
    """Of an address: how many of the highest bits of its first number are set, up to three; -1 for what is none."""
    if not _DOTTED.fullmatch(value):
        return -1
    first = int(value.partition(".")[0])
    return sum(first >= least for least in (128, 192, 224))


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


def _parts(own: Mapping[str, str], other: Mapping[str, str]) -> dict[str, set[str]]:
    """Some but not all of the numbers of an address, where they differ, and what may stand in their place."""
    found: dict[str, set[str]] = {}
    for name in own.keys() & other.keys():
        before, after = own[name].split("."), other[name].split(".")
        if not (_DOTTED.fullmatch(own[name]) and _DOTTED.fullmatch(other[name]) and len(before) == len(after)):
            continue
        for length in range(1, len(before)):
            for at in range(len(before) - length + 1):
                old, new = before[at : at + length], after[at : at + length]
                if old != new:
                    for dot in (".", "\\."):
                        found.setdefault(dot.join(old), set()).add(dot.join(new))
    return found


def _turned(value: str) -> str:
    return ".".join(reversed(value.split("."))) + ".in-addr"


def _words(forms: Iterable[str], parts: Iterable[str] = ()) -> re.Pattern[str]:
    """The longest first, and whole values before parts. A plain number is none that goes on after a dot."""
    words = [_word(form) for form in sorted(forms, key=len, reverse=True)]
    words += [_ALONE.format(re.escape(part)) for part in sorted(parts, key=len, reverse=True)]
    return re.compile("|".join(words), re.ASCII)


def _word(form: str) -> str:
    if form.endswith(".in-addr"):
        return rf"(?<!\d){re.escape(form)}(?!\w)"
    return _BEFORE + re.escape(form) + (r"(?!\w|\.\d)" if form.isdecimal() else r"(?!\w)")
