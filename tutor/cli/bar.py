"""Progress on standard error: one moving line on a terminal, a line a stage elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from types import TracebackType
from typing import Self, TextIO

from tutor.i18n import cells, shown, tell

_WIDTH = 24
_PAUSE = 0.05


class Bar:
    """A ``tools.Progress``; as a context manager it leaves the line clean, also after an error."""

    def __init__(self, stream: TextIO | None = None, *, label: str = tell("lab tools")) -> None:
        self._label = label
        self._stream = sys.stderr if stream is None else stream
        self._moving = self._stream.isatty()
        self._stage = ""
        self._drawn = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._moving and self._stage:
            self._stream.write("\r\033[K")
            self._stream.flush()

    def __call__(self, stage: str, fraction: float | None) -> None:
        fresh, self._stage = stage != self._stage, stage
        if not self._moving:
            if fresh:
                print(f"{shown(self._label)}: {shown(stage)}", file=self._stream, flush=True)
            return
        now = time.monotonic()
        if not fresh and now - self._drawn < _PAUSE and fraction != 1:
            return
        self._drawn = now
        gauge = ""
        if fraction is not None:
            filled = round(fraction * _WIDTH)
            gauge = f" [{'#' * filled}{'.' * (_WIDTH - filled)}] {fraction:4.0%}"
        columns = shutil.get_terminal_size().columns
        text = f"{shown(self._label)}: {shown(stage)}{gauge}"
        while cells(text) > columns - 1:
            text = text[:-1]
        self._stream.write(f"\r\033[K{text}")
        self._stream.flush()
