"""Korean in a real terminal (tmux): asked for, switched to in the middle of a step, and remembered."""

from __future__ import annotations

from tutorial_terminal import Terminal, terminal

__all__ = ["terminal"]


def test_korean_from_the_first_frame_and_english_at_a_key(terminal: Terminal) -> None:
    terminal.start("namespaces", "--lang", "ko")
    terminal.until("root@host:~#")
    assert "네트워크 네임스페이스" in terminal.screen
    terminal.type("ip netns add red; echo still $SHLVL")
    terminal.until("✔ 완료")
    terminal.keys("S-F1")
    screen = terminal.until("✔ done")
    assert "still 1" in screen, "the shell goes on"
    assert "목표" not in screen
    terminal.type("ip netns add blue")
    terminal.until("2. Look inside")


def test_the_choice_outlives_the_program_and_the_locale(terminal: Terminal) -> None:
    terminal.start("namespaces")
    terminal.until("root@host:~#")
    assert "Goals" in terminal.screen
    terminal.keys("F1")
    terminal.until("한국어")
    terminal.keys("l")
    terminal.until("이 도움말")
    terminal.keys("Escape")
    terminal.until(lambda screen: "이 도움말" not in screen)
    terminal.keys("F10")
    terminal.until("left with 0")
    terminal.again()

    terminal.start("namespaces")
    terminal.until("네트워크 네임스페이스")


def test_an_answer_in_korean_counts(terminal: Terminal) -> None:
    terminal.start("bridges#outside", "--lang", "ko", size=(120, 35))
    terminal.until("root@host:~#")
    terminal.until("답해 보세요")
    terminal.until("F6 답")
    terminal.keys("F6")
    terminal.until("F6 강의")
    terminal.type("아니요")
    terminal.until(lambda screen: "8단계 완료" in screen or "9/" in screen)
