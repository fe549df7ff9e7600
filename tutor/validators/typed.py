"""Reading what a learner typed, leniently: ``2 links``, ``Two.``, ``192.168.15.5/24`` and ``yes, it does`` all count.

Each reader gives the one thing that was meant, in its normal form, or None where there is none or more than one:
a list of guesses is not an answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_interface

Reader = Callable[[str], str | None]

NOTHING = frozenset({"none", "nothing", "nobody", "null", "없음", "없다", "없어요", "없습니다"})
_YES = frozenset({"yes", "y", "true", "yeah", "yep", "네", "예", "응", "있음", "있다", "있어요", "있습니다"})
_NO = frozenset({"no", "n", "false", "nope", "아니오", "아니요", "아뇨", "아니", "없음", "없다", "없어요", "없습니다"})
_WORDS = (
    "zero one two three four five six seven eight nine ten",
    "영 하나 둘 셋 넷 다섯 여섯 일곱 여덟 아홉 열",
    "- 한 두 세 네 - - - - - -",  # as they stand before what is counted: 한 개
)
_NUMBERS = {word: str(number) for row in _WORDS for number, word in enumerate(row.split()) if word != "-"}
_FILLERS = frozenset(
    "a an the it is its link links device dev interface by via from to at in on through named called".split()
)
_PREFIXES = frozenset("server name nameserver zone ns address".split())
_ORIGINS = {
    **dict.fromkeys(("hosts", "/etc/hosts", "file", "files", "호스트", "파일"), "files"),
    **dict.fromkeys(("dns", "server", "nameserver", "resolver", "네임서버", "서버"), "dns"),
}
_TITLE = re.compile(r"([\w.-]+): (?:master|worker)\b.*")
_LONGEST = 200


def words(text: str) -> tuple[str, ...]:
    """The words in lower case without quotes and punctuation around them."""
    stripped = (word.strip("`'\".,;:!?()“”‘’").casefold() for word in text[:_LONGEST].split())
    return tuple(word for word in stripped if word)


def number(text: str) -> str | None:
    return _only(_numbers(words(text)))


def _numbers(found: Iterable[str]) -> Iterator[str]:
    for word in found:
        if spelt := _NUMBERS.get(word.removesuffix("개")):
            yield spelt
        elif word in NOTHING or word == "no":
            yield "0"
        elif match := re.fullmatch(r"(\d{1,9})[개가]?", word, re.ASCII):
            yield str(int(match[1]))


def yes_or_no(text: str) -> str | None:
    """The first word decides."""
    first = next(iter(words(text)), "")
    return "yes" if first in _YES else "no" if first in _NO else None


def ip(text: str) -> str | None:
    return _only(_addresses(words(text)))


def _addresses(found: Iterable[str]) -> Iterator[str]:
    for word in found:
        if word in NOTHING:
            yield "none"
        elif not word.isdigit():
            try:
                yield str(ip_interface(word).ip)
            except ValueError:
                continue


def mac(text: str) -> str | None:
    shape = re.compile(r"[0-9a-f]{2}([-:][0-9a-f]{2}){5}")
    return _only(word.replace("-", ":") for word in words(text) if shape.fullmatch(word))


def name(text: str) -> str | None:
    """``veth-red@if5:`` is ``veth-red``, and ``호스트``, as the Korean lessons call it, is ``host``."""
    found = (word.partition("@")[0] for word in words(text) if word not in _FILLERS)
    return _only("host" if word == "호스트" else word for word in found)


def process(text: str) -> str | None:
    """``etcd``, ``312/etcd``, ``users:(("etcd",pid=312,fd=4))`` and ``process 312`` are names and numbers of one.

    So is ``312/nginx: master pr``: netstat shows the title that a process gave itself, as far as there is room.
    """
    text = _TITLE.sub(r"\1", text[:_LONGEST])
    quoted = re.findall(r'\(\("([^"]+)"', text)
    found = [word.rpartition("/")[2] for word in words(text) if word not in _FILLERS | {"process", "pid", "program"}]
    names = [word for word in found if not word.isdigit()]
    return _only(map(str.casefold, quoted) if quoted else names or found)


def process_number(text: str) -> str | None:
    """``312``, ``312/etcd``, ``pid=312``."""
    inside = re.findall(r"pid[= ](\d+)", text[:_LONGEST])
    found = (re.fullmatch(r"(\d{1,9})(?:/.*)?", word, re.ASCII) for word in words(text))
    return _only(inside or (match[1] for match in found if match))


def port(text: str) -> str | None:
    """A number, also at the end of an address: ``2379``, ``0.0.0.0:2379``, ``:::2379``, ``2379/tcp``."""
    matches = (re.fullmatch(r"(?:.*:)?(\d{1,5})(?:/\w+)?", word, re.ASCII) for word in words(text))
    return _only(str(int(match[1])) for match in matches if match)


def listening(text: str) -> str | None:
    """An address as netstat and ss show it, with or without a port; ``*`` is ``::``, any address of any version."""
    found = set()
    for word in text[:_LONGEST].split():
        bare = word.strip("`'\".,;!?()“”‘’")
        whole = re.fullmatch(r"\[?([0-9a-fA-F:.*]+?)\]?(:(\d+|\*))?", bare, re.ASCII)
        for candidate in (bare, whole[1] if whole else "", bare.rpartition(":")[0]):
            if candidate == "*":
                found.add("::")
                break
            try:
                found.add(str(ip_interface(candidate).ip))
                break
            except ValueError:
                continue
    return _only(found)


def domain(text: str) -> str | None:
    """``WWW.Example.com.`` is ``www.example.com``; the root alone is nothing."""
    return _only(_domains(words(text)))


def domain_or_ip(text: str) -> str | None:
    """Either, as it is found beside the other in answers of name servers."""
    return _only([word for word in _domains(words(text)) if word not in _PREFIXES])


def _domains(found: Iterable[str]) -> Iterator[str]:
    for word in found:
        if word in NOTHING:
            yield "none"
        elif word not in _FILLERS and re.fullmatch(r"[a-z0-9_*-]+(\.[a-z0-9_-]+)*\.?|[0-9a-f:.]+", word):
            yield word.rstrip(".")


def origin(text: str) -> str | None:
    """``files`` for the hosts file in any words, ``dns`` for a name server."""
    return _only(_ORIGINS[word] for word in words(text) if word in _ORIGINS)


def _only(found: Iterable[str]) -> str | None:
    distinct = set(found)
    return distinct.pop() if len(distinct) == 1 else None
