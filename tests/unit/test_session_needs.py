"""A lesson is not opened without its tools."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tutor.content import load
from tutor.errors import ToolError
from tutor.lab.tools import Tool, manifest
from tutor.session.needs import require_tools


def test_what_is_missing_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    known = dict(manifest()) | {"frob": Tool("frob", "frobs", ("frob-that-nobody-has",)), "sh": Tool("sh", "", ("sh",))}
    monkeypatch.setattr("tutor.lab.tools.inventory.manifest", lambda: known)
    lesson = replace(load("namespaces"), tools=("sh", "frob"))
    with pytest.raises(ToolError, match=r"namespaces needs frob, which is not here yet.*nettutor start namespaces"):
        require_tools(lesson)
    require_tools(replace(lesson, tools=("sh",)))
