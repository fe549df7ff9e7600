"""The guard: however the tutorial dies, the terminal is as it was and the exit status tells."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tutor.cli.guard import RESET

REPOSITORY = Path(__file__).parents[2]

# A program that does to the terminal what a full-screen one does, and then what it is told to.
PROGRAM = """
import os, signal, sys, time, tty
from tutor.cli import exits, guard
def tutorial():
    tty.setraw(0)
    os.write(1, b"\\x1b[?1049h\\x1b[?1003h\\x1b[?2004h\\x1b[?25l<child %d>" % os.getpid())
    {body}
sys.exit(exits.guarded(lambda: guard.run(tutorial)))
"""
WAIT = "time.sleep(60)"


class OnTerminal:
    def __init__(self, *argv: str, **environment: str) -> None:
        self.heard = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.chdir(REPOSITORY)
            os.execve(argv[0], argv, {**os.environ, **environment})
        self.before = termios.tcgetattr(self.master)

    def until(self, mark: bytes | None, seconds: float = 20) -> bytes:
        """What the terminal shows up to ``mark``, or to the end."""
        deadline = time.monotonic() + seconds
        while mark is None or mark not in self.heard:
            ready = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))[0]
            assert ready, self.heard
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                assert mark is None, self.heard
                break
            self.heard += data
        return self.heard

    def child(self) -> int:
        return int(self.until(b">").split(b"<child ")[1].split(b">")[0])

    def status(self) -> int:
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _guarded(body: str) -> OnTerminal:
    return OnTerminal(sys.executable, "-c", PROGRAM.format(body=body))


def _line_settings(run: OnTerminal) -> object:
    """Without the queue sizes, which are no settings."""
    return termios.tcgetattr(run.master)[:4]


def test_an_exit_status_is_passed_on() -> None:
    run = _guarded("return 3")
    run.until(None)
    assert run.status() == 3
    assert RESET.encode() not in run.heard


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_a_killed_tutorial_leaves_a_usable_terminal(number: signal.Signals) -> None:
    run = _guarded(WAIT)
    before = run.before[:4]
    os.kill(run.child(), number)
    heard = run.until(None)
    assert run.status() == 128 + number
    assert RESET.encode() in heard
    assert _line_settings(run) == before
    assert (b"killed by SIG" in run.heard) == (number is not signal.SIGTERM)


def test_a_bug_is_one_line_and_exit_4(tmp_path: Path) -> None:
    run = OnTerminal(sys.executable, "-c", PROGRAM.format(body="raise ValueError('boo')"), XDG_STATE_HOME=str(tmp_path))
    heard = run.until(None)
    assert run.status() == 4
    assert b"a bug: ValueError: boo" in heard
    assert b"Traceback" not in heard


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_signals_to_the_guard_reach_the_tutorial(number: signal.Signals) -> None:
    body = f"signal.signal({number.value}, lambda *_: os._exit(42)); os.write(1, b'<set>'); time.sleep(60)"
    run = _guarded(body)
    run.until(b"<set>")
    os.kill(run.pid, number)
    run.until(None)
    assert run.status() == 42


def test_a_tutorial_that_ignores_the_end_is_killed() -> None:
    body = "signal.signal(signal.SIGTERM, signal.SIG_IGN); os.write(1, b'<set>'); time.sleep(60)"
    program = PROGRAM.replace("def tutorial", "guard.GRACE = 0.2\ndef tutorial")
    run = OnTerminal(sys.executable, "-c", program.format(body=body))
    run.until(b"<set>")
    os.kill(run.pid, signal.SIGTERM)
    run.until(None)
    assert run.status() == 128 + signal.SIGKILL


def test_the_tutorial_ends_with_its_guard() -> None:
    run = _guarded(WAIT)
    child = run.child()
    os.kill(run.pid, signal.SIGKILL)
    run.status()
    assert _gone(child)


def test_a_hung_up_terminal_ends_both() -> None:
    run = _guarded(WAIT)
    child = run.child()
    os.close(run.master)
    assert run.status() in (128 + signal.SIGHUP, -signal.SIGHUP)
    assert _gone(child)


def _gone(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.01)
    return False


def test_a_stopped_tutorial_stops_the_guard_and_goes_on_with_it() -> None:
    body = "os.kill(os.getpid(), signal.SIGSTOP); os.write(1, b'<on>'); return 6"
    run = _guarded(body)
    run.child()
    _, status = os.waitpid(run.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.kill(run.pid, signal.SIGCONT)
    run.until(b"<on>")
    run.until(None)
    assert run.status() == 6


def test_nothing_of_the_tutorial_runs_when_the_guard_ends() -> None:
    """An orphan, as a lab is when the tutorial was killed, is waited for."""
    body = (
        "orphan = os.spawnlp(os.P_NOWAIT, 'sleep', 'sleep', '0.4'); os.write(1, b'<orphan %d>' % orphan); "
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = _guarded(body)
    heard = run.until(None)
    assert run.status() == 128 + signal.SIGKILL
    orphan = int(heard.split(b"<orphan ")[1].split(b">")[0])
    assert not Path(f"/proc/{orphan}").exists()


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TERM": "dumb"}, b"TERM is 'dumb'"),
        ({"TERM": ""}, b"TERM is ''"),
    ],
)
def test_a_terminal_that_cannot_draw(environment: dict[str, str], said: bytes) -> None:
    run = OnTerminal(sys.executable, "-m", "tutor", "start", **environment)
    assert said in run.until(None)
    assert run.status() == 2


@pytest.mark.parametrize("answer", [b"\x1b[1;3R", b"\x1b[1;2R", b""])
def test_a_locale_without_utf8_asks_the_terminal(answer: bytes) -> None:
    """One column for a two-byte character is UTF-8, two are not; no answer is taken for UTF-8."""
    code = "from tutor.cli import exits, utf8\nimport sys\ndef run():\n utf8.require()\n print('utf8', "
    code += "sys.stdout.encoding, sys.flags.utf8_mode)\n return 0\nsys.exit(exits.guarded(run))"
    run = OnTerminal(sys.executable, "-c", code, LC_ALL="en_US.ISO-8859-1", LANG="")
    run.until(b"\x1b[6n")
    if answer:
        os.write(run.master, answer)
    heard = run.until(None)
    if answer == b"\x1b[1;3R":
        assert run.status() == 2
        assert b"does not show UTF-8" in heard
    else:
        assert run.status() == 0
        assert b"utf8 utf-8 1" in heard


@pytest.mark.parametrize("redirection", ["</dev/null", ">/dev/null", "<&-"])
def test_start_without_a_terminal_on_both_sides(redirection: str) -> None:
    run = OnTerminal("/bin/sh", "-c", f"exec {sys.executable} -m tutor start {redirection}", TERM="xterm-256color")
    assert b"start needs a terminal" in run.until(None)
    assert run.status() == 2


def test_the_guard_is_light() -> None:
    """Nothing of the screen or of the lessons is imported before the fork."""
    code = (
        "import sys\nfrom tutor.cli import start, guard, utf8, parser, exits\n"
        "print(sorted(set(sys.modules) & {'textual', 'asyncio', 'yaml', 'sqlite3', 'tutor.content', 'tutor.lab'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout == "[]\n"
