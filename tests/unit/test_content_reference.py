"""The documentation of lessons says what the code does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tutor import paths
from tutor.content import catalogue, lint
from tutor.content.lessons import read_lesson
from tutor.content.reference import inserted, reference
from tutor.validators import registry


def readme() -> str:
    return (paths.lessons() / "README.md").read_text("utf-8")


def test_the_list_of_validators_is_up_to_date() -> None:
    assert inserted(readme()) == readme(), "run python -m tutor.content.reference"


def test_every_validator_and_parameter_is_described() -> None:
    text = reference()
    for name in registry.names():
        spec = registry.spec(name)
        assert f"**`{name}`**: {spec.summary}" in text
        assert spec.summary.endswith((".", "?", "`)."))
        for parameter in spec.parameters:
            assert f"- `{parameter.name}` (" in text


def test_text_without_the_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="markers"):
        inserted("nothing")


def test_the_lesson_in_the_documentation_loads(tmp_path: Path) -> None:
    lesson, translation = re.findall(r"`````markdown\n(---.*?)`````", readme(), re.DOTALL)
    path = tmp_path / "01-hello" / "lesson.md"
    path.parent.mkdir()
    path.write_text(lesson)
    path.with_name("lesson.ko.md").write_text(translation)
    assert [remark.text for remark in lint(path)] == ["the lesson asks no question"]
    assert read_lesson(path).steps[0].goals[0].id == "red"


def test_the_shipped_lessons_leave_nothing_to_remark() -> None:
    for lesson in catalogue():
        assert lint(Path(lesson.source.path)) == ()
        assert len(lesson.steps) >= 6


def test_markdown_and_yaml_are_not_imported_before_they_are_needed() -> None:
    code = "import sys, tutor.content; print(*sorted({'yaml', 'markdown_it'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
