"""Pictures of the real program with a real lab, for people to look at: ``python tests/screenshots.py [DIRECTORY]``.

Writes SVG files, by default into ``assets/screenshots``.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from tutor import paths
from tutor.store import Store
from tutor.tui.app import NettutorApp
from tutor.tui.opening import load_lesson

SIZES = ((80, 24), (120, 35), (200, 60))


@dataclass(frozen=True)
class Scene:
    """``typed`` goes to the first shell line by line, then ``keys`` are pressed."""

    name: str
    lesson: str
    step: str
    typed: Sequence[str] = ()
    keys: Sequence[str] = ()
    theme: str = "nettutor-dark"


SCENES = (
    Scene(
        "lesson",
        "namespaces",
        "addresses",
        ("ip -n red addr add 192.168.15.1/24 dev veth-red", "ip -n blue -br addr"),
    ),
    Scene("hint", "bridges", "bridge", ("ip -c -br link",), ("f2",)),
    Scene("light", "nat", "route", ("ip netns exec blue ip route", "ping -c1 -W1 192.168.1.3"), (), "nettutor-light"),
    Scene("contents", "namespaces", "addresses", (), ("f5",)),
    Scene("help", "namespaces", "addresses", (), ("f1",)),
)


async def draw(scene: Scene, size: tuple[int, int], file: Path) -> None:
    with tempfile.TemporaryDirectory() as home, Store.open(Path(home) / "progress.sqlite3") as store:
        lesson = load_lesson(scene.lesson, store, "en")
        step = scene.step if scene.step in {each.id for each in lesson.steps} else lesson.steps[0].id
        app = NettutorApp(lesson, store, step=step)
        async with app.run_test(size=size) as pilot:
            app.theme = scene.theme
            await _ready(app, pilot)
            assert app.conductor is not None
            assert app.conductor.session is not None
            shell = next(iter(app.conductor.session.shells.values()))
            shell.send(b"clear\n")
            await pilot.pause(0.5)
            for line in scene.typed:
                await shell.type(line, timeout=10)
            await pilot.pause(2)
            for key in scene.keys:
                await pilot.press(key)
                await pilot.pause(0.7)
            picture = app.export_screenshot(title=f"nettutor, {size[0]} by {size[1]}")
    file.write_text(picture, encoding="utf-8")  # noqa: ASYNC240


async def _ready(app: NettutorApp, pilot: Pilot[int]) -> None:
    async with asyncio.timeout(60):
        while app.conductor is None or app.conductor.session is None:
            await pilot.pause(0.05)
    await pilot.pause(0.5)


def main() -> None:
    directory = Path(sys.argv[1]) if len(sys.argv) > 1 else paths.assets() / "screenshots"
    directory.mkdir(parents=True, exist_ok=True)
    for scene in SCENES:
        for size in SIZES:
            asyncio.run(draw(scene, size, directory / f"{scene.name}-{size[0]}x{size[1]}.svg"))


if __name__ == "__main__":
    main()
