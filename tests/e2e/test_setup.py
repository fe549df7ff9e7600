"""Setting up: from a clean clone as `make` does it, and from the wheel, away from the source tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tutor import __version__

REPOSITORY = Path(__file__).parents[2]
CLEAN = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    **{
        name: value
        for name, value in os.environ.items()
        if name.startswith(("PIP_", "SSL_")) or "proxy" in name.lower()
    },
}


def _sh(line: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        ["sh", "-c", line],
        cwd=cwd,
        env={**CLEAN, "HOME": str(cwd), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done


def _tree(target: Path) -> Path:
    """The files that a clone would have, as they are now."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
    )
    for name in listing.stdout.decode().split("\0"):
        if name and (REPOSITORY / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, target / name)
    return target


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    tree = _tree(tmp_path_factory.mktemp("clone"))
    _sh("git init -q && git add -A && git -c user.name=x -c user.email=x@example.org commit -qm x", tree)
    return tree


@pytest.mark.timeout(300)
def test_a_clean_clone_is_set_up_and_stays_clean(clone: Path) -> None:
    done = _sh(".ci/setup start", clone)
    assert [line.split()[2] for line in done.stderr.splitlines()] == ["1/3", "2/3", "3/3"]
    assert _sh(".venv/bin/nettutor --version", clone).stdout == f"nettutor {__version__}\n"
    assert _sh("git status --porcelain --ignored=no", clone).stdout == ""
    assert "namespaces" in _sh(f"{clone}/.venv/bin/nettutor list", Path("/")).stdout

    again = _sh(".ci/setup start", clone)
    assert (again.stdout, again.stderr) == ("", "")

    with (clone / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    changed = _sh(".ci/setup start", clone)
    assert [line.split()[2] for line in changed.stderr.splitlines()] == ["2/3", "3/3"]


@pytest.mark.timeout(300)
def test_a_python_without_ensurepip(clone: Path, tmp_path: Path) -> None:
    """As on Debian without python3-venv."""
    tree = _tree(tmp_path / "clone")
    python = tmp_path / "python3"
    real = Path(sys.executable).resolve()
    system = "/usr/bin/python3" if Path("/usr/bin/python3").exists() else str(real)
    python.write_text(
        f'#!/bin/sh\ncase "$*" in *ensurepip*) exit 1;; "-m venv --without-pip "*|-c*|--version) exec {system} "$@";;\n'
        f'"-m venv"*) exit 1;; "-m pip"*) exit 1;; esac\nexec {system} "$@"\n'
    )
    python.chmod(0o755)
    _sh(".ci/setup start", tree, PYTHON=str(python))
    assert _sh(".venv/bin/nettutor --version", tree).stdout == f"nettutor {__version__}\n"


def test_a_python_that_is_too_old_is_named(tmp_path: Path) -> None:
    tree = _tree(tmp_path / "clone")
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("sh", "cksum", "cat", "flock", "dirname", "grep"):
        (tools / name).symlink_to(shutil.which(name) or f"/bin/{name}")
    old = tools / "python3"
    old.write_text('#!/bin/sh\ncase "$1" in --version) echo Python 3.8.1;; *) exit 1;; esac\n')
    old.chmod(0o755)
    script = (tree / ".ci/setup").read_text().replace("/usr/bin/python3 ", "")
    (tree / ".ci/setup").write_text(script)
    done = subprocess.run(
        ["/bin/sh", ".ci/setup"], cwd=tree, env={"PATH": str(tools)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 3
    assert "Python 3.11 or newer is needed, and here is Python 3.8.1" in done.stderr
    assert not (tree / ".venv").exists()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built once, with the build backend that is installed here: no network is needed."""
    target = tmp_path_factory.mktemp("wheel")
    tree = _tree(target / "tree")
    code = f"from hatchling.build import build_wheel; print(build_wheel({str(target)!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target / done.stdout.split()[-1]


def test_the_wheel_carries_lessons_and_assets_and_no_tests(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "tutor/_data/lessons/07-namespaces/lesson.md" in names
    assert "tutor/_data/assets/tools.toml" in names
    assert not [name for name in names if name.startswith(("tests/", "lessons/", "assets/"))]


def test_the_wheel_works_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "env"
    # The dependencies are those that this test runs with; only nettutor is installed.
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    site = next(environment.glob("lib/python3*/site-packages"))
    ours = next(Path(entry) for entry in sys.path if entry.endswith("site-packages"))
    argv = ["install", "--quiet", "--no-deps", "--no-index", "--target", str(site), str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *argv], check=True, capture_output=True)
    # After the new one on the path, and without the editable installation's own entry.
    (site / "dependencies.pth").write_text(f"import sys; sys.path.append({str(ours)!r})\n")
    done = subprocess.run(
        [environment / "bin/python", "-m", "tutor", "check", "namespaces", "--json"],
        cwd="/",
        env={**CLEAN, "HOME": str(Path.home())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    where = subprocess.run(
        [environment / "bin/python", "-c", "from tutor import paths; print(paths.lessons())"],
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    assert where.stdout.strip() == str(site / "tutor/_data/lessons")
