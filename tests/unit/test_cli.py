"""The command line's contract: exit codes, one line on standard error, what is imported."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tutor import __version__
from tutor.cli import exits, log, main
from tutor.cli.bar import Bar
from tutor.errors import ContentError, LabEnded, LabError, NettutorError, StoreError, UsageError


def _raising(error: BaseException) -> int:
    def call() -> int:
        raise error

    return exits.guarded(call)


@pytest.fixture(autouse=True)
def own_directories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "STATE", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (UsageError("no such lesson"), 2, "nettutor: no such lesson\n"),
        (ContentError("x/lesson.md", 7, "bad"), 2, "nettutor: x/lesson.md:7: bad\n"),
        (LabError("no namespaces", "Use another kernel"), 3, "nettutor: no namespaces. Use another kernel\n"),
        (StoreError("damaged"), 3, "nettutor: damaged\n"),
        (LabEnded("it was rebooted"), 1, "nettutor: it was rebooted\n"),
        (ExceptionGroup("g", [LabError("one"), LabError("two")]), 3, "nettutor: one\n"),
        (KeyboardInterrupt(), 130, ""),
        (BrokenPipeError(), 141, ""),
    ],
)
def test_what_was_raised_on_purpose(
    capsys: pytest.CaptureFixture[str], error: BaseException, status: int, said: str
) -> None:
    assert _raising(error) == status
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", said)


def _all_errors(root: type[NettutorError]) -> set[type[NettutorError]]:
    return {root}.union(*(_all_errors(child) for child in root.__subclasses__()))


def test_every_error_has_an_exit_code_of_the_contract() -> None:
    assert {error.exit_code for error in _all_errors(NettutorError)} == {1, 2, 3}


@pytest.mark.parametrize("error", [ValueError("two\nlines"), ExceptionGroup("g", [LabError("x"), KeyError("y")])])
def test_a_bug_is_one_line_and_its_traceback_is_in_the_log(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, error: Exception
) -> None:
    assert _raising(error) == 4
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "Traceback" not in said
    path = tmp_path / "state/nettutor/nettutor.log"
    if not path.exists():
        path = Path(said.split("The log is ")[1].strip())
    assert said.endswith(f"The log is {path}\n")
    assert "Traceback" in path.read_text()
    assert type(error).__name__ in path.read_text()


def test_a_log_that_cannot_be_written_goes_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tutor.paths.log_file", lambda: Path("/proc/nettutor/nettutor.log"))
    assert _raising(ValueError("x")) == 4
    path = Path(capsys.readouterr().err.split("The log is ")[1].strip())
    assert "Traceback" in path.read_text()
    path.unlink()


def test_the_log_does_not_grow_for_ever(tmp_path: Path) -> None:
    for _ in range(3):
        log.write_traceback(ValueError("x" * 600_000))
    sizes = sorted(path.stat().st_size for path in (tmp_path / "state/nettutor").iterdir())
    assert len(sizes) == 2
    assert sum(sizes) < 2_500_000


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        ([], "which command? the first to try is `nettutor start`"),
        (["startt"], "there is no command 'startt'; did you mean start?"),
        (["qqqq"], "there is no command 'qqqq'; there are start, list"),
        (["--jsn"], "unrecognized arguments: --jsn"),
        (["check"], "the following arguments are required: LESSON (see `nettutor check --help`)"),
        (["check", "namespaces", "--seed", "x"], "argument --seed: invalid int value: 'x'"),
        (["check", "nmespaces"], "there is no lesson 'nmespaces'; did you mean 'namespaces'?"),
        (["check", "namespaces", "--script", "/nonexistent"], "/nonexistent:1: there is no such file"),
        (["start", "--lang", "xx"], "--lang is one of en, ko, not 'xx'"),
        (["run", "ip", "a"], "write `--` before the command"),
        (["run", "--"], "which command?"),
        (["run", "nat", "lan", "--", "ip"], "one lesson, please, and not 'nat lan'"),
        (["run", "nt", "--", "ip"], "there is no lesson 'nt'"),
        (["tools"], "the following arguments are required: ACTION"),
        (["tools", "install", "ngin"], "there is no tool 'ngin'; did you mean nginx?"),
    ],
)
def test_bad_usage(capsys: pytest.CaptureFixture[str], argv: list[str], said: str) -> None:
    assert main(argv) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err.splitlines()[-1]


@pytest.mark.parametrize("command", ["start", "list", "check", "run", "doctor", "tools"])
def test_help_has_examples(capsys: pytest.CaptureFixture[str], command: str) -> None:
    with pytest.raises(SystemExit) as done:
        main([command, "--help"])
    assert done.value.code == 0
    captured = capsys.readouterr()
    assert re.search(rf"examples:\n  nettutor {command}", captured.out)
    assert captured.err == ""


def test_start_without_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", open(os.devnull))  # noqa: PTH123, SIM115
    assert main(["start"]) == 2
    assert "start needs a terminal" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--version"], ["list", "--json"], ["check", "--help"], ["tools", "list"]])
def test_quick_commands_import_no_textual(argv: list[str]) -> None:
    code = (
        "import sys\nfrom tutor.cli import main\n"
        f"try: main({argv!r})\nexcept SystemExit: pass\n"
        "print(sorted(m for m in ('textual', 'rich', 'pyroute2') if m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "[]"


def test_version() -> None:
    done = subprocess.run([sys.executable, "-m", "tutor", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"nettutor {__version__}\n"


class _Screen:
    def __init__(self, tty: bool) -> None:
        self.written = ""
        self._tty = tty

    def write(self, text: str) -> int:
        self.written += text
        return len(text)

    def flush(self) -> None:
        pass

    def isatty(self) -> bool:
        return self._tty


@pytest.mark.parametrize("tty", [True, False])
def test_the_bar_is_one_moving_line_on_a_terminal_and_a_line_a_stage_elsewhere(tty: bool) -> None:
    screen = _Screen(tty)
    with Bar(screen) as bar:  # type: ignore[arg-type]
        bar("looking up", None)
        for part in range(101):
            bar("fetching", part / 100)
    if tty:
        assert "100%" in screen.written
        assert screen.written.endswith("\r\033[K")
        assert "\n" not in screen.written
    else:
        assert screen.written == "lab tools: looking up\nlab tools: fetching\n"
