"""Lesson files and scripts -> the model. The only package that knows Markdown and YAML, imported when first needed.

It must not know the lab, a terminal or progress. Every error is a ``ContentError`` with file and line, or a
``UsageError``; whatever stands in a file, nothing else comes out and nothing hangs.
"""

from tutor.content.catalogue import catalogue, headers, load
from tutor.content.lessons import Header
from tutor.content.lint import lint
from tutor.content.script import parse_script

__all__ = ["Header", "catalogue", "headers", "lint", "load", "parse_script"]
