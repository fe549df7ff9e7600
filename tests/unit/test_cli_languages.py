"""The command line in two languages; JSON stays English."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from tutor import i18n
from tutor.cli import main


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("NETTUTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    i18n.use_language("en")


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    try:
        status = main(words)
    except SystemExit as end:  # argparse's help
        status = int(end.code or 0)
    said = capsys.readouterr()
    return status, said.out, said.err


@pytest.mark.parametrize("words", [("--lang", "ko", "nope"), ("nope", "--lang=ko"), ("--lang=ko", "nope")])
def test_lang_may_stand_anywhere(capsys: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    status, _, said = run(capsys, *words)
    assert status == 2
    assert "명령은 없습니다" in said


@pytest.mark.parametrize("variable", ["NETTUTOR_LANG", "LC_ALL", "LC_MESSAGES", "LANG"])
def test_the_environment_decides_without_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "ko_KR.UTF-8")
    assert "강의가 없습니다" in run(capsys, "check", "no-such")[2]
    assert "there is no lesson" in run(capsys, "check", "no-such", "--lang", "en")[2]


def test_the_help_is_translated_down_to_argparse(capsys: pytest.CaptureFixture[str]) -> None:
    status, said, _ = run(capsys, "check", "--help", "--lang", "ko")
    assert status == 0
    for text in ("사용법: nettutor check", "위치 인자", "옵션", "이 도움말을", "입력할 줄", "종료 상태"):
        assert text in said
    assert "다음 인자가 필요합니다: LESSON" in run(capsys, "check", "--lang", "ko")[2]
    said = run(capsys, "check", "--help", "--lang", "en")[1]
    assert "positional arguments" in said


def test_what_is_behind_the_dashes_is_the_command_s(capsys: pytest.CaptureFixture[str]) -> None:
    assert "which command?" in run(capsys, "run", "--")[2]
    assert i18n.language() == "en"
    run(capsys, "check", "no-such", "--", "--lang", "ko")
    assert i18n.language() == "en"


def test_a_language_that_is_not_spoken_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "list", "--lang", "xx")[::2] == (2, "nettutor: --lang is one of en, ko, not 'xx'\n")


def test_json_is_the_same_in_every_language(capsys: pytest.CaptureFixture[str]) -> None:
    for words in (("list", "--json"), ("tools", "list", "--json")):
        english = json.loads(run(capsys, *words)[1])
        assert json.loads(run(capsys, *words, "--lang", "ko")[1]) == english


def test_the_list_lines_up(capsys: pytest.CaptureFixture[str]) -> None:
    lines = run(capsys, "list", "--lang", "ko")[1].splitlines()
    assert any("네트워크 네임스페이스" in line for line in lines)
    titles = {line: re.split(r" {2,}", line)[-1] for line in lines if line[:2].strip().isdigit()}
    starts = {i18n.cells(line.removesuffix(title)) for line, title in titles.items()}
    assert len(starts) == 1
