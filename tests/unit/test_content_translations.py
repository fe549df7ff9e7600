"""Lessons in two languages: what is shown, what lint says of a translation, and stamps."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from tutor import content, i18n
from tutor.content import translating
from tutor.content.lessons import read_header, read_lesson
from tutor.content.scaffold import scaffold
from tutor.content.translating import remarks, stamp
from tutor.content.translation import Translations
from tutor.errors import ContentError
from tutor.i18n import shown
from tutor.model.lesson import Goal

_QUESTION = """\
```yaml goal
id: alone
text: Is {{name}} alone?
answer-yes-no:
  asked: whether {{name}} is alone
  look: ip netns
  check:
    all:
      checks:
        - not: {check: {namespace-exists: host/blue}, expected: no blue, look: ip netns}
        - not: {check: {namespace-exists: host/green}, expected: no green, look: ip netns}
```

```hint
A nudge"""
_GOALS = """\
alone:
  text: "{{name}} 혼자입니까?"
  asked: "{{name}} 혼자인지"
  expected: [blue 없음, green 없음]
"""


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    i18n.use_language("en")


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """A translated lesson with a question, words in nested validators, a parameter, and a title to translate."""
    path = scaffold("begun", into=tmp_path)
    change(path, "machines:", "parameters:\n  name: [amber, ochre]\nmachines:")
    change(path, "```hint\nA nudge", _QUESTION)
    change(path, "= 1\n", "= 1\n= yes\n")
    change(path, "solution ip netns", "solution the usual way")
    change(korean(path), "links: ", _GOALS + "links: ")
    change(korean(path), "## 정리", "```yaml solutions\n- 보통 방법\n```\n\n## 정리")
    stamp(path)
    return path


def korean(path: Path) -> Path:
    return path.with_name("lesson.ko.md")


def change(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text, before
    path.write_text(text.replace(before, after, 1))


def said(path: Path) -> list[str]:
    return [f"{Path(source.path).name}:{source.line}: {text}" for source, text in remarks(path)]


def goal(path: Path, name: str) -> Goal:
    return next(goal for goal in read_lesson(path, language="ko").steps[0].goals if goal.id == name)


def test_a_translated_lesson_leaves_nothing_to_remark(lesson: Path) -> None:
    assert content.lint(lesson) == ()


def test_every_text_is_shown_in_both_languages_and_is_english_to_others(lesson: Path) -> None:
    read = read_lesson(lesson, language="ko")
    assert read.language == "ko"
    step = read.steps[0]
    for code, texts in {
        "en": (
            "What this is about, and why one would want it.",
            "Make a namespace",
            "the usual way",
            "Is amber alone?",
        ),
        "ko": ("무엇을 다루며 왜 필요한지 적습니다.", "네임스페이스 만들기", "보통 방법", "amber 혼자입니까?"),
    }.items():
        i18n.use_language(code)
        found = (read.introduction, step.title, step.solutions[0].title, step.goals[2].text)
        assert tuple(map(shown, found)) == texts
    assert (step.title, step.goals[2].text) == ("Make a namespace", "Is amber alone?")
    assert shown(read.summary) == "강의 목록에 나오는 한 문장입니다."
    assert shown(read.recap) == "기억할 만한 것을 적습니다."
    assert shown(step.body).startswith("알아야 할 것")
    assert "en:" not in shown(step.body)
    assert [shown(hint)[:4] for hint in step.hints] == ["살짝 귀", "거의 답"]


def test_words_of_validators_are_translated_in_their_order(lesson: Path) -> None:
    check = goal(lesson, "alone").check
    i18n.use_language("ko")
    assert shown(vars(check)["asked"]) == "amber 혼자인지"
    inner = [vars(one)["expected"] for one in vars(vars(check)["check"])["checks"]]
    assert inner == ["no blue", "no green"]
    assert [shown(text) for text in inner] == ["blue 없음", "green 없음"]


def test_parameters_are_drawn_in_translations_too(lesson: Path) -> None:
    i18n.use_language("ko")
    seeded = next(seed for seed in range(1, 50) if read_lesson(lesson, seed=seed).parameters["name"] == "ochre")
    assert shown(read_lesson(lesson, seed=seeded).steps[0].goals[2].text) == "ochre 혼자입니까?"


def test_a_header_needs_only_the_front_matter_of_the_translation(lesson: Path) -> None:
    change(korean(lesson), "## 네임", "## 네임 ## {#")
    header = read_header(lesson)
    i18n.use_language("ko")
    assert (header.title, shown(header.summary)) == ("Begun", "강의 목록에 나오는 한 문장입니다.")


@pytest.mark.parametrize("how", [lambda it: pickle.loads(pickle.dumps(it)), copy.copy, copy.deepcopy])
def test_copies_know_their_translation(lesson: Path, how: object) -> None:
    assert callable(how)
    again = how(read_lesson(lesson).steps[0].title)
    i18n.use_language("ko")
    assert (again, shown(again)) == ("Make a namespace", "네임스페이스 만들기")


def test_without_a_translation_the_lesson_is_english(lesson: Path) -> None:
    korean(lesson).unlink()
    read = read_lesson(lesson, language="ko")
    i18n.use_language("ko")
    assert (read.language, shown(read.steps[0].title)) == ("en", "Make a namespace")
    assert said(lesson) == ["lesson.md:1: there is no translation lesson.ko.md"]


def test_what_is_missing_is_shown_in_english(lesson: Path) -> None:
    change(korean(lesson), "```hint\n살짝 귀띔합니다. 명령은 `ip netns`로 시작합니다.\n```\n", "")
    change(korean(lesson), 'red: "`red`라는 네임스페이스가 있습니다."\n', "")
    step = read_lesson(lesson, language="ko").steps[0]
    i18n.use_language("ko")
    assert shown(step.goals[0].text) == "There is a namespace called `red`."
    assert shown(step.hints[1]).startswith("Nearly the answer")
    assert said(lesson) == [
        "lesson.ko.md:10: the goal 'red' of step 'create' (lesson.md:21) is not translated",
        "lesson.ko.md:10: step 'create' has 1 hints, and lesson.md:21 has 2",
    ]


def test_a_translation_that_is_wrong_is_refused_where_it_is_asked_for(lesson: Path) -> None:
    change(korean(lesson), "```yaml goals", "```yaml goal")
    with pytest.raises(ContentError, match=r"lesson\.ko\.md:\d+: there is no block 'yaml goal'; did you mean 'goals'"):
        read_lesson(lesson, language="ko")
    step = read_lesson(lesson).steps[0]
    i18n.use_language("ko")
    assert shown(step.title) == "Make a namespace"
    assert "there is no block" in said(lesson)[0]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (
            "title: Begun",
            "titles: Begun",
            "2: the front matter of a translation has no 'titles'; did you mean 'title'?",
        ),
        ("title: Begun", "title: [a]", "2: 'title' must be one value, not a list"),
        ("{{name}} 혼자입니까", "{{names}} 혼자입니까", "there is no parameter 'names'; did you mean 'name'?"),
        ("## 정리 {#recap}", "## 정리 {#create}", "step 'create' is there twice, first at line 10"),
        ("## 정리 {#recap}", "## Recap", "the heading of the recap is translated: '## Recap {#recap}'"),
        ("```yaml solutions", "```yaml goals", "step 'create' has two blocks of goals"),
        ("```yaml solutions", "```bash solution ip", "there is no block 'bash solution'; did you mean 'solutions'?"),
    ],
)
def test_what_is_wrong_in_a_translation(lesson: Path, before: str, after: str, reason: str) -> None:
    change(korean(lesson), before, after)
    assert len(said(lesson)) == 1
    assert reason in said(lesson)[0]


