"""The marks: cut out of the stream in any pieces, malformed and forged ones tolerated."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tutor.term.marks import EndMark, Finished, Mark, Phase, PromptMark, Splitter, StartMark, Transcript

SESSION = (
    b"hello\x1b]133;D;0;new\x07\x1b]133;A\x07\x1b[?2004hroot@host:~# ip a\r\n"
    b"\x1b]133;C;   12  ip a | grep \xed\x95\x9c\x07out\x1b]0;title\x07put\x1b]133;D;3;\x1b\\\x1b]133;A\x07$ "
)
MARKS: tuple[Mark, ...] = (
    EndMark(0, new=True),
    PromptMark(),
    StartMark(12, "ip a | grep 한"),
    EndMark(3, new=False),
    PromptMark(),
)


def pieces(data: bytes, size: int) -> tuple[bytes, tuple[Mark, ...]]:
    splitter = Splitter()
    shown = b""
    marks: list[Mark] = []
    for at in range(0, len(data), size):
        more, found = splitter.feed(data[at : at + size])
        shown += more
        marks += found
    return shown, tuple(marks)


def test_marks_are_cut_out_in_pieces_of_any_size() -> None:
    for size in (1, 2, 3, 7, 16, len(SESSION)):
        shown, marks = pieces(SESSION, size)
        assert marks == MARKS
        assert shown == b"hello\x1b[?2004hroot@host:~# ip a\r\nout\x1b]0;title\x07put$ "


def test_a_mark_of_several_lines_keeps_them() -> None:
    _, marks = Splitter().feed(b"\x1b]133;C;    3  cat <<E\r\na\r\nE\r\n\x07")
    assert marks == (StartMark(3, "cat <<E\na\nE"),)


def test_an_endless_mark_costs_bounded_memory_and_output_comes_back() -> None:
    splitter = Splitter()
    splitter.feed(b"\x1b]133;C;")
    for _ in range(100):
        splitter.feed(b"x" * 10_000)
    assert len(splitter._held) <= 64 * 1024
    assert b"alive" in splitter.feed(b"\x07alive")[0]


def test_malformed_marks_are_ignored() -> None:
    for broken in (b"", b"Z", b"D;x;y", b"D;99999999999999999999999", b"C;no number", b"C;" + b"9" * 50, b"D", b"C"):
        shown, _ = Splitter().feed(b"a\x1b]133;" + broken + b"\x07b")
        assert shown == b"ab"


def test_an_interrupted_mark_gives_way_to_the_next_sequence() -> None:
    shown, marks = Splitter().feed(b"\x1b]133;C;1 abc\x1b[31mred\x1b]133;A\x07")
    assert shown == b"\x1b[31mred"
    assert marks == (PromptMark(),)


def finished(*marks: Mark) -> list[Finished]:
    transcript = Transcript()
    return [done for when, mark in enumerate(marks) if (done := transcript.see(mark, float(when)))]


def test_a_nested_shell_ends_its_own_start_and_its_exit() -> None:
    done = finished(
        EndMark(0, new=True),
        PromptMark(),
        StartMark(1, "ip netns exec red bash"),
        EndMark(0, new=True),
        PromptMark(),
        StartMark(1, "ip a"),
        EndMark(0, new=False),
        PromptMark(),
        StartMark(2, "exit 3"),
        EndMark(3, new=False),
    )
    assert [(each.text, each.exit_status) for each in done] == [
        ("ip netns exec red bash", 0),
        ("ip a", 0),
        ("exit 3", 3),
    ]


def test_empty_lines_and_ctrl_c_at_the_prompt_are_no_commands() -> None:
    assert finished(EndMark(0, new=True), PromptMark(), EndMark(130, new=False), PromptMark()) == []


def test_a_command_that_history_did_not_take_has_no_text() -> None:
    done = finished(StartMark(4, "ip a"), EndMark(0, new=False), StartMark(4, "ip a"), EndMark(0, new=False))
    assert [each.text for each in done] == ["ip a", ""]


@given(
    st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"\x1b]133;", b"\x07", b"\x1b", b"C;1 x", b"D;0;"])))
)
def test_any_bytes_in_any_pieces_give_the_same(parts: list[bytes]) -> None:
    whole = b"".join(parts)
    splitter, transcript = Splitter(), Transcript()
    shown = b""
    marks: list[Mark] = []
    for part in parts:
        more, found = splitter.feed(part)
        shown += more
        marks += found
    for mark in marks:
        transcript.see(mark, 0.0)
    assert transcript.phase in Phase
    reference = Splitter().feed(whole)
    assert (shown, tuple(marks)) == reference
