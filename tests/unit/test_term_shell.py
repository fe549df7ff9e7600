"""The shell typed into, with a real bash on a pty of this machine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from host_pty import host_shell

from tutor.term import Finished, Shell, TimedOut


@pytest.fixture
async def shell(tmp_path: Path) -> AsyncIterator[Shell]:
    async with host_shell(tmp_path) as shell:
        yield shell


class Screen:
    """What was shown, as text."""

    def __init__(self, shell: Shell) -> None:
        self.raw = b""
        shell.on_output(self.add)

    def add(self, data: bytes) -> None:
        self.raw += data

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")


async def ok(shell: Shell, line: str, timeout: float = 10) -> Finished:
    outcome = await shell.type(line, timeout)
    assert isinstance(outcome, Finished), outcome
    return outcome


async def test_commands_have_their_status_and_text(shell: Shell) -> None:
    told: list[Finished] = []
    shell.on_command(told.append)
    assert (await ok(shell, "true")).exit_status == 0
    assert (await ok(shell, "false")).exit_status == 1
    assert (await ok(shell, "(exit 7)")).exit_status == 7
    assert (await ok(shell, "echo $?")).exit_status == 0
    assert (await ok(shell, " echo '한국어'")).exit_status == 0
    assert [each.text for each in told] == ["true", "false", "(exit 7)", "echo $?", " echo '한국어'"]


async def test_the_prompt_and_output_carry_no_marks(shell: Shell) -> None:
    screen = Screen(shell)
    await ok(shell, "echo out")
    assert "out\r\n" in screen.text
    assert "]133;" not in screen.text
    assert screen.text.count("echo out") == 1


async def test_lines_of_one_command_are_typed_as_it_asks(shell: Shell) -> None:
    screen = Screen(shell)
    told: list[Finished] = []
    shell.on_command(told.append)
    await ok(shell, "cat <<'E' | tr a-z A-Z\nfirst\ttab\n\nlast $HOME\nE")
    assert "FIRST\tTAB\r\n\r\nLAST $HOME\r\n" in screen.text.replace("first\ttab", "")
    await ok(shell, "for i in 1 2; do\necho n$i\ndone")
    assert "n1\r\nn2\r\n" in screen.text
    assert len(told) == 2


async def test_a_long_command_may_come_line_by_line(shell: Shell, tmp_path: Path) -> None:
    await ok(shell, "false")
    for line in ("cat >file <<E", "one", "two", "E\n"):
        assert (await ok(shell, line)).exit_status == 0
    assert (tmp_path / "file").read_text() == "one\ntwo\n"


async def test_two_commands_in_one_text_run_one_after_the_other(shell: Shell) -> None:
    told: list[Finished] = []
    shell.on_command(told.append)
    outcome = await ok(shell, "sleep 0.2\nfalse")
    assert [each.text for each in told] == ["sleep 0.2", "false"]
    assert outcome.exit_status == 1


async def test_empty_lines_comments_and_mistakes_end_at_once(shell: Shell) -> None:
    told: list[Finished] = []
    shell.on_command(told.append)
    assert (await ok(shell, "")).exit_status == 0
    await ok(shell, "# only a comment")
    assert (await ok(shell, "echo )")).exit_status == 2
    assert told == []


@pytest.mark.parametrize("nested", ["bash", "exec bash", "env -i HOME=$HOME TERM=$TERM bash"])
async def test_nested_shells_are_marked(shell: Shell, nested: str) -> None:
    told: list[Finished] = []
    shell.on_command(told.append)
    await ok(shell, "depth=outer")
    await ok(shell, nested)
    assert (await ok(shell, "(exit 4)")).exit_status == 4
    assert told[1].text == nested
    assert (await ok(shell, "exit 5")).exit_status == 5
    assert shell.closed.done() == nested.startswith("exec")


@pytest.mark.parametrize("plain", ["bash --norc", "sh"])
async def test_a_shell_without_marks_is_typed_into_when_it_is_quiet(shell: Shell, plain: str) -> None:
    screen = Screen(shell)
    await ok(shell, "false")
    assert (await ok(shell, plain)).exit_status == 0
    await ok(shell, "sleep 0.5; echo se''cond")
    assert "second\r\n" in screen.text
    assert (await ok(shell, "exit 6")).exit_status == 6
    assert (await ok(shell, "true")).exit_status == 0


async def test_learners_settings_do_not_matter(shell: Shell) -> None:
    for line in (
        "set -o vi",
        "PS1='\\$(x)> ' PS2=",
        "set -x",
        "set -u",
        "set -e; true; set +e",
        "HISTCONTROL=ignoreboth",
        "HISTTIMEFORMAT='%F %T '",
        "exec 2>/dev/null",
        "unset HISTFILE",
        "history -c",
        "shopt -s lithist",
        "trap 'echo trapped' DEBUG",
        "PROMPT_COMMAND+=';:'",
        "echo \\\n a",
        "false",
        "set +o history",
    ):
        await ok(shell, line)
    assert (await ok(shell, "(exit 9)")).exit_status == 9


async def test_underscore_and_status_are_the_learners(shell: Shell) -> None:
    screen = Screen(shell)
    await ok(shell, "ls -d /etc/passwd")
    await ok(shell, "echo last=$_")
    await ok(shell, "(exit 3)")
    await ok(shell, "echo st=$?")
    assert "last=/etc/passwd" in screen.text
    assert "st=3" in screen.text


@pytest.mark.parametrize(
    "endless",
    ["yes", "cat", "sleep 1000", "read -e line", "while :; do :; done", "vi -c ''", "trap '' INT; sleep 1000",
     "bash -c 'trap \"\" INT QUIT TERM; while :; do sleep 0.01; done'"],
)  # fmt: skip
async def test_what_does_not_end_is_stopped(shell: Shell, endless: str) -> None:
    outcome = await shell.type(endless, 0.6)
    assert isinstance(outcome, TimedOut)
    assert outcome.recovered
    assert outcome.running == endless
    assert (await ok(shell, "echo back")).exit_status == 0


async def test_background_output_does_not_hold_a_command(shell: Shell) -> None:
    await ok(shell, "(while :; do echo noise; sleep 0.001; done) &")
    assert (await ok(shell, "(exit 2)")).exit_status == 2
    await ok(shell, "kill %1; wait")


async def test_forged_marks_name_commands_at_most(shell: Shell) -> None:
    told: list[Finished] = []
    shell.on_command(told.append)
    await ok(shell, r"printf '\e]133;C;  99  rm -rf /\a\e]133;D;0;\a\e]133;A\a\e]133;D;zz\a\e]133;'; sleep 0.2")
    await ok(shell, "true")
    assert (await ok(shell, "(exit 3)")).exit_status == 3


async def test_the_end_of_the_shell_is_told_with_its_status(shell: Shell) -> None:
    outcome = await ok(shell, "exit 42")
    assert outcome.exit_status == 42
    assert await asyncio.wait_for(shell.closed, 5) == 42
    shell.send(b"nobody listens")
    assert (await ok(shell, "echo")).exit_status == 42


async def test_a_background_process_on_the_terminal_does_not_hold_the_end(shell: Shell) -> None:
    await ok(shell, "setsid sleep 30 &")
    shell.send(b"exit 3\r")
    assert await asyncio.wait_for(shell.closed, 5) == 3


async def test_reading_pauses_and_resumes(shell: Shell) -> None:
    screen = Screen(shell)
    await ok(shell, "true")
    shell.pause()
    shell.send(b"seq 1 50000 | tail -n +1; echo don''e\r")
    await asyncio.sleep(0.3)
    held = len(screen.raw)
    shell.resume()
    await ok(shell, "true")
    assert held < 100
    assert "\n50000\r\n" in screen.text


async def test_a_large_paste_arrives_whole(shell: Shell, tmp_path: Path) -> None:
    await ok(shell, "true")
    shell.send(b"cat >pasted\r")
    await asyncio.sleep(0.2)
    lines = b"".join(b"%06d abcdefghijklmnopqrstuvwxyz\r" % number for number in range(5000))
    shell.send(lines)
    shell.send(b"\x04")
    await ok(shell, "true")
    assert (tmp_path / "pasted").read_bytes() == lines.replace(b"\r", b"\n")
