"""Texts that carry their template, the choice of a language, and particles."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Iterator
from ipaddress import ip_address

import pytest
from babel.messages.catalog import Catalog

from tutor import i18n
from tutor.i18n import choice, particles, shown, tell
from tutor.i18n.packing import frozen, packed, thawed, unpacked
from tutor.i18n.update import mo_bytes

_TEXTS = {
    "{place} has no address": "{place:에는/에는} 주소가 없습니다",
    "{head} and {tail}": "{head:과/와} {tail}",
    "Goals": "목표",
    "{link} is {how}": "{link:은/는} {how}",
    "down": "꺼져 있습니다",
}


@pytest.fixture
def korean(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue of our own, so that the words of the real one may change."""
    from gettext import GNUTranslations
    from io import BytesIO

    catalogue = Catalog(locale="ko", fuzzy=False)
    for english, text in _TEXTS.items():
        catalogue.add(english, text)
    monkeypatch.setitem(choice._loaded, "ko", GNUTranslations(BytesIO(mo_bytes(catalogue))))
    before = i18n.language()
    i18n.use_language("ko")
    yield
    i18n.use_language(before)


def test_told_is_the_english_text() -> None:
    told = tell("{place} has no address", place="red")
    assert told == "red has no address"
    assert hash(told) == hash("red has no address")
    assert json.dumps([told]) == '["red has no address"]'
    assert shown(told) == "red has no address"
    assert type(shown(told)) is str


def test_told_carries_what_it_was_made_of() -> None:
    inner = tell("down")
    told = tell("{link} is {how}", link="eth0", how=inner)
    assert told.template == "{link} is {how}"
    assert told.values == {"link": "eth0", "how": "down"}
    assert told.values["how"] is inner


def test_values_that_are_no_text_are_kept_as_text_or_numbers() -> None:
    told = tell("{address}: {count}, {part:.1f}", address=ip_address("10.0.0.1"), count=3, part=0.25)
    assert told == "10.0.0.1: 3, 0.2"
    assert told.values == {"address": "10.0.0.1", "count": 3, "part": 0.25}


def test_without_values_braces_mean_nothing() -> None:
    assert tell("{{x}} {") == "{{x}} {"
    assert shown(tell("{{x}} {")) == "{{x}} {"


def test_told_cannot_be_changed() -> None:
    told = tell("Goals")
    with pytest.raises(AttributeError):
        told.template = "x"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        told._template = "x"
    told.values["x"] = 1  # type: ignore[index]
    assert told.values == {}


@pytest.mark.parametrize("how", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_copies_are_told_too(how: object, korean: None) -> None:
    assert callable(how)
    again = how(tell("{link} is {how}", link="eth0", how=tell("down")))
    assert again == "eth0 is down"
    assert shown(again) == "eth0은 꺼져 있습니다"


def test_shown_in_korean(korean: None) -> None:
    assert shown(tell("Goals")) == "목표"
    assert i18n._("Goals") == "목표"
    assert shown("Goals") == "Goals"
    assert shown(tell("{head} and {tail}", head="red", tail="blue")) == "red와 blue"
    assert shown(tell("{head} and {tail}", head="lan", tail="blue")) == "lan과 blue"


def test_what_is_not_in_the_catalogue_is_shown_in_english(korean: None) -> None:
    assert shown(tell("{link} is {how} now", link="eth0", how=tell("down"))) == "eth0 is 꺼져 있습니다 now"


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(ValueError, match="xx"):
        i18n.use_language("xx")
    assert i18n.language() == "en"


@pytest.mark.parametrize(
    ("environment", "asked", "remembered", "language"),
    [
        ({}, None, None, "en"),
        ({"LANG": "ko_KR.UTF-8"}, None, None, "ko"),
        ({"LANG": "ko_KR.UTF-8", "LC_ALL": "C.UTF-8"}, None, None, "en"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "ko"}, None, None, "ko"),
        ({"LANG": "de_DE.UTF-8"}, None, None, "en"),
        ({"LANG": "ko_KR.UTF-8"}, None, "en", "en"),
        ({"LANG": "en_US.UTF-8", "NETTUTOR_LANG": "ko"}, None, "en", "ko"),
        ({"NETTUTOR_LANG": "ko"}, "en", None, "en"),
        ({"NETTUTOR_LANG": "nonsense", "LANG": "ko"}, None, None, "ko"),
        ({"LC_ALL": "", "LANG": "ko-KR"}, None, None, "ko"),
    ],
)
def test_preferred(
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    asked: str | None,
    remembered: str | None,
    language: str,
) -> None:
    for name in ("NETTUTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert i18n.preferred(asked, remembered) == language


@pytest.mark.parametrize(
    ("word", "forms", "particle"),
    [
        ("주소", "이/가", "가"),
        ("경로", "으로/로", "로"),
        ("방화벽", "이/가", "이"),
        ("방화벽", "으로/로", "으로"),
        ("물", "으로/로", "로"),
        ("eth0", "은/는", "은"),
        ("node1", "으로/로", "로"),
        ("node1", "은/는", "은"),
        ("node2", "은/는", "는"),
        ("192.168.15.1/24", "을/를", "를"),
        ("192.168.15.0", "을/를", "을"),
        ("red", "이/가", "가"),
        ("lan", "이/가", "이"),
        ("`ping`", "을/를", "을"),
        ("web", "은/는", "은"),
        ("host", "은/는", "는"),
        ("docker", "은/는", "는"),
        ("alone", "이/가", "이"),
        ("apple", "으로/로", "로"),
        ("node", "이/가", "가"),
        ("acme", "은/는", "는"),
        ("DNS", "은/는", "는"),
        ("veth-red-br", "과/와", "과"),
        ("veth-red-br", "으로/로", "로"),
        ("http", "이/가", "가"),
        ("server", "은/는", "는"),
        ("", "이/가", "가"),
        ("…", "이/가", "가"),
    ],
)
def test_particles(word: str, forms: str, particle: str) -> None:
    assert particles.chosen(word, forms) == particle


def test_told_texts_go_through_json(korean: None) -> None:
    told = tell("{link} is {how}", link="eth0", how=tell("down"))
    tree = {"sentence": told, "path": ["red", "blue"], "count": 2, "none": None}
    again = unpacked(json.loads(json.dumps(packed(tree))))
    assert again == tree
    assert shown(again["sentence"]) == "eth0은 꺼져 있습니다"


def test_a_text_goes_through_one_plain_text(korean: None) -> None:
    told = tell("{link} is {how}", link="eth0", how=tell("down"))
    again = thawed(json.loads(json.dumps(frozen(told))))
    assert again == told
    assert shown(again) == "eth0은 꺼져 있습니다"
    for plain in ("", "no route", '{"told":', '{"told":"{x}","values":{}}', str(frozen(told)), "{text}"):
        assert thawed(frozen(plain)) == plain
    for strange in ('{"told":', '{"told":"{x.y}","values":{"x":"a"}}', '{"told":1} '):
        assert thawed(strange) == strange


@pytest.mark.parametrize("tree", [{"told": 1, "values": {}}, {"told": "", "values": 2}])
def test_what_is_no_told_text_is_refused(tree: object) -> None:
    with pytest.raises(ValueError, match="told"):
        unpacked(tree)


def test_a_template_that_asks_for_more_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        unpacked({"told": "{a} {b}", "values": {"a": "x"}})