_STAMPING = "`nettutor author lint --translated begun` stamps it"


@pytest.mark.parametrize(
    ("file", "before", "after", "expected"),
    [
        ("lesson.md", "What is worth", "What was worth", "lesson.ko.md:43: the recap is stale"),
        ("lesson.md", "One sentence", "A sentence", "lesson.ko.md:5: the introduction is stale"),
        ("lesson.md", "whether {{name}}", "if {{name}}", "lesson.ko.md:10: step 'create' is stale"),
        ("lesson.md", "A nudge", "A push", "lesson.ko.md:10: step 'create' is stale"),
        ("lesson.md", "the usual way", "the only way", "lesson.ko.md:10: step 'create' is stale"),
        ("lesson.ko.md", "ip netns add NAME\n", "ip netns del NAME\n", "lesson.ko.md:10: step 'create' shows other"),
        ("lesson.ko.md", "summary: ", "# ", "lesson.ko.md:1: the front matter needs 'summary'"),
        ("lesson.ko.md", "{#create}", "{#made}", "lesson.ko.md:5: step 'create' (lesson.md:21) is not translated"),
        ("lesson.ko.md", "\nred: ", "\nrad: ", "the goal 'red' of step 'create' (lesson.md:21) is not translated"),
        ("lesson.ko.md", "[blue 없음, green 없음]", "없음", "the goal 'alone' needs 2 of 'expected', not 1"),
        ("lesson.ko.md", "- 보통 방법", "[가, 나]", "needs a block `yaml solutions` with the titles of all of them"),
    ],
)
def test_what_lint_says_of_a_translation(lesson: Path, file: str, before: str, after: str, expected: str) -> None:
    change(lesson.with_name(file), before, after)
    assert expected in "\n".join(said(lesson))


def test_a_change_that_is_not_translated_leaves_the_stamp_good(lesson: Path) -> None:
    change(lesson, "[amber, ochre]", "[ochre, umber]")
    change(lesson, "ip netns add red\nip", "ip netns add red\nip netns\nip")
    change(korean(lesson), "ip netns add NAME\n", "ip netns add NAME   # 만들기\n")
    assert said(lesson) == []


def test_stamps_are_put_where_they_belong_once(lesson: Path) -> None:
    before = korean(lesson).read_text()
    assert stamp(lesson) == []
    korean(lesson).write_text("\n".join(line for line in before.split("\n") if "<!-- en" not in line))
    assert [text for text in said(lesson) if "has no stamp" in text and _STAMPING in text] == said(lesson)
    assert [line.partition(": ")[2] for line in stamp(lesson)] == ["the introduction", "step 'create'", "the recap"]
    assert said(lesson) == []
    change(lesson, "A nudge", "A push")
    assert len(stamp(lesson)) == 1
    assert korean(lesson).read_text().count("<!-- en") == 3


def test_drawings_are_as_wide_as_they_look(lesson: Path) -> None:
    change(korean(lesson), "```bash\nip netns", "```\n" + "가" * 19 + "\n```\n\n```bash\nip netns")
    assert "wider than 36" in " ".join(remark.text for remark in content.lint(lesson))


def test_steps_in_another_order(lesson: Path) -> None:
    text = korean(lesson).read_text()
    start, end = text.index("## 네임"), text.index("## 정리")
    korean(lesson).write_text(text[:start] + text[end:] + "\n" + text[start:end])
    assert any("should stand here" in line for line in said(lesson))


def test_the_texts_of_no_lesson_know_nothing(tmp_path: Path) -> None:
    texts = Translations(tmp_path / "01-none" / "lesson.md", {})
    assert texts.text("ko", "title") is None
    assert translating.languages() == ("ko",)
