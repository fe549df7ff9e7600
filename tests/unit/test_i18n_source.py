"""Texts for the learner are told: a plain string that goes into a verdict could not be translated."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import tutor

SOURCE = Path(tutor.__file__).parent
SPOKEN = {"Met": (0,), "Unmet": (0, 1), "Unknown": (0,), "CannotTell": (0,), "Broken": (2,), "UsageError": (0,)}
"""The positions of texts in calls of these."""
SPOKEN |= dict.fromkeys(("_blocked", "_stop"), (2,))
SPOKEN |= dict.fromkeys(("MachineError", "LabError", "ToolError", "StoreError", "LabEnded"), (0, 1))
FILES = [path for path in sorted(SOURCE.rglob("*.py")) if not {"inside", "proof"} & set(path.parts)]


def plain_texts(tree: ast.AST) -> Iterator[ast.expr]:
    """Strings with words in them that are handed over as they are."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for position in SPOKEN.get(name, ()):
            if position < len(node.args):
                yield from (leaf for leaf in _leaves(node.args[position]) if _has_words(leaf))


def _leaves(node: ast.expr) -> Iterator[ast.expr]:
    match node:
        case ast.IfExp(_, body, orelse):
            yield from (*_leaves(body), *_leaves(orelse))
        case ast.BoolOp(_, values):
            for value in values:
                yield from _leaves(value)
        case _:
            yield node


def _has_words(node: ast.expr) -> bool:
    if isinstance(node, ast.JoinedStr):
        parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
    else:
        parts = [node.value] if isinstance(node, ast.Constant) else []
    return any(isinstance(part, str) and re.search(r"[a-z]{2} [a-z]|[a-z] $|^ [a-z]", part) for part in parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SOURCE)))
def test_verdicts_and_errors_are_told(path: Path) -> None:
    found = [f"{path}:{text.lineno}: {ast.unparse(text)}" for text in plain_texts(ast.parse(path.read_text()))]
    assert found == []
