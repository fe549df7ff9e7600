"""The program in a real terminal (tmux): start, type, see the tick, quit, go on."""

from __future__ import annotations

import os
import re
import subprocess

from tutorial_terminal import Terminal, terminal

__all__ = ["terminal"]


def test_start_type_tick_quit_and_go_on(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    assert "step 1 of" in terminal.screen
    terminal.type("ip netns add red")
    terminal.until("✔ done")
    terminal.type("ip netns add blue")
    terminal.until("step 2 of")
    terminal.keys("F10")
    terminal.until("left with 0")
    terminal.again()

    terminal.start()
    terminal.until("root@host:~#")
    assert "step 2 of" in terminal.until("2. Look inside")
    terminal.type("ip netns | sort | tr '\\n' ,")
    terminal.until(lambda screen: "blue,red," in screen)


def test_it_comes_back_after_being_killed(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    terminal.type("ip netns add red")
    terminal.until("✔ done")
    shell = terminal.tmux("display", "-p", "#{pane_pid}").strip()
    guard = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=True).stdout.split()[0]
    child = subprocess.run(["pgrep", "-P", guard], capture_output=True, text=True, check=True).stdout.split()[0]
    os.kill(int(child), 9)
    terminal.until("left with 137")
    assert "Goals" not in terminal.screen
    terminal.again()
    terminal.start("namespaces")
    terminal.until("✔ done")


def test_all_of_it_fits_80_by_24(terminal: Terminal) -> None:
    terminal.start("namespaces", size=(80, 24))
    screen = terminal.until("root@host:~#")
    for text in ("Network namespaces", "step 1 of", "Goals", "F1 Help", "F10 Quit"):
        assert text in screen
    assert all(len(row) <= 80 for row in screen.split("\n"))


def test_without_colour_nothing_is_lost(terminal: Terminal) -> None:
    terminal.start("namespaces", environment="NO_COLOR=1")
    terminal.until("root@host:~#")
    terminal.until("✘ not yet")
    escaped = terminal.tmux("capture-pane", "-p", "-e")
    for red, green, blue in re.findall(r"\x1b\[[34]8;2;(\d+);(\d+);(\d+)m", escaped):
        assert max(map(int, (red, green, blue))) - min(map(int, (red, green, blue))) < 12


def test_a_terminal_that_is_resized_all_the_time(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    for turn in range(100):
        terminal.tmux("resize-window", "-x", str(20 + turn * 7 % 150), "-y", str(5 + turn * 3 % 40))
    terminal.tmux("resize-window", "-x", "100", "-y", "30")
    terminal.type("echo still-$((40+2))")
    terminal.until("still-42")


def test_20_columns_and_5_rows(terminal: Terminal) -> None:
    terminal.start("namespaces", size=(20, 5), environment="COLUMNS=90 LINES=40")
    terminal.until(lambda screen: "root@host" in screen and "F10 Quit" in screen)
    terminal.keys("F6")
    terminal.until(lambda screen: "root@host" not in screen)
    terminal.keys("F10")
    terminal.until("left with 0")


def test_help_and_contents(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    terminal.keys("F1")
    terminal.until("the next hint; the last one is a solution")
    terminal.keys("Escape")
    terminal.until(lambda screen: "the next hint" not in screen)
    terminal.keys("F5")
    terminal.until("Lessons and steps")
    terminal.keys("Escape")
    terminal.until(lambda screen: "Lessons and steps" not in screen)
    terminal.type("echo typed-$((40+2))")
    terminal.until("typed-42")
