"""One slip of the fingers: a letter too many, too few, another one, or two that changed places."""

from __future__ import annotations

from collections.abc import Iterable


def slip(typed: str, meant: str) -> bool:
    """Whether the two differ by one edit (Damerau, 1964: insertion, deletion, substitution, transposition), or in
    upper and lower case alone. One digit in place of another is another name: eth1 is no misspelt eth0."""
    if typed == meant:
        return False
    if typed.casefold() == meant.casefold():
        return True
    shorter, longer = sorted((typed, meant), key=len)
    if len(longer) - len(shorter) > 1:
        return False
    same = next((at for at, (a, b) in enumerate(zip(shorter, longer, strict=False)) if a != b), len(shorter))
    if len(shorter) < len(longer):
        return shorter[same:] == longer[same + 1 :]
    if shorter[same + 1 :] == longer[same + 1 :]:
        return not (shorter[same].isdigit() and longer[same].isdigit())
    return shorter[same : same + 2] == longer[same : same + 2][::-1] and shorter[same + 2 :] == longer[same + 2 :]


def nearest(typed: str, known: Iterable[str]) -> str | None:
    """The known word that was meant, unless ``typed`` is one or none is near. Of several, one of the same letters,
    then one with a letter more or less, then the first in the alphabet."""
    known = set(known)
    if typed in known:
        return None
    near = [word for word in known if len(word) > 1 and slip(typed, word)]
    return min(near, key=lambda word: (_unlike(typed, word), word), default=None)


def _unlike(typed: str, word: str) -> int:
    if sorted(typed.casefold()) == sorted(word.casefold()):
        return 0
    return 1 if len(typed) != len(word) else 2
