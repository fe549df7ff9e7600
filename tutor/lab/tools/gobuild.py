"""A program built from its Go module, with whatever Go this machine has.

The module's sum is compared with ours before anything of it is run, and its own go.sum, which that sum covers, pins
everything that it depends on. Modules and compiled packages go to a scratch directory that is removed in the end.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from tutor import paths
from tutor.errors import ToolError
from tutor.i18n import tell
from tutor.lab.tools.inventory import Release
from tutor.lab.tools.progress import Progress
from tutor.lab.tools.release import Unobtainable

_USUAL = ("/usr/local/go/bin", "/usr/lib/go/bin", "/usr/lib/golang/bin", "/snap/bin", "~/go/bin", "~/.local/go/bin")
_STANDING = 30  # seconds in which Go ends once it was asked to


def find_go() -> Path | None:
    """In the PATH, or where Go is usually put."""
    search = os.pathsep.join([os.environ.get("PATH", ""), *map(os.path.expanduser, _USUAL)])
    found = shutil.which("go", path=search)
    return Path(found) if found else None


def build(name: str, release: Release, target: Path, progress: Progress) -> None:
    """Write the program to ``target``. Raises ``Unobtainable``; ``ToolError`` where the source is not the known one."""
    go = find_go()
    if go is None:
        raise Unobtainable("there is no Go here to build it")
    with _scratch(name) as scratch:
        run = _Go(go, scratch, release.module)
        what = f"{release.title} {release.version}"
        progress(tell("fetching the source of {what}", what=what), None)
        source = _source(run, release)
        packages = run.lines("list", "-deps", ".", cwd=source)
        stage = tell("building {what} with Go, which takes minutes", what=what)
        progress(stage, 0)
        lines = run.errors(
            "build", "-v", "-mod=readonly", "-ldflags", f"-s -w {release.flags}", "-o", str(target), ".", cwd=source
        )
        for number, _ in enumerate(lines, 1):
            progress(stage, min(number / len(packages), 1))


def _source(run: _Go, release: Release) -> Path:
    asked = ("mod", "download", "-json", f"{release.module}@v{release.version}")
    found = json.loads("".join(run.lines(*asked, may_fail=True)))
    if "Error" in found:
        raise Unobtainable(f"Go could not fetch it ({found['Error'].splitlines()[0]})")
    if found["Sum"] != release.sum:
        raise ToolError(
            tell("the Go module {module} is not the one that nettutor knows (other checksum)", module=release.module),
            tell("Nothing was built; choose another Go module proxy (GOPROXY)"),
        )
    return Path(found["Dir"])


class _Go:
    """The go command, with directories of its own."""

    def __init__(self, go: Path, scratch: Path, module: str) -> None:
        self._go = go
        self._scratch = scratch
        # Its sum is known here, so that no checksum database need be asked for it.
        skip = ",".join(filter(None, (os.environ.get("GONOSUMDB"), module)))
        self._environment: Mapping[str, str] = {
            **os.environ,
            "PATH": f"{go.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "GOPATH": str(scratch / "path"),
            "GOMODCACHE": str(scratch / "modules"),
            "GOCACHE": str(scratch / "compiled"),
            "GOFLAGS": "-trimpath -modcacherw -buildvcs=false",
            "GOWORK": "off",
            "GO111MODULE": "on",
            "GONOSUMDB": skip,
            "CGO_ENABLED": "0",
        }

    def lines(self, *words: str, cwd: Path | None = None, may_fail: bool = False) -> list[str]:
        """What it prints on standard output; with ``may_fail`` also where that tells of a failure."""
        with self._running(*words, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            output, errors = process.communicate()
        if not (may_fail and output):
            self._judge(process.returncode, errors.splitlines())
        return output.splitlines()

    def errors(self, *words: str, cwd: Path) -> Iterator[str]:
        """What it prints on standard error, as it comes."""
        said: list[str] = []
        with self._running(*words, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            assert process.stderr is not None
            for line in process.stderr:
                said = [*said[-5:], line.rstrip()]
                yield line.rstrip()
        self._judge(process.returncode, said)

    @contextlib.contextmanager
    def _running(self, *words: str, cwd: Path | None, stdout: int, stderr: int) -> Iterator[subprocess.Popen[str]]:
        """Whatever happens, it has ended afterwards."""
        argv = ["nice", str(self._go), *words]
        with subprocess.Popen(
            argv,
            cwd=cwd or self._scratch,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            errors="replace",
        ) as process:
            try:
                yield process
            except BaseException:
                process.terminate()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_STANDING)
                process.kill()
                raise

    @staticmethod
    def _judge(status: int | None, said: list[str]) -> None:
        if status:
            last = next((line for line in reversed(said) if line.strip()), f"exit status {status}")
            raise Unobtainable(f"Go could not build it ({last.strip().removeprefix('go: ')})")


@contextlib.contextmanager
def _scratch(name: str) -> Iterator[Path]:
    directory = paths.cache() / "building" / name
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)
