"""A run of grading that is killed: see ``victims``."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tutor.grading import grading
from tutor.grading.book import Book
from tutor.grading.course import Course
from tutor.grading.engine.local import Local


def grade(course: str, folder: str) -> None:
    """As ``nettutor grade`` does, and again, for ever."""
    opened = Course.open(Path(course))
    while True:
        run = grading.Run()
        with Book.open(opened.gradebook) as book:
            grading.take_in(opened, book, list(grading.files([Path(folder)])), run, lambda *_: None)
            asyncio.run(_judge(opened, book, run))


async def _judge(course: Course, book: Book, run: grading.Run) -> None:
    async with Local(2) as engine:
        await grading.judge(course, book, book.waiting(), engine, run, lambda *_: None, again=False)
