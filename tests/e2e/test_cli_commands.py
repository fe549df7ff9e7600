"""The commands as a script calls them: real processes, real labs."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tutor import content
from tutor.store import Store

NETTUTOR = [sys.executable, "-m", "tutor"]
REPOSITORY = Path(__file__).parents[2]


def nettutor(*argv: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*NETTUTOR, *argv],
        input=stdin,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        check=False,
    )


def test_check_without_a_script_is_incomplete() -> None:
    done = nettutor("check", "namespaces")
    assert done.returncode == 1, done.stderr
    assert done.stderr == "nettutor: namespaces: 0 of 10 steps complete\n"
    assert "✗ There is a namespace called `red`." in done.stdout


def test_check_json_is_the_contract() -> None:
    line = content.load("namespaces", seed=3).steps[0].solutions[0].commands[0].text
    done = nettutor("check", "namespaces", "--script", "-", "--seed", "3", "--json", stdin=f"{line}\n")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert set(report) == {"lesson", "seed", "completed", "steps"}
    assert (report["lesson"], report["seed"], report["completed"]) == ("namespaces", 3, False)
    for step in report["steps"]:
        assert set(step) == {"id", "completed", "goals"}
        for goal in step["goals"]:
            assert set(goal) == {"id", "kind", "status", "expected", "observed", "layer", "look_next", "why"}
            assert goal["kind"] in ("edge", "level", "preserve")
            assert goal["status"] in ("met", "unmet", "unknown")
    first = {goal["status"] for goal in report["steps"][0]["goals"]}
    assert first == {"met", "unmet"}


def test_check_json_says_why_packets_do_not_arrive() -> None:
    typed = "ip netns add red; ip netns add blue\n= 1\n= DOWN\n= no\n"
    done = nettutor("check", "bridges", "--script", "-", "--json", stdin=typed)
    walks = [goal["why"] for step in json.loads(done.stdout)["steps"] for goal in step["goals"] if goal["why"]]
    assert walks, "some goals send packets, and nothing is set up"
    keys = {"outcome", "hop", "layer", "sentence", "evidence", "command", "path", "back"}
    assert all(set(walk) == keys for walk in walks)
    assert any(walk["outcome"] == "broken" and walk["sentence"] and walk["command"] for walk in walks)


def test_check_reads_a_stream() -> None:
    line = '"$@" check namespaces --json --script <(echo "ip netns add red"; echo "ip netns add blue")'
    done = subprocess.run(
        ["bash", "-c", line, "-", *NETTUTOR], capture_output=True, text=True, cwd=REPOSITORY, check=False
    )
    assert json.loads(done.stdout)["steps"][0]["completed"] is True, done.stderr


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("@nowhere\n", "standard input:1: "),
        ("ip a\n\nip\x01\n", "standard input:3: the control character U+0001 is not allowed"),
        ("x" * 300_000, "standard input: it is larger than 256 KiB"),
    ],
)
def test_a_bad_script_is_refused_with_its_line(script: str, said: str) -> None:
    done = nettutor("check", "namespaces", "--script", "-", stdin=script)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize(
    ("command", "status", "stdout"),
    [
        (["sh", "-c", "cat; exit 7"], 7, "hello"),
        (["true"], 0, ""),
        (["sh", "-c", "kill -TERM $$"], 143, ""),
        (["no-such-command"], 127, ""),
        (["sh", "-c", "sleep 1000 & echo x"], 0, "x\n"),
        (["hostname"], 0, "host\n"),
    ],
)
def test_run_passes_output_and_status_through(command: list[str], status: int, stdout: str) -> None:
    done = nettutor("run", "--", *command, stdin="hello")
    assert (done.returncode, done.stdout) == (status, stdout)
    assert done.stderr == ("no-such-command: command not found\n" if status == 127 else "")


def test_run_keeps_the_streams_apart_and_whole() -> None:
    done = nettutor("run", "--", "sh", "-c", "seq 100000; echo bad >&2")
    assert done.stdout.split() == [str(number) for number in range(1, 100_001)]
    assert done.stderr == "bad\n"


def test_run_ends_when_its_reader_goes_away() -> None:
    line = 'set -o pipefail; "$@" run -- yes | head -n 1'
    done = subprocess.run(
        ["bash", "-c", line, "-", *NETTUTOR], capture_output=True, text=True, cwd=REPOSITORY, timeout=60, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (141, "y\n", "")


def test_run_in_a_lesson_is_on_its_first_machine() -> None:
    done = nettutor("run", "nat", "--", "ip", "-4", "-o", "address", "show", "eth0")
    assert "192.168.1.2/24" in done.stdout, done.stderr


def test_run_on_a_terminal() -> None:
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(REPOSITORY)
        line = "tty; stty size; printf 'ready\\n'; read -r word; echo got $word; exit 5"
        os.execv(sys.executable, [*NETTUTOR, "run", "--", "sh", "-c", line])
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 31, 97, 0, 0))
    heard = _until(master, b"ready")
    assert b"/dev/pts/" in heard
    assert b"31 97" in heard
    os.write(master, "안녕\r".encode())
    heard = _until(master, None)
    assert "got 안녕" in heard.decode()
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 5


def _until(master: int, mark: bytes | None) -> bytes:
    heard = b""
    while mark is None or mark not in heard:
        try:
            data = os.read(master, 4096)
        except OSError:
            break
        if not data:
            break
        heard += data
    return heard


def test_list_shows_progress_and_needs(tmp_path: Path) -> None:
    with Store.open(tmp_path / "nettutor/progress.sqlite3") as store:
        attempt = store.begin("namespaces", seed=0)
        store.record_open(attempt, "create")
        store.record_step(attempt, "create")
    done = nettutor("list", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert re.search(r"^ 7  namespaces +1 of 10 steps +Network namespaces$", done.stdout, re.MULTILINE)
    rows = {row["id"]: row for row in json.loads(nettutor("list", "--json", XDG_DATA_HOME=str(tmp_path)).stdout)}
    assert list(rows)[:2] == ["switching", "routing"]
    assert rows["namespaces"]["completed"] == ["create"]
    assert rows["namespaces"]["step"] == "create"
    assert "iproute2" in rows["namespaces"]["tools"]


def test_list_goes_on_where_progress_is_unreadable(tmp_path: Path) -> None:
    path = tmp_path / "nettutor/progress.sqlite3"
    path.parent.mkdir()
    path.write_text("nonsense")
    done = nettutor("list", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 0
    assert "namespaces" in done.stdout
    assert f"{path} is not a progress file" in done.stderr


def test_doctor_proves_this_machine() -> None:
    done = nettutor("doctor", "--json")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert done.returncode == 0, done.stdout
    for name in ("a lab boots", "veth pairs", "bridges", "a packet", "ip netns exec", "NAT rules"):
        assert findings[name]["works"], findings[name]


def test_doctor_says_what_is_wrong_and_exits_3(tmp_path: Path) -> None:
    (tmp_path / "nettutor").mkdir()
    (tmp_path / "nettutor/progress.sqlite3").write_text("nonsense")
    done = nettutor("doctor", XDG_DATA_HOME=str(tmp_path))
    assert done.returncode == 3
    assert "✗ progress file" in done.stdout
    assert "fix: It was left as it is" in done.stdout
    assert done.stderr == "nettutor: the tutorial cannot run here: progress file\n"


def test_doctor_names_the_switched_off_user_namespaces() -> None:
    """In a user namespace of its own, where they can be switched off for what is below it."""
    line = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@" doctor'
    done = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", line, "-", *NETTUTOR],
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        check=False,
    )
    assert done.returncode == 3, done.stderr
    assert re.search(r"✗ user namespaces .*\n +fix: User namespaces are switched off: as root run", done.stdout)
    assert "✗ a lab boots" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("locale", ["C", "en_US.ISO-8859-1"])
def test_output_in_a_locale_without_utf8(locale: str) -> None:
    done = subprocess.run(
        [*NETTUTOR, "check", "namespaces"],
        capture_output=True,
        cwd=REPOSITORY,
        env={**os.environ, "LC_ALL": locale, "PYTHONIOENCODING": "latin-1:strict"},
        check=False,
    )
    assert done.returncode == 1
    assert b"There is a namespace called `red`." in done.stdout
