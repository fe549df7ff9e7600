"""Scripts: what is typed where, and what is wrong with them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tutor.content import load, parse_script
from tutor.errors import ContentError
from tutor.model.lesson import Command

SCRIPT = """\
# my way
ip netns add red

@lan
  tcpdump -c 1
= 192.168.15.2
ip route add \\
    default \\
  via 192.168.1.1
@host
=none
"""


def test_a_script(tmp_path: Path) -> None:
    path = tmp_path / "way"
    path.write_text(SCRIPT.replace("\n", "\r\n"))
    commands = parse_script(path, load("nat"))
    assert commands == (
        Command("host", "ip netns add red", line=2),
        Command("lan", "tcpdump -c 1", line=5),
        Command("lan", "192.168.15.2", answer=True, line=6),
        Command("lan", "ip route add default via 192.168.1.1", line=7),
        Command("host", "=none", line=11),
    )
    assert parse_script(path)[0].machine == ""
    assert parse_script(path)[1:] == commands[1:]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("ls\n@lam\n", 2, "no machine 'lam' with a shell; did you mean 'lan'?"),
        ("@\n", 1, "no machine ''"),
        ("= \n", 1, "the answer is empty"),
        ("a \\", 1, "ends in a backslash"),
        ("ls\n\x1b[2J\n", 2, "control character U+001B"),
        ("x\n" * 10_001, 10_001, "more than 10000 commands"),
    ],
)
def test_what_is_wrong(tmp_path: Path, text: str, line: int, message: str) -> None:
    path = tmp_path / "way"
    path.write_text(text)
    with pytest.raises(ContentError) as caught:
        parse_script(path, load("nat"))
    assert caught.value.line == line
    assert message in caught.value.reason


def test_a_machine_without_a_shell_cannot_be_switched_to(tmp_path: Path) -> None:
    path = tmp_path / "way"
    path.write_text("@gateway\n")
    with pytest.raises(ContentError, match="no machine 'gateway' with a shell"):
        parse_script(path, load("nat"))


def test_a_missing_script_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match="there is no such file"):
        parse_script(tmp_path / "none")
    with pytest.raises(ContentError, match="not a regular file"):
        parse_script(tmp_path)


def test_a_pipe_is_read_where_pipes_are_given(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.write(writing, b"ls\n= 1\n")
    os.close(writing)
    assert [command.text for command in parse_script(Path(f"/dev/fd/{reading}"))] == ["ls", "1"]
    os.close(reading)
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(ContentError, match="not a regular file"):
        parse_script(tmp_path / "fifo")
